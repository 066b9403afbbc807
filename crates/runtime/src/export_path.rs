//! [`ExportPath`]: the names that lead to an export, as people give them. It looks nothing up.

/// The export of an instance that is looked for: `"name"`, `"interface#name"`, or the names from the outermost to the
/// innermost.
///
/// ```
/// use gusset::ExportPath;
/// assert_eq!("docs:text/parse@1.0.0#parse".names(), ["docs:text/parse@1.0.0", "parse"]);
/// assert_eq!(["docs:text/parse@1.0.0", "parse"].names(), ["docs:text/parse@1.0.0", "parse"]);
/// ```
pub trait ExportPath {
    /// The names.
    fn names(&self) -> Vec<&str>;
}

impl ExportPath for str {
    fn names(&self) -> Vec<&str> {
        self.split('#').collect()
    }
}

impl ExportPath for String {
    fn names(&self) -> Vec<&str> {
        self.as_str().names()
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
}
