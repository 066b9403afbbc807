//! Trap sites: which value of which adapter was found bad. A check names its site by number; the table of sites travels with the
//! module.

use crate::shape::FieldName;
use gusset_types::cut_text;

/// Where a path is cut. Labels come from components and can be long.
const MAX_PATH: usize = 200;

/// Where a function takes the numbers of its sites from.
#[derive(Clone, Copy)]
pub(crate) enum Sites {
    /// Each value has a site of its own, of this adapter.
    Own { adapter: u32 },
    /// The function is outlined: this parameter is its caller's site.
    Callers { site: u32 },
}

/// The path of the value at hand.
#[derive(Default)]
pub(crate) struct Path {
    text: String,
}

/// What [`Path::enter`] must be undone with.
#[must_use]
pub(crate) struct PathMark(usize);

impl Path {
    /// The path, with what is beyond its limit left out.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Replaces the path by its first part.
    pub(crate) fn set(&mut self, root: &str) {
        self.text.clear();
        let _ = self.enter("", root);
    }

    /// Appends a part.
    pub(crate) fn enter(&mut self, prefix: &str, name: &str) -> PathMark {
        let mark = PathMark(self.text.len());
        if self.text.len() < MAX_PATH {
            self.text.push_str(prefix);
            self.text.push_str(&cut_text(name, MAX_PATH.saturating_sub(self.text.len())));
            if self.text.len() >= MAX_PATH && !self.text.ends_with('…') {
                self.text.push('…');
            }
        }
        mark
    }

    /// Appends a field's name.
    pub(crate) fn enter_field(&mut self, name: FieldName<'_>) -> PathMark {
        match name {
            FieldName::Named(name) => self.enter(".", name),
            FieldName::Position(i) => self.enter(".", &i.to_string()),
        }
    }

    /// Takes back what was appended.
    pub(crate) fn leave(&mut self, mark: PathMark) {
        self.text.truncate(mark.0);
    }
}
