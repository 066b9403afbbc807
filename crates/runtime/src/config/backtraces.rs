//! Whether backtraces tell lines of the guests' sources.

use super::Config;

/// Whether backtraces tell lines of the guests' sources; for [`Config::wasm_backtrace_details`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum WasmBacktraceDetails {
    /// They do, where a module has DWARF.
    Enable,
    /// They do not.
    #[default]
    Disable,
    /// They do if the variable `GUSSET_BACKTRACE` is `full` when the engine is made.
    Environment,
}

impl Config {
    /// Whether backtraces tell files and lines of the guests' sources, through functions that were inlined (default: no). For that a
    /// component or module keeps its sections for debuggers, in memory, in artefacts and in caches; they are read when a backtrace is first shown
    /// that has a frame of it. Code is the same. See [`WasmFrame::symbols`](crate::WasmFrame::symbols).
    ///
    /// ```
    /// use gusset::{Config, Engine, WasmBacktraceDetails};
    /// let engine = Engine::new(Config::new().wasm_backtrace_details(WasmBacktraceDetails::Enable))?;
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn wasm_backtrace_details(&mut self, details: WasmBacktraceDetails) -> &mut Config {
        self.wasm_backtrace_details = details;
        self
    }

    /// Whether they do now.
    pub(crate) fn has_backtrace_details(&self) -> bool {
        match self.wasm_backtrace_details {
            WasmBacktraceDetails::Enable => true,
            WasmBacktraceDetails::Disable => false,
            WasmBacktraceDetails::Environment => {
                std::env::var_os("GUSSET_BACKTRACE").is_some_and(|text| text == "full")
            }
        }
    }
}
