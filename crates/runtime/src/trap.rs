//! [`Trap`]: a guest was stopped. Which code, where in the guest, and, when an adapter found a bad value, who called
//! whom and which value it was. The wording of codes stands in `gusset-types`, not here.

use crate::backtrace::{WasmBacktrace, grouped};
use crate::earlier_failure::EarlierFailure;
use gusset_types::{
    AdapterName, HANDLE_KIND_BITS, Printable, ResourceTypeIndex, TAG_OF_HOST, TrapCause, TrapCode, mismatched_tags,
};
use std::fmt;
use std::sync::Arc;

/// Why and where a guest was stopped. Found in an [`Error`](crate::Error) by
/// [`downcast_ref`](crate::Error::downcast_ref).
///
/// `Display` writes the code on the first line, with the bad value where there is one; then who called whom and which value it
/// was; then the backtrace; of a stack that is used up the first line says how many functions were running. Here `app` passes a `char` to `lib` that is none:
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// # use gusset::{Component, Engine, Linker, Store};
/// use gusset::{Trap, TrapCode};
/// # let engine = Engine::default();
/// # let component = Component::new(&engine, r#"(component
/// #     (component $lib
/// #         (core module $lib (func (export "put") (param i32)))
/// #         (core instance $i (instantiate $lib))
/// #         (func (export "put") (param "c" char) (canon lift (core func $i "put"))))
/// #     (component $app
/// #         (import "put" (func $put (param "c" char)))
/// #         (core func $put (canon lower (func $put)))
/// #         (core module $main
/// #             (import "" "put" (func $put (param i32)))
/// #             (func $run (export "run") (call $put (i32.const 0xd800))))
/// #         (core instance $i (instantiate $main (with "" (instance (export "put" (func $put))))))
/// #         (func (export "run") (canon lift (core func $i "run"))))
/// #     (instance $lib (instantiate $lib))
/// #     (instance $app (instantiate $app (with "put" (func $lib "put"))))
/// #     (export "run" (func $app "run")))"#)?;
/// # let mut store = Store::new(&engine, ());
/// # let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
/// # let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
/// let error = run.call(&mut store, ()).unwrap_err();
/// let trap = error.downcast_ref::<Trap>().expect("the guest was stopped");
/// assert_eq!(trap.code(), TrapCode::InvalidChar);
/// let site = trap.site().expect("an adapter stopped it");
/// assert_eq!((&*site.adapter.caller, &*site.adapter.callee, &*site.path), ("app", "lib", "param \"c\""));
/// assert!(trap.to_string().starts_with(
///     "wasm trap: invalid `char` bit pattern: 0xd800\nin a call of `put` of lib by app: param \"c\"\nwasm backtrace:\n",
/// ));
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// Traps are those of the [core specification] and of the [canonical ABI].
///
/// [core specification]: https://webassembly.github.io/spec/core/intro/overview.html#trap
/// [canonical ABI]: https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#lifting-and-lowering-values
#[derive(Clone, Debug)]
pub struct Trap {
    cause: TrapCause,
    backtrace: WasmBacktrace,
    site: Option<AdapterTrapSite>,
    memory_offset: Option<u64>,
    locked_by: Option<Arc<EarlierFailure>>,
}

/// The value that was found to be bad on its way between two components, or between the host and one; see
/// [`Trap::site`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AdapterTrapSite {
    /// Who called whom.
    pub adapter: AdapterName,
    /// The path of the value, such as `param "items"[3].name`, with ` (from realloc)` where it is not the value that is bad but the
    /// address that the receiver's `realloc` returned for it.
    pub path: String,
}

