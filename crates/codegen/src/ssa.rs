//! Values of locals, in static single assignment form.
//!
//! Wasm's control is structured, and [`BodyScan`] knows in advance where locals are written. So a value is looked for along
//! the blocks that dominate a use, and a whole construct is stepped over when nothing in it writes the local; a parameter is
//! given only to a label whose construct does. Each block also knows one far above it, so that a search takes few steps where
//! nothing is written for long. What this cannot bound, it counts: see [`Ssa::work`].

use crate::scan::BodyScan;
use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::ir::{Block, Inst, Type, Value};
use cranelift_codegen::packed_option::ReservedValue;
use cranelift_frontend::FunctionBuilder;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::ops::Range;

/// A local as the form needs it.
#[derive(Clone, Copy)]
pub(crate) struct SsaLocal {
    pub(crate) ty: Type,
    /// Whether the store must be able to find it on the stack.
    pub(crate) reference: bool,
    /// Its value when the function starts.
    pub(crate) initial: Value,
}

/// How control arrives at a block.
#[derive(Clone, Default)]
enum Origin {
    /// From the caller, or from the end of one block.
    #[default]
    Plain,
    Label(Box<Label>),
}

/// A block that branches name.
#[derive(Clone)]
struct Label {
    /// The positions of its construct.
    range: Range<u32>,
    /// Where the branches are.
    edges: Vec<(Block, Inst)>,
    is_loop: bool,
    /// Whether all edges are known.
    complete: bool,
    /// Locals that have a parameter whose arguments wait for the edges to be complete.
    waiting: Vec<(usize, Value)>,
}

/// What is between a block and another that dominates it.
#[derive(Clone, Copy)]
struct Leap {
    to: Block,
    /// Where the code in between starts, with the constructs whose labels are in between.
    start: u32,
    /// Where the last loop in between ends that has its start there, or 0. What it writes comes back to its start.
    loop_end: u32,
}

/// The place of a block among those that dominate it.
#[derive(Clone, Copy)]
struct Ancestry {
    /// How many there are: 0 for the entry.
    depth: u32,
    /// To the nearest: where the branch to the block is, or where its construct begins.
    parent: Leap,
    /// To one that is so far up that leaps and steps make a way of logarithmic length to any.
    far: Leap,
    /// Where the code of the block ends.
    end: u32,
}

impl Default for Ancestry {
    fn default() -> Self {
        let entry = Leap { to: Block::from_u32(0), start: 0, loop_end: 0 };
        Ancestry { depth: 0, parent: entry, far: entry, end: u32::MAX }
    }
}

/// A step of a search, for it must not recurse: blocks are as many as a body has bytes.
enum Task {
    /// Find the value at the end of a block.
    Find(Block),
    /// Make one of the values found at the ends of the edges of a label.
    Merge(Block),
    /// Make the value found an argument of a branch to a block.
    Argument(Inst, Block),
}

/// The values of all named locals, which go by their places in the scan.
#[derive(Default)]
pub(crate) struct Ssa {
    locals: Vec<SsaLocal>,
    /// For each local, the block in which it was last written or found, and the value.
    latest: Vec<(Block, Value)>,
    /// The same for other blocks: the value at the end, or that at the start if the block does not write it.
    others: HashMap<u64, Value, NoteHasher>,
    origins: SecondaryMap<Block, Origin>,
    ancestry: SecondaryMap<Block, Ancestry>,
    tasks: Vec<Task>,
    found: Vec<Value>,
    /// Steps of searches.
    steps: usize,
    /// Arguments that edges carry for locals.
    arguments: usize,
    /// Parameters that are references.
    references: Vec<Value>,
    /// Searches find nothing true any more when there was more work.
    max_work: usize,
}

/// So many steps of a search cost about as much as an argument of an edge.
const STEPS_PER_ARGUMENT: usize = 8;

/// A map that has grown larger is not kept for the next function, since clearing it costs as much as its size.
const MAX_KEPT_CAPACITY: usize = 1 << 12;

impl Ssa {
    /// Forgets the last function, and limits the work for the next.
    pub(crate) fn clear(&mut self, max_work: usize) {
        if self.others.capacity() > MAX_KEPT_CAPACITY {
            self.others = HashMap::default();
        }
        self.others.clear();
        self.locals.clear();
        self.latest.clear();
        self.origins.clear();
        self.ancestry.clear();
        self.tasks.clear();
        self.found.clear();
        self.references.clear();
        (self.steps, self.arguments, self.max_work) = (0, 0, max_work);
    }

    /// Declares the local at the next place.
    pub(crate) fn declare(&mut self, local: SsaLocal) {
        self.locals.push(local);
        self.latest.push((Block::reserved_value(), Value::reserved_value()));
    }

