//! [`WasmBacktrace`]: which functions of guests were running when one was stopped, and how they are shown.

use crate::demangle::demangled;
use crate::error::Error;
use crate::source::{TextSource, locate};
use crate::source_lines::{FrameLines, FrameSymbol};
use crate::trap::Trap;
use gusset_types::{Printable, SourceLocation};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// How many frames a backtrace keeps, of all activations.
const MAX_BACKTRACE_FRAMES: usize = 240;

/// The wasm functions that were running, innermost first. `Display` writes a line for each, with its offset, module and
/// name, and a second one with the place in the text where the module was given as text.
///
/// A [`Trap`] has its own. Where a host function failed, it is found in the [`Error`](crate::Error) by
/// [`WasmBacktrace::of`]; it is a context of what failed:
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// # use gusset::{Component, Engine, Linker, Store};
/// use gusset::{Result, WasmBacktrace};
/// # let engine = Engine::default();
/// # let component = Component::new(&engine, r#"(component
/// #     (import "log" (func $log)) (core func $log (canon lower (func $log)))
/// #     (core module $m (import "" "log" (func $log)) (func $run (export "run") (call $log)))
/// #     (core instance $i (instantiate $m (with "" (instance (export "log" (func $log))))))
/// #     (func (export "run") (canon lift (core func $i "run"))))"#)?;
/// # let mut store = Store::new(&engine, ());
/// let mut linker = Linker::<()>::new(&engine);
/// linker.root().func_wrap("log", |_, (): ()| -> Result<()> { Err(std::io::Error::other("disk is full"))? })?;
/// let instance = linker.instantiate(&mut store, &component)?;
/// let error = instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ()).unwrap_err();
/// assert!(error.is::<std::io::Error>());
/// let backtrace = WasmBacktrace::of(&error).expect("a guest was running");
/// assert_eq!(backtrace.frames()[0].name.as_deref(), Some("run"));
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// A long one is cut in its middle. Of each activation, that is, of what runs between an entry by the host and the next call of
/// the host, the 40 innermost frames are kept and the 20 outermost, and of all activations together the 120 innermost and the 120
/// outermost; how many there were between them, [`gaps`](WasmBacktrace::gaps) tells.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WasmBacktrace {
    frames: Vec<WasmFrame>,
    /// By position.
    gaps: Vec<BacktraceGap>,
    /// What is said before it, where it is not a trap's.
    headline: Option<Headline>,
}

/// What a backtrace begins with that is the context of an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Headline {
    HostFailed,
    ExceptionLeft,
}

/// Frames that a [`WasmBacktrace`] does not keep.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BacktraceGap {
    /// Where they would stand: before the frame of this position in [`WasmBacktrace::frames`], or behind the last one.
    pub position: usize,
    /// How many they are.
    pub frames: usize,
}

/// A function of a [`WasmBacktrace`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WasmFrame {
    /// The module, by its name section or else by its number in the component.
    pub module: String,
    /// The function's index in the module.
    pub function: u32,
    /// The function's name, from the name section, or else the first one that it is exported as. It is as it stands there: see
    /// [`demangled_name`](WasmFrame::demangled_name).
    pub name: Option<String>,
    /// The byte offset, in the compiled input, of the operator that was running.
    pub offset: Option<u32>,
    pub(crate) text: FrameText,
    pub(crate) lines: FrameLines,
}

/// The text that a frame's module was encoded from.
#[derive(Clone, Debug, Default)]
pub(crate) struct FrameText(pub(crate) Option<Arc<TextSource>>);

impl PartialEq for FrameText {
    fn eq(&self, other: &FrameText) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(this), Some(other)) => Arc::ptr_eq(this, other),
            _ => false,
        }
    }
}

impl Eq for FrameText {}

