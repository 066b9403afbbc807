//! The standard streams of `wasi:cli`, which `wasi:http/proxy` has too.

use super::interface;

interface! {
    "wasi:cli/stdin@0.2.0" {
        "get-stdin" => stdin() -> u32;
    }
}

interface! {
    "wasi:cli/stdout@0.2.0" {
        "get-stdout" => stdout() -> u32;
    }
}

interface! {
    "wasi:cli/stderr@0.2.0" {
        "get-stderr" => stderr() -> u32;
    }
}
