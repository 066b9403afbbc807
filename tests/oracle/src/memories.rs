//! Raw memories: what is lowered must lie as the specification says, byte for byte and call for call of `realloc`, and what is wrong
//! in a guest's memory must end with the right trap at the right place. Each through a generated adapter and through the host.

use crate::composition::flat_types;
use crate::damage::{ExpectedTrap, damage, outside};
use crate::echo::define_resource;
use crate::generate::{GeneratedType, arbitrary_type, arbitrary_value};
use crate::guests::raw_composition;
use crate::model::{HEAP, Model, Purpose, ReallocCall, TooLarge};
use crate::same;
use crate::side::{CallSide, Encoding};
use crate::view::has_nan;
use arbitrary::Unstructured;
use gusset::{Component, Engine, Error, Instance, InstancePre, Linker, Store, Trap, TrapCode, Val};

/// How many times each way of one case meets a wrong memory, and a wrong `realloc`.
pub(crate) const WRONG: usize = 3;
/// What `configure` takes for a `realloc` that never fails.
pub(crate) const NEVER: u32 = u32::MAX;

/// What a case has shown.
#[derive(Clone, Copy, Default, Debug)]
pub struct Findings {
    /// Memories that were as the specification says.
    pub memories: usize,
    /// Bytes between values in those memories, which held there what nobody had written, and not what lies between the same values on
    /// the other side.
    pub padding: usize,
    /// Traps with the right code and place.
    pub traps: usize,
    /// Those of them whose place is only the value around, since an outlined function found them.
    pub outlined: usize,
}

impl std::ops::AddAssign for Findings {
    fn add_assign(&mut self, other: Findings) {
        self.memories += other.memories;
        self.padding += other.padding;
        self.traps += other.traps;
        self.outlined += other.outlined;
    }
}

/// Runs one case made from `input`; an empty findings when the input is too short, or the value too large for the guests.
///
/// # Errors
///
/// What differs, with the composition's text: an error is always a bug of Gusset's (or of the model's).
pub fn check_memories(engine: &Engine, input: &[u8]) -> Result<Findings, String> {
    let mut input = Unstructured::new(input);
    let Ok(ty) = arbitrary_type(&mut input) else { return Ok(Findings::default()) };
    let (Ok(from), Ok(to)) = (CallSide::arbitrary(&mut input), CallSide::arbitrary(&mut input)) else {
        return Ok(Findings::default());
    };
    let (Ok(seed), Ok(val)) = (input.arbitrary(), arbitrary_value(&ty, &mut input)) else {
        return Ok(Findings::default());
    };
    if has_nan(&val) {
        return Ok(Findings::default());
    }
    let case = Experiment::new(engine, &ty, from, to)?;
    case.check(&val, seed, &mut input).map_err(|what| format!("{what}\n\n{}", case.text))
}

/// Passes each of `texts` from a guest or the host to a guest, between two sides.
///
/// # Errors
///
/// What differs.
pub fn check_strings(engine: &Engine, from: CallSide, to: CallSide, texts: &[String]) -> Result<Findings, String> {
    let case = Experiment::new(engine, &GeneratedType::String, from, to)?;
    let mut findings = Findings::default();
    for text in texts {
        // Tagged and untagged, where that is a choice.
        for seed in [0, 1] {
            let value = Val::String(text.clone());
            let checked = case.lowered(&value, seed);
            findings += checked.map_err(|what| format!("{from:?} to {to:?}, {text:?}: {what}"))?;
        }
    }
    Ok(findings)
}

/// Passes one value of a type from a guest or the host to a guest, between two sides.
///
/// # Errors
///
/// What differs.
pub fn check_value(
    engine: &Engine,
    ty: &GeneratedType,
    val: &Val,
    from: CallSide,
    to: CallSide,
) -> Result<Findings, String> {
    let case = Experiment::new(engine, ty, from, to)?;
    case.lowered(val, 1)
}

