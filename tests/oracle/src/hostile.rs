//! Whatever the bytes: compiling a component ends with a component or with an error that can be printed.

use gusset::{Component, Engine};

/// Compiles `bytes` as a component and prints the error, if there is one, into nothing. Returns whether they were a component
/// that Gusset supports.
pub fn compile_anything(engine: &Engine, bytes: &[u8]) -> bool {
    match Component::new(engine, bytes) {
        Ok(_) => true,
        Err(error) => {
            let text = format!("{error:?}");
            assert!(!text.is_empty(), "an error must say something");
            false
        }
    }
}
