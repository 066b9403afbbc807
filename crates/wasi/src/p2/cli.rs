//! `wasi:cli`: what a program is given when it starts, and how it ends. `wasi:cli/run` is the program's own.

mod environment;
mod exit;
mod stdio;
mod terminal;

crate::p2::interfaces! { environment, exit, stdio, terminal }
