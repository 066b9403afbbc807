//! `cargo xtask valgrind`: the tests of the lower half of the runtime, those without signals, and those of guests that wait, under valgrind.
//! What it needs and does not find, it says; it installs nothing.

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
    ("guests_fault_on_threads_that_rust_did_not_start", FAULTS),
    ("guests_trap_on_the_thread_that_they_came_to", FAULTS),
    ("many_calls_wait_at_once", FAULTS),
    ("a_store_is_free_when_its_call_is_gone", FAULTS),
    ("a_plain_call_from_a_host_function_cannot_wait", FAULTS),
    ("a_call_that_waits_may_be_within_another", FAULTS),
    ("functions_wait_for_guests_of_other_stores", FAULTS),
    ("the_largest_memory_is_made_lazily_and_cannot_grow", "valgrind keeps a book about each of its 4 GiB"),
    ("large_frames_do_not_run_off_the_stack", "it compiles functions of 40,000 locals"),
    ("many_bytes_end_at_the_deadline", "valgrind has no room for what its memory reserves"),
    ("stacks_that_no_address_space_has_are_refused", "valgrind has no room for what must be refused, and says so"),
];

const FAULTS: &str = "its guest reads outside of memory, as it should";

/// Programs of tests, and which tests of them: the lower half of the runtime, what goes without signals, and what runs on fibers.
pub(crate) const PROGRAMS: &[(&[&str], &str)] = &[
    (&["--package", "gusset", "--lib"], "vm::"),
    (&["--package", "gusset", "--test", "no_signals"], ""),
    (&["--package", "gusset", "--test", "runtime"], "async_hosts::"),
    (&["--package", "gusset-wasi", "--features", "gusset-wasi/async", "--test", "main"], "p2::in_runtime"),
];

pub(crate) fn run(root: &Path) -> Result<()> {
    if in_path("valgrind").is_none() {
        bail!("valgrind: nothing is run, for valgrind is missing: apt-get install valgrind");
    }
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    for (test, reason) in LEFT_OUT {
        println!("valgrind: `{test}` is left out: {reason}");
    }
    let runner = format!("CARGO_TARGET_{}_RUNNER", host()?.replace('-', "_").to_uppercase());
    let valgrind = format!("{VALGRIND} --suppressions={}", root.join("xtask/src/valgrind.supp").display());
    let (mut tally, mut well) = (TestTally::default(), true);
    for (program, filter) in PROGRAMS {
        let mut command = Command::new(&cargo);
        command.arg("test").args(*program).args(["--", "--test-threads=1", filter]);
        for (test, _) in LEFT_OUT {
            command.args(["--skip", test]);
        }
        command.env(&runner, &valgrind).current_dir(root);
        well &= tally.run(&mut command)?;
    }
    println!("valgrind: {tally}");
    if !well {
        bail!("valgrind: it found something, or a test fails");
    }
    Ok(())
}
