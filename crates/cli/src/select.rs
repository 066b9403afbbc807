//! What a component can be asked to do, for people: the functions that it exports, in lines. How names are matched stands in the
//! runtime.

use gusset::CallableExport;

/// How many functions are listed.
const LISTED: usize = 40;

/// What functions there are, for an error.
pub(crate) fn listing(functions: impl ExactSizeIterator<Item = CallableExport>) -> String {
    let count = functions.len();
    if count == 0 {
        return "the component exports no functions".into();
    }
    let mut lines: Vec<String> = functions.take(LISTED).map(|function| format!("  {function}")).collect();
    if count > lines.len() {
        lines.push(format!("  and {} more", count - lines.len()));
    }
    format!("the component exports\n{}", lines.join("\n"))
}