/// A type and two sides, compiled.
pub(crate) struct Experiment<'a> {
    engine: &'a Engine,
    ty: &'a GeneratedType,
    pub(crate) from: CallSide,
    pub(crate) to: CallSide,
    pre: InstancePre<Option<Val>>,
    text: String,
}

/// Who takes a value, and how that comes about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// `sender` calls `sink`.
    GuestParam,
    /// The host calls `sink`.
    HostParam,
    /// `fetcher` calls `giver`.
    GuestResult,
    /// `host-fetcher` calls the host.
    HostResult,
}

impl Way {
    pub(crate) const ALL: [Way; 4] = [Way::GuestParam, Way::HostParam, Way::GuestResult, Way::HostResult];

    /// The guest that takes.
    pub(crate) fn taker(self) -> &'static str {
        match self {
            Way::GuestParam | Way::HostParam => "sink",
            Way::GuestResult => "fetcher",
            Way::HostResult => "host-fetcher",
        }
    }

    pub(crate) fn is_param(self) -> bool {
        matches!(self, Way::GuestParam | Way::HostParam)
    }

    pub(crate) fn is_adapter(self) -> bool {
        matches!(self, Way::GuestParam | Way::GuestResult)
    }
}

impl<'a> Experiment<'a> {
    pub(crate) fn new(
        engine: &'a Engine,
        ty: &'a GeneratedType,
        from: CallSide,
        to: CallSide,
    ) -> Result<Experiment<'a>, String> {
        let text = raw_composition(ty, from, to);
        let compiled = Component::new(engine, &text).and_then(|component| {
            let mut linker = Linker::<Option<Val>>::new(engine);
            linker.root().func_new("take", |mut store, params, _| {
                *store.data_mut() = Some(params[0].clone());
                Ok(())
            })?;
            linker.root().func_new("give", |store, _, results| {
                results[0] = store.data().clone().ok_or_else(|| Error::msg("the test gives nothing"))?;
                Ok(())
            })?;
            define_resource(&mut linker)?;
            linker.instantiate_pre(&component)
        });
        let pre = compiled.map_err(|error| format!("does not link: {error:?}\n\n{text}"))?;
        Ok(Experiment { engine, ty, from, to, pre, text })
    }

    fn check(&self, val: &Val, seed: u64, input: &mut Unstructured<'_>) -> Result<Findings, String> {
        let mut findings = self.lowered(val, seed)?;
        if findings.memories == 0 {
            return Ok(findings);
        }
        self.lifted(val, seed)?;
        for _ in 0..WRONG {
            for param in [true, false] {
                findings += self.damaged(val, seed, param, input)?;
            }
            for way in Way::ALL {
                findings += self.wrong_realloc(val, seed, way, input)?;
            }
        }
        Ok(findings)
    }

    /// The memory of who takes `val` must be that of the model, whether `realloc` copies or not.
    pub(crate) fn lowered(&self, val: &Val, seed: u64) -> Result<Findings, String> {
        let mut findings = Findings::default();
        for way in Way::ALL {
            for copies in [true, false] {
                let Ok(expected) = self.expected(way, val, seed, copies) else { return Ok(Findings::default()) };
                let Ok(held) = self.held(way.is_param(), val, seed) else { return Ok(Findings::default()) };
                let mut guests = self.guests()?;
                guests.configure(way.taker(), NEVER, 0, copies)?;
                let passed = guests.pass(way, &held, val)?;
                passed.map_err(|error| format!("{way:?} of {val:?} fails: {error:?}"))?;
                let compared = guests.compare(way.taker(), &expected);
                compared.map_err(|what| format!("{way:?} of {val:?}, copies: {copies}: {what}"))?;
                findings.memories += 1;
                findings.padding += expected.padding();
            }
        }
        Ok(findings)
    }

    /// The host must find in a guest's memory what the model has put there, whatever noise is around.
    fn lifted(&self, val: &Val, seed: u64) -> Result<(), String> {
        let (Ok(param), Ok(result)) = (self.held(true, val, seed), self.held(false, val, seed)) else { return Ok(()) };
        let mut guests = self.guests()?;
        guests.hold("host-sender", &param)?;
        guests.call("host-sender-send").map_err(|error| format!("the host cannot lift {val:?}: {error:?}"))?;
        let taken = guests.store.data().clone().ok_or("the host was not called")?;
        guests.hold("giver", &result)?;
        let given = guests.give().map_err(|error| format!("the host cannot lift {val:?}: {error:?}"))?;
        for lifted in [taken, given] {
            if !same(val, &lifted) {
                return Err(format!("the host lifts {lifted:?} where the guest has {val:?}"));
            }
        }
        Ok(())
    }

    /// A memory with one wrong place must be found out, by the adapter and by the host.
    pub(crate) fn damaged(
        &self,
        val: &Val,
        seed: u64,
        param: bool,
        input: &mut Unstructured<'_>,
    ) -> Result<Findings, String> {
        let Ok(mut held) = self.held(param, val, seed) else { return Ok(Findings::default()) };
        let Ok(Some(trap)) = damage(&mut held, input) else { return Ok(Findings::default()) };
        let mut findings = Findings::default();
        let way = if param { Way::GuestParam } else { Way::GuestResult };
        let outcome = self.guests()?.pass(way, &held, val)?;
        findings +=
            expect_trap(outcome, &trap, true).map_err(|what| format!("{way:?}, damaged: {what}\nin {val:?}"))?;
        let mut guests = self.guests()?;
        let outcome = if param {
            guests.hold("host-sender", &held)?;
            guests.call("host-sender-send")
        } else {
            guests.hold("giver", &held)?;
            guests.give().map(drop)
        };
        findings +=
            expect_trap(outcome, &trap, false).map_err(|what| format!("to the host, damaged: {what}\nin {val:?}"))?;
        Ok(findings)
    }

    /// A `realloc` that answers what is no place for the value must be found out.
    pub(crate) fn wrong_realloc(
        &self,
        val: &Val,
        seed: u64,
        way: Way,
        input: &mut Unstructured<'_>,
    ) -> Result<Findings, String> {
        let (Ok(expected), Ok(held)) = (self.expected(way, val, seed, true), self.held(way.is_param(), val, seed))
        else {
            return Ok(Findings::default());
        };
        let Some(last) = expected.purposes.len().checked_sub(1) else { return Ok(Findings::default()) };
        let (Ok(call), Ok(unaligned)) = (input.int_in_range(0..=last), input.arbitrary::<bool>()) else {
            return Ok(Findings::default());
        };
        let align = expected.calls[call].arguments[2];
        let unaligned = unaligned && align > 1;
        let (path, purpose) = expected.purposes[call].clone();
        let trap = match (unaligned, purpose) {
            (true, Purpose::Result) => (TrapCode::UnalignedPointer, TrapCode::UnalignedPointer),
            (true, _) => (TrapCode::UnalignedPointer, TrapCode::ReallocUnaligned),
            (false, Purpose::String) => (TrapCode::StringOutOfBounds, TrapCode::ReallocOutOfBounds),
            (false, Purpose::List) => (TrapCode::ListOutOfBounds, TrapCode::ReallocOutOfBounds),
            (false, Purpose::Values) => (TrapCode::PointerOutOfBounds, TrapCode::ReallocOutOfBounds),
            (false, Purpose::Result) => (TrapCode::PointerOutOfBounds, TrapCode::PointerOutOfBounds),
        };
        let Ok(&outside) = input.choose(outside(self.to.addresses)) else { return Ok(Findings::default()) };
        let answer = if unaligned { u64::from(HEAP) + align / 2 } else { outside };
        let limit = if unaligned { align } else { expected.calls[call].arguments[3] };
        let values = [answer, limit];
        let from_realloc = !matches!(purpose, Purpose::Result);
        let trap = ExpectedTrap { adapter: trap.0, host: trap.1, values, path, from_realloc };
        let mut guests = self.guests()?;
        guests.configure(way.taker(), call as u32, answer, true)?;
        let outcome = guests.pass(way, &held, val)?;
        let found = expect_trap(outcome, &trap, way.is_adapter());
        found.map_err(|what| format!("{way:?}, realloc {call} answers {answer}: {what}\nin {val:?}"))
    }

    /// What the guest that takes `val` must hold in the end.
    pub(crate) fn expected(&self, way: Way, val: &Val, seed: u64, copies: bool) -> Result<Model, TooLarge> {
        let from = if way.is_adapter() { self.from.encoding } else { Encoding::Utf8 };
        let mut model = Model::lowering(self.to, from, seed, copies);
        let flat = flat_types(self.ty, self.to.addresses);
        if way.is_param() {
            model.param(self.ty, val)?;
            let address = [self.to.addresses.core_type()];
            model.spill(if flat.len() > 16 { &address } else { &flat });
        } else {
            model.result(self.ty, val)?;
            if let [_] = flat[..] {
                model.spill(&flat);
            }
        }
        // What the guest notes when it is asked for its notes.
        model.calls.push(ReallocCall { arguments: [0; 4], digest: model.digest() });
        Ok(model)
    }

    /// A guest's memory with `val` in it, as a parameter or as a result.
    pub(crate) fn held(&self, param: bool, val: &Val, seed: u64) -> Result<Model, TooLarge> {
        let mut model = Model::guest(self.from, seed);
        if param {
            model.param(self.ty, val)?;
        } else {
            model.result(self.ty, val)?;
        }
        // Room for the core values, which come behind the heap at first.
        model.allocate(8, 8 * model.core.len() as u32, Purpose::Values)?;
        Ok(model)
    }

    pub(crate) fn guests(&self) -> Result<Guests, String> {
        let mut store = Store::new(self.engine, None);
        let instance = self.pre.instantiate(&mut store).map_err(|error| format!("does not instantiate: {error:?}"))?;
        Ok(Guests { store, instance })
    }
}

