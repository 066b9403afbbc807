//! References that nobody has any more are reclaimed, and no others: wherever a guest or the host can have them. A program of its own, since
//! it looks at how much memory the process has.
#![cfg(all(feature = "compile", feature = "wat"))]

mod amounts;
mod guests;
mod host;
mod values;
