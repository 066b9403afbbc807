//! [`Service`]: what all connections and requests share.

use super::access_log::AccessLog;
use super::admission::Admission;
use super::arguments::ServeArguments;
use super::guest::ServedGuest;
use super::load::Loaded;
use super::log_sink::LogSink;
use super::stop::ServerStop;
use super::ticks::Ticks;
use crate::error::WrongUsage;
use crate::run::SizeOptions;
use anyhow::{Context, Result};
use gusset::Engine;
use gusset_wasi::http::{HttpConfig, ProxyPre};
use gusset_wasi::{Input, WasiConfig};
use std::fs::File;
use std::io::{stderr, stdout};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A service with all that it takes to answer requests.
pub(super) struct Service {
    pub(super) engine: Engine,
    pub(super) pre: ProxyPre<ServedGuest>,
    pub(super) wasi: WasiConfig,
    pub(super) http: HttpConfig,
    pub(super) sizes: SizeOptions,
    pub(super) limits: RequestLimits,
    pub(super) log_prefix: bool,
    pub(super) stdout: Arc<LogSink>,
    pub(super) stderr: Arc<LogSink>,
    pub(super) access_log: Option<AccessLog>,
    pub(super) healthz: Option<String>,
    pub(super) admission: Admission,
    pub(super) ticks: Ticks,
    pub(super) stop: ServerStop,
    next_number: AtomicU64,
    max_requests: u64,
}

/// What requests and their connections may take.
pub(super) struct RequestLimits {
    pub(super) timeout: Option<Duration>,
    pub(super) header_timeout: Duration,
    pub(super) idle_timeout: Duration,
    pub(super) max_header_size: usize,
    pub(super) max_body_size: u64,
}

/// What could not be done where no log can be written.
pub(super) const NO_THREAD: &str = "starting a thread that writes output";

impl Service {
    /// # Errors
    ///
    /// When something cannot be given to the guests, or a log cannot be written.
    pub(super) fn new(arguments: ServeArguments, loaded: Loaded) -> Result<Service> {
        let wasi = wasi(&arguments)?;
        let limits = arguments.limits;
        let admission = Admission::new(limits.guests(), limits.max_queued_requests);
        let max_body_size = limits.max_body_size.unwrap_or(u64::MAX);
        let stderr = LogSink::start("standard error", None, stderr()).context(NO_THREAD)?;
        let stdout = LogSink::start("standard output", Some(&stderr), unbuffered_stdout()?).context(NO_THREAD)?;
        let access_log = arguments.access_log.map(|file| AccessLog::open(&file, &stdout, &stderr)).transpose()?;
        Ok(Service {
            ticks: Ticks::start(&loaded.engine).context("starting the thread that begins epochs")?,
            engine: loaded.engine,
            pre: loaded.service,
            wasi,
            http: HttpConfig::new()?.max_request_body_size(max_body_size),
            sizes: limits.sizes,
            limits: RequestLimits {
                timeout: limits.timeout.0,
                header_timeout: limits.header_timeout,
                idle_timeout: limits.idle_timeout,
                max_header_size: usize::try_from(limits.max_header_size).unwrap_or(usize::MAX),
                max_body_size,
            },
            log_prefix: !arguments.no_logging_prefix,
            stdout,
            stderr,
            access_log,
            healthz: arguments.healthz,
            admission,
            stop: ServerStop::default(),
            next_number: AtomicU64::new(0),
            max_requests: arguments.max_requests.unwrap_or(u64::MAX),
        })
    }

    /// The number of a request that has come for the guest; `None` where there have been as many as there may be. The last one stops the server.
    pub(super) fn number(&self) -> Option<u64> {
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        if number + 1 >= self.max_requests {
            self.stop.begin();
        }
        (number < self.max_requests).then_some(number)
    }

    /// Writes what is left of all logs, but does not wait for longer.
    pub(super) fn finish_logs(&self, patience: Duration) {
        let end = Instant::now() + patience;
        self.stdout.finish(end);
        if let Some(log) = &self.access_log {
            log.finish(end);
        }
        self.stderr.finish(end);
    }
}

/// Standard output, which says of each write how much it took.
fn unbuffered_stdout() -> Result<File> {
    Ok(stdout().as_fd().try_clone_to_owned().context("cannot write to standard output")?.into())
}

/// What each guest is given, but for its output.
fn wasi(arguments: &ServeArguments) -> Result<WasiConfig> {
    let mut builder = WasiConfig::builder();
    let name = arguments.path.file_name().unwrap_or_default().to_string_lossy();
    builder.arg(name).stdin(Input::null()).system_time().system_random();
    arguments.grants.give(&mut builder)?;
    builder.build().map_err(|error| WrongUsage(error.to_string()).into())
}
