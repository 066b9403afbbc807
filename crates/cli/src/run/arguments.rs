//! The words after `gusset run`. What stands after the file is the guest's if that is a program; a library takes no arguments, so what
//! stands there is read as options.

use super::grants::{GrantOptions, StdinGrant};
use super::limits::LimitOptions;
use crate::engine::{self, CommandEngine};
use crate::error::WrongUsage;
use crate::guess;
use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser};
use gusset::Printable;
use gusset_wast::FeatureList;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// The option without which no precompiled file is run.
pub(super) const ALLOW_PRECOMPILED: &str = "--allow-precompiled";

/// The option that makes a component of what is run.
pub(super) const VIA_ADAPTER: &str = "--via-adapter";

#[derive(Args)]
pub(crate) struct RunOptions {
    /// The function to call: of a component with its arguments as WAVE, `add(1, 2)`; of a core module with numbers, so or as words after the
    /// file
    #[arg(long, value_name = "CALL", value_parser = utf8_parser())]
    pub(super) invoke: Option<String>,
    #[command(flatten)]
    pub(super) grants: GrantOptions,
    /// What the guest sees as its own name, in place of the file's
    #[arg(long, value_name = "NAME", value_parser = utf8_parser())]
    pub(super) argv0: Option<String>,
    /// What the guest reads as standard input: nothing, what this program does, or a file [default: inherit]
    #[arg(long, value_name = "null|inherit|FILE")]
    pub(super) stdin: Option<StdinGrant>,
    /// The same in each run: a clock on which sleep takes no time, and random bytes of a fixed seed
    #[arg(long)]
    pub(super) deterministic: bool,
    /// Switch features on, or off with `-` before the name: names between commas, as for `gusset wast`
    #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
    pub(super) features: Vec<FeatureList>,
    /// Compile it in any case, and keep nothing in the cache
    #[arg(long)]
    pub(super) no_cache: bool,
    /// Compile functions when they are called, and the others meanwhile; the cache is looked at, and nothing is kept there
    #[arg(long)]
    pub(super) lazy: bool,
    /// Run FILE also if `gusset compile` made it: only one that you trust, since its code is not checked
    #[arg(long)]
    pub(super) allow_precompiled: bool,
    /// Make a component of the core module FILE, as `gusset component new` does, and run that
    #[arg(long)]
    pub(super) via_adapter: bool,
    #[command(flatten)]
    pub(super) limits: LimitOptions,
}

#[derive(Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    options: RunOptions,
    /// The program or library, as .wasm or .wat, `-` for standard input; then the program's arguments
    #[arg(value_names = ["FILE", "ARGS"], num_args = 1.., required = true, trailing_var_arg = true)]
    file: Vec<OsString>,
}

/// The same words where the file is a library.
#[derive(Parser)]
#[command(name = "run", bin_name = "gusset run", about = super::ABOUT, after_help = super::EXAMPLES)]
struct LibraryArguments {
    #[command(flatten)]
    options: RunOptions,
    /// The component or core module, as .wasm or .wat; `-` for standard input
    file: PathBuf,
    /// What belongs into the call, so that its place can be told
    #[arg(hide = true, allow_negative_numbers = true)]
    words: Vec<OsString>,
}

/// Reads an option's value that is text. Clap's own parser does not say which option has one that is none.
pub(super) fn utf8_parser() -> impl TypedValueParser<Value = String> {
    OsStringValueParser::new().try_map(|word| utf8(&word).map(String::from))
}

/// A word as text.
///
/// # Errors
///
/// When it is none: with its bytes.
pub(super) fn utf8(word: &OsStr) -> Result<&str, String> {
    let escaped = |word: &OsStr| {
        let chunks = word.as_encoded_bytes().utf8_chunks();
        chunks.map(|chunk| format!("{}{}", chunk.valid(), chunk.invalid().escape_ascii())).collect::<String>()
    };
    word.to_str().ok_or_else(|| format!("not UTF-8: `{}`", Printable::name(&escaped(word))))
}

