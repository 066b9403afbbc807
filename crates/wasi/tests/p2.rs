//! WASI 0.2, called by the host through a component that exports what it imports.

mod guest;
mod streams;
