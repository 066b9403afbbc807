//! Names for people. They come out of components, which may give a name of a megabyte to ten thousand things: what is
//! recorded of one for listings, traps and errors is cut here. What is compared or looked up is never cut.

use std::borrow::Cow;

/// Most bytes that are kept of a name for people.
pub const MAX_SHOWN_NAME: usize = 128;

/// `name`, cut to at most [`MAX_SHOWN_NAME`] bytes: what a name is recorded as, where it only serves people.
///
/// ```
/// assert_eq!(gusset_types::cut_name("wasi:cli/run"), "wasi:cli/run");
/// assert_eq!(gusset_types::cut_name(&"x".repeat(1000)).len(), gusset_types::MAX_SHOWN_NAME);
/// ```
pub fn cut_name(name: &str) -> Cow<'_, str> {
    cut_text(name, MAX_SHOWN_NAME)
}

/// `text`, cut to at most `most` bytes: `…` stands for the rest. It is cut between two characters; where there is no room for
/// the `…`, nothing is left.
pub fn cut_text(text: &str, most: usize) -> Cow<'_, str> {
    const CUT: char = '…';
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let Some(room) = most.checked_sub(CUT.len_utf8()) else { return Cow::Borrowed("") };
    let mut cut = String::with_capacity(most);
    cut.push_str(&text[..text.floor_char_boundary(room)]);
    cut.push(CUT);
    Cow::Owned(cut)
}

/// The names that lead to an item, joined by `#`; each is cut, and of many the middle ones are left out.
///
/// ```
/// assert_eq!(gusset_types::join_names(&["docs:text/parse", "parse"]), "docs:text/parse#parse");
/// assert_eq!(gusset_types::join_names(&["a", "b", "c", "d", "e"]), "a#…#d#e");
/// ```
pub fn join_names<S: AsRef<str>>(path: &[S]) -> String {
    const MANY: usize = 4;
    let joined = |names: &[S]| names.iter().map(|name| cut_name(name.as_ref())).collect::<Vec<_>>().join("#");
    if path.len() <= MANY {
        joined(path)
    } else {
        format!("{}#…#{}", joined(&path[..1]), joined(&path[path.len() - 2..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters_and_never_grow() {
        let text = "aä☃𝄞".repeat(20);
        for most in 0..=text.len() + 1 {
            let cut = cut_text(&text, most);
            assert!(cut.len() <= most, "{most}: {cut}");
            match cut.strip_suffix('…') {
                Some(kept) => assert!(text.starts_with(kept) && most < text.len() && kept.len() + 3 + 3 >= most),
                None => assert!(cut == text || most < 3, "{most}: {cut}"),
            }
        }
    }

    #[test]
    fn joined_names_are_short_however_many_and_long_they_are() {
        let name = "ä".repeat(100_000);
        assert!(join_names(&vec![name.as_str(); 1000]).len() < 4 * MAX_SHOWN_NAME);
        assert_eq!(join_names::<&str>(&[]), "");
    }
}
