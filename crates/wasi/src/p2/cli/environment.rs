//! `wasi:cli/environment`: arguments and variables.

use crate::error::WasiResult;
use crate::p2::{WasiCtxView, interface};

interface! { "wasi:cli/environment@0.2.12" {
    function "get-environment": get_environment;
    function "get-arguments": get_arguments;
    function "initial-cwd": initial_cwd;
} }

fn get_environment(view: &mut WasiCtxView<'_>, (): ()) -> WasiResult<(Vec<(String, String)>,)> {
    Ok((view.ctx.env().to_vec(),))
}

fn get_arguments(view: &mut WasiCtxView<'_>, (): ()) -> WasiResult<(Vec<String>,)> {
    Ok((view.ctx.args().to_vec(),))
}

/// Of directories a guest has those that it was given, and starts in none of them.
fn initial_cwd(_: &mut WasiCtxView<'_>, (): ()) -> WasiResult<(Option<String>,)> {
    Ok((None,))
}
