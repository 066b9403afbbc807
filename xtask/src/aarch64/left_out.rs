//! Tests that are not run under emulation. Each with its reason.

/// Tests that tell time, which is another one under emulation, or want what emulation does not have.
pub(super) const LEFT_OUT: &[(&str, &str)] = &[
    ("large_types::the_shapes_of_the_benches_compile", "it must compile within a time"),
    ("shapes::blocks_and_locals", "it must compile within a time"),
    ("linking::very_many_resource_types_are_instantiated_at_once", "it must end within 5 s"),
    ("threads::a_system_without_threads_compiles", "the emulator wants threads itself"),
];

/// Tests that start programs, which the system must know how to run.
pub(super) const START_PROGRAMS: &[&str] = &[];
