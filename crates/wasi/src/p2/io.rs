//! `wasi:io`: errors, pollables and streams, which all other interfaces give out.

mod error;
mod input;
mod output;
mod poll;
mod streams;

pub use error::IoError;
pub use input::InputStream;
pub use output::OutputStream;
pub(crate) use output::{FileSync, Sink};
pub use poll::IoPollable;

crate::p2::interfaces! { error, poll, streams }