    /// What was done so far, in arguments that edges carry.
    pub(crate) fn work(&self) -> usize {
        self.arguments + self.steps / STEPS_PER_ARGUMENT
    }

    /// The parameters that are references.
    pub(crate) fn references(&self) -> &[Value] {
        &self.references
    }

    /// A block that is reached from the end of `from` only, which is at this position.
    pub(crate) fn single(&mut self, block: Block, from: Block, position: u32) {
        self.ancestry[from].end = position;
        self.descend(block, Leap { to: from, start: position, loop_end: 0 });
    }

    /// A label behind a construct that begins in `from`, at the position `start`.
    pub(crate) fn label(&mut self, label: Block, from: Block, start: u32) {
        self.open(label, start..start, false);
        self.descend(label, Leap { to: from, start, loop_end: 0 });
    }

    /// The label of a loop that is entered from `from` and has this range of positions.
    pub(crate) fn loop_label(&mut self, label: Block, from: Block, range: Range<u32>) {
        self.ancestry[from].end = range.start;
        self.descend(label, Leap { to: from, start: range.start, loop_end: range.end });
        self.open(label, range, true);
    }

    fn open(&mut self, label: Block, range: Range<u32>, is_loop: bool) {
        let (edges, waiting) = (Vec::new(), Vec::new());
        self.origins[label] = Origin::Label(Box::new(Label { range, edges, is_loop, complete: false, waiting }));
    }

    /// Places a block below the nearest that dominates it. The lengths of far leaps are those of a skew binary number, whose
    /// digits carry where two are equal.
    fn descend(&mut self, block: Block, parent: Leap) {
        let above = self.ancestry[parent.to];
        let top = self.ancestry[above.far.to];
        let depth_of = |leap: Leap| self.ancestry[leap.to].depth;
        let equal = above.depth - depth_of(above.far) == depth_of(above.far) - depth_of(top.far);
        let far = if equal && above.depth > 0 { parent.then(above.far).then(top.far) } else { parent };
        self.ancestry[block] = Ancestry { depth: above.depth + 1, parent, far, end: u32::MAX };
    }

    /// A branch to a label.
    pub(crate) fn edge(&mut self, label: Block, from: Block, branch: Inst, position: u32) {
        self.ancestry[from].end = position;
        if let Origin::Label(label) = &mut self.origins[label] {
            label.edges.push((from, branch));
        }
    }

    /// All branches to a label are known, and its construct ends at this position.
    pub(crate) fn complete(&mut self, builder: &mut FunctionBuilder<'_>, scan: &BodyScan, label: Block, end: u32) {
        let Origin::Label(open) = &mut self.origins[label] else { return };
        open.range.end = end;
        open.complete = true;
        for (local, _) in std::mem::take(&mut open.waiting) {
            if self.work() > self.max_work {
                return;
            }
            self.fill(label);
            self.run(builder, scan, local);
        }
    }

    /// Makes `value` the value of a local from here on.
    pub(crate) fn write(&mut self, local: usize, block: Block, value: Value) {
        let latest = self.latest[local];
        if latest.0 != block && !latest.0.is_reserved_value() {
            self.others.insert(note(local, latest.0), latest.1);
        }
        self.latest[local] = (block, value);
    }

    /// The value of a local in the block that is being filled, at this position.
    pub(crate) fn read(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        scan: &BodyScan,
        local: usize,
        block: Block,
        position: u32,
    ) -> Value {
        if self.latest[local].0 == block {
            return self.latest[local].1;
        }
        self.ancestry[block].end = position;
        self.tasks.push(Task::Find(block));
        self.run(builder, scan, local);
        let value = self.found.pop().unwrap_or(self.locals[local].initial);
        if self.latest[local].0 != block {
            self.write(local, block, value);
        }
        value
    }

    /// The value of a local at the end of a block, as far as it is noted there.
    fn noted(&self, local: usize, block: Block) -> Option<Value> {
        match self.latest[local] {
            (latest, value) if latest == block => Some(value),
            _ => self.others.get(&note(local, block)).copied(),
        }
    }

    fn run(&mut self, builder: &mut FunctionBuilder<'_>, scan: &BodyScan, local: usize) {
        while let Some(task) = self.tasks.pop() {
            if self.work() > self.max_work {
                self.tasks.clear();
                return self.found.clear();
            }
            match task {
                Task::Find(block) => self.find(builder, scan, local, block),
                Task::Merge(label) => self.merge(builder, local, label),
                Task::Argument(branch, label) => {
                    let value = self.found.pop().expect("the task before found it");
                    self.arguments += 1;
                    append_argument(builder, branch, label, value);
                }
            }
        }
    }

