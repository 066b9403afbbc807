//! Programs over handles: what a few component instances do with resources of theirs and of one another, as a tape of numbers that
//! interpreters in the guests read. A model of handle tables makes them up as it goes, and so knows what must come of them.
//!
//! Instance `j` defines resource type `j`, and knows types and functions of the instances before it: it calls those, and they know
//! the types up to their own. A function that is called runs the interpreter, so programs nest; so does a destructor.

use crate::handles::{ModelHandle, ModelTable};
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
    /// Passes a tuple of `own` and `borrow`, and another `borrow`.
    Many { i: usize, t: usize },
    /// Passes a list of `borrow`: how many, and which.
    List { i: usize, t: usize },
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
        }
    }
}

/// A program and what must come of it.
#[derive(Clone, Debug)]
pub struct Program {
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
pub fn arbitrary_program(instances: usize, input: &mut Unstructured<'_>) -> Program {
    let tables = (0..instances).map(|_| ModelTable::new()).collect();
    let program = Program { instances, tape: Vec::new(), log: Vec::new(), trap: None };
    let mut writer = Writer { tables, borrows: Vec::new(), program, input, left: MOST.0 };
    writer.program.trap = writer.calls_of_the_host().err();
    writer.program
}

type Run<T> = Result<T, TrapCode>;

/// The model of the instances, which writes the program that it runs.
struct Writer<'a, 'b> {
    tables: Vec<ModelTable>,
    /// For each task, how many handles it has borrowed.
    borrows: Vec<u32>,
    program: Program,
    input: &'a mut Unstructured<'b>,
    left: usize,
}

impl Writer<'_, '_> {
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
            self.task(|writer, _| writer.interpret(inst, 0))?;
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

    fn interpret(&mut self, inst: usize, depth: usize) -> Run<()> {
        loop {
            let op = self.choose(inst, depth);
            self.tell(op.code());
            if op == Op::Return {
                return Ok(());
            }
            self.run(op, inst, depth)?;
        }
    }

    /// What an instance does next: usually something that has an end.
    fn choose(&mut self, inst: usize, depth: usize) -> Op {
        // What is borrowed is usually dropped before the end.
        if self.left == 0 || (depth > 0 && self.below(4) == 0) {
            let borrowed = self.tables[inst].entries().find(|(_, handle)| !handle.own).map(|(_, handle)| handle.ty);
            return match borrowed {
                Some(t) if self.left > 0 || self.below(8) > 0 => Op::Drop { t },
                _ => Op::Return,
            };
        }
        self.left -= 1;
        let t = self.below(inst + 1);
        if inst == 0 || depth >= MOST.1 || self.below(3) == 0 {
            return match self.below(6) {
                0..=2 => Op::New,
                3 => Op::Rep,
                4 => Op::Drop { t },
                _ => Op::Return,
            };
        }
        let i = self.below(inst);
        let t = t.min(i);
        match self.below(6) {
            0 => Op::Own { i, t },
            1 => Op::Borrow { i, t },
            2 => Op::Give { i, t },
            3 => Op::Swap { i, t },
            4 => Op::Many { i, t },
            _ => Op::List { i, t },
        }
    }

    /// An index for an operation that wants a handle of type `t`: usually one.
    fn index(&mut self, inst: usize, t: usize, own: bool) -> u32 {
        let wanted: Vec<u32> = self.tables[inst]
            .entries()
            .filter(|(_, handle)| handle.ty == t && (handle.own || !own) && (handle.lends == 0 || !own))
            .map(|(index, _)| index)
            .collect();
        let choice = self.below(24);
        let index = match choice {
            0 => [0, 1 << 28, (1 << 28) - 1, u32::MAX][self.below(4)],
            1 => self.below(8) as u32,
            2 => {
                let any: Vec<u32> = self.tables[inst].entries().map(|(index, _)| index).collect();
                if any.is_empty() { 1 } else { any[self.below(any.len())] }
            }
            _ if wanted.is_empty() => self.below(4) as u32,
            _ => wanted[self.below(wanted.len())],
        };
        self.tell(index)
    }

    /// Drops of borrowed handles come to these.
    fn droppable(&mut self, inst: usize, t: usize) -> u32 {
        let borrowed = self.tables[inst].entries().find(|(_, handle)| handle.ty == t && !handle.own);
        match borrowed.map(|(index, _)| index) {
            Some(index) if self.below(8) > 0 => self.tell(index),
            _ => self.index(inst, t, true),
        }
    }

    fn run(&mut self, op: Op, inst: usize, depth: usize) -> Run<()> {
        match op {
            Op::Return => {}
            Op::New => {
                let rep = self.below(1000) as u32;
                self.tell(rep);
                let handle = ModelHandle { ty: inst, rep, own: true, scope: None, lends: 0 };
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
                let own = self.index(inst, t, true);
                let (first, second) = (self.index(inst, t, false), self.index(inst, t, false));
                self.call(inst, i, depth, &[(own, t, true), (first, t, false), (second, t, false)], None)?;
            }
            Op::List { i, t } => {
                let count = self.below(4);
                self.tell(count as u32);
                let indices: Vec<_> = (0..count).map(|_| (self.index(inst, t, false), t, false)).collect();
                self.call(inst, i, depth, &indices, None)?;
            }
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
                writer.interpret(ty, depth + 1)
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
                    writer.tables[callee].add(ModelHandle { ty, rep, own, scope, lends: 0 })
                };
                writer.note(noted);
            }
            writer.interpret(callee, depth + 1)?;
            let Some(ty) = result else { return Ok(0) };
            let index = writer.index(callee, ty, true);
            Ok(writer.tables[callee].lift_own(index, ty)?)
        })?;
        if let Some(ty) = result {
            let index = self.tables[caller].add(ModelHandle { ty, rep, own: true, scope: None, lends: 0 });
            self.note(index);
        }
        for index in lent {
            self.tables[caller].lent_back(index);
        }
        Ok(())
    }
}
