//! Programs over handles: what a few component instances do with resources of theirs and of one another, as a tape of numbers that
//! interpreters in the guests read. A model of handle tables makes them up as it goes, and so knows what must come of them.
//!
//! Instance `j` defines resource type `j`, and knows types and functions of the instances before it: it calls those and its own, and
//! they know the types up to their own. A function that is called runs the interpreter, so programs nest; so does a destructor.

use crate::handles::{ExpectedHandle, ExpectedTable};
use arbitrary::Unstructured;
use gusset::TrapCode;

/// What a program begins with, for each call of the host: the instance that it calls. Other numbers end it.
pub(crate) const END: u32 = 0xff;
/// What a destructor notes before the representation.
pub(crate) const DESTROYED: u32 = 0xdddd;
/// How many operations a program has at most, and how deep calls nest.
const MOST: (usize, usize) = (40, 6);

/// What an interpreter can be told to do. `i` is an instance that is called, `t` a resource type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Op {
    /// Returns from the function.
    Return,
    /// `resource.new` of a representation; notes the index.
    New,
    /// `resource.rep` of an index; notes the representation.
    Rep,
    /// `resource.drop` of an index.
    Drop { t: usize },
    /// Passes `own`, to a function that notes what it gets.
    Own { i: usize, t: usize },
    /// Passes `borrow`.
    Borrow { i: usize, t: usize },
    /// Gets `own` as a result, and notes it.
    Give { i: usize, t: usize },
    /// Passes `own` and gets one.
    Swap { i: usize, t: usize },
    /// Passes a tuple of `borrow` and `own`, and another `borrow`.
    Many { i: usize, t: usize },
    /// Passes a list of `borrow`: how many, and which.
    List { i: usize, t: usize },
    /// Asks the host to call an instance, whichever: so may instances that wait for others be entered.
    Enter { i: usize },
}

impl Op {
    /// The number that stands for it on a tape.
    pub(crate) fn code(self) -> u32 {
        let code = |kind: u32, i: usize, t: usize| kind | (i as u32) << 4 | (t as u32) << 8;
        match self {
            Op::Return => 0,
            Op::New => 1,
            Op::Rep => 2,
            Op::Drop { t } => code(3, 0, t),
            Op::Own { i, t } => code(4, i, t),
            Op::Borrow { i, t } => code(5, i, t),
            Op::Give { i, t } => code(6, i, t),
            Op::Swap { i, t } => code(7, i, t),
            Op::Many { i, t } => code(8, i, t),
            Op::List { i, t } => code(9, i, t),
            Op::Enter { i } => code(10, i, 0),
        }
    }
}

/// A program and what must come of it.
#[derive(Clone, Debug)]
pub struct HandleProgram {
    /// How many instances there are.
    pub instances: usize,
    /// What the interpreters read.
    pub tape: Vec<u32>,
    /// What the guests note.
    pub log: Vec<u32>,
    /// The trap that ends it.
    pub trap: Option<TrapCode>,
}

/// A program for so many instances.
pub fn arbitrary_program(instances: usize, input: &mut Unstructured<'_>) -> HandleProgram {
    let tables = (0..instances).map(|_| ExpectedTable::new()).collect();
    let program = HandleProgram { instances, tape: Vec::new(), log: Vec::new(), trap: None };
    let mut writer = ProgramWriter { tables, borrows: Vec::new(), program, input, left: MOST.0 };
    writer.program.trap = writer.calls_of_the_host().err();
    writer.program
}

type Run<T> = Result<T, TrapCode>;

/// The model of the instances, which writes the program that it runs.
struct ProgramWriter<'a, 'b> {
    tables: Vec<ExpectedTable>,
    /// For each task, how many handles it has borrowed.
    borrows: Vec<u32>,
    program: HandleProgram,
    input: &'a mut Unstructured<'b>,
    left: usize,
}

impl ProgramWriter<'_, '_> {
    /// A choice; the first when the input has ended.
    fn below(&mut self, limit: usize) -> usize {
        self.input.choose_index(limit).unwrap_or(0)
    }

    fn tell(&mut self, number: u32) -> u32 {
        self.program.tape.push(number);
        number
    }

    fn note(&mut self, number: u32) {
        self.program.log.push(number);
    }

    fn calls_of_the_host(&mut self) -> Run<()> {
        for _ in 0..=self.below(3) {
            let inst = self.below(self.program.instances);
            self.tell(inst as u32);
            self.task(|writer, _| writer.interpret(inst, 0, None))?;
        }
        self.tell(END);
        Ok(())
    }

    /// A call of an instance: who returns must have dropped what it borrowed.
    fn task<T>(&mut self, body: impl FnOnce(&mut Self, usize) -> Run<T>) -> Run<T> {
        let task = self.borrows.len();
        self.borrows.push(0);
        let result = body(self, task)?;
        if self.borrows[task] > 0 {
            return Err(TrapCode::BorrowsRemain);
        }
        Ok(result)
    }

