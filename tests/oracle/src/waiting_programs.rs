//! Programs over handles whose host waits, several at once that take turns on one thread or on many, some of which are given up: what
//! comes of each is what comes of it where nobody waits, or the beginning of that.

use crate::interpreters::program_composition;
use crate::programs::{END, HandleProgram, arbitrary_program};
use crate::run_programs::{Tape, trap_code};
use crate::waiting_host::{EnterKind, HostKind, HostKinds, WaitingTape, poll_woken, waiting_linker};
use arbitrary::{Result as Generated, Unstructured};
use gusset::{Component, Config, Engine, InstancePre, PoolingConfig, Store, TrapCode};
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::Poll;

/// How many programs take turns at most.
const MOST_AT_ONCE: usize = 3;

/// How many instances there are in a program.
const INSTANCES: std::ops::RangeInclusive<usize> = 2..=4;

/// Fuel that no program uses up.
const FUEL: u64 = 1 << 40;

/// What has come of programs whose host waits.
#[derive(Clone, Default, Debug)]
pub struct WaitingSeen {
    /// Those that came to their end, and those of them that a trap ended.
    pub ended: usize,
    /// See `ended`.
    pub trapped: usize,
    /// Those that were dropped while they waited.
    pub dropped: usize,
    /// Those whose host gave up a call within a call.
    pub gave_up: usize,
    /// How often one was polled.
    pub polls: usize,
    /// How many futures the host has made.
    pub futures: usize,
}

/// An engine, and the compositions of programs, which are compiled when they are first wanted.
pub struct WaitingPrograms {
    engine: Engine,
    /// Whether guests count fuel and look at epochs.
    metered: bool,
    compositions: [OnceLock<Component>; 3],
}

/// One of the programs of a case, and how it is run.
#[derive(Debug)]
struct WaitingProgram {
    program: HandleProgram,
    kinds: HostKinds,
    choices: Vec<u8>,
    turns: Turns,
    /// After so many polls it is dropped.
    patience: Option<usize>,
}

/// Why guests let others have their turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Turns {
    Never,
    ByEpochs,
    ByFuel(u64),
}

/// What has come of a program.
struct WaitingEnd {
    trap: Option<TrapCode>,
    fuel: Option<u64>,
}

/// A program that is run.
type ProgramFuture<'a> = Pin<Box<dyn Future<Output = Result<WaitingEnd, String>> + Send + 'a>>;

impl WaitingPrograms {
    /// Programs on an engine without ado.
    ///
    /// # Panics
    ///
    /// When its configuration is refused.
    pub fn on_demand() -> WaitingPrograms {
        WaitingPrograms::new(&mut Config::new(), false)
    }

    /// Programs in a pool that has room for those of one case, with fuel and epochs, and without traps by signals.
    ///
    /// # Panics
    ///
    /// When its configuration is refused.
    pub fn pooled() -> WaitingPrograms {
        // One more, for the run in which nobody waits.
        let all = MOST_AT_ONCE as u32 + 1;
        // The calls of a program stand in one another, six at most, with one of the host around them.
        let mut pool = PoolingConfig::new();
        pool.total_stacks(all * 8).total_memories(all * 5).total_tables(all * 8).total_core_instances(all * 40);
        pool.max_memory_size(1 << 20).table_elements(100).async_stack_keep_resident(0);
        let mut config = Config::new();
        config.memory_reservation(1 << 20).memory_guard(0).allocation_strategy(pool);
        config.epoch_interruption(true).consume_fuel(true).signals_based_traps(false).async_stack_zeroing(true);
        WaitingPrograms::new(&mut config, true)
    }

    fn new(config: &mut Config, metered: bool) -> WaitingPrograms {
        let engine = Engine::new(config).expect("the configuration works");
        WaitingPrograms { engine, metered, compositions: Default::default() }
    }

    fn composition(&self, instances: usize) -> &Component {
        self.compositions[instances - INSTANCES.start()].get_or_init(|| {
            let text = program_composition(instances);
            Component::new(&self.engine, &text).unwrap_or_else(|error| panic!("{error:?}\n{text}"))
        })
    }

