//! A first look at a function body: which locals it names, and where it writes each of them. Translation then declares no
//! local that is never named, and gives no block a parameter for one that nothing wrote.
//!
//! It runs before validation, so it believes nothing: what it cannot read it leaves for the validator to find.

use std::ops::Range;
use wasmparser::{BinaryReader, Operator, OperatorsReader, OperatorsReaderAllocations};

/// What one body does with its locals. A position is the number of operators that stand before.
#[derive(Default)]
pub(crate) struct BodyScan {
    /// The named locals, in the order in which they are first named.
    named: Vec<u32>,
    /// One more than the place in `named`, for each local up to the last that was ever named; 0 for others.
    place: Vec<u32>,
    /// For each named local, where its part of `positions` starts, and the end of the last.
    starts: Vec<u32>,
    /// Where locals are written, by local and in order.
    positions: Vec<u32>,
    /// The end of each loop, in the order in which loops begin.
    loop_ends: Vec<u32>,
    /// Whether there are calls.
    calls: bool,
    /// Writes in the order of the body: the place of the local, and the position.
    writes: Vec<(u32, u32)>,
    open: Vec<Option<usize>>,
}

impl BodyScan {
    /// Looks at the operators of a body with `locals` parameters and locals.
    pub(crate) fn run(
        &mut self,
        reader: BinaryReader<'_>,
        locals: u32,
        allocations: OperatorsReaderAllocations,
    ) -> OperatorsReaderAllocations {
        self.clear();
        let mut operators = OperatorsReader::new_with_allocs(reader, allocations);
        let mut position = 0;
        while let (false, Ok(operator)) = (operators.eof(), operators.read()) {
            match operator {
                Operator::LocalGet { local_index } if local_index < locals => {
                    self.name(local_index);
                }
                Operator::LocalSet { local_index } | Operator::LocalTee { local_index } if local_index < locals => {
                    let place = self.name(local_index);
                    self.writes.push((place, position));
                }
                Operator::Block { .. } | Operator::If { .. } => self.open.push(None),
                Operator::Loop { .. } => {
                    self.open.push(Some(self.loop_ends.len()));
                    self.loop_ends.push(u32::MAX);
                }
                Operator::End => {
                    if let Some(Some(at)) = self.open.pop() {
                        self.loop_ends[at] = position;
                    }
                }
                Operator::Call { .. } | Operator::CallIndirect { .. } => self.calls = true,
                _ => {}
            }
            position += 1;
        }
        self.sort_writes();
        operators.into_allocations()
    }

    fn clear(&mut self) {
        for local in self.named.drain(..) {
            self.place[local as usize] = 0;
        }
        self.starts.clear();
        self.positions.clear();
        self.loop_ends.clear();
        self.calls = false;
        self.writes.clear();
        self.open.clear();
    }

    /// Notes that a local is named; its place among the named ones.
    fn name(&mut self, local: u32) -> u32 {
        let at = local as usize;
        if at >= self.place.len() {
            self.place.resize(at + 1, 0);
        }
        if self.place[at] == 0 {
            self.named.push(local);
            self.place[at] = self.named.len() as u32;
        }
        self.place[at] - 1
    }

    /// By counting, since there is one key for each named local.
    fn sort_writes(&mut self) {
        self.starts.resize(self.named.len() + 1, 0);
        for &(place, _) in &self.writes {
            self.starts[place as usize + 1] += 1;
        }
        for at in 1..self.starts.len() {
            self.starts[at] += self.starts[at - 1];
        }
        self.positions.resize(self.writes.len(), 0);
        // Each start moves to the next one while its part fills up, and back again at the end.
        for &(place, position) in &self.writes {
            let next = &mut self.starts[place as usize];
            self.positions[*next as usize] = position;
            *next += 1;
        }
        self.starts.rotate_right(1);
        self.starts[0] = 0;
    }

    /// The named locals; their order gives each its place.
    pub(crate) fn named(&self) -> &[u32] {
        &self.named
    }

    /// The place of a local that the body names.
    pub(crate) fn place(&self, local: u32) -> usize {
        self.place[local as usize] as usize - 1
    }

    /// Whether the local at a place is written within a range of positions.
    pub(crate) fn writes(&self, place: usize, range: &Range<u32>) -> bool {
        let all = &self.positions[self.starts[place] as usize..self.starts[place + 1] as usize];
        let first = all.partition_point(|&position| position < range.start);
        all.get(first).is_some_and(|&position| position < range.end)
    }

    /// Whether the body has neither loops nor calls.
    pub(crate) fn is_straight(&self) -> bool {
        self.loop_ends.is_empty() && !self.calls
    }

    /// Where a loop ends; loops are counted in the order in which they begin.
    pub(crate) fn loop_end(&self, index: usize) -> u32 {
        self.loop_ends.get(index).copied().unwrap_or(u32::MAX)
    }
}
