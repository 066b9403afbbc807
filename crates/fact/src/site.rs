//! Trap sites: which value of which adapter was found bad. A check names its site by number; the table of sites travels with the
//! module.

use crate::shape::FieldName;
use gusset_types::{TrapSite, cut_text};
use std::collections::HashMap;

/// Where a path is cut. Labels come from components and can be long.
const MAX_PATH: usize = 200;

/// Where the code at hand takes the numbers of its sites from.
pub(crate) enum Sites<'t> {
    /// Each value has a site of its own, of this adapter.
    Own { adapter: u32 },
    /// The function is outlined: this parameter is its caller's site.
    Callers { site: u32 },
    /// Cases of a variant share the code: the discriminant tells whose site it is.
    Cases(CaseSites<'t>),
}

/// The sites of a module.
#[derive(Default)]
pub(crate) struct SiteTable {
    sites: Vec<TrapSite>,
    /// Those of one adapter that may be used again, by path.
    numbers: HashMap<Box<str>, u32>,
    adapter: u32,
}

impl SiteTable {
    /// The number of the site of an adapter with this path.
    pub(crate) fn number(&mut self, adapter: u32, path: &str) -> u32 {
        if self.adapter != adapter {
            self.numbers.clear();
            self.adapter = adapter;
        }
        if let Some(&number) = self.numbers.get(path) {
            return number;
        }
        let number = self.sites.len() as u32;
        self.sites.push(TrapSite { adapter, path: path.into() });
        self.numbers.insert(path.into(), number);
        number
    }

    pub(crate) fn finish(self) -> Vec<TrapSite> {
        self.sites
    }
}

/// How many sites a variant has at most where cases share code, but for the first row.
const MAX_CASE_SITES: usize = 1 << 12;
/// A row more has sites for all cases, so one of this many must need it.
const CASES_FOR_A_ROW: usize = 8;

/// The sites of a variant whose cases share code, in rows of a site for each case. Within code that is shared each path has a
/// row; rows are used again for the code that other cases share.
pub(crate) struct CaseSites<'t> {
    adapter: u32,
    /// The path of the variant.
    path: String,
    names: Vec<&'t str>,
    /// A local that holds which case it is.
    pub(crate) discriminant: u32,
    /// The first site of each row.
    rows: Vec<u32>,
    /// The cases that share the code at hand.
    members: Vec<u32>,
    /// The paths within those cases that have a row, in the order of the rows.
    parts: Vec<String>,
}

impl<'t> CaseSites<'t> {
    pub(crate) fn new(adapter: u32, path: &Path, names: Vec<&'t str>, discriminant: u32) -> CaseSites<'t> {
        let path = path.text.clone();
        CaseSites { adapter, path, names, discriminant, rows: vec![], members: vec![], parts: vec![] }
    }

    /// From now on it is code that these cases share.
    pub(crate) fn share(&mut self, members: Vec<u32>) {
        self.members = members;
        self.parts.clear();
    }

    /// The number that becomes the site of the value at `path`, which leaves the case out, when the discriminant is added. Where
    /// that would take too many rows, it is the site of the whole payload.
    pub(crate) fn first(&mut self, table: &mut SiteTable, path: &Path) -> u32 {
        let part = path.text.strip_prefix(&*self.path).expect("the value is a part of the variant");
        let max_rows = match self.members.len() * CASES_FOR_A_ROW >= self.names.len() {
            true => MAX_CASE_SITES / self.names.len(),
            false => self.rows.len(),
        };
        let has_row = |part: &str| self.parts.iter().position(|known| known == part);
        let part = if has_row(part).is_none() && self.parts.len() + 1 >= max_rows { "" } else { part };
        if let Some(row) = has_row(part) {
            return self.rows[row];
        }
        let row = self.parts.len();
        if row == self.rows.len() {
            self.rows.push(table.sites.len() as u32);
            let unused = TrapSite { adapter: self.adapter, path: "".into() };
            table.sites.resize(table.sites.len() + self.names.len(), unused);
        }
        for &case in &self.members {
            let mut whole = Path::default();
            let _ = whole.enter("", &self.path);
            let _ = whole.enter(".", self.names[case as usize]);
            let _ = whole.enter("", part);
            table.sites[self.rows[row] as usize + case as usize].path = whole.text.into();
        }
        self.parts.push(part.into());
        self.rows[row]
    }
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
