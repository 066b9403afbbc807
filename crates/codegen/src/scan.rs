//! A first look at a function body: which locals it names, where it writes each of them, and what its loops are like. Translation
//! then declares no local that is never named, and gives no block a parameter for one that nothing wrote.
//!
//! It runs before validation, so it believes nothing: what it cannot read it leaves for the validator to find.

use std::ops::Range;
use wasmparser::{BinaryReader, Catch, Operator, OperatorsReader, OperatorsReaderAllocations};

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
    /// In the order in which loops begin.
    loops: Vec<LoopScan>,
    /// Writes in the order of the body: the place of the local, and the position.
    writes: Vec<(u32, u32)>,
    open: Vec<Option<usize>>,
    /// The innermost open loop.
    innermost: Option<usize>,
    /// The condition that the operators so far end with.
    condition: ConditionScan,
    /// How many operators the brief loops so far run at most.
    brief_operators: u64,
    rethrows: bool,
}

/// A loop must be done within so many operators, if nothing looks at epochs and fuel in it; and all such loops of a function together
/// within so many, since a function may have any number of them.
const BRIEF_LOOP: u64 = 1 << 12;
const BRIEF_LOOPS: u64 = 1 << 16;

/// What one loop is like.
#[derive(Clone, Copy)]
struct LoopScan {
    start: u32,
    end: u32,
    /// The loop around it.
    parent: Option<usize>,
    /// Whether it calls functions, or has the runtime do what may take long.
    calls: bool,
    /// Whether there is a loop in it.
    nests: bool,
    /// How many branches go back.
    branches: u32,
    /// How often it goes on at most, and by which local it counts.
    rounds: Option<(u64, u32)>,
    brief: bool,
}

/// How far the last operators are a comparison of what counts up with where it ends: `(local.tee $n (i32.add (local.get $n)
/// (i32.const STEP)))` and `(i32.lt_u … (i32.const END))`.
#[derive(Clone, Copy, Default)]
enum ConditionScan {
    #[default]
    None,
    Get(u32),
    Step(u32, u32),
    Sum(u32, u32),
    Counted(u32, u32),
    End(u32, u32, u32),
    /// The local, and how often this holds in a row, if nothing else writes it.
    Holds(u32, u64),
}

impl ConditionScan {
    fn then(self, operator: &Operator<'_>) -> ConditionScan {
        match (self, operator) {
            (_, &Operator::LocalGet { local_index }) => ConditionScan::Get(local_index),
            (ConditionScan::Get(local), &Operator::I32Const { value }) if value > 0 => {
                ConditionScan::Step(local, value as u32)
            }
            (ConditionScan::Step(local, step), Operator::I32Add) => ConditionScan::Sum(local, step),
            (ConditionScan::Sum(local, step), &Operator::LocalTee { local_index }) if local == local_index => {
                ConditionScan::Counted(local, step)
            }
            (ConditionScan::Counted(local, step), &Operator::I32Const { value }) => {
                ConditionScan::End(local, step, value as u32)
            }
            // Wherever it starts: beyond the end it stops at once, or begins anew below the step. What would pass over the end and
            // begin anew each time never stops.
            (ConditionScan::End(local, step, end), Operator::I32LtU) if end.checked_add(step).is_some() => {
                ConditionScan::Holds(local, u64::from(end.div_ceil(step)) + 1)
            }
            _ => ConditionScan::None,
        }
    }
}

/// Where a clause of a `try_table` leads.
pub(crate) fn label_of(catch: &Catch) -> u32 {
    match *catch {
        Catch::One { label, .. } | Catch::OneRef { label, .. } | Catch::All { label } | Catch::AllRef { label } => {
            label
        }
    }
}

/// Whether an operator runs other code of a guest, or has the runtime do what may take long.
pub(crate) fn is_long(operator: &Operator<'_>) -> bool {
    is_call(operator)
        || matches!(
            operator,
            Operator::MemoryGrow { .. }
                | Operator::MemoryFill { .. }
                | Operator::MemoryCopy { .. }
                | Operator::MemoryInit { .. }
                | Operator::TableGrow { .. }
                | Operator::TableFill { .. }
                | Operator::TableCopy { .. }
                | Operator::TableInit { .. }
                | Operator::MemoryAtomicNotify { .. }
                | Operator::MemoryAtomicWait32 { .. }
                | Operator::MemoryAtomicWait64 { .. }
        )
}

