//! Components that could make a compiler of adapters blow up, as the benches measure them, compile in a time that is not a question
//! of a constant factor.
#![cfg(all(feature = "compile", feature = "wat"))]

#[path = "../../../benches/src/shapes.rs"]
mod shapes;

use gusset::{Component, Engine, Linker, Store};
use std::time::{Duration, Instant};

/// Some hundred times as long as it takes.
const LONG: Duration = Duration::from_secs(60);

#[test]
fn the_shapes_of_the_benches_compile() {
    let engine = Engine::default();
    let shapes = shapes::shapes();
    assert_eq!(shapes.len(), 4);
    for shape in shapes {
        let wasm = wat::parse_str(&shape.text).unwrap_or_else(|error| panic!("{}: {error}", shape.name));
        let start = Instant::now();
        let component = Component::new(&engine, wasm).unwrap_or_else(|error| panic!("{}: {error}", shape.name));
        let taken = start.elapsed();
        println!("{}: {taken:?}", shape.name);
        assert!(taken < LONG, "{}: {taken:?}", shape.name);
        let mut store = Store::new(&engine, ());
        Linker::new(&engine)
            .instantiate(&mut store, &component)
            .unwrap_or_else(|error| panic!("{}: {error}", shape.name));
    }
}
