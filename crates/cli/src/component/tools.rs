//! Calls of the crates that know WIT. They assert in places what they do not check, which is no reason for this program to say that it panicked.

use anyhow::{Result, anyhow};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};

/// What `work` returns; of a panic in it, an error.
pub(super) fn contained<R>(work: impl FnOnce() -> Result<R>) -> Result<R> {
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    // Nothing that it could have left half done is looked at again.
    let outcome = catch_unwind(AssertUnwindSafe(work));
    set_hook(hook);
    outcome.unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("it does not say why");
        Err(anyhow!("internal error of wit-component, which did not expect this input: {text}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_are_errors() {
        let number = 7;
        let error = contained::<()>(|| panic!("number {number}")).expect_err("it panicked").to_string();
        assert!(error.ends_with("did not expect this input: number 7"), "{error}");
        let error = contained::<()>(|| panic!("in words")).expect_err("it panicked").to_string();
        assert!(error.ends_with("did not expect this input: in words"), "{error}");
        assert_eq!(contained(|| Ok(number)).expect("it did not panic"), 7);
    }
}