    /// Runs the interpreter of an instance, whose function returns an own handle of type `wanted`.
    fn interpret(&mut self, inst: usize, depth: usize, wanted: Option<usize>) -> Run<()> {
        loop {
            let op = self.choose(inst, depth, wanted);
            self.tell(op.code());
            if op == Op::Return {
                return Ok(());
            }
            self.run(op, inst, depth)?;
        }
    }

    /// What an instance does next: usually something that has an end.
    fn choose(&mut self, inst: usize, depth: usize, wanted: Option<usize>) -> Op {
        if self.left == 0 || (depth > 0 && self.below(5) == 0) {
            return self.ending(inst, wanted);
        }
        self.left -= 1;
        let sensible = self.sensible(inst, depth);
        if self.below(300) == 1 {
            return if inst == 0 { Op::Drop { t: 0 } } else { Op::Swap { i: inst - 1, t: 0 } };
        }
        sensible[self.below(sensible.len())]
    }

    /// What leads to the end of a function: what it has borrowed is dropped, and what it returns is there. Now and then it is not.
    fn ending(&mut self, inst: usize, wanted: Option<usize>) -> Op {
        let borrowed = self.borrowed(inst);
        if self.below(if borrowed.is_some() { 4 } else { 60 }) == 1 {
            return Op::Return;
        }
        if let Some(t) = borrowed {
            return Op::Drop { t };
        }
        match wanted {
            Some(t) if !self.has(inst, t, true) && t == inst => Op::New,
            Some(t) if !self.has(inst, t, true) => Op::Give { i: t, t },
            _ => Op::Return,
        }
    }

    /// The type of a handle that an instance has borrowed and can drop.
    fn borrowed(&self, inst: usize) -> Option<usize> {
        let mut entries = self.tables[inst].entries();
        entries.find(|(_, handle)| !handle.own && handle.lends == 0).map(|(_, handle)| handle.ty)
    }

    /// Whether an instance has a handle that can be lent, or one that can be given away.
    fn has(&self, inst: usize, t: usize, own: bool) -> bool {
        self.tables[inst].entries().any(|(_, handle)| handle.ty == t && (!own || (handle.own && handle.lends == 0)))
    }

    /// What an instance can do with what it has.
    fn sensible(&self, inst: usize, depth: usize) -> Vec<Op> {
        let mut ops = vec![Op::New, Op::New];
        if self.has(inst, inst, false) {
            ops.push(Op::Rep);
        }
        ops.extend((0..=inst).filter(|&t| self.has(inst, t, true)).map(|t| Op::Drop { t }));
        if depth >= MOST.1 {
            return ops;
        }
        ops.extend((0..self.tables.len()).map(|i| Op::Enter { i }));
        for (i, t) in (0..=inst).flat_map(|i| (0..=i).map(move |t| (i, t))) {
            ops.push(Op::Give { i, t });
            // Now and then what is only borrowed, or lent, is given away.
            let borrows = self.tables[inst].entries().any(|(_, handle)| handle.ty == t && !handle.own);
            let dare = self.has(inst, t, false) && self.left.is_multiple_of(if borrows { 3 } else { 16 });
            if self.has(inst, t, true) || dare {
                ops.extend([Op::Own { i, t }, Op::Swap { i, t }]);
            }
            if self.has(inst, t, false) {
                ops.extend([Op::Borrow { i, t }, Op::List { i, t }, Op::Borrow { i, t }, Op::List { i, t }]);
            }
            if self.tables[inst].entries().filter(|(_, handle)| handle.ty == t).count() > 1 && self.has(inst, t, true) {
                ops.extend([Op::Many { i, t }; 2]);
            }
        }
        ops
    }

    /// The handles that an operation can have.
    fn wanted(&self, inst: usize, t: usize, own: bool) -> Vec<u32> {
        let entries = self.tables[inst].entries();
        let fit = entries.filter(|(_, handle)| handle.ty == t && (!own || (handle.own && handle.lends == 0)));
        fit.map(|(index, _)| index).collect()
    }

    /// An index for an operation that wants a handle of type `t`: usually one.
    fn index(&mut self, inst: usize, t: usize, own: bool) -> u32 {
        let wanted = self.wanted(inst, t, own);
        let of_type: Vec<u32> = self.wanted(inst, t, false);
        let any: Vec<u32> = self.tables[inst].entries().map(|(index, _)| index).collect();
        // Borrowed or lent, where that is wrong.
        let held: Vec<u32> = of_type.iter().copied().filter(|index| !wanted.contains(index)).collect();
        let entries = self.tables[inst].entries();
        let borrowed = entries.filter(|(_, handle)| handle.ty == t && !handle.own && handle.lends == 0);
        let borrowed: Vec<u32> = borrowed.map(|(index, _)| index).collect();
        let index = match self.below(300) {
            1 => [0, 1 << 28, (1 << 28) - 1, u32::MAX][self.below(4)],
            2 => self.below(8) as u32,
            3..=4 if !any.is_empty() => any[self.below(any.len())],
            5..=7 if !held.is_empty() => held[self.below(held.len())],
            8..=20 if !borrowed.is_empty() => borrowed[self.below(borrowed.len())],
            _ if wanted.is_empty() => borrowed.first().or(of_type.first()).copied().unwrap_or(1),
            _ => wanted[self.below(wanted.len())],
        };
        self.tell(index)
    }

