//! The operator that a trap is of, where its instruction is another operator's: instruction selection merges a load with the
//! instruction that uses its value, and the optimiser a branch with the `unreachable` that it leads to. Of what is merged the trap code alone
//! remains. So loads that may be merged have trap codes of their own here, as far as there are codes, and every other `unreachable` has; so has
//! every other store, since the optimiser leaves out one that the next one overwrites, if both trap with the same code.

use crate::func::FuncTranslator;
use cranelift_codegen::MachTrap;
use cranelift_codegen::ir::{self, Block, Function, Inst, MemFlagsData, Opcode, SourceLoc, Value};
use gusset_artifact::{AddressMapEntry, MemoryIndex};
use gusset_types::TrapCode;
use std::collections::HashMap;
use std::ops::RangeInclusive;

/// [`TrapCode::TableOutOfBounds`] and [`TrapCode::MemoryOutOfBounds`] of every other store.
const OTHER_TABLE_STORE: u8 = 125;
const OTHER_MEMORY_STORE: u8 = 126;
/// [`TrapCode::Unreachable`] of every other `unreachable`, so that those of both ways of a branch differ.
const OTHER_UNREACHABLE: u8 = 127;
/// [`TrapCode::MemoryOutOfBounds`] of loads, in turns.
const MEMORY_LOADS: RangeInclusive<u8> = 128..=242;
/// [`TrapCode::TableOutOfBounds`] of loads, in turns. Cranelift's own codes are those from 251 on.
const TABLE_LOADS: RangeInclusive<u8> = 243..=250;

/// What a code of this file stands for.
pub(crate) fn trap_code(code: u8) -> Option<TrapCode> {
    match code {
        OTHER_TABLE_STORE => Some(TrapCode::TableOutOfBounds),
        OTHER_MEMORY_STORE => Some(TrapCode::MemoryOutOfBounds),
        OTHER_UNREACHABLE => Some(TrapCode::Unreachable),
        code if MEMORY_LOADS.contains(&code) => Some(TrapCode::MemoryOutOfBounds),
        code if TABLE_LOADS.contains(&code) => Some(TrapCode::TableOutOfBounds),
        _ => None,
    }
}

/// The codes of a function that were given out.
#[derive(Default)]
pub(crate) struct AccessCodes {
    memory: u8,
    table: u8,
    unreachable: bool,
    store: bool,
    last: Option<LastLoad>,
}

/// The last load that may be merged.
#[derive(Clone, Copy)]
struct LastLoad {
    value: Value,
    code: ir::TrapCode,
    memory: MemoryIndex,
    index: Value,
    offset: u64,
}

fn next(last: &mut u8, codes: RangeInclusive<u8>) -> ir::TrapCode {
    *last = if codes.contains(last) && last != codes.end() { *last + 1 } else { *codes.start() };
    ir::TrapCode::unwrap_user(*last)
}

impl FuncTranslator<'_, '_> {
    /// How a load accesses what `flags` say.
    pub(crate) fn load_flags(&mut self, flags: MemFlagsData) -> MemFlagsData {
        let code = match flags.trap_code() {
            None => return flags,
            Some(ir::TrapCode::HEAP_OUT_OF_BOUNDS) => next(&mut self.access_codes.memory, MEMORY_LOADS),
            Some(code) if code.as_raw().get() == TrapCode::TableOutOfBounds as u8 => {
                next(&mut self.access_codes.table, TABLE_LOADS)
            }
            Some(_) => return flags,
        };
        flags.with_trap_code(Some(code))
    }

    /// How a store accesses what `flags` say.
    pub(crate) fn store_flags(&mut self, flags: MemFlagsData) -> MemFlagsData {
        let other = match flags.trap_code() {
            Some(ir::TrapCode::HEAP_OUT_OF_BOUNDS) => OTHER_MEMORY_STORE,
            Some(code) if code.as_raw().get() == TrapCode::TableOutOfBounds as u8 => OTHER_TABLE_STORE,
            _ => return flags,
        };
        self.access_codes.store = !self.access_codes.store;
        if self.access_codes.store { flags.with_trap_code(ir::TrapCode::user(other)) } else { flags }
    }

    /// Remembers what a load has loaded with which flags.
    pub(crate) fn loaded(&mut self, value: Value, flags: MemFlagsData, memory: MemoryIndex, index: Value, offset: u64) {
        let load = |code| LastLoad { value, code, memory, index, offset };
        self.access_codes.last = flags.trap_code().map(load);
    }

