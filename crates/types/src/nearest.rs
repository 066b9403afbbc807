//! Which name somebody meant who wrote another one: for messages alone, nothing is ever taken for what it is only near to.

/// Longest name that others are compared with, letter by letter, in characters.
const MAX_COMPARED: usize = 64;

/// The one of `candidates` that `wanted` may have been meant to be: the one that differs in the fewest letters, the first of
/// several, if it differs in so few that it can be a slip of the pen. Upper and lower case are the same, and `-` and `_` are
/// nothing.
///
/// ```
/// use gusset_types::nearest;
///
/// let fields = ["unit-price", "count", "id"];
/// assert_eq!(nearest("unitPrice", fields), Some("unit-price"));
/// assert_eq!(nearest("cuont", fields), Some("count"));
/// assert_eq!(nearest("discount", fields), None);
/// ```
pub fn nearest<'c>(wanted: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let wanted_letters = letters(wanted)?;
    let mut nearest: Option<(usize, &str)> = None;
    for candidate in candidates {
        let Some(candidate_letters) = letters(candidate) else { continue };
        let few = few(wanted_letters.len().max(candidate_letters.len()));
        let most = nearest.map_or(few, |(least, _)| few.min(least.saturating_sub(1)));
        match distance(&wanted_letters, &candidate_letters, most) {
            Some(0) => return Some(candidate),
            Some(distance) => nearest = Some((distance, candidate)),
            None => {}
        }
    }
    nearest.map(|(_, name)| name)
}

/// What is compared of a name; `None` if it is too long for that.
fn letters(name: &str) -> Option<Vec<char>> {
    let all = name.chars().filter(|char| !matches!(char, '-' | '_')).map(|char| char.to_ascii_lowercase());
    let letters: Vec<char> = all.take(MAX_COMPARED + 1).collect();
    (letters.len() <= MAX_COMPARED).then_some(letters)
}

/// In how many letters names of this length may differ: of short ones, any two would be near.
fn few(length: usize) -> usize {
    match length {
        0..3 => 0,
        3..6 => 1,
        _ => 2,
    }
}

/// In how many letters two names differ: those that are left out, put in, changed, or swapped with the next one. `None` if it
/// is more than `most`.
fn distance(a: &[char], b: &[char], most: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    // What is further from the diagonal than `most` is never looked at, and counts as too far.
    let far = most + 1;
    let mut before = vec![far; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).map(|j| j.min(far)).collect();
    for i in 1..=a.len() {
        let mut row = vec![far; b.len() + 1];
        if i <= most {
            row[0] = i;
        }
        for j in i.saturating_sub(most).max(1)..=(i + most).min(b.len()) {
            let changed = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row[j] = least.min(far);
        }
        before = std::mem::replace(&mut last, row);
        if last.iter().chain(&before).all(|&distance| distance > most) {
            return None;
        }
    }
    Some(last[b.len()]).filter(|distance| *distance <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_found_and_nothing_where_nothing_is_near() {
        let names = ["print-line", "print-lines", "x", "naïve", "add", "sub", "[method]counter.next"];
        let cases = [
            ("print-line", Some("print-line")),
            ("printline", Some("print-line")),
            ("print_line", Some("print-line")),
            ("PrintLine", Some("print-line")),
            ("pint-lime", Some("print-line")),
            ("print-linse", Some("print-line")),
            ("printlines", Some("print-lines")),
            ("naive", Some("naïve")),
            ("ad", Some("add")),
            ("adx", Some("add")),
            ("dad", Some("add")),
            ("X", Some("x")),
            ("[method]counter.nxet", Some("[method]counter.next")),
            ("y", None),
            ("", None),
            ("print", None),
            ("multiply", None),
        ];
        for (wanted, found) in cases {
            assert_eq!(nearest(wanted, names), found, "{wanted}");
        }
        assert_eq!(nearest("add", []), None);
    }

    #[test]
    fn long_names_are_not_compared() {
        let name = "n".repeat(MAX_COMPARED);
        assert_eq!(nearest(&name[1..], [&*name]), Some(&*name));
        assert_eq!(nearest(&name, [&*format!("{name}n")]), None);
        assert_eq!(nearest(&"n".repeat(99_999), [&*"n".repeat(100_000)]), None);
    }

    /// A band around the diagonal is enough: the whole table says the same.
    #[test]
    fn distances_are_those_of_the_whole_table() {
        let words = ["", "a", "ab", "ba", "abc", "acb", "bca", "abcd", "abdc", "badc", "xaby", "aabb", "abab"];
        for a in words {
            for b in words {
                let [a, b] = [a, b].map(|word| word.chars().collect::<Vec<_>>());
                let whole = distance(&a, &b, 10).expect("ten are more than there are letters");
                for most in 0..5 {
                    assert_eq!(distance(&a, &b, most), (whole <= most).then_some(whole), "{a:?} {b:?} {most}");
                }
            }
        }
    }
}
