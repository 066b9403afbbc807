//! What a person means who types a command almost right: the command in the form that it takes, with his own words in it.

use crate::input::STDIN;
use crate::run::is_program;
use gusset::{Printable, nearest};
use std::ffi::OsString;
use std::path::Path;

/// What names files that the program reads.
const EXTENSIONS: &[&str] = &["wasm", "wat", "wast"];

/// What to say of a command line that is no command since it starts with a file; none if it does not.
pub(crate) fn file_without_command(arguments: &[OsString]) -> Option<String> {
    let (file, words) = arguments.split_first()?;
    let path = Path::new(file);
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if !EXTENSIONS.contains(&extension) && file != STDIN && !path.is_file() {
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
        () if extension == "wast" => format!("gusset wast {file}"),
        () if plain => {
            words.iter().fold(format!("gusset run {file}"), |command, word| format!("{command} {}", in_shell(word)))
        }
        () if words.is_empty() => format!("gusset run {file}"),
        () => with_call(&file, &words),
    };
    Some(format!("a command is missing before {shown}; to run it:\n\n  {run}"))
}

/// What to say of `gusset run` without a file, if an option has taken the file for its value. `option` tells how the value of one is called.
pub(crate) fn file_taken_by_option(arguments: &[OsString], option: impl Fn(&str) -> Option<String>) -> Option<String> {
    let [.., before, file] = arguments else { return None };
    let path = Path::new(file);
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let before = before.to_str()?;
    let value = option(before.strip_prefix("--")?)?;
    let shown = Printable::name(&file.to_string_lossy()).to_string();
    EXTENSIONS
        .contains(&extension)
        .then(|| format!("`{before}` takes `{shown}` for its own value, <{value}>; the file to run stands after that"))
}

/// What to say of an option of `gusset run` that other programs have for what is done in another way here.
pub(crate) fn foreign_option(option: &str) -> Option<&'static str> {
    match option.split('=').next()? {
        "--mapdir" | "--volume" | "--mount" => Some("a directory is given by '--dir HOST::GUEST'"),
        "-S" | "-W" | "--wasi" => Some("programs that are core modules have WASI without an option"),
        _ => None,
    }
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
    let (name, arguments) = words.split_first().map_or(("name", words), |(name, rest)| (name, rest));
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