impl Trap {
    /// A trap with no place yet; it gets its backtrace on its way out of the guest. A host function that returns one
    /// stops its guest as an instruction would.
    ///
    /// ```
    /// use gusset::{Error, Trap, TrapCode};
    /// let error = Error::from(Trap::new(TrapCode::Unreachable));
    /// assert_eq!(error.to_string(), "wasm trap: wasm `unreachable` instruction executed");
    /// let trap = Trap::new(TrapCode::UnalignedPointer.with(0x11, 4));
    /// assert_eq!(trap.to_string(), "wasm trap: unaligned pointer: 0x11, alignment 4");
    /// ```
    pub fn new(cause: impl Into<TrapCause>) -> Trap {
        Trap {
            cause: cause.into(),
            backtrace: WasmBacktrace::default(),
            site: None,
            memory_offset: None,
            locked_by: None,
        }
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

    pub(crate) fn with_lock(mut self, failure: Option<Arc<EarlierFailure>>) -> Trap {
        self.locked_by = failure;
        self
    }

    pub(crate) fn add_backtrace(&mut self, outer: WasmBacktrace) {
        self.backtrace.extend(outer);
    }

    /// Why: the code, whose `Display` is the wording that conformance scripts expect.
    pub fn code(&self) -> TrapCode {
        self.cause.code
    }

    /// The code with the bad value and what it was compared with, where an adapter, or the host in its place, found one.
    pub fn cause(&self) -> TrapCause {
        self.cause
    }

    /// Where in the guest; empty until the trap has left it.
    pub fn backtrace(&self) -> &WasmBacktrace {
        &self.backtrace
    }

    /// On which value: for values that an adapter, or the host in its place, found to be bad.
    pub fn site(&self) -> Option<&AdapterTrapSite> {
        self.site.as_ref()
    }

    /// The offset, in bytes from the start of the linear memory, that the access touched first outside of it, where the
    /// processor reported one.
    pub fn memory_offset(&self) -> Option<u64> {
        self.memory_offset
    }

    /// What failed before and locked the instance, where the code is [`CannotEnter`](TrapCode::CannotEnter); `None` where the
    /// host unwound a call of it.
    pub fn locked_by(&self) -> Option<&EarlierFailure> {
        self.locked_by.as_deref()
    }

    /// What went wrong, in a line, without who and where.
    pub(crate) fn headline(&self) -> String {
        let mut text = self.cause.to_string();
        if let Some(offset) = self.memory_offset {
            text.push_str(&format!(" at 0x{offset:x}"));
        }
        if self.code() == TrapCode::StackOverflow && !self.backtrace.is_empty() {
            let depth = self.backtrace.depth();
            text.push_str(&format!(", {} {} deep", grouped(depth), if depth == 1 { "frame" } else { "frames" }));
        }
        if let Some(failure) = &self.locked_by {
            text.push_str(&format!(": {failure}"));
        }
        text
    }
}

/// Adapters and tables know resource types by number only: which of those that a mismatch names are the host's is said here, by
/// `of_host`.
pub(crate) fn mark_host_types(cause: &mut TrapCause, of_host: impl Fn(ResourceTypeIndex) -> bool) {
    let (TrapCode::HandleTypeMismatch, Some([_, tags])) = (cause.code, &mut cause.values) else { return };
    let mark = |tag: u32| {
        let number = (tag >> HANDLE_KIND_BITS).checked_sub(1);
        let marked = number.is_some_and(|number| of_host(ResourceTypeIndex::from_u32(number)));
        if marked { tag | TAG_OF_HOST } else { tag }
    };
    *tags = mismatched_tags(mark(*tags as u32), mark((*tags >> 32) as u32));
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wasm trap: {}", self.headline())?;
        if let Some(AdapterTrapSite { adapter, path }) = &self.site {
            let [function, callee, caller] =
                [&adapter.function, &adapter.callee, &adapter.caller].map(|name| Printable::name(name));
            write!(f, "\nin a call of `{function}` of {callee} by {caller}")?;
            if !path.is_empty() {
                write!(f, ": {}", Printable::name(path))?;
            }
        }
        if self.backtrace.is_empty() { Ok(()) } else { write!(f, "\n{}", self.backtrace) }
    }
}

impl std::error::Error for Trap {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backtrace::{BacktraceGap, FrameText, WasmFrame};
    use crate::source_lines::FrameLines;

    #[test]
    fn a_trap_says_what_who_and_where() {
        let site = AdapterTrapSite {
            adapter: AdapterName { caller: "app".into(), callee: "lib".into(), function: "parse".into() },
            path: "param \"c\"".into(),
        };
        let mut trap = Trap::new(TrapCode::InvalidChar.with(0x110000, 0)).with_site(site);
        let offset = Some(0x1a2);
        let frame = WasmFrame {
            module: "m".into(),
            function: 3,
            name: None,
            offset,
            text: FrameText::default(),
            lines: FrameLines::default(),
        };
        let gap = |position, frames| BacktraceGap { position, frames };
        trap.add_backtrace(WasmBacktrace::new(vec![frame.clone(); 2], gap(1, 5)));
        let outer = vec![WasmFrame { name: Some("f".into()), offset: None, ..frame }];
        trap.add_backtrace(WasmBacktrace::new(outer, gap(0, 0)));
        assert_eq!(
            trap.to_string(),
            "wasm trap: invalid `char` bit pattern: 0x110000\nin a call of `parse` of lib by app: param \"c\"\nwasm backtrace:\
             \n    0: 0x1a2 - m!<function 3>\n       … 5 more frames …\n    6: 0x1a2 - m!<function 3>\n    7: ? - m!f"
        );
        let mut deep = Trap::new(TrapCode::StackOverflow);
        assert_eq!(deep.headline(), "call stack exhausted");
        deep.add_backtrace(WasmBacktrace::new(vec![trap.backtrace().frames()[0].clone()], gap(1, 43_209)));
        assert_eq!(deep.headline(), "call stack exhausted, 43,210 frames deep");
    }
}
