//! WebAssembly's text format: from text to binary and, when somebody asks, from an offset of that binary back to the place in the
//! text.
//!
//! **Internal.** It is a part of the crate `gusset`, which is for hosts. What it makes public may change in any release, without notice.
//!
//! The way back costs nothing until it is asked for: a [`TextMap`] parses and encodes the text once more, this time with the
//! places of instructions, and walks the syntax tree and the binary side by side. This crate knows no engine and no file; what an
//! error or a place looks like to people is the business of its users.
//!
//! ```
//! use gusset_text::{TextMap, encode};
//!
//! let text = "(module\n  (func (result i32)\n    i32.const 1))";
//! let wasm = encode(text)?;
//! // The magic number and version, the type section, the function section, the code section's head, no locals.
//! let constant = wasm.iter().rposition(|byte| *byte == 0x41).expect("there is an `i32.const`");
//! let place = TextMap::new(text)?.place(text, constant, "");
//! assert!(text[place.offset..].starts_with("i32.const 1"));
//! # Ok::<(), gusset_text::TextError>(())
//! ```
#![forbid(unsafe_code)]

mod encode;
mod import;
mod item;
mod map;
mod module;
mod source;
mod walk;

pub use encode::{TextError, encode};
pub use import::import_places;
pub use item::definition_at;
pub use map::{TextMap, TextPlace};
pub use source::TextSource;