    fn find(&mut self, builder: &mut FunctionBuilder<'_>, scan: &BodyScan, local: usize, mut block: Block) {
        let end = self.ancestry[block].end;
        loop {
            self.steps += 1;
            if let Some(value) = self.noted(local, block) {
                return self.found.push(value);
            }
            let Ancestry { depth, parent, far, .. } = self.ancestry[block];
            if far.to != parent.to && !scan.writes(local, &(far.start..end.max(far.loop_end))) {
                block = far.to;
                continue;
            }
            block = match &self.origins[block] {
                Origin::Plain if depth == 0 => return self.found.push(self.locals[local].initial),
                Origin::Plain => parent.to,
                Origin::Label(label) if !scan.writes(local, &label.range) => parent.to,
                Origin::Label(label) if label.is_loop => return self.loop_parameter(builder, local, block),
                Origin::Label(label) => {
                    self.steps += label.edges.len();
                    self.tasks.push(Task::Merge(block));
                    return self.tasks.extend(label.edges.iter().rev().map(|&(from, _)| Task::Find(from)));
                }
            };
        }
    }

    /// The parameter comes first, for the way back to the loop's start leads to it.
    fn loop_parameter(&mut self, builder: &mut FunctionBuilder<'_>, local: usize, label: Block) {
        let param = self.parameter(builder, local, label);
        self.found.push(param);
        match &mut self.origins[label] {
            Origin::Label(open) if !open.complete => open.waiting.push((local, param)),
            _ => self.fill(label),
        }
    }

    /// Searches the arguments of the last parameter of a label.
    fn fill(&mut self, label: Block) {
        let Origin::Label(complete) = &self.origins[label] else { return };
        for &(from, branch) in complete.edges.iter().rev() {
            self.tasks.push(Task::Argument(branch, label));
            self.tasks.push(Task::Find(from));
        }
    }

    /// A label whose construct is complete needs a parameter only where its edges do not agree.
    fn merge(&mut self, builder: &mut FunctionBuilder<'_>, local: usize, label: Block) {
        let Origin::Label(complete) = &self.origins[label] else { return };
        let first = self.found.len() - complete.edges.len();
        let value = self.found[first];
        if self.found[first..].iter().all(|&other| other == value) {
            self.found.truncate(first);
            self.others.insert(note(local, label), value);
            return self.found.push(value);
        }
        for (&(_, branch), &value) in complete.edges.iter().zip(&self.found[first..]) {
            append_argument(builder, branch, label, value);
        }
        self.arguments += complete.edges.len();
        self.found.truncate(first);
        let param = self.parameter(builder, local, label);
        self.found.push(param);
    }

    fn parameter(&mut self, builder: &mut FunctionBuilder<'_>, local: usize, label: Block) -> Value {
        let SsaLocal { ty, reference, .. } = self.locals[local];
        let param = builder.func.dfg.append_block_param(label, ty);
        if reference {
            self.references.push(param);
            builder.declare_value_needs_stack_map(param);
        }
        self.others.insert(note(local, label), param);
        param
    }
}

impl Leap {
    /// This leap, and another from where it leads.
    fn then(self, next: Leap) -> Leap {
        let (start, loop_end) = (self.start.min(next.start), self.loop_end.max(next.loop_end));
        Leap { to: next.to, start, loop_end }
    }
}

/// The key of a local's value in a block.
fn note(local: usize, block: Block) -> u64 {
    (local as u64) << 32 | u64::from(block.as_u32())
}

/// Hashes the keys of notes: one multiplication, under a secret, so that nobody can write a function whose notes collide.
#[derive(Clone)]
struct NoteHasher(u64);

impl Default for NoteHasher {
    fn default() -> Self {
        NoteHasher(RandomState::new().hash_one(0) | 1)
    }
}

impl BuildHasher for NoteHasher {
    type Hasher = NoteHash;

    fn build_hasher(&self) -> NoteHash {
        NoteHash(self.0)
    }
}

struct NoteHash(u64);

impl Hasher for NoteHash {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, key: u64) {
        let product = u128::from(self.0) * u128::from(key ^ self.0.rotate_left(32));
        self.0 = (product >> 64) as u64 ^ product as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

fn append_argument(builder: &mut FunctionBuilder<'_>, branch: Inst, label: Block, value: Value) {
    let dfg = &mut builder.func.dfg;
    let calls = dfg.insts[branch].branch_destination_mut(&mut dfg.jump_tables, &mut dfg.exception_tables);
    for call in calls {
        if call.block(&dfg.value_lists) == label {
            call.append_argument(value, &mut dfg.value_lists);
        }
    }
}