impl WasmFrame {
    /// The function's name as its source has it, where that is a name which Rust or C++ mangled; any other one is as it was. `Display`
    /// writes this one. With the feature `demangle`; without it every name is as it was, as is one that is longer than 4 KiB, would become
    /// longer than 16 KiB, or is nested too deeply.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "demangle", feature = "wat"))] {
    /// # use gusset::{Engine, Store, WasmBacktrace, core};
    /// # let engine = Engine::default();
    /// let module = core::Module::new(&engine, r#"(module
    ///     (func $_ZN4list6Reader4next17h0123456789abcdefE (export "next") unreachable))"#)?;
    /// # let mut store = Store::new(&engine, ());
    /// # let instance = core::Linker::new(&engine).instantiate(&mut store, &module)?;
    /// # let next = instance.get_func(&mut store, "next").expect("it is exported");
    /// let error = next.call(&mut store, &[], &mut []).unwrap_err();
    /// let frame = &WasmBacktrace::of(&error).expect("a guest was running").frames()[0];
    /// assert_eq!(frame.demangled_name().as_deref(), Some("list::Reader::next"));
    /// assert_eq!(frame.name.as_deref(), Some("_ZN4list6Reader4next17h0123456789abcdefE"));
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn demangled_name(&self) -> Option<Cow<'_, str>> {
        self.name.as_deref().map(demangled)
    }

    /// Where the operator that was running stands in the sources of the guest, as the DWARF in its module has it: a symbol for the function
    /// that the compiler inlined there, if it did, then for the one that this was inlined into, and so on; the last one is of the function
    /// itself. With [`Config::wasm_backtrace_details`](crate::Config::wasm_backtrace_details) and the feature `addr2line`; empty
    /// otherwise, and where nothing is known. The DWARF is read when this is first asked for; what is wrong in it is ignored.
    pub fn symbols(&self) -> Vec<FrameSymbol> {
        self.lines.0.as_ref().zip(self.offset).map(|(lines, offset)| lines.symbols(offset)).unwrap_or_default()
    }

    /// Where the operator that was running stands in the text, if the component or module was given as text. The text is parsed
    /// again when this is first asked for.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::{Engine, NamedSource, Store, Trap, core};
    ///
    /// let source = NamedSource::new("stop.wat", "(module\n  (func (export \"stop\")\n    unreachable))");
    /// let engine = Engine::default();
    /// let module = core::Module::from_source(&engine, &source)?;
    /// let mut store = Store::new(&engine, ());
    /// let instance = core::Linker::new(&engine).instantiate(&mut store, &module)?;
    /// let stop = instance.get_func(&mut store, "stop").expect("it is exported");
    /// let error = stop.call(&mut store, &[], &mut []).unwrap_err();
    /// let trap = error.downcast_ref::<Trap>().expect("it stops");
    /// let location = trap.backtrace().frames()[0].location().expect("there is a text");
    /// assert_eq!(location.to_string(), "stop.wat:3:5");
    /// assert!(location.excerpt().ends_with("3 |     unreachable))\n  |     ^^^^^^^^^^^"));
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn location(&self) -> Option<SourceLocation> {
        let (text, offset) = self.text.0.as_deref().zip(self.offset)?;
        locate(text, offset as usize, "")
    }
}

impl WasmBacktrace {
    /// Frames of one activation, innermost first, of which as many as it says are left out behind the first `position`.
    pub(crate) fn new(frames: Vec<WasmFrame>, gap: BacktraceGap) -> WasmBacktrace {
        let gaps = if gap.frames == 0 { Vec::new() } else { vec![gap] };
        WasmBacktrace { frames, gaps, headline: None }
    }

    /// Where the guest stood that `error` stopped: the backtrace of a [`Trap`], or that of the failure of a host function; none
    /// where no guest was running.
    pub fn of(error: &Error) -> Option<&WasmBacktrace> {
        let of_trap = error.downcast_ref().map(Trap::backtrace);
        of_trap.or_else(|| error.downcast_ref()).filter(|backtrace| !backtrace.is_empty())
    }

