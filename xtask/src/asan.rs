//! `cargo xtask asan`: the tests of the lower half of the runtime, those without signals, and those of guests that wait, under
//! AddressSanitizer. The crates of the workspace are watched, the code of guests and of other crates is not. What it needs and does not
//! find, it says.

use crate::program::{host, target};
use crate::tally::TestTally;
use crate::valgrind::PROGRAMS;
use anyhow::{Context, Result, bail};
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Set where cargo runs this program in the compiler's place.
const MARK: &str = "GUSSET_XTASK_ASAN";

/// The faults of guests are for the handler of the runtime.
const OPTIONS: &str = "handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:detect_stack_use_after_return=0";

/// Tests that cannot run so. Each with its reason.
const LEFT_OUT: &[(&str, &str)] = &[
    ("nothing_is_left_of_dropped_calls", "AddressSanitizer keeps memory that has been given back, and this counts it"),
    ("stacks_that_no_address_space_has_are_refused", "AddressSanitizer has most of the address space"),
];

/// Packages of all programs, in each command: so they are built once. What switches stacks tells the sanitizer.
const BUILT: &[&str] = &["--package", "gusset", "--package", "gusset-wasi", "--features", "corosensei/sanitizer"];

pub(crate) fn run(root: &Path) -> Result<()> {
    let host = host()?;
    if !has_sanitizer(&host)? {
        bail!("asan: nothing is run, for this toolchain has no AddressSanitizer for {host} (librustc-*_rt.asan.a)");
    }
    for (test, reason) in LEFT_OUT {
        println!("asan: `{test}` is left out: {reason}");
    }
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let (mut tally, mut well) = (TestTally::default(), true);
    for (program, filter) in PROGRAMS {
        let mut command = Command::new(&cargo);
        // With the target named, what runs while something is built is told from the rest.
        command.args(["test", "--target", &host]).args(BUILT).args(*program).args(["--", filter]);
        for (test, _) in LEFT_OUT {
            command.args(["--skip", test]);
        }
        command.env("RUSTC_WORKSPACE_WRAPPER", env::current_exe()?).env(MARK, "1").env("ASAN_OPTIONS", OPTIONS);
        // Apart, so that cargo does not wait for itself: this program may be run by it.
        command.env("CARGO_TARGET_DIR", target(root).join("asan")).current_dir(root);
        well &= tally.run(&mut command)?;
    }
    println!("asan: {tally}");
    if !well {
        bail!("asan: it found something, or a test fails");
    }
    Ok(())
}

/// How the compiler ends, where this program is run in its place.
pub(crate) fn instead_of_rustc() -> Option<ExitCode> {
    env::var_os(MARK)?;
    let mut arguments = env::args_os().skip(1);
    let mut rustc = Command::new(arguments.next()?);
    let arguments: Vec<_> = arguments.collect();
    // Macros and build scripts are for no target that is named.
    if arguments.iter().any(|argument| argument == "--target") {
        // The flag is not a stable one, which a stable compiler takes from who says so.
        rustc.arg("-Zsanitizer=address").env("RUSTC_BOOTSTRAP", "1");
    }
    let well = rustc.args(arguments).status().is_ok_and(|status| status.success());
    Some(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn has_sanitizer(host: &str) -> Result<bool> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).args(["--print", "target-libdir", "--target", host]).output();
    let output = output.context("cannot start rustc")?;
    let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    Ok(files.into_iter().any(|file| file.file_name().to_string_lossy().ends_with("_rt.asan.a")))
}
