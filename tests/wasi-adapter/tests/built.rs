//! The built adapters, by themselves.

use crate::{FUNCTIONS, adapter};
use gusset_wasi_adapter_tests::{ADAPTERS, AdapterShape, shape};
use std::collections::BTreeSet;

fn built(name: &str) -> AdapterShape {
    shape(&adapter(name)).unwrap_or_else(|error| panic!("{name}: {error:#}"))
}

#[test]
fn they_are_adapters_that_own_no_memory() {
    for name in ADAPTERS {
        built(name);
    }
}

/// Those of wasi-preview1-component-adapter-provider 48.0.8, with all names and without.
#[test]
fn they_are_smaller_than_the_field_s() {
    for (name, limit) in [("command", 51_828), ("reactor", 51_634), ("proxy", 17_142)] {
        let AdapterShape { size, names, .. } = built(name);
        assert!(size < limit, "{name} has {size} bytes, not fewer than {limit}");
        assert!(names > 0, "{name}: a trap in it says where");
    }
}

#[test]
fn they_export_all_functions_and_what_tools_look_for() {
    for name in ADAPTERS {
        let mut wanted: BTreeSet<&str> = FUNCTIONS.iter().map(|(function, _)| *function).collect();
        assert_eq!(wanted.len(), 46);
        // The first is how lists get into memory; the others are of libraries that know such adapters.
        wanted.extend(["cabi_import_realloc", "reset_adapter_state"]);
        wanted.extend(["adapter_open_badfd", "adapter_close_badfd", "adapter_monotonic_clock_set_paused"]);
        if name == "command" {
            wanted.insert("wasi:cli/run@0.2.0#run");
        }
        let shape = built(name);
        let exports: BTreeSet<&str> = shape.exports.iter().map(String::as_str).collect();
        assert_eq!(exports, wanted, "{name}");
    }
}

#[test]
fn the_proxy_s_imports_are_what_a_service_may_have() {
    let shape = built("proxy");
    let interfaces: BTreeSet<&str> = shape
        .imports
        .iter()
        .filter_map(|import| import.split_once(['@', ' ']))
        .map(|(interface, _)| interface)
        .collect();
    let wanted = [
        "env",
        "wasi:cli/stderr",
        "wasi:cli/stdin",
        "wasi:cli/stdout",
        "wasi:clocks/monotonic-clock",
        "wasi:clocks/wall-clock",
        "wasi:io/error",
        "wasi:io/poll",
        "wasi:io/streams",
        "wasi:random/random",
    ];
    assert_eq!(interfaces, BTreeSet::from(wanted));
}

#[test]
fn only_the_command_s_adapter_starts_something() {
    let starts = |name| built(name).imports.iter().any(|import| import == "__main_module__ _start");
    assert_eq!(ADAPTERS.map(starts), [true, false, false]);
}

#[test]
fn what_breaks_a_rule_is_told() {
    for (text, message) in [
        ("(module (memory 1))", "a section that an adapter has not"),
        ("(module (table 1 funcref))", "a section that an adapter has not"),
        (r#"(module (import "env" "memory" (memory 1)))"#, "its memory is of some size"),
        (r#"(module (global $__stack_pointer (mut i32) (i32.const 0)))"#, "a global that is no word"),
        (r#"(module (import "wasi:io/poll@0.2.12" "poll" (func)))"#, "it imports `wasi:io/poll@0.2.12` `poll`"),
        (r#"(module (import "__main_module__" "cabi_realloc" (func)))"#, "it imports `__main_module__` `cabi_realloc`"),
        ("(module (func (result i32 i32) unreachable))", "several values"),
        ("(module)", "of which world"),
    ] {
        let error = shape(&wat::parse_str(text).unwrap()).expect_err(text);
        assert!(error.to_string().contains(message), "{text}: {error}");
    }
}
