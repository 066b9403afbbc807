//! `gusset serve`: answers HTTP requests by a component, with an instance of it for each.

mod access_log;
mod admission;
mod answer;
mod arguments;
mod body;
mod connection;
mod expectation;
mod guest;
mod guest_output;
mod handle;
mod listen;
mod load;
mod log_sink;
mod record;
mod service;
mod socket;
mod stop;
mod ticks;
mod turns;

pub(crate) use arguments::ServeArguments;

use anyhow::{Context, Result};
use service::Service;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use stop::ServerStop;
use tokio::runtime::Builder;

/// What the command does, in a line.
pub(crate) const ABOUT: &str = "Answers HTTP requests by a component, with an instance of it for each";

pub(crate) const EXAMPLES: &str = "\
Examples:
  gusset serve hello.wasm
  gusset serve --addr 127.0.0.1:0 --max-memory 64MiB --timeout 10s service.wasm
  gusset serve --allow-net api.example.com:443 --access-log - --healthz proxy.wasm

FILE is a component that exports `wasi:http/incoming-handler` of WASI 0.2. It has standard output and error, whose lines begin with the number
of their request, real clocks and secure random bytes; directories, variables and the network only as the options say. It speaks HTTP/1.1.

The first line on standard error says where it serves. SIGINT and SIGTERM stop it: it takes no more connections, and ends when all requests
have been answered, or after --shutdown-timeout; a second one ends it at once.

What the server answers itself: 400, 405, 413, 414, 431 what no guest is asked for, 500 the guest failed, or set no response, 502 it says that
whom it asked failed, 503 there is no room, 504 it took too long. Where an answer has begun, its connection is cut.

A guest that computes lets others have their turn every 2 ms. One whose client leaves is ended.

Exit codes: 0 it was stopped, 1 there is nothing to serve, or nowhere, 2 wrong usage, 130 and 143 it was stopped by a second signal.";

/// How long the program waits for what its threads are at, at its end.
const LAST_CONNECTIONS: Duration = Duration::from_secs(1);

/// How long the program waits for who reads its output, at its end.
const LAST_LINES: Duration = Duration::from_secs(5);

/// The same where it is to end at once.
const HURRIED_LINES: Duration = Duration::from_millis(200);

/// Serves until it is stopped.
pub(crate) fn run(arguments: ServeArguments) -> Result<ExitCode> {
    let loaded = load::load(&arguments)?;
    let connections = listen::most_connections(arguments.limits.max_concurrent_connections.get());
    let (addr, shutdown_timeout) = (arguments.addr, arguments.shutdown_timeout);
    let service = Arc::new(Service::new(arguments, loaded)?);
    let runtime = Builder::new_multi_thread().enable_io().enable_time().build().context("starting threads")?;
    let ended = runtime.block_on(listen::serve(&service, addr, connections, shutdown_timeout));
    // Connections that are broken off are closed here. What works on files in a thread is not waited for.
    let hurried = matches!(ended, Ok(code) if code != ExitCode::SUCCESS);
    runtime.shutdown_timeout(if hurried { HURRIED_LINES } else { LAST_CONNECTIONS });
    service.finish_logs(if hurried { HURRIED_LINES } else { LAST_LINES });
    ended
}

impl AsRef<ServerStop> for Service {
    fn as_ref(&self) -> &ServerStop {
        &self.stop
    }
}
