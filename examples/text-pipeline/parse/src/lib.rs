//! The parser of the text pipeline: source text to blocks, running text to spans.
//!
//! It knows nothing of output formats and resolves no names: `{name}` stays an `insert` for the transformer.

#![no_std]

extern crate alloc;

mod blocks;
mod spans;

use alloc::string::String;
use alloc::vec::Vec;

wit_bindgen::generate!({ path: "../wit", world: "parser" });

use exports::docs::text::parse::{Fault, Guest, Placed, Problem, Span};

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

struct Parser;

impl Guest for Parser {
    fn blocks(source: String) -> Result<Vec<Placed>, Problem> {
        blocks::parse(&source)
    }

    fn spans(text: String, line: u32) -> Result<Vec<Span>, Problem> {
        spans::parse(&text, line)
    }
}

export!(Parser);

fn problem(line: u32, fault: Fault, message: String) -> Problem {
    Problem { line, fault, message }
}
