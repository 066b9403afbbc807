//! Files that the pages at the root of the tree mention in code spans, such as `types/src/trap.rs`. Links are looked at
//! elsewhere.

use super::Violation;
use super::files::SourceFile;

/// The endings by which a mention is known to mean a file of the tree. Users' own files have others.
const ENDINGS: &[&str] = &[".rs", ".md", ".toml", ".txt", ".wast", ".wat"];

/// Mentions that mean no file. `exists` is asked for paths relative to the workspace's folder; `tree` knows the paths that a
/// page may shorten to their end.
pub(crate) fn check(page: &SourceFile, tree: &[SourceFile], exists: impl Fn(&str) -> bool) -> Vec<Violation> {
    if page.path.contains('/') {
        return Vec::new();
    }
    let there = |path: &str| {
        exists(path) || tree.iter().any(|file| file.path.strip_suffix(path).is_some_and(|rest| rest.ends_with('/')))
    };
    let mut found = Vec::new();
    let mut fenced = false;
    for (index, line) in page.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for mention in line.split('`').skip(1).step_by(2).filter(|span| is_path(span)) {
            for path in alternatives(mention).iter().filter(|path| !there(path)) {
                found.push(Violation::new(
                    page,
                    index + 1,
                    format!("`{path}` is mentioned, and there is no such file"),
                ));
            }
        }
    }
    found
}

fn is_path(span: &str) -> bool {
    let plain = span.chars().all(|c| c.is_ascii_alphanumeric() || "_-./{},".contains(c));
    plain && span.contains('/') && ENDINGS.iter().any(|ending| span.ends_with(ending))
}

/// The paths that `a/{b,c}.rs` stands for.
fn alternatives(mention: &str) -> Vec<String> {
    let parts = mention.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    let Some((before, (names, after))) = parts else { return vec![mention.into()] };
    names.split(',').flat_map(|name| alternatives(&format!("{before}{name}{after}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mentions_of_missing_files_are_found() {
        let text = "\
`types/src/trap.rs` and `types/src/{trap,gone}.rs`
`lists/known.txt`, `lists/none.txt`
`your/own.wasm` `namespace:package/a.rs` `trap.rs`
```
`fenced/gone.rs`
```
";
        let tree = [SourceFile::new("crates/types/src/trap.rs", "")];
        let exists = |path: &str| path == "lists/known.txt";
        let found = check(&SourceFile::new("PAGE.md", text), &tree, exists);
        let lines: Vec<usize> = found.iter().map(|violation| violation.line).collect();
        assert_eq!(lines, [1, 2], "{found:?}");
        assert!(found[0].message.contains("`types/src/gone.rs`"));
        assert!(check(&SourceFile::new("docs/page.md", text), &tree, exists).is_empty());
    }
}
