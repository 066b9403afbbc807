//! Tests that are not run under emulation. Each with its reason.

/// Tests that tell time, which is another one under emulation, or want what emulation does not have.
pub(super) const LEFT_OUT: &[(&str, &str)] = &[];

/// Tests that start programs, which the system must know how to run.
pub(super) const START_PROGRAMS: &[&str] = &[];
