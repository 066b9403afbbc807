//! [`Trap`]: a guest was stopped. Which code, where in the guest, and, when an adapter found a bad value, who called
//! whom and which value it was. The wording of codes stands in `gusset-types`, not here.

use gusset_types::{AdapterName, TrapCode};
use std::fmt;

/// How many frames of one activation a backtrace keeps; the rest is counted.
pub(crate) const MAX_FRAMES: usize = 60;

/// Why and where a guest was stopped. Found in an [`Error`](crate::Error) by
/// [`downcast_ref`](crate::Error::downcast_ref).
#[derive(Clone, Debug)]
pub struct Trap {
    code: TrapCode,
    backtrace: WasmBacktrace,
    site: Option<AdapterTrapSite>,
    memory_offset: Option<u64>,
}

/// The value that an adapter found to be bad.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AdapterTrapSite {
    /// Who called whom.
    pub adapter: AdapterName,
    /// The path of the value, such as `param "items"[3].name`.
    pub path: String,
}

/// The wasm functions that were running, innermost first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WasmBacktrace {
    frames: Vec<WasmFrame>,
    omitted: usize,
}

/// A function of a [`WasmBacktrace`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WasmFrame {
    /// The module, by its name section or else by its number in the component.
    pub module: String,
    /// The function's index in the module.
    pub function: u32,
    /// The function's name, from the name section.
    pub name: Option<String>,
    /// The byte offset, in the compiled input, of the operator that was running.
    pub offset: Option<u32>,
}

impl Trap {
    /// A trap with no place yet; it gets its backtrace on its way out of the guest.
    pub fn new(code: TrapCode) -> Trap {
        Trap { code, backtrace: WasmBacktrace::default(), site: None, memory_offset: None }
    }

    /// The same trap, with the value that an adapter found to be bad.
    #[must_use]
    pub fn with_site(mut self, site: AdapterTrapSite) -> Trap {
        self.site = Some(site);
        self
    }

    pub(crate) fn with_memory_offset(mut self, offset: Option<u64>) -> Trap {
        self.memory_offset = offset;
        self
    }

    pub(crate) fn add_backtrace(&mut self, outer: WasmBacktrace) {
        self.backtrace.extend(outer);
    }

    /// Why.
    pub fn code(&self) -> TrapCode {
        self.code
    }

    /// Where in the guest.
    pub fn backtrace(&self) -> &WasmBacktrace {
        &self.backtrace
    }

    /// On which value, if an adapter stopped the guest.
    pub fn site(&self) -> Option<&AdapterTrapSite> {
        self.site.as_ref()
    }

    /// The offset in the linear memory that the access touched first outside of it, where the processor reported one.
    pub fn memory_offset(&self) -> Option<u64> {
        self.memory_offset
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wasm trap: {}", self.code)?;
        if let Some(offset) = self.memory_offset {
            write!(f, " at 0x{offset:x}")?;
        }
        if let Some(AdapterTrapSite { adapter, path }) = &self.site {
            write!(f, "\nin a call of `{}` of {} by {}", adapter.function, adapter.callee, adapter.caller)?;
            if !path.is_empty() {
                write!(f, ": {path}")?;
            }
        }
        if self.backtrace.is_empty() { Ok(()) } else { write!(f, "\n{}", self.backtrace) }
    }
}

impl std::error::Error for Trap {}

impl WasmBacktrace {
    pub(crate) fn new(frames: Vec<WasmFrame>, omitted: usize) -> WasmBacktrace {
        WasmBacktrace { frames, omitted }
    }

    /// The frames that were kept, innermost first.
    pub fn frames(&self) -> &[WasmFrame] {
        &self.frames
    }

    /// How many more there were.
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// Whether no guest was running.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Puts the frames of an outer activation after these. A few activations are kept, so that deep re-entrance does
    /// not make every error on its way out larger.
    pub(crate) fn extend(&mut self, outer: WasmBacktrace) {
        let room = (4 * MAX_FRAMES).saturating_sub(self.frames.len());
        self.omitted += outer.omitted + outer.frames.len().saturating_sub(room);
        self.frames.extend(outer.frames.into_iter().take(room));
    }
}

impl fmt::Display for WasmBacktrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("wasm backtrace:")?;
        for (number, frame) in self.frames.iter().enumerate() {
            write!(f, "\n  {number:>3}: {frame}")?;
        }
        if self.omitted != 0 {
            write!(f, "\n       and {} more", self.omitted)?;
        }
        Ok(())
    }
}

impl fmt::Display for WasmFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.offset {
            Some(offset) => write!(f, "0x{offset:x} - {}!", self.module)?,
            None => write!(f, "? - {}!", self.module)?,
        }
        match &self.name {
            Some(name) => f.write_str(name),
            None => write!(f, "<function {}>", self.function),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trap_says_what_who_and_where() {
        let site = AdapterTrapSite {
            adapter: AdapterName { caller: "app".into(), callee: "lib".into(), function: "parse".into() },
            path: "param \"c\"".into(),
        };
        let mut trap = Trap::new(TrapCode::InvalidChar).with_site(site);
        let frame = WasmFrame { module: "m".into(), function: 3, name: None, offset: Some(0x1a2) };
        trap.add_backtrace(WasmBacktrace::new(vec![frame.clone(); 2], 5));
        trap.add_backtrace(WasmBacktrace::new(vec![WasmFrame { name: Some("f".into()), offset: None, ..frame }], 0));
        assert_eq!(
            trap.to_string(),
            "wasm trap: invalid `char` bit pattern\nin a call of `parse` of lib by app: param \"c\"\nwasm backtrace:\
             \n    0: 0x1a2 - m!<function 3>\n    1: 0x1a2 - m!<function 3>\n    2: ? - m!f\n       and 5 more"
        );
    }
}
