//! A host that mixes up what belongs together panics where it does: the panic's place is the host's own line.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::{self, MemoryType};
use gusset::{Component, Engine, Instance, Linker, Store};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

const TEXT: &str = r#"(component
  (core module $m (func (export "f") (result i32) (i32.const 1)))
  (core instance $i (instantiate $m))
  (export "m" (core module $m))
  (func (export "f") (result u32) (canon lift (core func $i "f"))))"#;

/// Calls with their texts and the line of all of them.
macro_rules! places {
    ($($call:expr;)*) => {
        [$((stringify!($call), line!(), Box::new(|| { let _ = $call; }) as Box<dyn FnOnce() + '_>)),*]
    };
}

struct Mixed {
    store: Store<()>,
    other: Store<()>,
    instance: Instance,
    component: Component,
}

fn mixed() -> Mixed {
    let engine = Engine::default();
    let component = Component::new(&engine, TEXT).unwrap();
    let (mut store, other) = (Store::new(&engine, ()), Store::new(&engine, ()));
    let instance = Linker::new(&engine).instantiate(&mut store, &component).unwrap();
    Mixed { store, other, instance, component }
}

/// Runs each, which panics, and checks where.
fn check<'a>(calls: impl IntoIterator<Item = (&'static str, u32, Box<dyn FnOnce() + 'a>)>) {
    let place = Arc::new(Mutex::new(None));
    let told = place.clone();
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        *told.lock().unwrap() = panic.location().map(|place| (place.file().to_string(), place.line()));
    }));
    let outcomes: Vec<_> = calls
        .into_iter()
        .map(|(call, line, run)| {
            *place.lock().unwrap() = None;
            let panicked = catch_unwind(AssertUnwindSafe(run)).is_err();
            (call, line, panicked, place.lock().unwrap().take())
        })
        .collect();
    std::panic::set_hook(usual);
    for (call, line, panicked, place) in outcomes {
        assert!(panicked, "{call} does not panic");
        assert_eq!(place, Some((file!().to_string(), line)), "{call}");
    }
}

/// One test, since the hook is the process's.
#[test]
fn the_place_of_a_panic_is_the_callers() {
    let Mixed { mut store, mut other, instance, component } = mixed();
    let func = instance.get_func(&mut store, "f").unwrap();
    let typed = func.typed::<(), (u32,)>(&store).unwrap();
    let strange = Engine::default();
    check(places! { instance.component(&other); });
    check(places! { instance.get_func(&mut other, "f"); });
    check(places! { instance.get_module(&other, "m"); });
    check(places! { instance.get_resource(&mut other, "r"); });
    check(places! { instance.get_typed_func::<(), (u32,)>(&mut other, "f"); });
    check(places! { func.ty(&other); func.params(&other); func.result(&other); });
    check(places! { func.call(&mut other, &[], &mut []); });
    check(places! { func.typed::<(), (u32,)>(&other); });
    check(places! { typed.call(&mut other, ()); });
    check(places! { typed.call_with(&mut other, (), |_, _| ()); });

    let mut linker = Linker::<()>::new(component.engine());
    check(places! { linker.root().define_func(&other, "f", func); });
    check(places! { linker.root().define_instance(&other, "i", instance); });
    check(places! { linker.root().define_exports(&other, instance); });
    let slot = linker.root().func_slot("later").unwrap();
    check(places! { slot.set(&other, func); });
    check(places! { Linker::<()>::new(&strange).instantiate_pre(&component); });
    check(places! { Linker::<()>::new(&strange).instantiate(&mut other, &component); });
    let pre = Linker::new(component.engine()).instantiate_pre(&component).unwrap();
    let mut stranger = Store::new(&strange, ());
    check(places! { pre.instantiate(&mut stranger); });

    let module = instance.get_module(&store, "m").unwrap();
    let core = core::Instance::new(&mut store, &module, &[]).unwrap();
    check(places! { core.get_export(&mut other, "f"); });
    check(places! { core.get_func(&mut other, "f"); });
    check(places! { core.exports(&mut other); });
    let ty = MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: 16 };
    let memory = core::Memory::new(&mut store, ty).unwrap();
    check(places! { memory.ty(&other); memory.size(&other); memory.data(&other); });
    check(places! { memory.grow(&mut other, 1); });
    check(places! { memory.data_mut(&mut other); });
}
