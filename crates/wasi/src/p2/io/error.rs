//! `wasi:io/error`: why a stream failed.

use crate::error::{ErrorCode, WasiResult};
use crate::p2::{WasiCtxView, interface};
use gusset::Resource;

/// The resource `error` of `wasi:io/error`.
///
/// ```
/// use gusset_wasi::{ErrorCode, p2::IoError};
/// assert_eq!(IoError::new(ErrorCode::Pipe).code(), ErrorCode::Pipe);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IoError(ErrorCode);

impl IoError {
    /// The error of a code.
    pub fn new(code: ErrorCode) -> IoError {
        IoError(code)
    }

    /// What went wrong. The interfaces that can say more of an error translate this.
    pub fn code(self) -> ErrorCode {
        self.0
    }
}

interface! { "wasi:io/error@0.2.12" {
    resource "error": IoError;
    function "[method]error.to-debug-string": to_debug_string;
} }

fn to_debug_string(view: &mut WasiCtxView<'_>, (error,): (Resource<IoError>,)) -> WasiResult<(String,)> {
    Ok((view.table.get(&error)?.0.to_string(),))
}
