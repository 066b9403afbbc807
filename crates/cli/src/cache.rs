//! `gusset cache`, and where the cache of the program lies.

use crate::json_text::JsonText;
use crate::output::print;
use anyhow::Result;
use clap::Subcommand;
use gusset::{Cache, CacheConfig, Printable};
use std::process::ExitCode;

/// The variable that names the cache's directory, in place of the one that goes without saying.
const DIRECTORY_VARIABLE: &str = "GUSSET_CACHE_DIR";

pub(crate) const EXAMPLES: &str = "\
Examples:
  gusset cache info
  GUSSET_CACHE_DIR=/var/cache/gusset gusset cache clear

`gusset run` keeps what it compiles, and does not compile it again, in the directory that GUSSET_CACHE_DIR names, or else in `gusset` below
XDG_CACHE_HOME or ~/.cache. It is the user's alone: a directory that somebody else owns or can write to is not used. What has not been
used for longest is removed when there is more than the limit. A directory that cannot be used costs the time to compile, nothing else.
Exit codes: 0 done, 1 the directory cannot be used, 2 wrong usage.";

#[derive(Subcommand)]
pub(crate) enum CacheCommand {
    /// Prints where the cache lies, and what is in it
    Info {
        /// Print JSON: `directory`, `entries`, `bytes`, `limit` (bytes)
        #[arg(long)]
        json: bool,
    },
    /// Removes all that is in it
    Clear,
}

/// The program's cache.
///
/// # Errors
///
/// When the environment names no place for it.
pub(crate) fn configured() -> Result<Cache> {
    let mut config = CacheConfig::new();
    if let Some(directory) = std::env::var_os(DIRECTORY_VARIABLE).filter(|path| !path.is_empty()) {
        config.with_directory(directory);
    }
    Cache::new(&config)
}

pub(crate) fn run(command: &CacheCommand) -> Result<ExitCode> {
    let cache = configured()?;
    match command {
        CacheCommand::Info { json } => info(&cache, *json)?,
        CacheCommand::Clear => {
            let removed = cache.clear()?;
            print(format_args!("removed {} entries, {} bytes\n", removed.entries, removed.bytes))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn info(cache: &Cache, json: bool) -> Result<()> {
    let usage = cache.usage()?;
    let (entries, bytes, limit) = (usage.entries, usage.bytes, cache.size_limit());
    let directory = cache.directory().to_string_lossy();
    match json {
        true => print(format_args!(
            "{{\"directory\": {}, \"entries\": {entries}, \"bytes\": {bytes}, \"limit\": {limit}}}\n",
            JsonText(&directory)
        )),
        false => {
            let directory = Printable::message(&directory);
            print(format_args!("directory: {directory}\nentries: {entries}\nbytes: {bytes} of at most {limit}\n"))
        }
    }
}
