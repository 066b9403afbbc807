//! Comparison with the specification's reference implementation, which a driver in Python runs: layouts, flattening, what lowering leaves
//! in memory, what lifting finds there, and whether it traps, each through generated adapters and through the host.

use crate::composition::flat_types;
use crate::damage::damage;
use crate::generate::{arbitrary_type, arbitrary_value};
use crate::memories::{Experiment, NEVER, WRONG, Way};
use crate::model::{HEAP, Model, ReallocCall};
use crate::programs::HandleProgram;
use crate::side::{Addresses, Encoding};
use crate::text::{hex, type_text, value_text};
use crate::view::{has_nan, layout};
use arbitrary::Unstructured;
use gusset::{Engine, Error, Trap, Val};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// How many values of each type are compared.
const VALUES: usize = 4;

/// A process that runs the reference implementation.
pub struct Reference {
    process: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Reference {
    /// Starts `python3` with the oracle's driver and the reference implementation at `definitions`.
    ///
    /// # Errors
    ///
    /// When there is no `python3`.
    pub fn start(definitions: &Path) -> Result<Reference, String> {
        let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("reference/driver.py");
        let mut command = Command::new("python3");
        command.arg("-B").arg(driver).arg(definitions).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(|error| format!("cannot start python3: {error}"))?;
        let requests = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().expect("its output is a pipe"));
        Ok(Reference { process, requests, answers })
    }

    /// The answer to a request.
    ///
    /// # Errors
    ///
    /// When the process has ended; it has then said why on its standard error.
    pub(crate) fn ask(&mut self, request: &str) -> Result<String, String> {
        let requests = self.requests.as_mut().expect("it is open until the end");
        let mut answer = String::new();
        let asked = writeln!(requests, "{request}").and_then(|()| requests.flush());
        let read = asked.and_then(|()| self.answers.read_line(&mut answer));
        match read {
            Ok(1..) => Ok(answer.trim_end().into()),
            Ok(_) => Err(format!("the reference implementation has no answer to {request}")),
            Err(error) => Err(format!("the reference implementation cannot be asked: {error}; {request}")),
        }
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        // Without requests it ends.
        self.requests = None;
        let _ = self.process.wait();
    }
}

/// Runs a program over handles there, and compares what comes of it with what must.
///
/// # Errors
///
/// What differs.
pub fn compare_program(reference: &mut Reference, program: &HandleProgram) -> Result<(), String> {
    let numbers = |numbers: &[u32]| numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    let tape = numbers(&program.tape);
    let request = format!(r#"{{"op":"program","instances":{},"tape":[{tape}]}}"#, program.instances);
    let answer = reference.ask(&request)?;
    let end = if program.trap.is_some() { "trap" } else { "done" };
    let expected = format!("{end} {}", numbers(&program.log));
    if answer != expected.trim_end() {
        return Err(format!("there\n  {answer}, but here\n  {expected}\nis what comes of {program:?}"));
    }
    Ok(())
}

/// What was compared; `Display` writes it as a sentence.
#[derive(Clone, Copy, Default, Debug)]
pub struct Compared {
    /// Types, by size, alignment and core types.
    pub types: usize,
    /// Values of them.
    pub values: usize,
    /// Memories after lowering, with each call of `realloc`.
    pub memories: usize,
    /// Values that the host lifted.
    pub lifts: usize,
    /// Passages that trap on both sides.
    pub traps: usize,
    /// Damaged memories that are right on both sides, with the same value.
    pub survived: usize,
    /// Values too large for the guests, and reads of what only one side knows.
    pub skipped: usize,
}

impl std::ops::AddAssign for Compared {
    fn add_assign(&mut self, other: Compared) {
        self.types += other.types;
        self.values += other.values;
        self.memories += other.memories;
        self.lifts += other.lifts;
        self.traps += other.traps;
        self.survived += other.survived;
        self.skipped += other.skipped;
    }
}

impl std::fmt::Display for Compared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Compared { types, values, memories, lifts, traps, survived, skipped } = self;
        write!(
            f,
            "{types} types, {values} values: {memories} memories and {lifts} lifted values agree ({survived} of them after damage), \
             {traps} traps agree, {skipped} skipped"
        )
    }
}

/// What the reference implementation made of a passage.
enum Answer {
    Trap,
    /// The value is too large, or something was read that this side does not tell.
    Skip,
    Passed {
        value: String,
        calls: Vec<ReallocCall>,
    },
}

impl Answer {
    fn parse(text: &str) -> Result<Answer, String> {
        match text.split(' ').collect::<Vec<_>>()[..] {
            ["trap"] => Ok(Answer::Trap),
            ["large" | "unknown"] => Ok(Answer::Skip),
            ["value", value] => Ok(Answer::Passed { value: value.into(), calls: Vec::new() }),
            ["value", value, calls] => {
                let calls = calls.split(';').map(parse_call).collect::<Option<_>>().ok_or(text)?;
                Ok(Answer::Passed { value: value.into(), calls })
            }
            _ => Err(format!("the driver answers {text}")),
        }
    }
}

