//! `wasi:cli/stdin`, `stdout` and `stderr`: the standard streams, which all handles of one share.

use crate::error::WasiResult;
use crate::p2::{InputStream, OutputStream, WasiCtxView};
use gusset::Resource;

crate::p2::interfaces! { stdin, stdout, stderr }

mod stdin {
    crate::p2::interface! { "wasi:cli/stdin@0.2.12" {
        function "get-stdin": super::get_stdin;
    } }
}

mod stdout {
    crate::p2::interface! { "wasi:cli/stdout@0.2.12" {
        function "get-stdout": super::get_stdout;
    } }
}

mod stderr {
    crate::p2::interface! { "wasi:cli/stderr@0.2.12" {
        function "get-stderr": super::get_stderr;
    } }
}

fn get_stdin(view: &mut WasiCtxView<'_>, (): ()) -> WasiResult<(Resource<InputStream>,)> {
    let [stdin, ..] = view.ctx.stdio();
    Ok((view.table.push(InputStream::new(stdin.clone()))?,))
}

fn get_stdout(view: &mut WasiCtxView<'_>, (): ()) -> WasiResult<(Resource<OutputStream>,)> {
    let [_, stdout, _] = view.ctx.stdio();
    Ok((view.table.push(OutputStream::new(stdout.clone()))?,))
}

fn get_stderr(view: &mut WasiCtxView<'_>, (): ()) -> WasiResult<(Resource<OutputStream>,)> {
    let [.., stderr] = view.ctx.stdio();
    Ok((view.table.push(OutputStream::new(stderr.clone()))?,))
}
