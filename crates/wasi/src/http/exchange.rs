//! [`Exchange`]: a guest's request and its response, by the network or by whatever its host has in place of it.

use super::HttpBody;
use super::client::{HttpNetwork, deadline_in};
use super::incoming_body::{BodyLimits, IncomingSource};
use super::outgoing_body::OutgoingHttpBody;
use super::response_slot::Outcome;
use super::types::{Fields, HttpErrorCode, IncomingBody, IncomingResponse, size_of};
use http::{Request, Response};
use http_body_util::BodyExt;
use std::pin::Pin;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout_at;

/// What a host has in place of the network.
pub(super) type OutgoingHandler = Arc<dyn Fn(Request<OutgoingHttpBody>, HttpNetwork) -> HandlerAnswer + Send + Sync>;

pub(super) type HandlerAnswer = Pin<Box<dyn Future<Output = Result<Response<HttpBody>, HttpErrorCode>> + Send>>;

/// A request, and what is allowed of it.
pub(super) struct Exchange {
    pub(super) request: Request<OutgoingHttpBody>,
    pub(super) network: HttpNetwork,
    pub(super) permit: OwnedSemaphorePermit,
}

impl Exchange {
    /// Up to the head of its response.
    pub(super) async fn run(self) -> Outcome {
        let Exchange { request, network, permit } = self;
        let (config, timeouts) = (network.config.clone(), network.timeouts);
        let response = match &config.outgoing_handler {
            None => network.send(request).await?.map(BodyExt::boxed_unsync),
            Some(handler) => {
                let deadline = deadline_in(timeouts.connect.saturating_add(timeouts.first_byte));
                let answered = timeout_at(deadline, handler(request, network)).await;
                answered.unwrap_or(Err(HttpErrorCode::ConnectionReadTimeout))?
            }
        };
        // Nobody has asked for another protocol.
        if response.status().is_informational() {
            return Err(HttpErrorCode::HttpUpgradeFailed);
        }
        let size = size_of(response.headers());
        if size > config.max_fields_size {
            return Err(HttpErrorCode::HttpResponseHeaderSectionSize(u32::try_from(size).ok()));
        }
        let limits = BodyLimits {
            between_bytes: Some((Handle::current(), timeouts.between_bytes)),
            size: config.max_body_size,
            too_long: HttpErrorCode::HttpResponseBodySize(Some(config.max_body_size)),
        };
        let (head, body) = response.into_parts();
        let body = IncomingBody::new(IncomingSource::new(body, limits, Some(permit)));
        Ok(IncomingResponse::new(head.status, Fields::received(head.headers), body))
    }
}
