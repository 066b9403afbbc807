//! `wasi:random`.

use super::interface;

interface! {
    "wasi:random/random@0.2.0" {
        /// A list of bytes.
        "get-random-bytes" => random_bytes(length: u64, results: u32);
    }
}