/// An instance of the composition.
pub(crate) struct Guests {
    pub(crate) store: Store<Option<Val>>,
    instance: Instance,
}

impl Guests {
    /// Lets who takes the value have it; what it is taken from holds `held`. The inner error is the guests' fault.
    pub(crate) fn pass(&mut self, way: Way, held: &Model, val: &Val) -> Result<Result<(), Error>, String> {
        Ok(match way {
            Way::GuestParam => {
                self.hold("sender", held)?;
                self.call("sender-send")
            }
            Way::HostParam => {
                let take = self.instance.get_func(&mut self.store, "sink-take").ok_or("no export `sink-take`")?;
                take.call(&mut self.store, std::slice::from_ref(val), &mut [])
            }
            Way::GuestResult => {
                self.hold("giver", held)?;
                self.call("fetcher-fetch")
            }
            Way::HostResult => {
                *self.store.data_mut() = Some(val.clone());
                self.call("host-fetcher-fetch")
            }
        })
    }

    pub(crate) fn call(&mut self, export: &str) -> Result<(), Error> {
        self.instance.get_typed_func::<(), ()>(&mut self.store, export)?.call(&mut self.store, ())
    }

    /// The result of `giver`, lifted by the host.
    pub(crate) fn give(&mut self) -> Result<Val, Error> {
        let give = self.instance.get_func(&mut self.store, "giver-give").ok_or_else(|| Error::msg("no export"))?;
        let mut results = [Val::Bool(false)];
        give.call(&mut self.store, &[], &mut results)?;
        let [result] = results;
        Ok(result)
    }

