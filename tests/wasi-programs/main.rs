//! Runs every case of every program, each as a test of its own: by the library over files in memory and in folders of the host, so also as a
//! component, which a build is or the preview1 adapter makes of it, in a runtime too, and by the program that `GUSSET_WASI_RUNNER` names, where it does.

use anyhow::{Context, Result};
use gusset_wasi_programs::{
    AdaptedPrograms, CaseFile, CompiledPrograms, Conversation, EndedProgram, GuestWaits, LibraryFiles, ProgramCase,
    case_files, has_threads, is_component, program, run_in_process, run_threads,
};
use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;
use std::sync::Arc;

/// Names a runtime's program and its first arguments, between spaces, such as `wasmtime run`.
const RUNNER: &str = "GUSSET_WASI_RUNNER";

const WAYS: [(&str, LibraryFiles); 2] = [("in memory", LibraryFiles::Memory), ("on the host", LibraryFiles::Host)];

const COMPONENT_WAYS: [(&str, LibraryFiles, GuestWaits); 3] = [
    ("as a component, in memory", LibraryFiles::Memory, GuestWaits::Thread),
    ("as a component, on the host", LibraryFiles::Host, GuestWaits::Thread),
    ("as a component, in a runtime", LibraryFiles::Host, GuestWaits::InRuntime),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    match case_files() {
        Ok(files) => libtest_mimic::run(&arguments, trials(files)).exit_code(),
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn trials(files: Vec<CaseFile>) -> Vec<Trial> {
    let runner = std::env::var(RUNNER).ok();
    let (compiled, adapted) = (Arc::new(CompiledPrograms::default()), Arc::new(AdaptedPrograms::default()));
    let mut trials = Vec::new();
    for file in files {
        for case in file.cases.into_iter().map(Arc::new) {
            for build in &file.programs {
                let module_ways = if is_component(build) { &[][..] } else { &WAYS };
                for &(way, files) in module_ways {
                    let compiled = Arc::clone(&compiled);
                    let trial = trial(way, build, &case, move |build, case| match has_threads(build) {
                        true => run_threads(build, case, files),
                        false => compiled.run(build, case, files),
                    });
                    trials.push(trial.with_ignored_flag(!program(build).exists()));
                }
                if AdaptedPrograms::adapts(build) {
                    for (way, files, waits) in COMPONENT_WAYS {
                        let (adapted, case) = (Arc::clone(&adapted), Arc::new(case.with_two_exit_codes()));
                        trials
                            .push(trial(way, build, &case, move |build, case| adapted.run(build, case, files, waits)));
                    }
                }
                if let Some(runner) = runner.as_ref().filter(|_| !has_threads(build)) {
                    let runner = runner.clone();
                    let trial = trial("by a program", build, &case, move |build, case| {
                        run_in_process(case, &program(build), &runner.split(' ').collect::<Vec<_>>())
                    });
                    trials.push(trial.with_ignored_flag(case.differs.is_some() || !program(build).exists()));
                }
            }
        }
    }
    trials.extend(conversations(&adapted));
    trials
}

/// Programs that talk with this process.
fn conversations(programs: &Arc<AdaptedPrograms>) -> Vec<Trial> {
    let ways = [("waiting", GuestWaits::Thread), ("in a runtime", GuestWaits::InRuntime)];
    let of_way = |(way, waits)| {
        Conversation::ALL.map(|(name, conversation)| {
            let programs = Arc::clone(programs);
            Trial::test(format!("wasip2/network, {way}: it {name}"), move || {
                conversation.hold(&programs, waits).map_err(|error| Failed::from(format!("{error:#}")))
            })
        })
    };
    ways.into_iter().flat_map(of_way).collect()
}

fn trial(
    way: &str,
    build: &str,
    case: &Arc<ProgramCase>,
    run: impl FnOnce(&str, &ProgramCase) -> Result<EndedProgram> + Send + 'static,
) -> Trial {
    let (name, build, case) = (format!("{build}, {way}: {}", case.name), build.to_owned(), Arc::clone(case));
    Trial::test(name, move || {
        let ended = run(&build, &case).with_context(|| format!("{build} cannot be run"));
        let faults = case.faults(&ended.map_err(|error| format!("{error:#}"))?);
        if faults.is_empty() { Ok(()) } else { Err(Failed::from(faults.join("\n"))) }
    })
}
