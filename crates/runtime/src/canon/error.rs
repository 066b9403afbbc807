//! What lifting or lowering fails with: a trap or an error, and the path of the value, which grows from the inside out on the
//! way up, so that what succeeds pays nothing for it.

use crate::error::{Error, format_err};
use crate::limits::LimitExceeded;
use crate::trap::{AdapterTrapSite, Trap};
use gusset_types::{AdapterName, Printable, TrapCause};
use std::borrow::Cow;

/// The result of lifting or lowering.
pub type CanonResult<T> = Result<T, CanonError>;

/// Why a value could not be lifted or lowered.
pub struct CanonError(Box<CanonFailure>);

struct CanonFailure {
    cause: Cause,
    /// The segments of the path, innermost first.
    path: Vec<Cow<'static, str>>,
}

enum Cause {
    /// The guest's fault.
    Trap(TrapCause),
    /// The values take more bytes of the host than this limit.
    TooLarge(u64),
    /// An error of another function (`realloc` trapped), or of the host.
    Error(Error),
    /// The host gave what cannot be lowered.
    Refused(Error),
}

impl CanonError {
    fn new(cause: Cause) -> CanonError {
        CanonError(Box::new(CanonFailure { cause, path: Vec::new() }))
    }

    /// The values of a call take more bytes of the host than `limit`.
    #[cold]
    pub(super) fn too_large(limit: u64) -> CanonError {
        CanonError::new(Cause::TooLarge(limit))
    }

    /// The host gave what cannot be lowered: no fault of a guest. Before a call, nothing has been lowered then
    /// (`ResolvedOptions::check_handles`).
    #[cold]
    pub(super) fn refused(error: Error) -> CanonError {
        CanonError::new(Cause::Refused(error))
    }

    /// Whether the host gave what cannot be lowered.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self.0.cause, Cause::Refused(_))
    }

    /// The trap, if it is one.
    pub(super) fn trap_mut(&mut self) -> Option<&mut TrapCause> {
        match &mut self.0.cause {
            Cause::Trap(cause) => Some(cause),
            _ => None,
        }
    }

    /// The same error, one level further out: `segment` stands before the path.
    #[cold]
    #[must_use]
    pub fn within(mut self, segment: impl Into<Cow<'static, str>>) -> CanonError {
        self.0.path.push(segment.into());
        self
    }

    /// The error for the embedder. A trap names the call, as `adapter` tells it, and the value.
    pub(crate) fn into_error(self, adapter: impl FnOnce() -> AdapterName) -> Error {
        let path = self.path();
        match self.0.cause {
            Cause::Trap(cause) => Trap::new(cause).with_site(AdapterTrapSite { adapter: adapter(), path }).into(),
            Cause::TooLarge(limit) => {
                let error = too_large(limit);
                let error = if path.is_empty() { error } else { error.context(path) };
                error.context(format!("the call of `{}` failed", Printable::name(&adapter().function)))
            }
            Cause::Refused(error) => {
                let error = if path.is_empty() { error } else { error.context(path) };
                error.context(format!("the call of `{}` failed", Printable::name(&adapter().function)))
            }
            Cause::Error(error) if path.is_empty() => error,
            Cause::Error(error) => {
                error.context(format!("the call of `{}` failed at its {path}", Printable::name(&adapter().function)))
            }
        }
    }

    /// The error for the embedder, outside of a call.
    pub(crate) fn without_call(self) -> Error {
        match self.0.cause {
            Cause::Trap(cause) => Trap::new(cause).into(),
            Cause::TooLarge(limit) => too_large(limit),
            Cause::Refused(error) | Cause::Error(error) => error,
        }
    }

    /// The path of the value, outermost first.
    pub(crate) fn path(&self) -> String {
        self.0.path.iter().rev().map(|segment| &**segment).collect()
    }
}

fn too_large(limit: u64) -> Error {
    format_err!(
        "the values of one call take more than {limit} bytes of the host; Config::max_lifted_bytes sets the limit"
    )
}

impl From<TrapCause> for CanonError {
    #[cold]
    fn from(cause: TrapCause) -> CanonError {
        CanonError::new(Cause::Trap(cause))
    }
}

impl From<LimitExceeded> for CanonError {
    #[cold]
    fn from(exceeded: LimitExceeded) -> CanonError {
        Error::new(exceeded).into()
    }
}

impl From<Error> for CanonError {
    #[cold]
    fn from(error: Error) -> CanonError {
        CanonError::new(Cause::Error(error))
    }
}

#[cfg(test)]
impl CanonError {
    pub(crate) fn code(&self) -> Option<gusset_types::TrapCode> {
        match self.0.cause {
            Cause::Trap(cause) => Some(cause.code),
            Cause::TooLarge(_) | Cause::Error(_) | Cause::Refused(_) => None,
        }
    }
}

#[cfg(test)]
impl std::fmt::Debug for CanonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0.cause {
            Cause::Trap(cause) => write!(f, "{:?}: {cause}", self.path()),
            Cause::TooLarge(limit) => write!(f, "{:?}: more than {limit} bytes", self.path()),
            Cause::Error(error) | Cause::Refused(error) => write!(f, "{:?}: {error}", self.path()),
        }
    }
}
