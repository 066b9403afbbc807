//! Tests that are not run under emulation. Each with its reason.

/// Tests that tell time, which is another one under emulation, or want what emulation does not have.
pub(super) const LEFT_OUT: &[(&str, &str)] = &[
    ("large_types::the_shapes_of_the_benches_compile", "it must compile within a time"),
    ("shapes::blocks_and_locals", "it must compile within a time"),
    ("limits::code_of_adapters", "it must end within 20 s"),
    ("source_text::tests::no_line_is_looked_for_twice", "it must end within a time"),
    ("linking::very_many_resource_types_are_instantiated_at_once", "it must end within 5 s"),
    ("without_compiler::artefacts_run_without_a_compiler", "it builds its host for the machine that it is built on"),
    ("async_hosts::leftovers", "it counts what a process has, which the emulator has too"),
    ("threads::a_system_without_threads_compiles", "the emulator starts a thread of its own, and aborts without"),
];

/// Tests that start programs of that machine, which the system must know how to run.
pub(super) const START_PROGRAMS: &[&str] = &[
    "async_hosts::edges::beyond_its_stack_a_host_function_ends_the_process",
    "cache::mounts::what_cannot_be_written_there_is_read",
    "cache::mounts::what_may_not_be_executed_there_is_copied",
    "cache::processes::processes_that_are_killed_leave_nothing_that_is_wrong",
    "vm::forks::a_call_that_waits_goes_on_in_a_forked_process",
    "vm::forks::deadlines_by_the_clock_come_in_a_forked_process",
    "vm::forks::what_a_child_says_is_heard",
    "vm::lazy_code::tests::a_forked_process_compiles_what_the_other_had_begun",
    "vm::signals::tests::a_fault_of_the_host_ends_the_process",
    "vm::signals::tests::a_signal_that_was_sent_has_its_default_effect",
];

/// A package whose tests are almost all of that kind.
pub(super) const STARTS_PROGRAMS: &str = "gusset-cli";