fn parse_call(text: &str) -> Option<ReallocCall> {
    let numbers: Vec<u64> = text.split(',').map(|number| number.parse().ok()).collect::<Option<_>>()?;
    let [old, old_size, align, size, digest] = numbers[..] else { return None };
    Some(ReallocCall { arguments: [old, old_size, align, size], digest })
}

/// What a request says besides the type.
struct Passage<'a> {
    ty: &'a str,
    way: Way,
    held: Option<&'a Model>,
    val: &'a Val,
    encodings: [Encoding; 2],
    copies: bool,
    /// Which call of `realloc` answers what.
    fault: Option<(u32, u64)>,
}

impl Passage<'_> {
    fn request(&self, op: &str) -> String {
        let Passage { ty, way, val, encodings: [from, to], copies, .. } = self;
        let (fault, answer) = self.fault.map_or((-1, 0), |(call, answer)| (i64::from(call), answer));
        let source = match self.held {
            Some(held) => {
                let core: Vec<_> = held.core.iter().map(u64::to_string).collect();
                let heap = hex(&held.memory[HEAP as usize..held.next as usize]);
                format!(r#""core":[{}],"heap":"{heap}""#, core.join(","))
            }
            None => format!(r#""value":{}"#, value_text(val)),
        };
        format!(
            r#"{{"op":"{op}","type":{ty},"param":{},"from":"{from:?}","to":"{to:?}","copies":{copies},"fault":{fault},"answer":{answer},{source}}}"#,
            way.is_param()
        )
    }
}

/// Compares one type made from `input`, with some values of it.
///
/// # Errors
///
/// What differs.
pub fn compare_with_reference(
    engine: &Engine,
    reference: &mut Reference,
    input: &[u8],
    encodings: [Encoding; 2],
) -> Result<Compared, String> {
    let mut input = Unstructured::new(input);
    let Ok(ty) = arbitrary_type(&mut input) else { return Ok(Compared::default()) };
    let text = type_text(&ty);
    let answer = reference.ask(&format!(r#"{{"op":"type","type":{text}}}"#))?;
    let (size, align) = layout(&ty, Addresses::I32);
    let expected = format!("{size} {align} {}", flat_types(&ty, Addresses::I32).join(","));
    if answer != expected {
        return Err(format!("{text} is {answer}, and not {expected}"));
    }
    let experiment = Experiment::new(engine, &ty, encodings[0].into(), encodings[1].into())?;
    let mut comparison = Comparison { reference, experiment, text, compared: Compared::default() };
    comparison.compared.types += 1;
    for _ in 0..VALUES {
        let (Ok(seed), Ok(val)) = (input.arbitrary(), arbitrary_value(&ty, &mut input)) else { break };
        // The bits of a NaN are nobody's promise.
        if has_nan(&val) {
            comparison.compared.skipped += 1;
            continue;
        }
        comparison
            .value(&val, seed, &mut input)
            .map_err(|what| format!("{what}\nof {}, {encodings:?}, {val:?}, seed {seed}", comparison.text))?;
        comparison.compared.values += 1;
    }
    Ok(comparison.compared)
}

/// One type, being compared.
struct Comparison<'a> {
    reference: &'a mut Reference,
    experiment: Experiment<'a>,
    text: String,
    compared: Compared,
}

impl Comparison<'_> {
    fn value(&mut self, val: &Val, seed: u64, input: &mut Unstructured<'_>) -> Result<(), String> {
        let (Ok(param), Ok(result)) = (self.experiment.held(true, val, seed), self.experiment.held(false, val, seed))
        else {
            self.compared.skipped += 1;
            return Ok(());
        };
        for way in Way::ALL {
            let held = if way.is_param() { &param } else { &result };
            for copies in [true, false] {
                self.lowered(way, held, val, copies, None)?;
            }
        }
        self.lifted(true, &param, val)?;
        self.lifted(false, &result, val)?;
        for _ in 0..WRONG {
            for is_param in [true, false] {
                self.damaged(is_param, val, seed, input)?;
            }
            for way in Way::ALL {
                let held = if way.is_param() { &param } else { &result };
                let call = input.int_in_range(0..=5).unwrap_or(0);
                let answer = *input.choose(&[0x2_0008, HEAP + 1, HEAP + 2, HEAP + 4, 0xffff_fff8]).unwrap_or(&0x2_0008);
                self.lowered(way, held, val, true, Some((call, u64::from(answer))))?;
            }
        }
        Ok(())
    }

    fn ask(&mut self, op: &str, passage: &Passage<'_>) -> Result<Answer, String> {
        Answer::parse(&self.reference.ask(&passage.request(op))?)
    }

    fn passage<'p>(&self, text: &'p str, way: Way, held: Option<&'p Model>, val: &'p Val) -> Passage<'p> {
        let encodings = [self.experiment.from.encoding, self.experiment.to.encoding];
        Passage { ty: text, way, held, val, encodings, copies: true, fault: None }
    }

    /// Lets a guest take a value, from another one or from the host.
    fn lowered(
        &mut self,
        way: Way,
        held: &Model,
        val: &Val,
        copies: bool,
        fault: Option<(u32, u64)>,
    ) -> Result<(), String> {
        let text = self.text.clone();
        let passage = self.passage(&text, way, way.is_adapter().then_some(held), val);
        let op = if way.is_adapter() { "pass" } else { "lower" };
        let answer = self.ask(op, &Passage { copies, fault, ..passage })?;
        let mut guests = self.experiment.guests()?;
        let (until_fault, realloc) = fault.unwrap_or((NEVER, 0));
        guests.configure(way.taker(), until_fault, realloc, copies)?;
        let outcome = guests.pass(way, held, val)?;
        let what = format!("{way:?}, copies: {copies}, fault: {fault:?}");
        match answer {
            Answer::Skip => self.compared.skipped += 1,
            Answer::Trap => self.trapped(outcome, &what)?,
            Answer::Passed { value, calls } => {
                outcome.map_err(|error| format!("{what} passes there, and fails here: {error:?}"))?;
                let here = guests.calls(way.taker())?;
                // What damage made a NaN may have any bits.
                if !value.contains("nan") && here != calls {
                    return Err(format!("{what}: realloc and memory are\n  {here:x?}, there\n  {calls:x?}"));
                }
                self.compared.memories += 1;
            }
        }
        Ok(())
    }

    /// Lets the host take a value from a guest.
    fn lifted(&mut self, param: bool, held: &Model, val: &Val) -> Result<(), String> {
        let text = self.text.clone();
        let way = if param { Way::GuestParam } else { Way::GuestResult };
        let passage = self.passage(&text, way, Some(held), val);
        let answer = self.ask("lift", &passage)?;
        let mut guests = self.experiment.guests()?;
        let outcome = if param {
            guests.hold("host-sender", held)?;
            let sent = guests.call("host-sender-send");
            sent.map(|()| guests.store.data().clone().expect("it was called"))
        } else {
            guests.hold("giver", held)?;
            guests.give()
        };
        let what = format!("lifting by the host, param: {param}");
        match answer {
            Answer::Skip => self.compared.skipped += 1,
            Answer::Trap => self.trapped(outcome.map(drop), &what)?,
            Answer::Passed { value, .. } => {
                let here = outcome.map_err(|error| format!("{what} passes there, and fails here: {error:?}"))?;
                let here = value_text(&here);
                if here != value {
                    return Err(format!("{what} finds\n  {here}, there\n  {value}"));
                }
                self.compared.lifts += 1;
            }
        }
        Ok(())
    }

    fn trapped(&mut self, outcome: Result<(), Error>, what: &str) -> Result<(), String> {
        match outcome {
            Ok(()) => Err(format!("{what} traps there, and passes here")),
            Err(error) if error.downcast_ref::<Trap>().is_none() => {
                Err(format!("{what} traps there, and fails here: {error:?}"))
            }
            Err(_) => {
                self.compared.traps += 1;
                Ok(())
            }
        }
    }

    /// Takes from a memory with one wrong place, and from one with bits turned over anywhere.
    fn damaged(&mut self, param: bool, val: &Val, seed: u64, input: &mut Unstructured<'_>) -> Result<(), String> {
        let way = if param { Way::GuestParam } else { Way::GuestResult };
        for anywhere in [false, true] {
            let Ok(mut held) = self.experiment.held(param, val, seed) else { return Ok(()) };
            if anywhere {
                turn_bits(&mut held, input);
            } else if !matches!(damage(&mut held, input), Ok(Some(_))) {
                continue;
            }
            let before = self.compared.lifts;
            self.lowered(way, &held, val, true, None)?;
            self.lifted(param, &held, val)?;
            self.compared.survived += self.compared.lifts - before;
        }
        Ok(())
    }
}

/// Turns over a few bits of what a guest holds.
fn turn_bits(held: &mut Model, input: &mut Unstructured<'_>) {
    for _ in 0..input.int_in_range(1..=3).unwrap_or(1) {
        let bit = input.int_in_range(0..=63).unwrap_or(0);
        let used = held.next - HEAP;
        if !held.core.is_empty() && (used == 0 || input.ratio(1, 3).unwrap_or(true)) {
            let at = input.choose_index(held.core.len()).unwrap_or(0);
            held.core[at] ^= 1 << bit;
        } else if used > 0 {
            let at = HEAP + input.int_in_range(0..=used - 1).unwrap_or(0);
            held.memory[at as usize] ^= 1 << (bit % 8);
        }
    }
}