    pub(crate) fn hold(&mut self, guest: &str, held: &Model) -> Result<(), String> {
        let heap = held.memory[HEAP as usize..held.next as usize].to_vec();
        let hold = self.instance.get_typed_func::<(Vec<u8>, Vec<u64>), ()>(&mut self.store, format!("{guest}-hold"));
        let held = hold.and_then(|hold| hold.call(&mut self.store, (heap, held.core.clone())));
        held.map_err(|error| format!("{guest} cannot be given its memory: {error:?}"))
    }

    pub(crate) fn configure(&mut self, guest: &str, until_fault: u32, answer: u64, copies: bool) -> Result<(), String> {
        let name = format!("{guest}-configure");
        let configure = self.instance.get_typed_func::<(u32, u64, u32), ()>(&mut self.store, name);
        let configured = configure.and_then(|func| func.call(&mut self.store, (until_fault, answer, copies.into())));
        configured.map_err(|error| format!("{guest} cannot be configured: {error:?}"))
    }

    /// The calls of `realloc` in a guest, and the one that stands for the end.
    pub(crate) fn calls(&mut self, guest: &str) -> Result<Vec<ReallocCall>, String> {
        let notes = self.instance.get_typed_func::<(), (Vec<u64>,)>(&mut self.store, format!("{guest}-notes"));
        let notes = notes.and_then(|notes| notes.call(&mut self.store, ()));
        let (notes,) = notes.map_err(|error| format!("{guest} cannot tell: {error:?}"))?;
        let calls = notes.chunks_exact(5);
        Ok(calls.map(|call| ReallocCall { arguments: [0, 1, 2, 3].map(|n| call[n]), digest: call[4] }).collect())
    }

