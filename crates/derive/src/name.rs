//! Names of the component model: what they are made of, and the one that a Rust identifier stands for.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::{Error, LitStr, Result};

/// The name that `ident` stands for: its words in lower case, with `-` between.
pub(crate) fn default_name(ident: &Ident) -> Result<String> {
    let rust = ident.unraw().to_string();
    let name = kebab(&rust);
    if is_label(&name) {
        return Ok(name);
    }
    let what =
        format!("`{rust}` stands for no name of the component model; give one: `#[component(name = \"a-name\")]`");
    Err(Error::new(ident.span(), what))
}

/// The name that an attribute gives.
pub(crate) fn given_name(literal: &LitStr) -> Result<String> {
    let name = literal.value();
    if is_label(&name) {
        return Ok(name);
    }
    let what =
        format!("{name:?} is no name of the component model: that is words of letters and digits with `-` between");
    Err(Error::new(literal.span(), what))
}

fn kebab(rust: &str) -> String {
    let in_capitals = !rust.contains(char::is_lowercase);
    let mut name = String::new();
    let mut before = None;
    let mut chars = rust.chars().peekable();
    while let Some(char) = chars.next() {
        let after_word = before.is_some_and(|before: char| before.is_lowercase() || before.is_ascii_digit());
        let before_word =
            before.is_some_and(char::is_uppercase) && chars.peek().is_some_and(|next| next.is_lowercase());
        if char.is_uppercase() && !in_capitals && (after_word || before_word) {
            name.push('-');
        }
        name.extend(if char == '_' { '-' } else { char }.to_lowercase());
        before = Some(char);
    }
    name
}

/// Whether `name` is a [`label`](https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#import-and-export-definitions):
/// words that are all in lower case or all in capitals, of which only the first cannot begin with a digit.
fn is_label(name: &str) -> bool {
    let is_word = |word: &str| {
        let all = |is: fn(&u8) -> bool| word.bytes().all(|byte| byte.is_ascii_digit() || is(&byte));
        !word.is_empty() && (all(u8::is_ascii_lowercase) || all(u8::is_ascii_uppercase))
    };
    !name.starts_with(|first: char| first.is_ascii_digit()) && name.split('-').all(is_word)
}

/// Whether two names cannot stand in one type: they are the same but for the case of letters and for hyphens, which validators
/// leave out where names must be strongly unique.
pub(crate) fn conflict(one: &str, other: &str) -> bool {
    canonical(one).eq(canonical(other))
}

fn canonical(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().filter(|&byte| byte != b'-').map(|byte| byte.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_become_labels() {
        for (rust, name) in [
            ("id", "id"),
            ("author_id", "author-id"),
            ("NotFound", "not-found"),
            ("HTTPError", "http-error"),
            ("Utf8", "utf8"),
            ("V2Draft", "v2-draft"),
            ("READ_ONLY", "read-only"),
            ("HTTP", "http"),
            ("A", "a"),
            ("ipv4_2", "ipv4-2"),
        ] {
            assert_eq!(kebab(rust), name);
            assert!(is_label(name), "{name}");
        }
    }

    #[test]
    fn names_that_differ_in_case_or_hyphens_conflict() {
        for (one, other) in [("a", "a"), ("a", "A"), ("a1", "a-1"), ("foo-bar", "fo-OB-ar")] {
            assert!(conflict(one, other), "{one} {other}");
        }
        for (one, other) in [("a", "b"), ("a1", "a-2"), ("ab", "ba")] {
            assert!(!conflict(one, other), "{one} {other}");
        }
    }

    #[test]
    fn labels_are_what_the_specification_says() {
        for name in ["a", "a-b", "a1", "a-1", "HTTP-error", "a-B2"] {
            assert!(is_label(name), "{name}");
        }
        for name in ["", "-", "a-", "-a", "1", "1a", "aB", "a_b", "a--b", "ä", "a b"] {
            assert!(!is_label(name), "{name}");
        }
    }
}
