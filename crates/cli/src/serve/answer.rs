//! [`OwnAnswer`]: what the server answers where the guest has not. What has gone wrong stands in the log; a client is told the status and its name.

use super::record::RequestOutcome;
use super::service::RequestLimits;
use crate::run::LimitReached;
use gusset::{Error, PoolExhausted, Printable};
use gusset_wasi::Exit;
use gusset_wasi::http::HttpErrorCode;
use http::StatusCode;

/// An answer that is not the guest's.
pub(super) struct OwnAnswer {
    pub(super) status: StatusCode,
    pub(super) outcome: RequestOutcome,
    /// What the log says of it.
    pub(super) report: Option<String>,
}

impl OwnAnswer {
    /// A request that the guest is not asked about.
    pub(super) fn refused(status: StatusCode, report: impl Into<String>) -> OwnAnswer {
        OwnAnswer { status, outcome: RequestOutcome::Refused, report: Some(report.into()) }
    }

    /// The guest was not done in time.
    pub(super) fn late(limits: &RequestLimits) -> OwnAnswer {
        OwnAnswer {
            status: StatusCode::GATEWAY_TIMEOUT,
            outcome: RequestOutcome::TimedOut,
            report: Some(too_long(limits)),
        }
    }

    /// The guest was not even asked in time.
    pub(super) fn never_entered() -> OwnAnswer {
        let report = "all guests that --max-concurrent-requests allows were busy as long as --timeout allows";
        OwnAnswer {
            status: StatusCode::SERVICE_UNAVAILABLE,
            outcome: RequestOutcome::TimedOut,
            report: Some(report.into()),
        }
    }

    /// The guest ended with an error, and has set no response that could be sent.
    pub(super) fn failed(error: &Error) -> OwnAnswer {
        let (status, outcome) = match error.is::<PoolExhausted>() {
            true => (StatusCode::SERVICE_UNAVAILABLE, RequestOutcome::Refused),
            false => (StatusCode::INTERNAL_SERVER_ERROR, RequestOutcome::Failed),
        };
        OwnAnswer { status, outcome, report: Some(failure(error)) }
    }

    /// The guest has ended, and set no response.
    pub(super) fn absent() -> OwnAnswer {
        let report = "the guest has ended without a response";
        OwnAnswer {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            outcome: RequestOutcome::Failed,
            report: Some(report.into()),
        }
    }

    /// The guest has set an error in place of a response.
    pub(super) fn of_guest(code: &HttpErrorCode) -> OwnAnswer {
        let report = format!("the guest answers with an error: {code}");
        OwnAnswer { status: status_of(code), outcome: RequestOutcome::Failed, report: Some(report) }
    }
}

/// What is said of a guest that took longer than it may.
pub(super) fn too_long(limits: &RequestLimits) -> String {
    let limit = limits.timeout.unwrap_or_default();
    format!("the guest ran for longer than --timeout allows, {limit:?}")
}

/// What is said of an error that a guest ended with.
pub(super) fn failure(error: &Error) -> String {
    if let Some(exit) = error.downcast_ref::<Exit>() {
        return format!("the guest has called `exit` ({})", exit.code());
    }
    if error.is::<PoolExhausted>() {
        // Guests that go on after their answers have theirs.
        return "there is no room for another guest: all that --max-concurrent-requests allows are there".into();
    }
    let shown = |cause: &(dyn std::error::Error + 'static)| {
        let text = cause.to_string();
        let lines = text.trim_end().lines().map(|line| Printable::message(line).to_string());
        // What has several, as a backtrace, goes on below.
        lines.collect::<Vec<_>>().join("\n    ")
    };
    let causes: Vec<String> = error.chain().map(shown).collect();
    let limit = error.downcast_ref::<LimitReached>().is_some();
    let first = if limit { "" } else { "the guest failed: " };
    format!("{first}{}", causes.join(": "))
}

/// The status for what a guest says that went wrong: its own fault, that of who was asked by it, or the client's.
fn status_of(code: &HttpErrorCode) -> StatusCode {
    match code {
        HttpErrorCode::HttpRequestLengthRequired => StatusCode::LENGTH_REQUIRED,
        HttpErrorCode::HttpRequestBodySize(_) => StatusCode::PAYLOAD_TOO_LARGE,
        HttpErrorCode::HttpRequestMethodInvalid => StatusCode::METHOD_NOT_ALLOWED,
        HttpErrorCode::HttpRequestUriInvalid => StatusCode::BAD_REQUEST,
        HttpErrorCode::HttpRequestUriTooLong => StatusCode::URI_TOO_LONG,
        HttpErrorCode::HttpRequestHeaderSectionSize(_)
        | HttpErrorCode::HttpRequestHeaderSize(_)
        | HttpErrorCode::HttpRequestTrailerSectionSize(_)
        | HttpErrorCode::HttpRequestTrailerSize(_) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        HttpErrorCode::DnsTimeout
        | HttpErrorCode::ConnectionTimeout
        | HttpErrorCode::ConnectionReadTimeout
        | HttpErrorCode::ConnectionWriteTimeout
        | HttpErrorCode::HttpResponseTimeout => StatusCode::GATEWAY_TIMEOUT,
        HttpErrorCode::ConnectionLimitReached => StatusCode::SERVICE_UNAVAILABLE,
        HttpErrorCode::LoopDetected => StatusCode::LOOP_DETECTED,
        HttpErrorCode::ConfigurationError | HttpErrorCode::InternalError(_) => StatusCode::INTERNAL_SERVER_ERROR,
        // The others are of those whom the guest has asked.
        _ => StatusCode::BAD_GATEWAY,
    }
}
