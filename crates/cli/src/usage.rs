//! What is said of a command line that is none, beside what clap says.

use crate::{Arguments, guess};
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory, Error};
use std::ffi::OsString;

/// Options with which other programs run modules, and what `gusset run` has in their place.
const OF_OTHERS: &[(&[&str], &str)] = &[
    (&["--mapdir", "--mount", "--volume", "-d", "-v"], "a directory is given with '--dir HOST::GUEST'"),
    (&["--wasi", "-S"], "WASI is there without being asked for"),
    (&["--wasm", "-W"], "features are switched with '--features LIST'"),
];

/// `error` with what can be told beyond what clap knows.
pub(crate) fn explained(error: Error) -> Error {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let mut command = Arguments::command();
    command.build();
    match error.kind() {
        ErrorKind::InvalidSubcommand => match no_command(&error, &command, &words) {
            Some(message) => command.error(ErrorKind::InvalidSubcommand, message),
            None => error,
        },
        ErrorKind::MissingRequiredArgument => file_as_value(&mut command, &words).unwrap_or(error),
        ErrorKind::UnknownArgument => with_tips(error, words.first().is_some_and(|name| name == "run")),
        _ => error,
    }
}

/// What to say where the first word is no command, if that word tells what was meant.
fn no_command(error: &Error, command: &Command, words: &[OsString]) -> Option<String> {
    guess::file_without_command(words).or_else(|| {
        let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else { return None };
        guess::command(word, command.get_subcommands().map(Command::get_name))
    })
}

/// The error that the last word, which was to be the file, is an option's value.
fn file_as_value(command: &mut Command, words: &[OsString]) -> Option<Error> {
    let [name, before @ .., option, file] = words else { return None };
    let command = command.find_subcommand_mut(name)?;
    let long = option.to_str()?.strip_prefix("--")?;
    let argument = command.get_arguments().find(|argument| argument.get_long() == Some(long))?.to_string();
    if !guess::names_file(file) {
        return None;
    }
    let shown = guess::in_shell(&file.to_string_lossy());
    let start = [name].into_iter().chain(before).map(|word| guess::in_shell(&word.to_string_lossy()));
    let start = start.fold(String::from("gusset"), |line, word| format!("{line} {word}"));
    let message =
        format!("'--{long}' takes {shown} as its value, so that no file is left:\n\n  {start} {argument} {shown}");
    Some(command.error(ErrorKind::MissingRequiredArgument, message))
}

/// The same error of an option that is not known, with tips that hold: `for_run` those of `gusset run`.
fn with_tips(mut error: Error, for_run: bool) -> Error {
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else { return error };
    if let Some((_, tip)) = OF_OTHERS.iter().find(|(options, _)| for_run && options.contains(&&**option)) {
        error.remove(ContextKind::SuggestedArg);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(*tip)]));
    } else if let Some(ContextValue::StyledStrs(mut tips)) = error.remove(ContextKind::Suggested) {
        // Nobody means a file by it.
        tips.retain(|tip| !tip.to_string().contains("as a value"));
        if !tips.is_empty() {
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
        }
    }
    error
}