/// Whether an operator calls a function, in place of a return too: an endless chain of calls must be looked at.
pub(crate) fn is_call(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
    )
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
                _ => self.follow(&operator, position),
            }
            self.condition = self.condition.then(&operator);
            position += 1;
        }
        self.sort_writes();
        operators.into_allocations()
    }

    /// Notes what an operator says of the loops around it.
    fn follow(&mut self, operator: &Operator<'_>, position: u32) {
        match operator {
            Operator::Block { .. } | Operator::If { .. } | Operator::Try { .. } => self.open.push(None),
            Operator::Rethrow { .. } => self.rethrows = true,
            Operator::TryTable { try_table } => {
                // Its clauses speak of the labels around it.
                for catch in &try_table.catches {
                    self.goes_to(label_of(catch), None);
                }
                self.open.push(None);
            }
            Operator::Loop { .. } => {
                let (at, parent) = (self.loops.len(), self.innermost.replace(self.loops.len()));
                self.open.push(Some(at));
                let (calls, nests, branches, rounds, brief) = Default::default();
                self.loops.push(LoopScan {
                    start: position,
                    end: u32::MAX,
                    parent,
                    calls,
                    nests,
                    branches,
                    rounds,
                    brief,
                });
            }
            Operator::End | Operator::Delegate { .. } => {
                if let Some(Some(at)) = self.open.pop() {
                    self.close_loop(at, position);
                }
            }
            Operator::Br { relative_depth }
            | Operator::BrOnNull { relative_depth }
            | Operator::BrOnNonNull { relative_depth } => self.goes_to(*relative_depth, None),
            Operator::BrIf { relative_depth } => {
                let rounds = match self.condition {
                    ConditionScan::Holds(local, rounds) => Some((rounds, local)),
                    _ => None,
                };
                self.goes_to(*relative_depth, rounds);
            }
            Operator::BrTable { targets } => {
                for depth in targets.targets().chain([Ok(targets.default())]).flatten() {
                    self.goes_to(depth, None);
                }
            }
            _ if is_long(operator) => {
                if let Some(at) = self.innermost {
                    self.loops[at].calls = true;
                }
            }
            _ => {}
        }
    }

    /// A branch that is taken no more often than that, one time after the other.
    fn goes_to(&mut self, depth: u32, rounds: Option<(u64, u32)>) {
        let at = self.open.len().checked_sub(1 + depth as usize);
        if let Some(Some(at)) = at.map(|at| self.open[at]) {
            self.loops[at].branches += 1;
            self.loops[at].rounds = rounds;
        }
    }

    fn close_loop(&mut self, at: usize, end: u32) {
        let LoopScan { start, parent, calls, nests, branches, rounds, .. } = self.loops[at];
        let operators = match rounds {
            Some((rounds, local)) if branches == 1 && !calls && !nests => {
                let within = self.writes.iter().rev().take_while(|(_, position)| *position > start);
                let place = self.place.get(local as usize).copied().unwrap_or(0);
                let alone = within.filter(|write| write.0 + 1 == place).count() == 1;
                alone.then(|| rounds * u64::from(end - start))
            }
            _ => None,
        };
        let operators = operators.filter(|&operators| operators <= BRIEF_LOOP.min(BRIEF_LOOPS - self.brief_operators));
        self.brief_operators += operators.unwrap_or(0);
        let brief = operators.is_some();
        (self.loops[at].end, self.loops[at].brief) = (end, brief);
        self.innermost = parent;
        if let Some(around) = parent {
            self.loops[around].nests = true;
            self.loops[around].calls |= calls;
        }
    }

    fn clear(&mut self) {
        for local in self.named.drain(..) {
            self.place[local as usize] = 0;
        }
        self.starts.clear();
        self.positions.clear();
        self.loops.clear();
        self.writes.clear();
        self.open.clear();
        self.innermost = None;
        self.condition = ConditionScan::None;
        self.brief_operators = 0;
        self.rethrows = false;
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

    /// Where a loop ends; loops are counted in the order in which they begin.
    pub(crate) fn loop_end(&self, index: usize) -> u32 {
        self.loops.get(index).map_or(u32::MAX, |each| each.end)
    }

    /// Whether a loop is done so soon, whatever it starts with, that nobody need look while it goes on.
    pub(crate) fn is_brief(&self, index: usize) -> bool {
        self.loops.get(index).is_some_and(|each| each.brief)
    }

    /// Whether there is a `rethrow`.
    pub(crate) fn rethrows(&self) -> bool {
        self.rethrows
    }

    /// Whether a loop calls functions, or has the runtime do what may take long.
    pub(crate) fn loop_calls(&self, index: usize) -> bool {
        self.loops.get(index).is_none_or(|each| each.calls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The scan of a function with two locals, of type `i32`.
    fn scan(body: &str) -> BodyScan {
        let text = format!("(module (memory 1) (func $f (local $n i32) (local $m i32) {body}))");
        let bytes = wat::parse_str(text).expect("it is a module");
        let mut scan = BodyScan::default();
        for payload in wasmparser::Parser::new(0).parse_all(&bytes) {
            if let Ok(wasmparser::Payload::CodeSectionEntry(body)) = payload {
                let reader = body.get_operators_reader().expect("it has operators").get_binary_reader();
                scan.run(reader, 2, OperatorsReaderAllocations::default());
            }
        }
        scan
    }

    fn next(step: &str, end: &str) -> String {
        format!("(i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const {step}))) (i32.const {end}))")
    }

    #[test]
    fn loops_that_count_up_to_a_constant_are_brief() {
        let brief = |body: &str| {
            let scan = scan(body);
            (0..scan.loops.len()).map(|index| scan.is_brief(index)).collect::<Vec<_>>()
        };
        let up = next("1", "64");
        assert_eq!(brief(&format!("(loop (i32.store (local.get $n) (i32.const 1)) (br_if 0 {up}))")), [true]);
        assert_eq!(brief(&format!("(loop (block (br_if 0 (local.get $m)) (br_if 1 {up})))")), [true]);
        // The inner one is, and what is around it is not.
        assert_eq!(brief(&format!("(loop (loop (br_if 0 {up})) (br_if 0 (local.get $m)))")), [false, true]);
        assert_eq!(brief(&format!("(loop (loop (br_if 0 {up})) (br_if 0 {up}))")), [false, true]);
        for endless_or_long in [
            // It may do this for long.
            format!("(loop (br_if 0 {}))", next("1", "1000")),
            format!("(loop (call $f) (br_if 0 {up}))"),
            format!("(loop (memory.fill (i32.const 0) (i32.const 0) (i32.const 65536)) (br_if 0 {up}))"),
            // It steps over the end, which is so high that it begins anew below.
            format!("(loop (br_if 0 {}))", next("0x40000000", "0xffffffff")),
            format!("(loop (br_if 0 {}))", next("0", "64")),
            format!("(loop (br_if 0 {}))", next("-1", "64")),
            // Something else writes it, or goes back.
            format!("(loop (local.set $n (i32.const 0)) (br_if 0 {up}))"),
            format!("(loop (br_if 0 {up}) (br 0))"),
            format!("(loop (br_if 0 {up}) (br_table 0 1 (i32.const 0)))"),
            format!("(loop (br_if 0 (i32.const 1)) (br_if 0 {up}))"),
            format!("(loop (drop (br_on_null 0 (ref.null func))) (br_if 0 {up}))"),
            format!(
                "(loop $l (block (result (ref func)) (br_on_non_null 0 (ref.null func)) (br 1)) (drop) (br_if $l {up}))"
            ),
            format!("(loop (try_table (catch_all 0)) (br_if 0 {up}))"),
            // It counts something else.
            "(loop (br_if 0 (i32.lt_u (local.tee $n (i32.add (local.get $m) (i32.const 1))) (i32.const 64))))".into(),
            "(loop (br_if 0 (i32.lt_s (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 64))))".into(),
            "(loop (br_if 0 (i32.lt_u (i32.add (local.get $n) (i32.const 1)) (i32.const 64))))".into(),
        ] {
            assert_eq!(brief(&endless_or_long), [false], "{endless_or_long}");
        }
    }

    /// They are looked at in the end, however small each is.
    #[test]
    fn a_function_has_few_brief_loops() {
        let one = format!("(loop (br_if 0 {}))", next("1", "256"));
        let scan = scan(&one.repeat(100));
        let brief = (0..100).filter(|&index| scan.is_brief(index)).count();
        assert!((1..99).contains(&brief), "{brief}");
        assert!(scan.is_brief(0) && !scan.is_brief(99));
    }

    #[test]
    fn a_loop_calls_what_loops_in_it_call() {
        let scan = scan("(loop (loop (loop) (call $f)) (loop))");
        assert_eq!((0..4).map(|index| scan.loop_calls(index)).collect::<Vec<_>>(), [true, true, false, false]);
    }

    /// A chain of tail calls without an end is one too.
    #[test]
    fn every_kind_of_call_is_one() {
        let calls = [
            Operator::Call { function_index: 0 },
            Operator::CallIndirect { type_index: 0, table_index: 0 },
            Operator::CallRef { type_index: 0 },
            Operator::ReturnCall { function_index: 0 },
            Operator::ReturnCallIndirect { type_index: 0, table_index: 0 },
            Operator::ReturnCallRef { type_index: 0 },
        ];
        assert!(calls.iter().all(is_call));
        assert!(!is_call(&Operator::Nop));
    }
}