    /// The same, and usually not this one.
    fn index_but(&mut self, inst: usize, t: usize, own: bool, not: u32) -> u32 {
        let others = self.wanted(inst, t, own).into_iter().filter(|&index| index != not).collect::<Vec<_>>();
        if others.is_empty() || self.below(40) == 1 {
            return if self.below(2) == 0 { self.tell(not) } else { self.index(inst, t, own) };
        }
        let other = others[self.below(others.len())];
        self.tell(other)
    }

    /// Drops of borrowed handles come to these.
    fn droppable(&mut self, inst: usize, t: usize) -> u32 {
        let borrowed = self.tables[inst]
            .entries()
            .find(|(_, handle)| handle.ty == t && !handle.own && handle.lends == 0)
            .map(|(index, _)| index);
        match borrowed {
            Some(index) if self.below(60) != 1 => self.tell(index),
            _ => self.index(inst, t, true),
        }
    }

    fn run(&mut self, op: Op, inst: usize, depth: usize) -> Run<()> {
        match op {
            Op::Return => {}
            Op::New => {
                let rep = self.below(1000) as u32;
                self.tell(rep);
                let handle = ExpectedHandle { ty: inst, rep, own: true, scope: None, lends: 0 };
                let index = self.tables[inst].add(handle);
                self.note(index);
            }
            Op::Rep => {
                let index = self.index(inst, inst, false);
                let rep = self.tables[inst].typed(index, inst)?.rep;
                self.note(rep);
            }
            Op::Drop { t } => {
                let index = self.droppable(inst, t);
                self.drop_handle(inst, index, t, depth)?;
            }
            Op::Own { i, t } => {
                let index = self.index(inst, t, true);
                self.call(inst, i, depth, &[(index, t, true)], None)?;
            }
            Op::Borrow { i, t } => {
                let index = self.index(inst, t, false);
                self.call(inst, i, depth, &[(index, t, false)], None)?;
            }
            Op::Give { i, t } => self.call(inst, i, depth, &[], Some(t))?,
            Op::Swap { i, t } => {
                let index = self.index(inst, t, true);
                self.call(inst, i, depth, &[(index, t, true)], Some(t))?;
            }
            Op::Many { i, t } => {
                let first = self.index(inst, t, false);
                // What is given away is not lent as well, usually.
                let own = self.index_but(inst, t, true, first);
                let second = self.index_but(inst, t, false, own);
                self.call(inst, i, depth, &[(first, t, false), (own, t, true), (second, t, false)], None)?;
            }
            Op::List { i, t } => {
                let count = self.below(4);
                self.tell(count as u32);
                let indices: Vec<_> = (0..count).map(|_| (self.index(inst, t, false), t, false)).collect();
                self.call(inst, i, depth, &indices, None)?;
            }
            Op::Enter { i } => self.task(|writer, _| writer.interpret(i, depth + 1, None))?,
        }
        Ok(())
    }

    fn drop_handle(&mut self, inst: usize, index: u32, ty: usize, depth: usize) -> Run<()> {
        let handle = self.tables[inst].remove(index, ty)?;
        match handle.scope {
            Some(task) => self.borrows[task] -= 1,
            None => self.task(|writer, _| {
                writer.note(DESTROYED);
                writer.note(handle.rep);
                writer.interpret(ty, depth + 1, None)
            })?,
        }
        Ok(())
    }

    /// `caller` calls a function of `callee` with these handles of its own, and notes the handle that it gets.
    fn call(
        &mut self,
        caller: usize,
        callee: usize,
        depth: usize,
        params: &[(u32, usize, bool)],
        result: Option<usize>,
    ) -> Run<()> {
        let mut lent = Vec::new();
        let mut reps = Vec::new();
        for &(index, ty, own) in params {
            if own {
                reps.push(self.tables[caller].lift_own(index, ty)?);
            } else {
                let handle = self.tables[caller].typed(index, ty)?;
                handle.lends += 1;
                reps.push(handle.rep);
                lent.push(index);
            }
        }
        let rep = self.task(|writer, task| {
            for (&(_, ty, own), rep) in params.iter().zip(reps) {
                let noted = if !own && ty == callee {
                    rep
                } else {
                    writer.borrows[task] += u32::from(!own);
                    let scope = (!own).then_some(task);
                    writer.tables[callee].add(ExpectedHandle { ty, rep, own, scope, lends: 0 })
                };
                writer.note(noted);
            }
            writer.interpret(callee, depth + 1, result)?;
            let Some(ty) = result else { return Ok(0) };
            let index = writer.index(callee, ty, true);
            writer.tables[callee].lift_own(index, ty)
        })?;
        if let Some(ty) = result {
            let index = self.tables[caller].add(ExpectedHandle { ty, rep, own: true, scope: None, lends: 0 });
            self.note(index);
        }
        for index in lent {
            self.tables[caller].lent_back(index);
        }
        Ok(())
    }
}
