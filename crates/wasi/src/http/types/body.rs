//! Bodies: [`OutgoingBody`], [`IncomingBody`] and [`FutureTrailers`]. What goes through them are streams of `wasi:io`.

use super::super::WasiHttpCtxView;
use super::super::incoming_body::IncomingSource;
use super::super::outgoing_body::{Message, OutgoingHttpBody, OutgoingPipe};
use super::error_code::HttpErrorCode;
use super::fields::Fields;
use crate::error::WasiResult;
use crate::p2::{InputStream, IoPollable, OutputStream};
use crate::wait::Interest;
use gusset::Resource;
use std::sync::Arc;

/// The resource `outgoing-body` of `wasi:http/types`. One that is dropped and not finished breaks its message off.
pub struct OutgoingBody {
    pipe: Arc<OutgoingPipe>,
    has_stream: bool,
}

/// The resource `incoming-body` of `wasi:http/types`.
pub struct IncomingBody {
    source: Arc<IncomingSource>,
    has_stream: bool,
}

/// The resource `future-trailers` of `wasi:http/types`. What of the body has not been read is read and forgotten while it is waited for.
pub struct FutureTrailers {
    source: Arc<IncomingSource>,
    was_given: bool,
}

impl OutgoingBody {
    /// The two ends of a message's body; `None` where it has one, or its headers do not say properly how long that is.
    pub(super) fn of_message(
        message: Message,
        headers: &Fields,
        has_one: bool,
    ) -> Option<(OutgoingBody, OutgoingHttpBody)> {
        let length = headers.content_length().ok().filter(|_| !has_one)?;
        let (pipe, sent) = OutgoingPipe::new(message, length);
        Some((OutgoingBody { pipe, has_stream: false }, sent))
    }
}

/// Where nobody has finished it.
impl Drop for OutgoingBody {
    fn drop(&mut self) {
        self.pipe.break_off();
    }
}

impl IncomingBody {
    pub(in crate::http) fn new(source: IncomingSource) -> IncomingBody {
        IncomingBody { source: Arc::new(source), has_stream: false }
    }
}

type View<'a, 'b> = &'a mut WasiHttpCtxView<'b>;

pub(super) fn write(
    view: View<'_, '_>,
    (body,): (Resource<OutgoingBody>,),
) -> WasiResult<(Result<Resource<OutputStream>, ()>,)> {
    let guests = view.table.get_mut(&body)?;
    if guests.has_stream {
        return Ok((Err(()),));
    }
    guests.has_stream = true;
    let stream = OutputStream::new(guests.pipe.clone());
    Ok((Ok(view.table.push_child(stream, &body)?),))
}

pub(super) fn finish_outgoing(
    view: View<'_, '_>,
    (body, trailers): (Resource<OutgoingBody>, Option<Resource<Fields>>),
) -> WasiResult<(Result<(), HttpErrorCode>,)> {
    let body = view.table.delete(body)?;
    let trailers = trailers.map(|trailers| view.table.delete(trailers)).transpose()?;
    Ok((body.pipe.finish(trailers.map(Fields::into_headers)),))
}

pub(super) fn stream(
    view: View<'_, '_>,
    (body,): (Resource<IncomingBody>,),
) -> WasiResult<(Result<Resource<InputStream>, ()>,)> {
    let guests = view.table.get_mut(&body)?;
    if guests.has_stream {
        return Ok((Err(()),));
    }
    guests.has_stream = true;
    let stream = InputStream::new(guests.source.clone());
    Ok((Ok(view.table.push_child(stream, &body)?),))
}

pub(super) fn finish_incoming(
    view: View<'_, '_>,
    (body,): (Resource<IncomingBody>,),
) -> WasiResult<(Resource<FutureTrailers>,)> {
    let IncomingBody { source, .. } = view.table.delete(body)?;
    source.forget_rest();
    Ok((view.table.push(FutureTrailers { source, was_given: false })?,))
}

pub(super) fn subscribe_to_trailers(
    view: View<'_, '_>,
    (future,): (Resource<FutureTrailers>,),
) -> WasiResult<(Resource<IoPollable>,)> {
    let source = view.table.get(&future)?.source.clone();
    Ok((view.table.push_child(IoPollable::new(source, Interest::Read), &future)?,))
}

/// What a future gives: nothing yet; the trailers or why there are none; that they were given before.
type Got = Option<Result<Result<Option<Resource<Fields>>, HttpErrorCode>, ()>>;

pub(super) fn get_trailers(view: View<'_, '_>, (future,): (Resource<FutureTrailers>,)) -> WasiResult<(Got,)> {
    let trailers = view.table.get_mut(&future)?;
    if trailers.was_given {
        return Ok((Some(Err(())),));
    }
    let Some(end) = trailers.source.end() else { return Ok((None,)) };
    trailers.was_given = true;
    Ok((Some(Ok(match end {
        Ok(Some(trailers)) => Ok(Some(view.table.push(Fields::received(trailers))?)),
        Ok(None) => Ok(None),
        Err(error) => Err(error),
    })),))
}
