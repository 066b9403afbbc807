//! What a component can be asked to do, for people: the functions that it exports, in lines. How names are matched stands in the
//! runtime.

use gusset::CallableExport;

/// How many functions are listed.
const LISTED: usize = 40;

/// What functions there are, for an error.
pub(crate) fn listing(functions: &[CallableExport]) -> String {
    if functions.is_empty() {
        return "the component exports no functions".into();
    }
    let mut lines: Vec<String> = functions.iter().take(LISTED).map(|function| format!("  {function}")).collect();
    if functions.len() > lines.len() {
        lines.push(format!("  and {} more", functions.len() - lines.len()));
    }
    format!("the component exports\n{}", lines.join("\n"))
}
