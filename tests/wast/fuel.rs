//! Fuel is a property of what guests do, not of how their code is made: each directive of a script must use as much under all
//! settings. Some scripts show it in every run, all of them where the environment asks for it.

use crate::conformance::{all_scripts, runners};
use crate::suites::{ScriptText, SuiteScript};
use gusset::{Config, CoreFeature, OptLevel};
use gusset_wast::{DirectiveKind, DirectiveStatus, Report, WastRunner};
use libtest_mimic::{Arguments, Failed, Trial};
use std::collections::BTreeMap;
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

/// The environment variable that makes all scripts be compared.
const ALL: &str = "GUSSET_FUEL";

/// What is compared in every run, beside our own scripts.
const SOME: &[&str] = &[
    "wasm-latest/br_table.wast",
    "wasm-latest/call_indirect.wast",
    "wasm-latest/fac.wast",
    "wasm-latest/if.wast",
    "wasm-latest/loop.wast",
    "wasm-latest/memory_copy.wast",
    "wasm-latest/return.wast",
    "wasm-latest/table_init.wast",
    "wasm-latest/traps.wast",
];

/// Directives by script and line that end where the stack does. How deep a guest gets before is no property of the guest.
const TO_THE_END_OF_THE_STACK: &[(&str, usize)] = &[("local/re-entrance.wast", 93)];

/// The setting with which a script may fail that passes with the others.
const LITTLE_RESERVED: &str = "checked accesses";

/// Runners with one of the settings, by the features that are off.
type Runners = BTreeMap<&'static [CoreFeature], WastRunner>;

/// What changes one of the settings.
type Change = fn(&mut Config);

/// The settings that must count the same, and what they are called.
const SETTINGS: &[(&str, Change)] = &[
    ("speed", |_| {}),
    ("no optimisation", |config| _ = config.opt_level(OptLevel::None)),
    ("size", |config| _ = config.opt_level(OptLevel::SpeedAndSize)),
    ("frame form", |config| _ = config.frame_form(true)),
    (LITTLE_RESERVED, |config| _ = config.memory_reservation(1 << 20)),
    ("no signals", |config| _ = config.signals_based_traps(false)),
    ("lazily compiled", |config| _ = config.lazy_compilation(true)),
    ("all flags", |config| _ = config.keep_flags(true)),
    ("epochs", |config| _ = config.epoch_interruption(true)),
];

/// The comparison, as a test program that reads its arguments.
///
/// # Errors
///
/// When a suite cannot be read or an engine not be made. What differs is told in the report.
pub fn same_fuel() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::from_args();
    let all = std::env::var_os(ALL).is_some();
    let chosen = |script: &SuiteScript| all || script.name.starts_with("local/") || SOME.contains(&&*script.name);
    let chosen: Vec<SuiteScript> = all_scripts()?.into_iter().filter(chosen).collect();
    let runners = SETTINGS.iter().map(|&(name, change)| {
        let configure = |config: &mut Config| {
            config.consume_fuel(true);
            change(config);
        };
        Ok((name, runners(&chosen, configure)?))
    });
    let runners = Arc::new(runners.collect::<Result<Vec<_>, Box<dyn Error>>>()?);
    let tests = chosen.into_iter().map(|script| test(&runners, script)).collect();
    Ok(libtest_mimic::run(&arguments, tests).exit_code())
}

fn test(runners: &Arc<Vec<(&'static str, Runners)>>, script: SuiteScript) -> Trial {
    let runners = runners.clone();
    Trial::test(script.name.clone(), move || {
        let [(first, expected), others @ ..] = &runners[..] else { return Err("there are no settings".into()) };
        let expected = run(expected, &script)?;
        others
            .iter()
            .try_for_each(|(name, runners)| compare(&script.name, (first, &expected), (name, &run(runners, &script)?)))
    })
}

fn run(runners: &Runners, script: &SuiteScript) -> Result<Report, Failed> {
    let runner = &runners[script.without];
    Ok(match &script.text {
        ScriptText::Inline(text) => runner.run_text(&script.name, text),
        ScriptText::File(path) => runner.run_file(path).map_err(|error| error.to_string())?,
    })
}

fn compare(script: &str, (first, expected): (&str, &Report), (second, report): (&str, &Report)) -> Result<(), Failed> {
    if expected.directives.len() != report.directives.len() {
        return Err(format!("{second} runs other directives than {first}").into());
    }
    for (expected, found) in expected.directives.iter().zip(&report.directives) {
        // Memories for which little is reserved cannot grow as far.
        let alike = second == LITTLE_RESERVED
            || (expected.status == DirectiveStatus::Passed) == (found.status == DirectiveStatus::Passed);
        if !alike {
            return Err(format!("line {}: it passes with one of {first} and {second} only", expected.line).into());
        }
        let passed = expected.status == DirectiveStatus::Passed && found.status == DirectiveStatus::Passed;
        let to_the_end = expected.kind == DirectiveKind::AssertExhaustion
            || TO_THE_END_OF_THE_STACK.contains(&(script, expected.line));
        if passed && !to_the_end && expected.fuel != found.fuel {
            let (line, fuel) = (expected.line, [expected.fuel, found.fuel].map(Option::unwrap_or_default));
            return Err(format!("line {line}: {} with {first}, {} with {second}", fuel[0], fuel[1]).into());
        }
        if expected.fuel.is_none() && expected.status != DirectiveStatus::Skipped {
            return Err(format!("line {}: nothing was counted", expected.line).into());
        }
    }
    Ok(())
}
