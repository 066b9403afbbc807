//! All tests of the API but for those that count what a process has: one program, since each one links the code generator.

mod activations;
mod adapter_traps;
mod component;
mod core;
mod derive;
mod errors;
mod forms;
mod guest_resources;
mod guests;
mod handles;
mod hostile;
mod hostile_component;
mod large_types;
mod link_failures;
mod linking;
mod links;
mod modules;
mod names;
mod refused_handles;
mod resources;
mod shapes_of_types;
mod stacks;
mod threads;
mod views;
