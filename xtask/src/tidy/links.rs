//! Links of Markdown files to files of the tree. Links to the web are not looked at.

use super::Violation;
use super::files::SourceFile;

/// Relative links whose target `exists` does not know. Its argument is relative to the workspace's folder.
pub(crate) fn check(file: &SourceFile, exists: impl Fn(&str) -> bool) -> Vec<Violation> {
    let folder = file.path.rfind('/').map_or("", |slash| &file.path[..slash]);
    let mut found = Vec::new();
    let mut fenced = false;
    for (index, line) in file.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for target in targets(line) {
            let path = target.split('#').next().unwrap_or_default();
            let elsewhere = path.is_empty() || path.contains("://") || path.starts_with("mailto:");
            if elsewhere || resolve(folder, path).is_some_and(|path| exists(&path)) {
                continue;
            }
            found.push(Violation::new(file, index + 1, format!("the link to `{target}` leads nowhere")));
        }
    }
    found
}

/// The targets of the inline links and link definitions of `line`, without those in code.
fn targets(line: &str) -> Vec<&str> {
    let definition = line.trim().strip_prefix('[').and_then(|rest| rest.split_once("]: "));
    if let Some((_, target)) = definition.filter(|(label, _)| !label.contains(']')) {
        return target.split_whitespace().take(1).collect();
    }
    let mut found = Vec::new();
    for (index, part) in line.split('`').enumerate() {
        // A link's text may be code, so that its target opens the part after the code.
        let opens = index > 0 && part.starts_with("](");
        if index % 2 == 1 && !opens {
            continue;
        }
        for (at, _) in part.match_indices("](") {
            let target = part[at + 2..].split([')', ' ']).next().unwrap_or_default();
            found.push(target.trim_matches(['<', '>']));
        }
    }
    found
}

/// `path` from `folder`, with `.` and `..` worked out; none when it leaves the tree.
fn resolve(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = if path.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().filter(|part| !part.is_empty())?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_links_are_found_and_others_are_not() {
        let text = "\
[ok](b.md) and [dead](c.md#part)
[web](https://example.org/x) [here](#part) `[code](d.md)`
[`code`](gone.rs)
```
[fenced](e.md)
```
[up](../README.md)
[out](../../README.md)
[label]: f.md
";
        let found = check(&SourceFile::new("docs/a.md", text), |path| ["docs/b.md", "README.md"].contains(&path));
        let lines: Vec<usize> = found.iter().map(|violation| violation.line).collect();
        assert_eq!(lines, [1, 3, 8, 9], "{found:?}");
        assert!(found[0].message.contains("`c.md#part`"));
    }
}