    /// The same backtrace, of a call of the host that failed.
    pub(crate) fn of_host(self) -> WasmBacktrace {
        WasmBacktrace { headline: Some(Headline::HostFailed), ..self }
    }

    /// The same backtrace, of an exception that nobody caught.
    pub(crate) fn of_exception(self) -> WasmBacktrace {
        WasmBacktrace { headline: Some(Headline::ExceptionLeft), ..self }
    }

    /// The frames that were kept, innermost first.
    pub fn frames(&self) -> &[WasmFrame] {
        &self.frames
    }

    /// Where frames were left out, by position, each with how many.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// # use gusset::{Engine, Store, WasmBacktrace, core};
    /// # let engine = Engine::default();
    /// let module = core::Module::new(&engine, r#"(module
    ///     (func $down (export "down") (param i32)
    ///         (if (i32.eqz (local.get 0)) (then unreachable))
    ///         (call $down (i32.sub (local.get 0) (i32.const 1)))))"#)?;
    /// # let mut store = Store::new(&engine, ());
    /// # let instance = core::Linker::new(&engine).instantiate(&mut store, &module)?;
    /// # let down = instance.get_func(&mut store, "down").expect("it is exported");
    /// let error = down.call(&mut store, &[core::Val::I32(999)], &mut []).unwrap_err();
    /// let backtrace = WasmBacktrace::of(&error).expect("a guest was running");
    /// assert_eq!((backtrace.depth(), backtrace.frames().len(), backtrace.omitted()), (1000, 60, 940));
    /// assert_eq!((backtrace.gaps()[0].position, backtrace.gaps()[0].frames), (40, 940));
    /// assert!(backtrace.to_string().contains("\n       … 940 more frames …\n  980: "));
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn gaps(&self) -> &[BacktraceGap] {
        &self.gaps
    }

    /// How many frames were left out.
    pub fn omitted(&self) -> usize {
        self.gaps.iter().map(|gap| gap.frames).sum()
    }

    /// How many frames there were, kept or left out.
    pub fn depth(&self) -> usize {
        self.frames.len() + self.omitted()
    }

    /// Whether no guest was running.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Puts the frames of an outer activation behind these. So many are kept that deep re-entrance does not make every error on its
    /// way out larger.
    pub(crate) fn extend(&mut self, outer: WasmBacktrace) {
        let inner = self.frames.len();
        self.frames.extend(outer.frames);
        self.gaps.extend(outer.gaps.iter().map(|gap| BacktraceGap { position: inner + gap.position, ..*gap }));
        let Some(excess) = self.frames.len().checked_sub(MAX_BACKTRACE_FRAMES).filter(|&excess| excess != 0) else {
            return;
        };
        let cut = MAX_BACKTRACE_FRAMES / 2..MAX_BACKTRACE_FRAMES / 2 + excess;
        self.frames.drain(cut.clone());
        let within = |gap: &&BacktraceGap| (cut.start..=cut.end).contains(&gap.position);
        let frames = excess + self.gaps.iter().filter(within).map(|gap| gap.frames).sum::<usize>();
        let before = self.gaps.iter().filter(|gap| gap.position < cut.start).copied();
        let behind = self.gaps.iter().filter(|gap| gap.position > cut.end);
        let behind = behind.map(|gap| BacktraceGap { position: gap.position - excess, ..*gap });
        self.gaps = before.chain([BacktraceGap { position: cut.start, frames }]).chain(behind).collect();
    }
}

