//! Where an adapter can trap, and on what: the table that travels with each adapter module.

use crate::flat::FlatType;
use crate::printable::Printable;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The largest number of list indices that one trap reports; indices of deeper lists are left out.
pub const MAX_TRAP_INDICES: usize = 8;

/// Set in the code that an adapter passes to `trap` where the bad value is the address that `realloc` returned for the value at the
/// site: scripts of the specification expect the words that a bad pointer of the caller has.
pub const TRAP_FROM_REALLOC: u32 = 1 << 8;

/// The parameters of the imported `trap` function: site, code (with [`TRAP_FROM_REALLOC`] where it applies), the two values that [`TrapCode::values`](crate::TrapCode::values)
/// names, and the current index of each list around the value, outermost first.
pub fn trap_params(indices: usize) -> Vec<FlatType> {
    let mut params = vec![FlatType::I32; 2];
    params.resize(4 + indices, FlatType::I64);
    params
}

/// A value that an adapter checks. Its number in the module's table is what the adapter passes to the imported `trap` function.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct TrapSite {
    /// Which adapter of the module, in the order of the specs. Helpers that adapters share get their site from their caller.
    pub adapter: u32,
    /// The path of the value, such as `param "items"[].name` or `result.ok`; each `[]` stands for one list index. What is found inside
    /// a helper has the path of the whole value that the helper was called for.
    pub path: Box<str>,
}

impl TrapSite {
    /// The path with `indices` put in place of each `[]`, outermost first; a missing one leaves `[]`.
    ///
    /// ```
    /// use gusset_types::TrapSite;
    /// let site = TrapSite { adapter: 0, path: "param \"items\"[].tags[]".into() };
    /// assert_eq!(site.path_with(&[3, 0]), "param \"items\"[3].tags[0]");
    /// ```
    pub fn path_with(&self, indices: &[u64]) -> String {
        let mut parts = self.path.split("[]");
        let mut text = parts.next().unwrap_or_default().to_string();
        let mut indices = indices.iter();
        for part in parts {
            match indices.next() {
                Some(index) => text.push_str(&format!("[{index}]")),
                None => text.push_str("[]"),
            }
            text.push_str(part);
        }
        text
    }
}

/// Who calls whom through an adapter; for names in listings, backtraces and traps. Names that stand for the same thing share
/// their text, and long ones are [cut](crate::cut_name).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct AdapterName {
    /// The component instance that calls, such as `app`.
    pub caller: Arc<str>,
    /// The component instance that is called.
    pub callee: Arc<str>,
    /// The function as the callee exports or the caller imports it, such as `docs:text/parse#parse`.
    pub function: Arc<str>,
}

impl std::fmt::Display for AdapterName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [caller, callee, function] = [&self.caller, &self.callee, &self.function].map(|name| Printable::name(name));
        write!(f, "{caller} -> {callee} {function}")
    }
}
