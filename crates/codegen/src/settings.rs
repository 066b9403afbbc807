//! What a host can choose about the code that is made, under the name that it has here. It stands with what is stored of code, so that
//! a runtime without a compiler can compare it.

pub use gusset_artifact::{CodeSettings as CompilerSettings, OptimizationLevel};
