//! Runs programs over handles in Gusset.

use crate::interpreters::program_composition;
use crate::programs::{END, HandleProgram};
use gusset::{Component, Engine, Error, Instance, InstancePre, Linker, Store, Trap, TrapCode, Val};

/// What the guests of a program share with their host.
#[derive(Default)]
pub(crate) struct Tape {
    tape: Vec<u32>,
    at: usize,
    pub(crate) log: Vec<u32>,
    pub(crate) instance: Option<Instance>,
}

impl Tape {
    pub(crate) fn of(program: &HandleProgram) -> Tape {
        Tape { tape: program.tape.clone(), ..Tape::default() }
    }

    /// The next number; what ends a function where there is none.
    pub(crate) fn next(&mut self) -> u32 {
        self.at += 1;
        self.tape.get(self.at - 1).copied().unwrap_or(0)
    }
}

/// The composition for a number of instances, compiled and linked.
pub struct Interpreters {
    engine: Engine,
    instances: usize,
    pre: InstancePre<Tape>,
}

impl Interpreters {
    /// Interpreters in so many instances.
    ///
    /// # Errors
    ///
    /// When the composition does not compile or link: a bug of Gusset's.
    pub fn new(engine: &Engine, instances: usize) -> Result<Interpreters, String> {
        let text = program_composition(instances);
        let compiled = Component::new(engine, &text).and_then(|component| {
            let mut linker = Linker::<Tape>::new(engine);
            linker.root().func_new("next", |mut store, _, results| {
                results[0] = Val::U32(store.data_mut().next());
                Ok(())
            })?;
            linker.root().func_new("note", |mut store, params, _| {
                if let Val::U32(number) = params[0] {
                    store.data_mut().log.push(number);
                }
                Ok(())
            })?;
            linker.root().func_new("enter", |mut store, params, _| {
                let (Some(instance), Val::U32(callee)) = (store.data().instance, &params[0]) else {
                    return Err(Error::msg("a guest asks before it can"));
                };
                instance.get_typed_func::<(), ()>(&mut store, format!("run{callee}"))?.call(&mut store, ())
            })?;
            linker.instantiate_pre(&component)
        });
        let pre = compiled.map_err(|error| format!("does not link: {error:?}\n\n{text}"))?;
        Ok(Interpreters { engine: engine.clone(), instances, pre })
    }

    /// How many instances there are.
    pub fn instances(&self) -> usize {
        self.instances
    }

    /// Runs a program for as many instances, and compares what comes of it with what must.
    ///
    /// # Errors
    ///
    /// What differs.
    ///
    /// # Panics
    ///
    /// When the program is for another number of instances.
    pub fn check(&self, program: &HandleProgram) -> Result<(), String> {
        assert_eq!(program.instances, self.instances);
        let mut store = Store::new(&self.engine, Tape::of(program));
        let trap = self.run(&mut store).map_err(|what| format!("{what}\nin {program:?}"))?;
        let log = &store.data().log;
        if *log != program.log || trap != program.trap {
            return Err(format!("ends with {trap:?} after {log:?}, but must with {:?} in {program:?}", program.trap));
        }
        Ok(())
    }

    fn run(&self, store: &mut Store<Tape>) -> Result<Option<TrapCode>, String> {
        let instance = self.pre.instantiate(&mut *store).map_err(|error| format!("does not instantiate: {error:?}"))?;
        store.data_mut().instance = Some(instance);
        loop {
            let callee = store.data_mut().next();
            if callee == END {
                return Ok(None);
            }
            let run = instance.get_typed_func::<(), ()>(&mut *store, format!("run{callee}"));
            let run = run.map_err(|error| format!("no function for {callee}: {error:?}"))?;
            if let Err(error) = run.call(&mut *store, ()) {
                return trap_code(&error).map(Some);
            }
        }
    }
}

/// The trap that has ended a program.
///
/// # Errors
///
/// When it was none.
pub(crate) fn trap_code(error: &Error) -> Result<TrapCode, String> {
    let trap = error.downcast_ref::<Trap>().map(Trap::code);
    trap.ok_or_else(|| format!("fails: {error:?}"))
}
