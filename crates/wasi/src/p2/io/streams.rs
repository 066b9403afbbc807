//! `wasi:io/streams`: reading and writing. A failure is told once, and the stream is closed from then on.

use super::error::IoError;
use super::input::InputStream;
use super::output::{OutputStream, Patience};
use super::poll::IoPollable;
use crate::ctx::WasiCtx;
use crate::error::{ErrorCode, WasiError, WasiResult};
use crate::p2::interface::stop;
use crate::p2::{Waits, WasiCtxView, interface};
use crate::stream::Stream;
use crate::wait::{Interest, Pollable};
use gusset::{ComponentType, Error, Lower, Resource, ResourceTable};
use std::sync::Arc;

/// What the functions that write and flush at once may be given.
const MOST_BLOCKING: usize = 4096;

/// Why a stream does not do what it was asked for.
pub(super) enum StreamEnd {
    Closed,
    Failed(IoError),
    Stop(Error),
}

pub(super) type Streamed<R> = Result<R, StreamEnd>;

impl StreamEnd {
    pub(super) fn would_block(&self) -> bool {
        matches!(self, StreamEnd::Failed(error) if error.code() == ErrorCode::WouldBlock)
    }

    /// What an operation of a stream's failed with, and what that has to say of it.
    pub(super) fn of_stream(error: WasiError, stream: &dyn Stream) -> StreamEnd {
        match error {
            WasiError::Code(code) if code != ErrorCode::WouldBlock => {
                StreamEnd::Failed(IoError::of_stream(code, stream))
            }
            other => other.into(),
        }
    }
}

impl From<WasiError> for StreamEnd {
    fn from(error: WasiError) -> StreamEnd {
        match error {
            WasiError::Code(code) => StreamEnd::Failed(IoError::new(code)),
            WasiError::Stop(error) => StreamEnd::Stop(error),
        }
    }
}

/// `stream-error`.
#[derive(ComponentType, Lower)]
#[component(variant)]
enum StreamError {
    LastOperationFailed(Resource<IoError>),
    Closed,
}

/// What a function of this interface returns.
type Told<R> = WasiResult<(Result<R, StreamError>,)>;

fn told<R>(table: &mut ResourceTable, outcome: Streamed<R>) -> Told<R> {
    Ok((match outcome {
        Ok(result) => Ok(result),
        Err(StreamEnd::Closed) => Err(StreamError::Closed),
        Err(StreamEnd::Failed(error)) => Err(StreamError::LastOperationFailed(table.push(error)?)),
        Err(StreamEnd::Stop(error)) => return Err(WasiError::Stop(error)),
    },))
}

/// What a function that does not wait does in place of it.
fn or_nothing<R: Default>(outcome: Streamed<R>) -> Streamed<R> {
    match outcome {
        Err(end) if end.would_block() => Ok(R::default()),
        outcome => outcome,
    }
}

interface! { "wasi:io/streams@0.2.12" {
    resource "input-stream": InputStream;
    waits "[method]input-stream.read": read;
    waits "[method]input-stream.blocking-read": blocking_read;
    waits "[method]input-stream.skip": skip;
    waits "[method]input-stream.blocking-skip": blocking_skip;
    function "[method]input-stream.subscribe": subscribe_to_input;
    ends "output-stream": OutputStream, finish;
    function "[method]output-stream.check-write": check_write;
    waits "[method]output-stream.write": write;
    waits "[method]output-stream.blocking-write-and-flush": blocking_write_and_flush;
    function "[method]output-stream.flush": flush;
    waits "[method]output-stream.blocking-flush": blocking_flush;
    function "[method]output-stream.subscribe": subscribe_to_output;
    waits "[method]output-stream.write-zeroes": write_zeroes;
    waits "[method]output-stream.blocking-write-zeroes-and-flush": blocking_write_zeroes_and_flush;
    waits "[method]output-stream.splice": splice;
    waits "[method]output-stream.blocking-splice": blocking_splice;
} }

/// Does something to streams, where that may take its time if one of them is slow.
async fn work<R: Send + 'static>(
    is_slow: bool,
    waits: impl Waits,
    work: impl FnOnce() -> Streamed<R> + Send + 'static,
) -> Streamed<R> {
    if is_slow { waits.work(work).await? } else { work() }
}