    /// How a store of `value` accesses what `flags` say, at an index and offset of a memory. One of what was made of the last load, to where that was
    /// from, has the code of the load: only of such are both made one instruction with the arithmetic between them. The store itself
    /// does not trap when the load did not.
    pub(crate) fn store_flags_behind_load(
        &mut self,
        flags: MemFlagsData,
        value: Value,
        (memory, index, offset): (MemoryIndex, Value, u64),
    ) -> MemFlagsData {
        match self.access_codes.last.filter(|_| flags.trap_code().is_some()) {
            Some(last) if self.is_merged(last, value, (memory, index, offset)) => flags.with_trap_code(Some(last.code)),
            _ => self.store_flags(flags),
        }
    }

    fn is_merged(&self, last: LastLoad, value: Value, (memory, index, offset): (MemoryIndex, Value, u64)) -> bool {
        let dfg = &self.builder.func.dfg;
        let same_place = (last.memory, last.offset) == (memory, offset) && self.is_same(last.index, index, 4);
        let same_size = dfg.value_type(last.value) == dfg.value_type(value);
        let made_of_it = dfg.value_def(value).inst().is_some_and(|inst| {
            let merged = matches!(
                dfg.insts[inst].opcode(),
                Opcode::Iadd | Opcode::Isub | Opcode::Band | Opcode::Bor | Opcode::Bxor
            );
            merged && dfg.inst_args(inst).iter().any(|&arg| dfg.resolve_aliases(arg) == last.value)
        });
        same_place && same_size && made_of_it
    }

    /// Whether two values are surely the same, as far as it looks.
    fn is_same(&self, one: Value, other: Value, depth: u32) -> bool {
        let dfg = &self.builder.func.dfg;
        let (one, other) = (dfg.resolve_aliases(one), dfg.resolve_aliases(other));
        if one == other {
            return true;
        }
        let Some((one, other)) = dfg.value_def(one).inst().zip(dfg.value_def(other).inst()) else { return false };
        let (one, other) = (&dfg.insts[one], &dfg.insts[other]);
        if one.opcode() != other.opcode() || depth == 0 {
            return false;
        }
        use ir::InstructionData::{Binary, UnaryImm};
        match (one, other) {
            (UnaryImm { imm: one, .. }, UnaryImm { imm: other, .. }) => one == other,
            (Binary { args: one, .. }, Binary { args: other, .. }) => {
                one.iter().zip(other).all(|(&one, &other)| self.is_same(one, other, depth - 1))
            }
            _ => false,
        }
    }

    /// The code of the next `unreachable`.
    pub(crate) fn unreachable_code(&mut self) -> ir::TrapCode {
        self.access_codes.unreachable = !self.access_codes.unreachable;
        let code = if self.access_codes.unreachable { TrapCode::Unreachable as u8 } else { OTHER_UNREACHABLE };
        ir::TrapCode::unwrap_user(code)
    }
}

/// The instructions `unreachable` that branches lead to, as they are before the optimiser runs.
#[derive(Default)]
pub(crate) struct BranchTraps(HashMap<(u32, u8), u32>);

impl BranchTraps {
    pub(crate) fn of(func: &Function) -> BranchTraps {
        let last_of = |block: Block| func.layout.last_inst(block);
        let trap_of = |inst: Inst| match func.dfg.insts[inst] {
            ir::InstructionData::Trap { opcode: Opcode::Trap, code } => Some((inst, code.as_raw().get())),
            _ => None,
        };
        // The optimiser does so only where nothing else is to be done before.
        let just_traps =
            |block: Block| func.layout.block_insts(block).all(|inst| trap_of(inst).is_some() || is_pure(func, inst));
        let blocks = || func.layout.blocks().filter_map(last_of);
        let mut places = HashMap::new();
        // Most functions have none.
        if !blocks().any(|inst| trap_of(inst).is_some()) {
            return BranchTraps(places);
        }
        for branch in blocks().filter(|&inst| func.dfg.insts[inst].opcode() == Opcode::Brif) {
            let (tables, handlers) = (&func.dfg.jump_tables, &func.dfg.exception_tables);
            for call in func.dfg.insts[branch].branch_destination(tables, handlers) {
                let block = call.block(&func.dfg.value_lists);
                // Of both ways of a branch, it is the second.
                if let Some((trap, code)) = last_of(block).and_then(trap_of).filter(|_| just_traps(block)) {
                    places.insert((func.srcloc(branch).bits(), code), func.srcloc(trap).bits());
                }
            }
        }
        BranchTraps(places)
    }
}

