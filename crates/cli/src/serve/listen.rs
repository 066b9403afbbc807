//! Taking connections, until a signal says that it is enough, and the end of the server.

use super::connection;
use super::service::Service;
use super::stop::{ActiveTask, First, first};
use anyhow::{Context, Result};
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

/// How many descriptors are kept for others than clients.
const RESERVED_DESCRIPTORS: u64 = 64;

/// How long the server waits where the system has no descriptor for another connection.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(50);

/// How often that is told, and what else may go wrong all the time.
pub(super) const TOLD_EACH: Duration = Duration::from_secs(10);

/// A connection that was taken.
pub(super) struct Accepted {
    pub(super) stream: TcpStream,
    pub(super) client: SocketAddr,
    /// One of those that there may be.
    pub(super) permit: OwnedSemaphorePermit,
    /// The server waits for it from now on.
    pub(super) active: ActiveTask<Service>,
}

/// The signals that stop the server.
struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    fn new() -> io::Result<StopSignals> {
        Ok(StopSignals { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// The number of the next one.
    async fn next(&mut self) -> i32 {
        match first(self.interrupt.recv(), self.terminate.recv()).await {
            First::One(_) => SignalKind::interrupt().as_raw_value(),
            First::Other(_) => SignalKind::terminate().as_raw_value(),
        }
    }
}

/// Has as many descriptors as the system lets this process have, and says how many clients that is enough for.
pub(super) fn most_connections(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let current = if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    let most = current.map_or(u64::MAX, |most| most.saturating_sub(RESERVED_DESCRIPTORS).max(1));
    wanted.min(usize::try_from(most).unwrap_or(usize::MAX))
}

/// Serves at the address until it is stopped, and all requests have ended or had their time.
///
/// # Errors
///
/// When there can be no server at the address.
pub(super) async fn serve(
    service: &Arc<Service>,
    addr: SocketAddr,
    connections: usize,
    shutdown_timeout: Duration,
) -> Result<ExitCode> {
    let mut signals = StopSignals::new().context("waiting for signals")?;
    let listener = TcpListener::bind(addr).await.with_context(|| format!("cannot listen at {addr}"))?;
    let at = listener.local_addr().with_context(|| format!("cannot listen at {addr}"))?;
    service.stderr.put(format!("Serving HTTP on http://{at}/\n"));
    first(accept(service, listener, connections), first(signals.next(), service.stop.requested())).await;
    service.stop.begin();
    let ended = first(service.stop.ended(), first(signals.next(), sleep(shutdown_timeout))).await;
    let (why, code) = match ended {
        First::One(()) => return Ok(ExitCode::SUCCESS),
        First::Other(First::One(signal)) => {
            let code = u8::try_from(128 + signal).map_or(ExitCode::FAILURE, ExitCode::from);
            ("another signal came", code)
        }
        First::Other(First::Other(())) => ("--shutdown-timeout is over", ExitCode::SUCCESS),
    };
    let left = service.stop.active();
    service.stderr.put(format!("warning: {left} connections and guests are broken off: {why}\n"));
    Ok(code)
}

/// Takes connections for ever.
async fn accept(service: &Arc<Service>, listener: TcpListener, connections: usize) {
    let permits = Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS)));
    let mut told: Option<Instant> = None;
    loop {
        let Ok(permit) = permits.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, client)) => {
                // It costs a little time where it fails, and nothing else.
                let _ = stream.set_nodelay(true);
                let active = ActiveTask::new(service, Waker::noop().clone());
                tokio::spawn(connection::serve(service.clone(), Accepted { stream, client, permit, active }));
            }
            // A client that has left already is nothing to wait for.
            Err(error) if is_of_client(&error) => {}
            Err(error) => {
                if told.is_none_or(|at| at.elapsed() > TOLD_EACH) {
                    told = Some(Instant::now());
                    service.stderr.put(format!("warning: no connection can be taken now: {error}\n"));
                }
                sleep(OUT_OF_DESCRIPTORS).await;
            }
        }
    }
}

fn is_of_client(error: &io::Error) -> bool {
    let of_client = [Errno::CONNABORTED, Errno::CONNRESET, Errno::PROTO, Errno::PERM, Errno::INTR];
    Errno::from_io_error(error).is_some_and(|errno| of_client.contains(&errno))
}
