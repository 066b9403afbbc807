//! [`RequestRecord`]: what is known of a request for the logs, from its head until its answer is gone.

use super::service::Service;
use gusset::Printable;
use http::{Method, Request, Uri};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// Goes to the access log when it is dropped.
pub(super) struct RequestRecord {
    service: Arc<Service>,
    /// Of those that are the guest's.
    pub(super) number: Option<u64>,
    pub(super) client: SocketAddr,
    pub(super) method: Method,
    uri: Uri,
    pub(super) start: Instant,
    /// Of the answer, if it has begun.
    pub(super) status: Option<u16>,
    /// Of the answer's body.
    pub(super) bytes: u64,
    pub(super) outcome: RequestOutcome,
}

/// How a request ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RequestOutcome {
    /// The client has left, or takes nothing.
    Aborted,
    /// The answer is whole.
    Answered,
    /// The guest has failed.
    Failed,
    /// It took too long.
    TimedOut,
    /// The server has refused it, or cannot have it answered now.
    Refused,
    /// It asked for the server's health.
    Health,
}

impl std::fmt::Display for RequestOutcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            RequestOutcome::Aborted => "aborted",
            RequestOutcome::Answered => "ok",
            RequestOutcome::Failed => "failed",
            RequestOutcome::TimedOut => "timeout",
            RequestOutcome::Refused => "refused",
            RequestOutcome::Health => "health",
        })
    }
}

impl RequestRecord {
    pub(super) fn new<B>(service: &Arc<Service>, client: SocketAddr, request: &Request<B>) -> RequestRecord {
        RequestRecord {
            service: service.clone(),
            number: None,
            client,
            method: request.method().clone(),
            uri: request.uri().clone(),
            start: Instant::now(),
            status: None,
            bytes: 0,
            outcome: RequestOutcome::Aborted,
        }
    }

    /// What was asked for.
    pub(super) fn path(&self) -> &str {
        self.uri.path_and_query().map_or_else(|| self.uri.path(), |path| path.as_str())
    }

    /// Says on standard error what has gone wrong.
    pub(super) fn report(&self, what: &str) {
        let number = self.number.map(|number| format!(" {number}")).unwrap_or_default();
        let (method, path) = (Printable::message(self.method.as_str()), Printable::message(self.path()));
        let status = self.status.map(|status| format!(" {status}:")).unwrap_or_default();
        self.service.stderr.put(format!("error: request{number}: {method} {path}:{status} {}\n", what.trim_end()));
    }
}

impl Drop for RequestRecord {
    fn drop(&mut self) {
        if let Some(log) = &self.service.access_log {
            log.put(self);
        }
    }
}