/// What is to be run, and how.
pub(super) struct Invocation {
    pub(super) options: RunOptions,
    pub(super) path: PathBuf,
    /// What stands after the file, but for options of ours.
    pub(super) words: Vec<OsString>,
}

impl RunArguments {
    /// The invocation of a program.
    pub(super) fn into_invocation(self) -> Invocation {
        let mut words = self.file.into_iter();
        let path = words.next().map(PathBuf::from).unwrap_or_default();
        Invocation { options: self.options, path, words: words.collect() }
    }
}

impl Invocation {
    /// The invocation of a library with the words that this program was started with.
    ///
    /// # Errors
    ///
    /// When they are none for a library.
    pub(super) fn of_library() -> Result<Invocation, clap::Error> {
        let LibraryArguments { options, file, words } = LibraryArguments::try_parse_from(std::env::args_os().skip(1))?;
        Ok(Invocation { options, path: file, words })
    }

    /// Whether `--allow-precompiled` stands behind the file.
    pub(super) fn allows_too_late(&self) -> bool {
        self.words.iter().any(|word| word == ALLOW_PRECOMPILED)
    }

    /// The error that `option` stands behind the file: whether that is a program, whose words are its own, is told by what the option says.
    pub(super) fn too_late(&self, option: &str) -> WrongUsage {
        let in_shell = |line: String, word: OsString| format!("{line} {}", guess::in_shell(&word.to_string_lossy()));
        let mut words = std::env::args_os().skip(1);
        let before = words.by_ref().take_while(|word| *word != *self.path.as_os_str());
        let start = before.fold("gusset".to_string(), in_shell);
        let behind = words.filter(|word| *word != option);
        let command = behind.fold(format!("{start} {option} {}", guess::file_in_shell(&self.path)), in_shell);
        WrongUsage(format!(
            "{option} stands before the file, since words behind a program are its own:\n\n  {command}\n"
        ))
    }

    /// The engine for what is to be run. What is `precompiled` is as it was compiled.
    pub(super) fn engine(&self, precompiled: bool) -> anyhow::Result<CommandEngine> {
        let RunOptions { features, no_cache, lazy, limits, .. } = &self.options;
        let mut config = if *no_cache { engine::config(features) } else { engine::cached_config(features) };
        limits.configure(config.lazy_compilation(*lazy));
        if !precompiled {
            engine::fit_address_space(&mut config);
        }
        CommandEngine::new(config)
    }

    /// The function's name and the values behind it, as they would stand in a shell behind one another.
    pub(super) fn call_words(&self) -> Vec<String> {
        let words = self.words.iter().map(|word| word.to_string_lossy().into_owned());
        self.options.invoke.clone().into_iter().chain(words).collect()
    }

    /// The first word after the file, if it can be shown.
    pub(super) fn first_word(&self) -> Option<&str> {
        self.words.first()?.to_str()
    }

    /// That there are no words after the file, which a library does not take; `syntax` is that of values.
    ///
    /// # Errors
    ///
    /// When there are: they are told as a call.
    pub(super) fn refuse_words(&self, syntax: &str) -> Result<(), WrongUsage> {
        if self.words.is_empty() {
            return Ok(());
        }
        let command = guess::with_call(&self.typed_file(), &self.call_words());
        Err(WrongUsage(format!("a call is one argument, with its values in parentheses{syntax}:\n\n  {command}\n")))
    }

    /// The error that nothing says what to call of a library, which `message` tells.
    pub(super) fn nothing_called(&self, message: String) -> anyhow::Error {
        match self.words.is_empty() {
            true => anyhow::Error::msg(message),
            false => WrongUsage(message).into(),
        }
    }

    /// The file, as it is typed into a shell, with the option without which it does not run.
    pub(super) fn typed_file(&self) -> String {
        let file = guess::file_in_shell(&self.path);
        match self.options.allow_precompiled {
            true => format!("{ALLOW_PRECOMPILED} {file}"),
            false => file,
        }
    }

    /// An option that gives a guest what components alone can have, if there is one.
    pub(super) fn option_for_components(&self) -> Option<&'static str> {
        self.options.grants.for_components()
    }
}