/// Whether an instruction does nothing but give a value: what Cranelift calls pure.
pub(crate) fn is_pure(func: &Function, inst: Inst) -> bool {
    let data = &func.dfg.insts[inst];
    let opcode = data.opcode();
    let acts = opcode.can_trap()
        || opcode.can_store()
        || opcode.is_call()
        || opcode.is_branch()
        || opcode.is_terminator()
        || opcode.other_side_effects();
    let loads = match data {
        ir::InstructionData::Load { flags, .. } => {
            let flags = func.dfg.mem_flags[*flags];
            !flags.readonly() || flags.trap_code().is_some()
        }
        _ => opcode.can_load(),
    };
    func.dfg.inst_results(inst).len() == 1 && !loads && !acts
}

/// The trap code of a load that has one of its own.
fn load_code(func: &Function, inst: Inst) -> Option<u8> {
    let ir::InstructionData::Load { flags, .. } = func.dfg.insts[inst] else { return None };
    let code = func.dfg.mem_flags[flags].trap_code()?.as_raw().get();
    (MEMORY_LOADS.contains(&code) || TABLE_LOADS.contains(&code)).then_some(code)
}

/// Whether two loads of a function have the same code.
pub(crate) fn shares_codes(func: &Function) -> bool {
    let insts = func.layout.blocks().flat_map(|block| func.layout.block_insts(block));
    let mut seen = [false; 256];
    insts.filter_map(|inst| load_code(func, inst)).any(|code| std::mem::replace(&mut seen[usize::from(code)], true))
}

/// Gives what a load may be merged with the place of the load, in a function that has been optimised: the optimiser moves what does not trap,
/// and makes copies of it that have no place, so that its own place does not tell which of the loads with a code is near.
pub(crate) fn move_users_to_loads(func: &mut Function) {
    // For each value that is a load's, or is made of one by an extension, the load's place.
    let mut places: HashMap<Value, SourceLoc> = HashMap::new();
    let blocks: Vec<Block> = func.layout.blocks().collect();
    for block in blocks {
        places.clear();
        let insts: Vec<Inst> = func.layout.block_insts(block).collect();
        for inst in insts {
            if load_code(func, inst).is_some() {
                places.insert(func.dfg.first_result(inst), func.srcloc(inst));
                continue;
            }
            let of_load =
                func.dfg.inst_args(inst).iter().find_map(|&arg| places.get(&func.dfg.resolve_aliases(arg)).copied());
            if let Some(place) = of_load.filter(|_| is_pure(func, inst)) {
                func.set_srcloc(inst, place);
                if matches!(func.dfg.insts[inst].opcode(), Opcode::Uextend | Opcode::Sextend) {
                    places.insert(func.dfg.first_result(inst), place);
                }
            }
        }
    }
}

/// Where the loads of a function stand that have codes of their own, by code and place.
struct LoadPlaces(Vec<(u8, u32)>);

impl LoadPlaces {
    fn of(func: &Function) -> LoadPlaces {
        let insts = func.layout.blocks().flat_map(|block| func.layout.block_insts(block));
        let places = insts.filter_map(|inst| Some((load_code(func, inst)?, func.srcloc(inst).bits())));
        let mut places: Vec<_> = places.collect();
        places.sort_unstable();
        LoadPlaces(places)
    }

    /// The load with this code that an operator at `user` has been merged with, or that stands there: the next one before it. That is the right
    /// one: where several have the code, the user has been [moved](move_users_to_loads) to its load, unless it traps, and then it follows the load.
    fn find(&self, code: u8, user: u32) -> Option<u32> {
        let behind = self.0.partition_point(|&load| load <= (code, user));
        let before = behind.checked_sub(1).map(|at| self.0[at]);
        let found = before.filter(|load| load.0 == code);
        // The user has no place of its own.
        let found = found.or_else(|| self.0.get(behind).copied().filter(|load| load.0 == code));
        found.map(|load| load.1)
    }
}

