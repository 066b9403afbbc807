//! `cargo xtask valgrind`: the tests of the lower half of the runtime, and those without signals, under valgrind. What it needs and
//! does not find, it says; it installs nothing.

use crate::program::{host, in_path};
use crate::tally::TestTally;
use anyhow::{Result, bail};
use std::env;
use std::path::Path;
use std::process::Command;

/// Code is written while the program runs; and a guest that faults is found by its registers, which must be exact then.
const VALGRIND: &str =
    "valgrind --quiet --error-exitcode=99 --smc-check=all-non-file --vex-iropt-register-updates=allregs-at-mem-access";

/// Tests that valgrind cannot follow. Each with its reason.
const LEFT_OUT: &[(&str, &str)] = &[
    (FIBER, "nothing tells valgrind of the stacks of fibers"),
    ("guests_fault_on_threads_that_rust_did_not_start", "its guest reads outside of memory, as it should"),
    ("the_largest_memory_is_made_lazily_and_cannot_grow", "valgrind keeps a book about each of its 4 GiB"),
    ("large_frames_do_not_run_off_the_stack", "it compiles functions of 40,000 locals"),
];

/// A test in the lower half that runs on the stack of a fiber. The others of fibers are in a program that is not run so.
pub(crate) const FIBER: &str = "a_stack_of_a_thread_that_is_everywhere_is_no_fiber";

/// The programs of tests, and which tests of them.
pub(crate) const PROGRAMS: &[(&[&str], &str)] = &[(&["--lib"], "vm::"), (&["--test", "no_signals"], "")];

pub(crate) fn run(root: &Path) -> Result<()> {
    if in_path("valgrind").is_none() {
        bail!("valgrind: nothing is run, for valgrind is missing: apt-get install valgrind");
    }
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    for (test, reason) in LEFT_OUT {
        println!("valgrind: `{test}` is left out: {reason}");
    }
    let runner = format!("CARGO_TARGET_{}_RUNNER", host()?.replace('-', "_").to_uppercase());
    let (mut tally, mut well) = (TestTally::default(), true);
    for (program, filter) in PROGRAMS {
        let mut command = Command::new(&cargo);
        command.args(["test", "--package", "gusset"]).args(*program).args(["--", "--test-threads=1", filter]);
        for (test, _) in LEFT_OUT {
            command.args(["--skip", test]);
        }
        command.env(&runner, VALGRIND).current_dir(root);
        well &= tally.run(&mut command)?;
    }
    println!("valgrind: {tally}");
    if !well {
        bail!("valgrind: it found something, or a test fails");
    }
    Ok(())
}