async fn wait_for(ctx: &mut WasiCtx, source: Arc<dyn Pollable>, interest: Interest, waits: impl Waits) -> Streamed<()> {
    waits.wait(ctx, vec![(source, interest)], None).await?;
    Ok(())
}

async fn read_some(input: &InputStream, length: u64, waits: impl Waits) -> Streamed<Vec<u8>> {
    let source = input.clone();
    work(input.is_slow(), waits, move || source.read(length)).await
}

async fn read_waiting(ctx: &mut WasiCtx, input: &InputStream, length: u64, waits: impl Waits) -> Streamed<Vec<u8>> {
    loop {
        match read_some(input, length, waits).await {
            Err(end) if end.would_block() => wait_for(ctx, input.source(), Interest::Read, waits).await?,
            outcome => return outcome,
        }
    }
}

async fn read<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (stream, length): (Resource<InputStream>, u64),
    waits: W,
) -> Told<Vec<u8>> {
    let input = view.table.get(&stream)?.clone();
    told(view.table, or_nothing(read_some(&input, length, waits).await))
}

async fn blocking_read<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (stream, length): (Resource<InputStream>, u64),
    waits: W,
) -> Told<Vec<u8>> {
    let input = view.table.get(&stream)?.clone();
    let outcome = read_waiting(view.ctx, &input, length, waits).await;
    told(view.table, outcome)
}

async fn skip<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (stream, length): (Resource<InputStream>, u64),
    waits: W,
) -> Told<u64> {
    let input = view.table.get(&stream)?.clone();
    let skipped = or_nothing(read_some(&input, length, waits).await);
    told(view.table, skipped.map(|bytes| bytes.len() as u64))
}

async fn blocking_skip<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (stream, length): (Resource<InputStream>, u64),
    waits: W,
) -> Told<u64> {
    let input = view.table.get(&stream)?.clone();
    let skipped = read_waiting(view.ctx, &input, length, waits).await;
    told(view.table, skipped.map(|bytes| bytes.len() as u64))
}

fn subscribe_to_input(
    view: &mut WasiCtxView<'_>,
    (stream,): (Resource<InputStream>,),
) -> WasiResult<(Resource<IoPollable>,)> {
    let source = view.table.get(&stream)?.source();
    Ok((view.table.push_child(IoPollable::new(source, Interest::Read), &stream)?,))
}

fn check_write(view: &mut WasiCtxView<'_>, (stream,): (Resource<OutputStream>,)) -> Told<u64> {
    let permit = view.table.get(&stream)?.check_write();
    told(view.table, permit.map(|permit| permit as u64))
}

async fn write<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (stream, contents): (Resource<OutputStream>, Vec<u8>),
    waits: W,
) -> Told<()> {
    let output = view.table.get(&stream)?.clone();
    let sink = output.clone();
    let written = work(output.is_slow(), waits, move || sink.write(&contents)).await;
    output.finish_meanwhile(view.ctx);
    told(view.table, written)
}

async fn write_zeroes<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (stream, length): (Resource<OutputStream>, u64),
    waits: W,
) -> Told<()> {
    let output = view.table.get(&stream)?.clone();
    let sink = output.clone();
    let written = work(output.is_slow(), waits, move || sink.write_zeroes(length)).await;
    output.finish_meanwhile(view.ctx);
    told(view.table, written)
}

/// Waits until all is written that the guest has, since nobody else will write it.
async fn finish<W: Waits>(view: &mut WasiCtxView<'_>, output: OutputStream, waits: W) -> WasiResult<()> {
    while !output.is_finished() {
        waits.wait(view.ctx, vec![(output.source(), Interest::Write)], None).await?;
    }
    Ok(())
}

fn flush(view: &mut WasiCtxView<'_>, (stream,): (Resource<OutputStream>,)) -> Told<()> {
    let flushed = view.table.get(&stream)?.flush();
    told(view.table, flushed)
}

async fn blocking_write_and_flush<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (stream, contents): (Resource<OutputStream>, Vec<u8>),
    waits: W,
) -> Told<()> {
    if contents.len() > MOST_BLOCKING {
        return Err(too_many("blocking-write-and-flush", contents.len() as u64));
    }
    let output = view.table.get(&stream)?.clone();
    let flushed = write_through(view.ctx, &output, contents, waits).await;
    told(view.table, flushed)
}

