//! The words after `gusset serve`.

use crate::quantity;
use crate::run::{GrantOptions, SizeOptions};
use clap::Args;
use gusset_wast::FeatureList;
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

/// What the limits stand under in the help, with those of `gusset run`.
const HEADING: &str = "Limits";

/// How many guests there may be at a time, unless somebody says so: as many as others have.
const DEFAULT_GUESTS: usize = 1000;

#[derive(Args)]
pub(crate) struct ServeArguments {
    /// Where to take connections; with port 0, the system chooses one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "0.0.0.0:8080")]
    pub(super) addr: SocketAddr,
    #[command(flatten)]
    pub(super) grants: GrantOptions,
    /// Write what guests print as it is, without `stdout [N] :: ` before each line
    #[arg(long)]
    pub(super) no_logging_prefix: bool,
    /// Write a line of JSON for each request to FILE, at its end; `-` for standard output
    #[arg(long, value_name = "FILE|-")]
    pub(super) access_log: Option<LogFile>,
    /// Answer 200 at PATH without asking the guest
    #[arg(long, value_name = "PATH", num_args = 0..=1, require_equals = true, default_missing_value = "/healthz", value_parser = path)]
    pub(super) healthz: Option<String>,
    /// Stop, as by a signal, with the Nth request
    #[arg(long, value_name = "N", value_parser = max_requests)]
    pub(super) max_requests: Option<u64>,
    /// How long requests may go on after a signal to stop; with 0 all end at once
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = quantity::span)]
    pub(super) shutdown_timeout: Duration,
    /// Switch features on, or off with `-` before the name: names between commas, as for `gusset wast`
    #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
    pub(super) features: Vec<FeatureList>,
    /// Compile it in any case, and keep nothing in the cache
    #[arg(long)]
    pub(super) no_cache: bool,
    /// Serve FILE also if `gusset compile --timeout` made it: only one that you trust, since its code is not checked
    #[arg(long)]
    pub(super) allow_precompiled: bool,
    /// Get instances from the system, and not from a pool whose address space is reserved at the start
    #[arg(long)]
    pub(super) no_pool: bool,
    #[command(flatten)]
    pub(super) limits: ServeLimits,
    /// The component, as .wasm or .wat; `-` for standard input
    #[arg(value_name = "FILE")]
    pub(super) path: PathBuf,
}

/// What a server takes upon itself.
#[derive(Args)]
pub(super) struct ServeLimits {
    /// The most time that a request may take, from its head to the end of its guest, such as `10s`; `none`
    #[arg(long, help_heading = HEADING, value_name = "DURATION", default_value = "60s", value_parser = time_limit)]
    pub(super) timeout: TimeLimit,
    #[command(flatten)]
    pub(super) sizes: SizeOptions,
    /// The most guests at a time [default: 1000]
    #[arg(long, help_heading = HEADING, value_name = "N")]
    max_concurrent_requests: Option<NonZeroUsize>,
    /// The most requests that wait for others to end; those beyond are answered 503
    #[arg(long, help_heading = HEADING, value_name = "N", default_value = "1000", value_parser = quantity::count)]
    pub(super) max_queued_requests: usize,
    /// The most connections; those beyond wait to be taken
    #[arg(long, help_heading = HEADING, value_name = "N", default_value = "20000")]
    pub(super) max_concurrent_connections: NonZeroUsize,
    /// The most that the head of a request may have; what is larger is answered 431, or 414
    #[arg(long, help_heading = HEADING, value_name = "SIZE", default_value = "64KiB", value_parser = head_size)]
    pub(super) max_header_size: u64,
    /// The most that the body of a request may have; what says that it is larger is answered 413 [default: any size]
    #[arg(long, help_heading = HEADING, value_name = "SIZE", value_parser = quantity::size)]
    pub(super) max_body_size: Option<u64>,
    /// The most time that the head of a request may take
    #[arg(long, help_heading = HEADING, value_name = "DURATION", default_value = "10s", value_parser = patience)]
    pub(super) header_timeout: Duration,
    /// How long a connection is kept on which no request comes, or no answer goes
    #[arg(long, help_heading = HEADING, value_name = "DURATION", default_value = "60s", value_parser = patience)]
    pub(super) idle_timeout: Duration,
}

impl ServeLimits {
    /// How many guests there may be at a time.
    pub(super) fn guests(&self) -> usize {
        self.max_concurrent_requests.map_or(DEFAULT_GUESTS, NonZeroUsize::get)
    }

    /// Whether somebody has said that.
    pub(super) fn says_guests(&self) -> bool {
        self.max_concurrent_requests.is_some()
    }
}

/// What `--access-log` names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum LogFile {
    Stdout,
    File(PathBuf),
}

/// A time, or none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct TimeLimit(pub(super) Option<Duration>);

impl From<&OsStr> for LogFile {
    fn from(text: &OsStr) -> LogFile {
        if text == "-" { LogFile::Stdout } else { LogFile::File(text.into()) }
    }
}

fn time_limit(text: &str) -> Result<TimeLimit, &'static str> {
    match text {
        "none" => Ok(TimeLimit(None)),
        text => match quantity::span(text)? {
            Duration::ZERO => Err("no guest ends in no time; with `none` it has all the time there is"),
            time => Ok(TimeLimit(Some(time))),
        },
    }
}

/// How long is waited for a client.
fn patience(text: &str) -> Result<Duration, &'static str> {
    match quantity::span(text)? {
        Duration::ZERO => Err("every client needs some time"),
        time => Ok(time),
    }
}

fn head_size(text: &str) -> Result<u64, &'static str> {
    match quantity::size(text)? {
        0 => Err("every request has a head"),
        bytes => Ok(bytes),
    }
}

fn max_requests(text: &str) -> Result<u64, &'static str> {
    match quantity::number(text)? {
        0 => Err("it would stop before it begins"),
        number => Ok(number),
    }
}

fn path(text: &str) -> Result<String, &'static str> {
    match text.starts_with('/') && text.parse::<http::Uri>().is_ok_and(|uri| uri.path() == text) {
        true => Ok(text.into()),
        false => Err("expected a path, such as `/healthz`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_begins_with_a_slash_and_is_nothing_else() {
        assert_eq!(path("/a/b"), Ok("/a/b".into()));
        for text in ["", "a", "/a?b", "/a b", "http://a/b", "/a#b"] {
            assert!(path(text).is_err(), "{text}");
        }
    }

    #[test]
    fn there_may_be_no_limit_of_time() {
        assert_eq!(time_limit("none"), Ok(TimeLimit(None)));
        assert_eq!(time_limit("2s"), Ok(TimeLimit(Some(Duration::from_secs(2)))));
        assert!(time_limit("0").is_err_and(|error| error.contains("`none`")));
    }
}
