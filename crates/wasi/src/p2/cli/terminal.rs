//! `wasi:cli/terminal-*`: whether a standard stream is a terminal. More is not to be had of one.

use crate::error::WasiResult;
use crate::fs::FileType;
use crate::p2::WasiCtxView;
use crate::stream::Stream;
use gusset::Resource;

/// `terminal-input`.
pub(super) struct TerminalInput;

/// `terminal-output`.
pub(super) struct TerminalOutput;

crate::p2::interfaces! { input, output, stdin, stdout, stderr }

mod input {
    crate::p2::interface! { "wasi:cli/terminal-input@0.2.12" {
        resource "terminal-input": super::TerminalInput;
    } }
}

mod output {
    crate::p2::interface! { "wasi:cli/terminal-output@0.2.12" {
        resource "terminal-output": super::TerminalOutput;
    } }
}

mod stdin {
    crate::p2::interface! { "wasi:cli/terminal-stdin@0.2.12" {
        function "get-terminal-stdin": super::get_terminal_stdin;
    } }
}

mod stdout {
    crate::p2::interface! { "wasi:cli/terminal-stdout@0.2.12" {
        function "get-terminal-stdout": super::get_terminal_stdout;
    } }
}

mod stderr {
    crate::p2::interface! { "wasi:cli/terminal-stderr@0.2.12" {
        function "get-terminal-stderr": super::get_terminal_stderr;
    } }
}

/// Nothing but a terminal says so of itself.
fn is_terminal(stream: &dyn Stream) -> bool {
    stream.file_type() == FileType::CharacterDevice
}

fn get_terminal_stdin(view: &mut WasiCtxView<'_>, (): ()) -> WasiResult<(Option<Resource<TerminalInput>>,)> {
    let [stdin, ..] = view.ctx.stdio();
    Ok((if is_terminal(&**stdin) { Some(view.table.push(TerminalInput)?) } else { None },))
}

fn get_terminal_stdout(view: &mut WasiCtxView<'_>, (): ()) -> WasiResult<(Option<Resource<TerminalOutput>>,)> {
    let [_, stdout, _] = view.ctx.stdio();
    terminal_output(is_terminal(&**stdout), view)
}

fn get_terminal_stderr(view: &mut WasiCtxView<'_>, (): ()) -> WasiResult<(Option<Resource<TerminalOutput>>,)> {
    let [.., stderr] = view.ctx.stdio();
    terminal_output(is_terminal(&**stderr), view)
}

fn terminal_output(is_one: bool, view: &mut WasiCtxView<'_>) -> WasiResult<(Option<Resource<TerminalOutput>>,)> {
    Ok((if is_one { Some(view.table.push(TerminalOutput)?) } else { None },))
}