    /// Compares how a guest came to what it holds, and what it holds.
    fn compare(&mut self, guest: &str, expected: &Model) -> Result<(), String> {
        let calls = self.calls(guest)?;
        if calls == expected.calls {
            return Ok(());
        }
        let bytes = self.instance.get_typed_func::<(), (Vec<u8>,)>(&mut self.store, format!("{guest}-memory-bytes"));
        let bytes = bytes.and_then(|bytes| bytes.call(&mut self.store, ()));
        let (bytes,) = bytes.map_err(|error| format!("{guest} cannot show its memory: {error:?}"))?;
        let differ = bytes.iter().zip(&expected.memory).position(|(got, want)| got != want);
        let first = differ.map(|at| {
            let window = at & !7..(at & !7) + 8;
            format!("; first at {at}: {:x?}, expected {:x?}", &bytes[window.clone()], &expected.memory[window])
        });
        Err(format!(
            "realloc and memory are\n  {calls:x?}, expected\n  {:x?}{}",
            expected.calls,
            first.unwrap_or_default()
        ))
    }
}

/// The outcome must be this trap. An adapter may name the value around it where it has outlined its translation.
fn expect_trap(outcome: Result<(), Error>, expected: &ExpectedTrap, adapter: bool) -> Result<Findings, String> {
    let code = if adapter { expected.adapter } else { expected.host };
    let Err(error) = outcome else { return Err(format!("passes, but is {code:?} at {}", expected.path)) };
    let Some(trap) = error.downcast_ref::<Trap>() else { return Err(format!("is no trap: {error:?}")) };
    let mut path = trap.site().map_or("nowhere", |site| &*site.path);
    if adapter && expected.from_realloc {
        path =
            path.strip_suffix(" (from realloc)").ok_or_else(|| format!("is at {path}, and does not name realloc"))?;
    }
    let outlined = adapter && expected.path.strip_prefix(path).is_some_and(|rest| rest.starts_with(['.', '[']));
    let values = trap.cause().values;
    if trap.code() != code || values != Some(expected.values) || (path != expected.path && !outlined) {
        return Err(format!(
            "is {:?} of {values:?} at {path}, expected {code:?} of {:?} at {}",
            trap.code(),
            expected.values,
            expected.path
        ));
    }
    Ok(Findings { traps: 1, outlined: outlined.into(), ..Findings::default() })
}
