//! [`ExportPath`]: the names that lead to an export, as people give them. It looks nothing up.

/// The export of an instance that is looked for.
///
/// An array has the very names, from the outermost to the innermost; of a version, a compatible one will do, as in a
/// [`Linker`](crate::Linker). A string is a name as people give it, with `#` between an instance and what it exports. The very
/// name is looked for first, then what leaves out what goes without saying, if it can mean one export only:
///
/// | given | means |
/// | --- | --- |
/// | `docs:text/parse@1.0.0#words` | that |
/// | `docs:text/parse@1.2.0#words` | `docs:text/parse@1.0.0#words`, compatible as it is |
/// | `docs:text/parse#words`, `parse#words` | the same: without version, package and namespace |
/// | `docs:text/parse/words`, `parse.words` | the same |
/// | `words` | the same |
/// | `counter.next`, `counter` | `[method]counter.next`, `[constructor]counter` |
///
/// ```
/// use gusset::ExportPath;
/// assert_eq!("docs:text/parse@1.0.0#parse".names(), ["docs:text/parse@1.0.0", "parse"]);
/// assert_eq!(["docs:text/parse@1.0.0", "parse"].names(), ["docs:text/parse@1.0.0", "parse"]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no name of an export",
    label = "a string, or an array of names, is wanted here"
)]
pub trait ExportPath {
    /// The names.
    fn names(&self) -> Vec<&str>;

    /// Whether these are the very names, so that no others can be meant by them.
    fn is_exact(&self) -> bool {
        true
    }
}

impl ExportPath for str {
    fn names(&self) -> Vec<&str> {
        self.split('#').collect()
    }

    fn is_exact(&self) -> bool {
        false
    }
}

impl ExportPath for String {
    fn names(&self) -> Vec<&str> {
        self.as_str().names()
    }

    fn is_exact(&self) -> bool {
        false
    }
}

impl<S: AsRef<str>> ExportPath for [S] {
    fn names(&self) -> Vec<&str> {
        self.iter().map(AsRef::as_ref).collect()
    }
}

impl<S: AsRef<str>> ExportPath for Vec<S> {
    fn names(&self) -> Vec<&str> {
        self.as_slice().names()
    }
}

impl<S: AsRef<str>, const N: usize> ExportPath for [S; N] {
    fn names(&self) -> Vec<&str> {
        self.as_slice().names()
    }
}

impl<P: ExportPath + ?Sized> ExportPath for &P {
    fn names(&self) -> Vec<&str> {
        P::names(self)
    }

    fn is_exact(&self) -> bool {
        P::is_exact(self)
    }
}