/// A number with a comma between thousands.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position != 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Frames are numbered by how deep they are.
impl fmt::Display for WasmBacktrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.headline {
            Some(Headline::HostFailed) => f.write_str("a call out of the guest failed\n")?,
            Some(Headline::ExceptionLeft) => f.write_str("an exception left the guest\n")?,
            None => {}
        }
        f.write_str("wasm backtrace:")?;
        let mut gaps = self.gaps.iter().peekable();
        let mut number = 0;
        for position in 0..=self.frames.len() {
            while let Some(gap) = gaps.next_if(|gap| gap.position <= position) {
                let frames = if gap.frames == 1 { "frame" } else { "frames" };
                write!(f, "\n       … {} more {frames} …", grouped(gap.frames))?;
                number += gap.frames;
            }
            let Some(frame) = self.frames.get(position) else { break };
            write!(f, "\n  {number:>3}: {frame}")?;
            if let Some(location) = frame.location() {
                write!(f, "\n         at {location}")?;
            }
            write_symbols(f, &frame.symbols())?;
            number += 1;
        }
        Ok(())
    }
}

/// A line for each place, with the function if that is not the one of the frame. What is not known is left out.
fn write_symbols(f: &mut fmt::Formatter<'_>, symbols: &[FrameSymbol]) -> fmt::Result {
    let Some((own, inlined)) = symbols.split_last() else { return Ok(()) };
    for symbol in inlined.iter().filter(|symbol| symbol.name.is_some() || symbol.file.is_some()) {
        f.write_str("\n        ")?;
        if symbol.file.is_some() {
            write!(f, " at {symbol}")?;
        }
        if let Some(name) = symbol.demangled_name() {
            write!(f, " in {}", Printable::name(&name))?;
        }
        f.write_str(", inlined")?;
    }
    if own.file.is_none() {
        return Ok(());
    }
    write!(f, "\n         at {own}")
}

impl fmt::Display for WasmFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let module = Printable::name(&self.module);
        match self.offset {
            Some(offset) => write!(f, "0x{offset:x} - {module}!")?,
            None => write!(f, "? - {module}!")?,
        }
        match self.demangled_name() {
            Some(name) => write!(f, "{}", Printable::name(&name)),
            None => write!(f, "<function {}>", self.function),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn activation(kept: usize, position: usize, frames: usize) -> WasmBacktrace {
        let frame = WasmFrame {
            module: "m".into(),
            function: 3,
            name: None,
            offset: Some(1),
            text: FrameText::default(),
            lines: FrameLines::default(),
        };
        WasmBacktrace::new(vec![frame; kept], BacktraceGap { position, frames })
    }

    #[test]
    fn activations_are_put_together_and_cut_in_their_middle() {
        let gap = |position, frames| BacktraceGap { position, frames };
        let mut all = activation(2, 0, 0);
        all.extend(activation(3, 1, 7));
        all.extend(activation(60, 40, 1_000));
        assert_eq!((all.gaps(), all.depth()), (&[gap(3, 7), gap(45, 1_000)][..], 1_072));
        // The 120 innermost have a gap of their own, the outermost the last one.
        for _ in 0..100 {
            all.extend(activation(60, 40, 1_000));
        }
        assert_eq!((all.frames().len(), all.depth()), (240, 1_072 + 100 * 1_060));
        let [first, second, third, middle, rest @ ..] = all.gaps() else { panic!("{:?}", all.gaps()) };
        assert_eq!([*first, *second, *third], [gap(3, 7), gap(45, 1_000), gap(105, 1_000)]);
        assert_eq!((middle.position, rest), (120, &[gap(160, 1_000), gap(220, 1_000)][..]));
        let text = all.to_string();
        let last = format!("\n  {:>3}: 0x1 - m!<function 3>", all.depth() - 1);
        assert!(text.ends_with(&last), "{text}");
    }

    #[test]
    fn what_is_left_out_is_said_where_it_would_stand() {
        assert_eq!(
            activation(2, 1, 99_940).to_string(),
            "wasm backtrace:\n    0: 0x1 - m!<function 3>\n       … 99,940 more frames …\n  99941: 0x1 - m!<function 3>"
        );
        assert_eq!(
            activation(1, 1, 1).to_string(),
            "wasm backtrace:\n    0: 0x1 - m!<function 3>\n       … 1 more frame …"
        );
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
