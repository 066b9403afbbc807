//! What is told of calls between components where an engine traces them. A traced call goes through the host, which lifts and
//! lowers; nothing of it is left in components that are compiled without tracing.

use crate::val::Val;
use gusset_types::{AdapterName, Printable};
use std::fmt;
use std::sync::Arc;

/// A call from one component to another is made or ends; for [`Config::trace_calls`](crate::Config::trace_calls).
///
/// `Display` writes a line, with values as WAVE: `app -> lib parse("a")` or `app <- lib parse: ok(1)`. It may be as long as the
/// values are.
#[derive(Clone, Copy, Debug)]
pub struct TracedCall<'a> {
    /// Who calls whom.
    pub adapter: &'a AdapterName,
    /// What happens.
    pub step: CallStep<'a>,
}

/// A step of a [`TracedCall`].
#[derive(Clone, Copy, Debug)]
pub enum CallStep<'a> {
    /// It is made, with these arguments.
    Begin(&'a [Val]),
    /// It returns, with this result.
    Return(Option<&'a Val>),
    /// It does not return: whoever made the first call learns why.
    Fail,
}

impl fmt::Display for TracedCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AdapterName { caller, callee, function } = self.adapter;
        let [caller, callee, function] = [caller, callee, function].map(|name| Printable::name(name));
        match self.step {
            CallStep::Begin(arguments) => {
                write!(f, "{caller} -> {callee} {function}(")?;
                for (number, argument) in arguments.iter().enumerate() {
                    write!(f, "{}{argument}", if number == 0 { "" } else { ", " })?;
                }
                f.write_str(")")
            }
            CallStep::Return(None) => write!(f, "{caller} <- {callee} {function}"),
            CallStep::Return(Some(result)) => write!(f, "{caller} <- {callee} {function}: {result}"),
            CallStep::Fail => write!(f, "{caller} <- {callee} {function} failed"),
        }
    }
}

/// Where the calls of an engine are told.
#[derive(Clone)]
pub(crate) struct CallTracer(pub(crate) Arc<dyn Fn(TracedCall<'_>) + Send + Sync>);

impl fmt::Debug for CallTracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallTracer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_a_line() {
        let adapter = AdapterName { caller: "app".into(), callee: "lib".into(), function: "parse\n".into() };
        let text = |step| TracedCall { adapter: &adapter, step }.to_string();
        let arguments = [Val::String("a\n".into()), Val::U8(1)];
        assert_eq!(text(CallStep::Begin(&arguments)), r#"app -> lib parse\n("a\n", 1)"#);
        assert_eq!(text(CallStep::Begin(&[])), r"app -> lib parse\n()");
        assert_eq!(text(CallStep::Return(Some(&Val::Bool(true)))), r"app <- lib parse\n: true");
        assert_eq!(text(CallStep::Return(None)), r"app <- lib parse\n");
        assert_eq!(text(CallStep::Fail), r"app <- lib parse\n failed");
    }
}
