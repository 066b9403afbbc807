//! What a person means who types a command almost right: the command in the form that it takes, with his own words in it.

use crate::input::STDIN;
use crate::run::is_program;
use gusset::{Printable, nearest};
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// What names files that the program reads.
const EXTENSIONS: &[&str] = &["wasm", "wat", "wast"];

/// What to say of a command line that is no command since it starts with a file; none if it does not.
pub(crate) fn file_without_command(arguments: &[OsString]) -> Option<String> {
    let (file, words) = arguments.split_first()?;
    let path = Path::new(file);
    if !names_file(file) {
        return None;
    }
    let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let shown = match file == STDIN {
        true => "standard input, which is `-`".into(),
        false => format!("the file `{}`", Printable::name(&file.to_string_lossy())),
    };
    // All that stands behind a program is its own. What comes from standard input can be read only once.
    let plain = words.iter().any(|word| is_option(word)) || (file != STDIN && is_program(path));
    let file = file_in_shell(path);
    let run = match () {
        () if path.extension().is_some_and(|extension| extension == "wast") => format!("gusset wast {file}"),
        () if plain || words.is_empty() => {
            words.iter().fold(format!("gusset run {file}"), |line, word| format!("{line} {}", in_shell(word)))
        }
        () => with_call(&file, &words),
    };
    Some(format!("a command is missing before {shown}; to run it:\n\n  {run}"))
}

/// Whether a word is a file to be read, or has the name of one.
pub(crate) fn names_file(word: &OsStr) -> bool {
    let path = Path::new(word);
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    EXTENSIONS.contains(&extension) || word == STDIN || path.is_file()
}

/// What to say of a word that is no command, but near to one of `commands`.
pub(crate) fn command<'c>(word: &str, commands: impl IntoIterator<Item = &'c str>) -> Option<String> {
    let near = nearest(word, commands)?;
    Some(format!("there is no command `{}`; did you mean `{near}`?", Printable::name(word)))
}

/// The command that calls a function of `file`, which is written as in a shell, by words as other programs take them: a name and arguments.
pub(crate) fn with_call(file: &str, words: &[String]) -> String {
    format!("gusset run {file} --invoke {}", in_shell(&call(words)))
}

/// A call in WAVE of words.
fn call(words: &[String]) -> String {
    let (name, arguments) = match words.split_first() {
        Some((name, rest)) if is_name(name) => (&**name, rest),
        _ => ("name", words),
    };
    if name.contains('(') {
        // The shell took it apart, or other words stand behind it.
        let (mut opened, mut closed) = (0, 0);
        let last = words.iter().position(|word| {
            opened += word.matches('(').count();
            closed += word.matches(')').count();
            closed >= opened
        });
        return words[..last.map_or(words.len(), |at| at + 1)].join(" ");
    }
    let arguments: Vec<String> = arguments.iter().map(|word| value(word.trim_end_matches(','))).collect();
    format!("{name}({})", arguments.join(", "))
}

/// Whether a word can be a function's name, or a call of one, and is no value.
pub(crate) fn is_name(word: &str) -> bool {
    word.starts_with(|char: char| char.is_alphabetic() || char == '_')
}

/// Whether a word is an option's, and no negative number.
fn is_option(word: &str) -> bool {
    word.strip_prefix('-').is_some_and(|rest| rest.starts_with(|char: char| char == '-' || char.is_alphabetic()))
        && word != "-inf"
}

/// A word as WAVE: what is no number, truth, label or composed value is a string.
fn value(word: &str) -> String {
    let composed = word.starts_with(['"', '\'', '[', '{', '(', '%']) || word.ends_with(')');
    if composed || ["true", "false", "none", "inf", "-inf", "nan"].contains(&word) {
        return word.to_string();
    }
    // There are fewer forms of numbers than Rust's.
    let number = word.strip_prefix('+').unwrap_or(word);
    let digits = number.trim_start_matches('-');
    if digits.starts_with(|char: char| char.is_ascii_digit()) && !digits.ends_with('.') && number.parse::<f64>().is_ok()
    {
        return number.to_string();
    }
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A file as it is typed into a shell for a command to read; `-` stays so, and is standard input.
pub(crate) fn file_in_shell(path: &Path) -> String {
    let name = path.to_string_lossy();
    match name.starts_with('-') && name != STDIN {
        // It would be an option.
        true => in_shell(&format!("./{name}")),
        false => in_shell(&name),
    }
}

/// A word as a shell takes it.
pub(crate) fn in_shell(word: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "_-./:@%+=,".contains(char);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_string(),
        false => format!("'{}'", Printable::message(&word.replace('\'', "'\\''"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_a_call() {
        for (words, expected) in [
            (vec!["add", "1", "2"], "add(1, 2)"),
            (vec!["add", "1,", "2"], "add(1, 2)"),
            (vec!["now"], "now()"),
            (vec!["greet", "world", "-1.5e3", "true"], "greet(\"world\", -1.5e3, true)"),
            (vec!["say", "a \"b\"", "[1, 2]", "some(1)"], "say(\"a \\\"b\\\"\", [1, 2], some(1))"),
            (vec!["add(1,", "2)"], "add(1, 2)"),
            (vec!["add(1,", "2)", "3"], "add(1, 2)"),
            (vec!["add(1, 2)", "add(3, 4)"], "add(1, 2)"),
            (
                vec!["add", "+1", ".5", "5.", "-inf", "NaN", "infinity"],
                "add(1, \".5\", \"5.\", -inf, \"NaN\", \"infinity\")",
            ),
            (vec!["paint", "%none"], "paint(%none)"),
            (vec!["1", "-2"], "name(1, -2)"),
            (vec!["[1, 2]"], "name([1, 2])"),
        ] {
            assert_eq!(call(&words.into_iter().map(String::from).collect::<Vec<_>>()), expected);
        }
    }

    #[test]
    fn files_are_typed_so_that_they_are_no_options() {
        for (file, expected) in [
            ("a.wat", "a.wat"),
            ("my file", "'my file'"),
            ("-", "-"),
            ("-x", "./-x"),
            ("~a", "'~a'"),
            ("<stdin>", "'<stdin>'"),
        ] {
            assert_eq!(file_in_shell(Path::new(file)), expected);
        }
    }

    #[test]
    fn options_are_no_values() {
        for (word, expected) in
            [("--invoke", true), ("-v", true), ("-1", false), ("-.5", false), ("-inf", false), ("a-b", false)]
        {
            assert_eq!(is_option(word), expected, "{word}");
        }
    }

    #[test]
    fn words_are_quoted_for_a_shell() {
        for (word, expected) in
            [("a.wasm", "a.wasm"), ("a b", "'a b'"), ("f('a')", "'f('\\''a'\\'')'"), ("", "''"), ("$x", "'$x'")]
        {
            assert_eq!(in_shell(word), expected);
        }
    }
}
