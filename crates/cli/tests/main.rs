//! All tests that run the program, themselves one program.

mod backtraces;
mod bad_inputs;
mod cache;
mod cases;
mod commands;
mod component_new;
mod examples;
mod guests;
mod inspect;
mod limits;
mod mistakes;
mod names;
mod network;
mod precompiled;
mod program;
mod programs;
mod progress;
mod serve;
mod wast_reports;
