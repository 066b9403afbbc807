//! How long files and functions may be. A long table says that it is one; a long function says why it is.

use super::Violation;
use super::files::SourceFile;
use super::mask::words;

const FILE_LINES: usize = 700;
const TEST_FILE_LINES: usize = 1200;
const FUNCTION_LINES: usize = 80;
const LONG_FUNCTION: &str = "// tidy: long function:";

/// The length of the file and of each function in it.
pub(crate) fn check(file: &SourceFile) -> Vec<Violation> {
    let mut found: Vec<Violation> = check_file(file).into_iter().collect();
    found.extend(check_functions(file));
    found
}

fn check_file(file: &SourceFile) -> Option<Violation> {
    let limit = if file.is_test() { TEST_FILE_LINES } else { FILE_LINES };
    let lines = file.text.lines().count();
    let opening = file.text.lines().take(5).collect::<Vec<_>>().join(" ").to_lowercase();
    let table = opening.replace("//!", "").split_whitespace().collect::<Vec<_>>().join(" ").contains("is a table");
    (lines > limit && !table).then(|| {
        let message =
            format!("{lines} lines, more than {limit}; split it, or say in its first lines that it is a table");
        Violation::new(file, 0, message)
    })
}

fn check_functions(file: &SourceFile) -> Vec<Violation> {
    let masked = file.masked();
    let mut found = Vec::new();
    for at in words(masked, "fn") {
        let Some((open, close)) = body(masked.as_bytes(), at) else { continue };
        let lines = file.line_of(close) - file.line_of(at) + 1;
        if lines <= FUNCTION_LINES || is_excused(file, at, open) {
            continue;
        }
        let name: String =
            masked[at + 2..].trim_start().chars().take_while(|c| *c == '_' || c.is_alphanumeric()).collect();
        let message = format!(
            "`{name}` has {lines} lines, more than {FUNCTION_LINES}; split it, or put `{LONG_FUNCTION} reason` above it"
        );
        found.push(Violation::new(file, file.line_of(at), message));
    }
    found
}

/// The braces of the body of the function whose `fn` is at `at`; none for a declaration or a function pointer.
fn body(masked: &[u8], at: usize) -> Option<(usize, usize)> {
    let named = masked[at + 2..].iter().find(|byte| !byte.is_ascii_whitespace())?;
    if !named.is_ascii_alphabetic() && *named != b'_' {
        return None;
    }
    let mut brackets = 0i32;
    let mut open = None;
    for (offset, byte) in masked.iter().enumerate().skip(at) {
        match byte {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets -= 1,
            b';' if brackets == 0 => return None,
            b'{' if brackets == 0 => {
                open = Some(offset);
                break;
            }
            _ => {}
        }
    }
    let open = open?;
    let mut depth = 0i32;
    for (offset, byte) in masked.iter().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return Some((open, offset));
        }
    }
    None
}

/// Whether a comment above the function (among its attributes and documentation) or at the top of its body gives a reason.
fn is_excused(file: &SourceFile, at: usize, open: usize) -> bool {
    let has_reason = |line: &str| {
        let reason = line.trim_start().strip_prefix(LONG_FUNCTION);
        reason.is_some_and(|reason| !reason.trim().is_empty())
    };
    let line_start = file.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let above = file.text[..line_start].lines().rev();
    let above_belongs = |line: &&str| line.trim_start().starts_with("//") || line.trim_start().starts_with('#');
    above.take_while(above_belongs).any(has_reason) || file.text[open..].lines().nth(1).is_some_and(has_reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(count: usize) -> String {
        "    let x = \"}\";\n".repeat(count)
    }

    #[test]
    fn a_long_file_is_found_unless_it_is_a_table_or_a_test() {
        let text = "//! Purpose.\n".to_string() + &"// line\n".repeat(FILE_LINES);
        assert_eq!(check(&SourceFile::new("crates/x/src/a.rs", &text)).len(), 1);
        assert_eq!(check(&SourceFile::new("crates/x/tests/a.rs", &text)), []);
        let table = text.replace("Purpose.", "Opcodes. This file is a\n//! table.");
        assert_eq!(check(&SourceFile::new("crates/x/src/a.rs", &table)), []);
        let long_test = "// line\n".repeat(TEST_FILE_LINES + 1);
        assert_eq!(check(&SourceFile::new("crates/x/tests/a.rs", &long_test)).len(), 1);
    }

    #[test]
    fn a_long_function_is_found_and_named() {
        let text = format!("fn short() {{}}\n\nfn long(a: [u8; 4]) {{\n{}}}\n", lines(FUNCTION_LINES));
        let found = check(&SourceFile::new("crates/x/src/a.rs", &text));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].line, 3);
        assert!(found[0].message.contains("`long` has 82 lines"), "{}", found[0].message);
        let fits = format!("fn fits() {{\n{}}}\n", lines(FUNCTION_LINES - 2));
        assert_eq!(check(&SourceFile::new("crates/x/src/a.rs", &fits)), []);
    }

    #[test]
    fn a_reason_excuses_and_an_empty_one_does_not() {
        let body = lines(FUNCTION_LINES);
        let excused = format!("// tidy: long function: one arm per opcode\n#[inline]\npub fn f() {{\n{body}}}\n");
        assert_eq!(check(&SourceFile::new("a.rs", &excused)), []);
        let inside = format!("fn f() {{\n    // tidy: long function: one arm per opcode\n{body}}}\n");
        assert_eq!(check(&SourceFile::new("a.rs", &inside)), []);
        let empty = format!("// tidy: long function:\nfn f() {{\n{body}}}\n");
        assert_eq!(check(&SourceFile::new("a.rs", &empty)).len(), 1);
    }

    #[test]
    fn declarations_and_pointers_have_no_body() {
        let text = format!("trait T {{ fn f(&self); }}\nstruct S {{ f: fn(u8) -> u8 }}\nmod m {{\n{}}}\n", lines(100));
        assert_eq!(check(&SourceFile::new("a.rs", &text)), []);
    }
}