async fn blocking_write_zeroes_and_flush<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (stream, length): (Resource<OutputStream>, u64),
    waits: W,
) -> Told<()> {
    if length > MOST_BLOCKING as u64 {
        return Err(too_many("blocking-write-zeroes-and-flush", length));
    }
    let output = view.table.get(&stream)?.clone();
    let flushed = write_through(view.ctx, &output, vec![0; length as usize], waits).await;
    told(view.table, flushed)
}

#[cold]
fn too_many(function: &str, length: u64) -> WasiError {
    stop(format!("`{function}` takes {MOST_BLOCKING} bytes at most, and was given {length}"))
}

async fn blocking_flush<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (stream,): (Resource<OutputStream>,),
    waits: W,
) -> Told<()> {
    let output = view.table.get(&stream)?.clone();
    let flushed = write_through(view.ctx, &output, Vec::new(), waits).await;
    told(view.table, flushed)
}

/// Writes, and waits until all is written that has ever been.
async fn write_through(ctx: &mut WasiCtx, output: &OutputStream, contents: Vec<u8>, waits: impl Waits) -> Streamed<()> {
    let patience = patience(ctx, waits);
    let sink = output.clone();
    let mut is_over = work(output.is_slow(), waits, move || sink.begin(&contents, patience)).await?;
    while !is_over {
        wait_for(ctx, output.source(), Interest::Write, waits).await?;
        let sink = output.clone();
        is_over = work(output.is_slow(), waits, move || sink.go_on(patience)).await?;
    }
    Ok(())
}

/// A guest that may be stopped, or whose thread is not its own, does not wait in the system.
fn patience<W: Waits>(ctx: &WasiCtx, _: W) -> Patience {
    if W::KEEPS_THREAD && ctx.deadline().is_none() { Patience::InSystem } else { Patience::None }
}

fn subscribe_to_output(
    view: &mut WasiCtxView<'_>,
    (stream,): (Resource<OutputStream>,),
) -> WasiResult<(Resource<IoPollable>,)> {
    let source = view.table.get(&stream)?.source();
    Ok((view.table.push_child(IoPollable::new(source, Interest::Write), &stream)?,))
}

/// What comes of an attempt to move bytes from one stream to another.
enum Splice {
    Moved(u64),
    InputWaits,
    OutputWaits,
}

async fn splice_some(input: &InputStream, output: &OutputStream, length: u64, waits: impl Waits) -> Streamed<Splice> {
    let is_slow = input.is_slow() || output.is_slow();
    let (input, output) = (input.clone(), output.clone());
    work(is_slow, waits, move || {
        let permit = output.check_write()?;
        if permit == 0 {
            return Ok(Splice::OutputWaits);
        }
        match input.read(length.min(permit as u64)) {
            Ok(bytes) => output.write(&bytes).map(|()| Splice::Moved(bytes.len() as u64)),
            Err(end) if end.would_block() => Ok(Splice::InputWaits),
            Err(end) => Err(end),
        }
    })
    .await
}

async fn splice<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (to, from, length): (Resource<OutputStream>, Resource<InputStream>, u64),
    waits: W,
) -> Told<u64> {
    let (output, input) = (view.table.get(&to)?.clone(), view.table.get(&from)?.clone());
    let moved = splice_some(&input, &output, length, waits).await.map(|splice| match splice {
        Splice::Moved(count) => count,
        Splice::InputWaits | Splice::OutputWaits => 0,
    });
    output.finish_meanwhile(view.ctx);
    told(view.table, moved)
}

async fn blocking_splice<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (to, from, length): (Resource<OutputStream>, Resource<InputStream>, u64),
    waits: W,
) -> Told<u64> {
    let (output, input) = (view.table.get(&to)?.clone(), view.table.get(&from)?.clone());
    let moved = splice_waiting(view.ctx, &input, &output, length, waits).await;
    output.finish_meanwhile(view.ctx);
    told(view.table, moved)
}

async fn splice_waiting(
    ctx: &mut WasiCtx,
    input: &InputStream,
    output: &OutputStream,
    length: u64,
    waits: impl Waits,
) -> Streamed<u64> {
    loop {
        match splice_some(input, output, length, waits).await? {
            Splice::Moved(count) => return Ok(count),
            Splice::InputWaits => wait_for(ctx, input.source(), Interest::Read, waits).await?,
            Splice::OutputWaits => wait_for(ctx, output.source(), Interest::Write, waits).await?,
        }
    }
}
