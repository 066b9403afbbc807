//! What lifting or lowering fails with: a trap or an error, and the path of the value, which grows from the inside out on the
//! way up, so that what succeeds pays nothing for it.

use crate::error::Error;
use crate::trap::{AdapterTrapSite, Trap};
use gusset_types::{AdapterName, TrapCode};

/// The result of lifting or lowering.
pub type CanonResult<T> = Result<T, CanonError>;

/// Why a value could not be lifted or lowered.
pub struct CanonError(Box<Inner>);

struct Inner {
    cause: Cause,
    path: String,
}

enum Cause {
    /// The guest's fault.
    Trap(TrapCode),
    /// An error of another function (`realloc` trapped), or of the host.
    Error(Error),
}

impl CanonError {
    /// The same error, one level further out: `segment` stands before the path.
    #[must_use]
    pub fn within(mut self, segment: &str) -> CanonError {
        self.0.path.insert_str(0, segment);
        self
    }

    /// The error for the embedder. A trap names the call, as `adapter` tells it, and the value.
    pub(crate) fn into_error(self, adapter: impl FnOnce() -> AdapterName) -> Error {
        let Inner { cause, path } = *self.0;
        match cause {
            Cause::Trap(code) => Trap::new(code).with_site(AdapterTrapSite { adapter: adapter(), path }).into(),
            Cause::Error(error) if path.is_empty() => error,
            Cause::Error(error) => error.context(path),
        }
    }
}

impl From<TrapCode> for CanonError {
    #[cold]
    fn from(code: TrapCode) -> CanonError {
        CanonError(Box::new(Inner { cause: Cause::Trap(code), path: String::new() }))
    }
}

impl From<Error> for CanonError {
    #[cold]
    fn from(error: Error) -> CanonError {
        CanonError(Box::new(Inner { cause: Cause::Error(error), path: String::new() }))
    }
}

#[cfg(test)]
impl CanonError {
    pub(crate) fn code(&self) -> Option<TrapCode> {
        match self.0.cause {
            Cause::Trap(code) => Some(code),
            Cause::Error(_) => None,
        }
    }

    pub(crate) fn path(&self) -> &str {
        &self.0.path
    }
}

#[cfg(test)]
impl std::fmt::Debug for CanonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0.cause {
            Cause::Trap(code) => write!(f, "{:?}: {code}", self.0.path),
            Cause::Error(error) => write!(f, "{:?}: {error}", self.0.path),
        }
    }
}