/// `addresses`, the map from code to operators, with the places of what traps in another operator's instruction.
pub(crate) fn with_trap_places(
    addresses: Vec<AddressMapEntry>,
    func: &Function,
    branches: &BranchTraps,
    traps: &[MachTrap],
) -> Vec<AddressMapEntry> {
    let is_load = |code: u8| MEMORY_LOADS.contains(&code) || TABLE_LOADS.contains(&code);
    let is_unreachable = |code: u8| code == TrapCode::Unreachable as u8 || code == OTHER_UNREACHABLE;
    if !traps.iter().any(|trap| is_load(trap.code.as_raw().get())) && branches.0.is_empty() {
        return addresses;
    }
    let loads = LoadPlaces::of(func);
    let at = |offset: u32| addresses[..addresses.partition_point(|entry| entry.offset <= offset)].last();
    let mut moved: Vec<AddressMapEntry> = Vec::new();
    for trap in traps {
        let code = trap.code.as_raw().get();
        let user = at(trap.offset).map_or(u32::MAX, |entry| entry.wasm);
        let place = match code {
            code if is_load(code) => loads.find(code, user),
            code if is_unreachable(code) => branches.0.get(&(user, code)).copied(),
            _ => None,
        };
        if let Some(wasm) = place.filter(|&place| place != user && place != SourceLoc::default().bits()) {
            moved.push(AddressMapEntry { offset: trap.offset, wasm });
        }
    }
    moved.sort_unstable_by_key(|entry| entry.offset);
    with_moved(&addresses, &moved)
}

/// The map with an entry for each of `moved`, for its first byte alone.
fn with_moved(addresses: &[AddressMapEntry], moved: &[AddressMapEntry]) -> Vec<AddressMapEntry> {
    let mut entries: Vec<AddressMapEntry> = Vec::with_capacity(addresses.len() + 2 * moved.len());
    let mut push = |offset: u32, wasm: u32| {
        if entries.last().is_none_or(|last| last.wasm != wasm) {
            entries.push(AddressMapEntry { offset, wasm });
        }
    };
    let mut moved = moved.iter().peekable();
    for (position, entry) in addresses.iter().enumerate() {
        let end = addresses.get(position + 1).map_or(u32::MAX, |next| next.offset);
        let mut start = entry.offset;
        while let Some(trap) = moved.next_if(|trap| trap.offset < end) {
            if trap.offset > start {
                push(start, entry.wasm);
            }
            push(trap.offset, trap.wasm);
            start = trap.offset + 1;
        }
        if start < end {
            push(start, entry.wasm);
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moved_place_holds_for_one_byte() {
        let entry = |(offset, wasm)| AddressMapEntry { offset, wasm };
        let map = |entries: &[(u32, u32)]| entries.iter().copied().map(entry).collect::<Vec<_>>();
        let addresses = map(&[(0, 9), (10, 1), (20, 2), (21, 3)]);
        let moved = map(&[(10, 5), (14, 6), (20, 1)]);
        let expected = map(&[(0, 9), (10, 5), (11, 1), (14, 6), (15, 1), (21, 3)]);
        assert_eq!(with_moved(&addresses, &moved), expected);
        assert_eq!(with_moved(&addresses, &[]), addresses);
    }

    #[test]
    fn codes_are_given_out_in_turns() {
        let mut last = 0;
        let codes: Vec<_> = (0..9).map(|_| next(&mut last, TABLE_LOADS).as_raw().get()).collect();
        assert_eq!(codes, [243, 244, 245, 246, 247, 248, 249, 250, 243]);
        let known = (1..=250).filter_map(trap_code).count();
        assert_eq!(known, 3 + MEMORY_LOADS.count() + TABLE_LOADS.count());
        assert!((125..=250).all(|code| TrapCode::from_u8(code).is_none()), "a trap has a code of this file");
    }

    #[test]
    fn a_load_is_found_before_its_user() {
        let loads = LoadPlaces(vec![(128, 10), (128, 40), (129, 20), (130, 60)]);
        assert_eq!(loads.find(128, 10), Some(10));
        assert_eq!(loads.find(128, 39), Some(10));
        assert_eq!(loads.find(128, u32::MAX), Some(40));
        assert_eq!(loads.find(129, 5), Some(20));
        assert_eq!(loads.find(131, 50), None);
    }
}
