//! File systems: one suite of what names, links and open files mean over all of them, what each has of its own, and many threads.

mod archive;
mod generated;
mod hammer;
mod memory;
mod overlay;
mod script;
mod semantics;
mod worlds;
