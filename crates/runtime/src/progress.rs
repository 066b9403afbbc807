//! What a host is told while a component or module is compiled.

#[cfg(feature = "compile")]
use gusset_codegen::FunctionsDone;
use std::fmt;
use std::sync::Arc;

/// How far the compilation of a component or module is; for [`Config::compile_progress`](crate::Config::compile_progress).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct CompileProgress {
    /// What is being done.
    pub phase: CompilePhase,
    /// Functions of core modules for which it is done, those of adapters among them.
    pub functions: usize,
    /// All functions; 0 while they are not known yet.
    pub total_functions: usize,
    /// Bytes of the bodies of the functions for which it is done.
    pub bytes: u64,
    /// Bytes of all bodies; before these are known, of the whole input.
    pub total_bytes: u64,
}

/// What is done to a component or module, in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum CompilePhase {
    /// It is read and validated, but for the bodies of functions, and adapters are made.
    Parse,
    /// Functions are validated, where [`Config::lazy_compilation`](crate::Config::lazy_compilation) leaves the rest for later.
    Validate,
    /// Functions are validated and compiled.
    Compile,
    /// The code is placed where it can run.
    Finish,
}

/// Who is told.
#[derive(Clone)]
#[cfg_attr(not(feature = "compile"), expect(dead_code, reason = "nothing is compiled"))]
pub(crate) struct ProgressObserver(pub(crate) Arc<dyn Fn(CompileProgress) + Send + Sync>);

#[cfg(feature = "compile")]
impl ProgressObserver {
    /// The input is read.
    pub(crate) fn parse(&self, input: usize) {
        let (phase, total_bytes) = (CompilePhase::Parse, input as u64);
        (self.0)(CompileProgress { phase, functions: 0, total_functions: 0, bytes: 0, total_bytes });
    }

    /// Functions are done, or all of them are and `phase` begins.
    pub(crate) fn functions(&self, phase: CompilePhase, done: FunctionsDone) {
        let FunctionsDone { functions, total_functions, bytes, total_bytes } = done;
        (self.0)(CompileProgress { phase, functions, total_functions, bytes, total_bytes });
    }
}

impl fmt::Debug for ProgressObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProgressObserver")
    }
}
