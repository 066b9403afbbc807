//! `wasi:cli/exit`: a guest ends itself, from however deep.

use crate::error::{WasiError, WasiResult};
use crate::exit::Exit;
use crate::p2::{WasiCtxView, interface};

interface! { "wasi:cli/exit@0.2.12" {
    function "exit": exit;
    function "exit-with-code": exit_with_code;
} }

fn exit(_: &mut WasiCtxView<'_>, (status,): (Result<(), ()>,)) -> WasiResult<()> {
    Err(WasiError::Stop(Exit::new(status.is_err().into()).into()))
}

fn exit_with_code(_: &mut WasiCtxView<'_>, (code,): (u8,)) -> WasiResult<()> {
    Err(WasiError::Stop(Exit::new(code.into()).into()))
}