    /// Makes a few programs out of the input, and runs them in turns.
    ///
    /// # Errors
    ///
    /// What is not as it must be: always a bug of Gusset's.
    pub fn check(&self, input: &[u8], seen: &mut WaitingSeen) -> Result<(), String> {
        let mut input = Unstructured::new(input);
        let Ok((programs, order, hops)) = self.arbitrary_case(&mut input) else { return Ok(()) };
        let mut stores = Vec::with_capacity(programs.len());
        let mut linked = Vec::with_capacity(programs.len());
        for waiting in &programs {
            let pre = self.link(waiting.program.instances, waiting.kinds)?;
            stores.push(self.store(waiting)?);
            linked.push(pre);
        }
        let mut runs: Vec<_> = stores.iter_mut().zip(&linked).map(|(store, pre)| Some(run(store, pre))).collect();
        let mut ends: Vec<Option<WaitingEnd>> = programs.iter().map(|_| None).collect();
        let mut polled = vec![0; programs.len()];
        for turn in 0.. {
            let left: Vec<usize> = (0..runs.len()).filter(|&at| runs[at].is_some()).collect();
            let Some(&at) = left.get(usize::from(order[turn % order.len()]) % left.len().max(1)) else { break };
            let patience = programs[at].patience.unwrap_or(usize::MAX);
            let call = runs[at].as_mut().expect("it is left");
            if polled[at] >= patience {
                runs[at] = None;
                continue;
            }
            polled[at] += 1;
            let hops = hops && order[turn % order.len()] >= 128;
            let poll = if hops { poll_elsewhere(call) } else { poll_woken(call.as_mut()) };
            if let Poll::Ready(end) = poll? {
                ends[at] = Some(end?);
                runs[at] = None;
            }
        }
        drop(runs);
        for (((waiting, store), end), polls) in programs.iter().zip(&mut stores).zip(&ends).zip(&polled) {
            seen.polls += polls;
            let checked = self.check_end(waiting, store, end.as_ref(), *polls, seen);
            checked.map_err(|what| format!("{what}\nin {waiting:?}, polled {polls} times"))?;
        }
        Ok(())
    }

    /// Programs, whose turn it is when, and whether calls go on on other threads.
    fn arbitrary_case(&self, input: &mut Unstructured<'_>) -> Generated<(Vec<WaitingProgram>, Vec<u8>, bool)> {
        let count = input.int_in_range(1..=MOST_AT_ONCE)?;
        let order = input.bytes(16)?.to_vec();
        let hops = input.ratio(1, 4)?;
        let programs = (0..count).map(|_| self.arbitrary_program(input)).collect::<Generated<_>>()?;
        Ok((programs, order, hops))
    }

    fn arbitrary_program(&self, input: &mut Unstructured<'_>) -> Generated<WaitingProgram> {
        let turns = match input.int_in_range(0..=3)? {
            0 | 1 if self.metered => Turns::ByEpochs,
            2 if self.metered => Turns::ByFuel(input.int_in_range(10..=2000)?),
            _ => Turns::Never,
        };
        let kinds = [HostKind::Exclusive, HostKind::Concurrent, HostKind::Plain];
        let (next, note) = (*input.choose(&kinds)?, *input.choose(&kinds)?);
        let nobody_waits = next == HostKind::Plain && note == HostKind::Plain && turns == Turns::Never;
        let enters = [EnterKind::Waits, EnterKind::Polls, EnterKind::GivesUp, EnterKind::Plain];
        let enter = *input.choose(&enters[..if nobody_waits { 4 } else { 3 }])?;
        let patience = if input.ratio(1, 3)? { Some(input.int_in_range(0..=60)?) } else { None };
        let choices = input.bytes(24)?.to_vec();
        let instances = input.int_in_range(INSTANCES)?;
        let bytes = input.bytes(input.len().min(400))?;
        let program = arbitrary_program(instances, &mut Unstructured::new(bytes));
        Ok(WaitingProgram { program, kinds: HostKinds { next, note, enter }, choices, turns, patience })
    }

    fn link(&self, instances: usize, kinds: HostKinds) -> Result<InstancePre<WaitingTape>, String> {
        let pre =
            waiting_linker(&self.engine, kinds).and_then(|linker| linker.instantiate_pre(self.composition(instances)));
        pre.map_err(|error| format!("does not link: {error:?}"))
    }

    fn store(&self, waiting: &WaitingProgram) -> Result<Store<WaitingTape>, String> {
        let epochs = waiting.turns == Turns::ByEpochs;
        let tape = WaitingTape::new(Tape::of(&waiting.program), waiting.choices.clone(), epochs);
        let mut store = Store::new(&self.engine, tape);
        if self.metered {
            store.set_fuel(FUEL).map_err(|error| format!("no fuel: {error}"))?;
            store.set_epoch_deadline(if epochs { 1 } else { u64::MAX });
        }
        match waiting.turns {
            Turns::Never => {}
            Turns::ByEpochs => store.epoch_deadline_async_yield_and_update(1),
            Turns::ByFuel(interval) => {
                store.fuel_async_yield_interval(Some(interval)).map_err(|error| format!("no turns by fuel: {error}"))?
            }
        }
        Ok(store)
    }

