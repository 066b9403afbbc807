//! `wasi:io/error`: why a stream failed.

use crate::error::{ErrorCode, WasiResult};
use crate::p2::{WasiCtxView, interface};
use crate::stream::{FailureCause, Stream};
use gusset::Resource;
use std::error::Error;

/// The resource `error` of `wasi:io/error`.
///
/// ```
/// use gusset_wasi::{ErrorCode, p2::IoError};
/// assert_eq!(IoError::new(ErrorCode::Pipe).code(), ErrorCode::Pipe);
/// ```
#[derive(Clone, Debug)]
pub struct IoError {
    code: ErrorCode,
    cause: Option<FailureCause>,
}

impl IoError {
    /// The error of a code.
    pub fn new(code: ErrorCode) -> IoError {
        IoError { code, cause: None }
    }

    /// The error of a stream's operation that returned the code.
    pub(super) fn of_stream(code: ErrorCode, stream: &dyn Stream) -> IoError {
        IoError { code, cause: stream.failure() }
    }

    /// What went wrong. The interfaces that can say more of an error translate this.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// What [`Stream::failure`] said of it, where that is one of these: for an interface that has a code or more of its own.
    pub fn cause<E: Error + 'static>(&self) -> Option<&E> {
        self.cause.as_ref()?.downcast_ref()
    }
}

interface! { "wasi:io/error@0.2.12" {
    resource "error": IoError;
    function "[method]error.to-debug-string": to_debug_string;
} }

fn to_debug_string(view: &mut WasiCtxView<'_>, (error,): (Resource<IoError>,)) -> WasiResult<(String,)> {
    let IoError { code, cause } = view.table.get(&error)?;
    Ok((cause.as_ref().map_or_else(|| code.to_string(), |cause| format!("{code}: {cause}")),))
}
