//! All tests that run the program, themselves one program.

mod bad_inputs;
mod cases;
mod examples;
mod inspect;
mod mistakes;
mod names;
mod program;
mod programs;
mod wast_reports;