    /// Whether a program ended as it must, or began so; and whether nothing is left of it.
    fn check_end(
        &self,
        waiting: &WaitingProgram,
        store: &mut Store<WaitingTape>,
        end: Option<&WaitingEnd>,
        polls: usize,
        seen: &mut WaitingSeen,
    ) -> Result<(), String> {
        let (program, data) = (&waiting.program, store.data());
        seen.futures += data.futures.made();
        if data.futures.left() > 0 {
            return Err(format!("{} futures of {} are left", data.futures.left(), data.futures.made()));
        }
        let (log, gave_up) = (&data.tape.log, data.gave_up);
        match end {
            Some(end) if !gave_up => {
                seen.ended += 1;
                seen.trapped += usize::from(end.trap.is_some());
                if *log != program.log || end.trap != program.trap {
                    return Err(format!("ends with {:?} after {log:?}", end.trap));
                }
                self.check_fuel(waiting, end)
            }
            _ if !program.log.starts_with(log) => Err(format!("does not begin so: {log:?}")),
            Some(end) => {
                seen.gave_up += 1;
                match end.trap {
                    Some(TrapCode::CannotEnter) => Ok(()),
                    other => Err(format!("a call within it was given up, and it ends with {other:?}")),
                }
            }
            None => {
                seen.dropped += 1;
                check_lock(store, polls)
            }
        }
    }

    /// Whether a program uses as much fuel as where nobody waits. What a trap ends is not charged exactly.
    fn check_fuel(&self, waiting: &WaitingProgram, end: &WaitingEnd) -> Result<(), String> {
        let Some(left) = end.fuel.filter(|_| end.trap.is_none()) else { return Ok(()) };
        let plain = HostKinds { next: HostKind::Plain, note: HostKind::Plain, enter: EnterKind::Plain };
        let pre = self.link(waiting.program.instances, plain)?;
        let again = WaitingProgram {
            program: waiting.program.clone(),
            kinds: plain,
            choices: Vec::new(),
            turns: Turns::Never,
            patience: None,
        };
        let mut store = self.store(&again)?;
        let mut call = run(&mut store, &pre);
        match poll_woken(call.as_mut())? {
            Poll::Ready(end) if end.as_ref().is_ok_and(|end| end.fuel == Some(left)) => Ok(()),
            Poll::Ready(end) => {
                Err(format!("uses {} fuel, and {:?} is left where nobody waits", FUEL - left, end?.fuel))
            }
            Poll::Pending => Err("waits for nothing".into()),
        }
    }
}

/// A call that was dropped while it waited has locked its instance; one that had not begun has not.
fn check_lock(store: &mut Store<WaitingTape>, polls: usize) -> Result<(), String> {
    let Some(instance) = store.data().tape.instance else {
        return if polls == 0 { Ok(()) } else { Err("it has begun, and there is no instance".into()) };
    };
    let run = instance.get_typed_func::<(), ()>(&mut *store, "run0").map_err(|error| format!("{error:?}"))?;
    match run.call(&mut *store, ()) {
        Err(error) if trap_code(&error)? == TrapCode::CannotEnter => Ok(()),
        other => Err(format!("the instance is not locked: {other:?}")),
    }
}

/// Runs a program.
fn run<'a>(store: &'a mut Store<WaitingTape>, pre: &'a InstancePre<WaitingTape>) -> ProgramFuture<'a> {
    Box::pin(async move {
        let instance = pre.instantiate_async(&mut *store).await;
        let instance = instance.map_err(|error| format!("does not instantiate: {error:?}"))?;
        store.data_mut().tape.instance = Some(instance);
        let mut trap = None;
        while trap.is_none() {
            let callee = store.data_mut().tape.next();
            if callee == END {
                break;
            }
            let run = instance.get_typed_func::<(), ()>(&mut *store, format!("run{callee}"));
            let run = run.map_err(|error| format!("no function for {callee}: {error:?}"))?;
            if let Err(error) = run.call_async(&mut *store, ()).await {
                trap = Some(trap_code(&error)?);
            }
        }
        Ok(WaitingEnd { trap, fuel: store.get_fuel().ok() })
    })
}

/// Polls once, on another thread.
fn poll_elsewhere(call: &mut ProgramFuture<'_>) -> Result<Poll<Result<WaitingEnd, String>>, String> {
    let polled = std::thread::scope(|scope| scope.spawn(|| poll_woken(call.as_mut())).join());
    polled.unwrap_or_else(|payload| std::panic::resume_unwind(payload))
}
