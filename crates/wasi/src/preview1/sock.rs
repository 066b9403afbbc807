//! Sockets that a guest was given: `sock_accept`, `sock_recv`, `sock_send`, `sock_shutdown`. It can open none.

use super::descriptors::{Entry, Fd, waiting};
use super::flags::{FdFlags, flags};
use super::memory::GuestMemory;
use super::parameter::{Parameter, Role};
use super::rights::Rights;
use super::vectors::{Ciovecs, Iovecs, Pace};
use crate::ctx::WasiCtx;
use crate::error::{ErrorCode, WasiError, WasiResult};
use crate::fs::{Descriptor, FileType};
use crate::stream::Stream;
use crate::wait::Interest;
use std::sync::Arc;

/// How much is looked at without being taken away.
const PEEK_CHUNK: usize = 64 << 10;

/// A descriptor that must be a socket.
pub(crate) struct Socket;

impl Parameter for Socket {
    const ROLES: &[Role] = &[Role::Descriptor];
    type Core = u32;
    type Values = [u32; 1];
    type Checked = Fd;

    fn check_descriptor([fd]: [u32; 1], ctx: &mut WasiCtx, rights: Rights) -> Result<(), ErrorCode> {
        let socket = match &ctx.preview1().get(Fd(fd))?.thing {
            Descriptor::Listener(_) => true,
            Descriptor::Stream(stream) => {
                matches!(stream.file_type(), FileType::SocketStream | FileType::SocketDatagram)
            }
            Descriptor::Directory(_) | Descriptor::File(_) => false,
        };
        if !socket {
            return Err(ErrorCode::NotSocket);
        }
        ctx.preview1().check(Fd(fd), rights)
    }

    fn check([fd]: [u32; 1], _: &GuestMemory<'_>) -> Result<Fd, ErrorCode> {
        Ok(Fd(fd))
    }
}

flags! {
    /// How a message is received.
    RiFlags(u16) {
        PEEK = 1,
        WAITALL = 2,
    }

    /// How a message is sent: there are no ways.
    SiFlags(u16) {}

    /// Which direction ends.
    SdFlags(u8) {
        RD = 1,
        WR = 2,
    }
}

fn connection(entry: &Entry) -> WasiResult<&Arc<dyn Stream>> {
    match &entry.thing {
        Descriptor::Stream(stream) => Ok(stream),
        _ => Err(ErrorCode::NotConnected.into()),
    }
}

pub(super) fn accept(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, fd: Fd, flags: FdFlags) -> WasiResult<Fd> {
    if !FdFlags::NONBLOCK.contains(flags) {
        return Err(ErrorCode::Invalid.into());
    }
    // A connection that cannot be given a number is not taken from others.
    ctx.preview1().check_room()?;
    let (stream, inheriting) = waiting(ctx, fd, Interest::Read, |entry| match &entry.thing {
        Descriptor::Listener(listener) => Ok((listener.accept()?, entry.inheriting)),
        _ => Err(ErrorCode::NotSocket.into()),
    })?;
    let thing = Descriptor::Stream(stream);
    let base = Rights::of(&thing).intersection(inheriting);
    Ok(ctx.preview1().insert(Entry::new(thing, base, Rights::NONE, flags))?)
}

/// Connections are streams of bytes: nothing of a message is ever cut off.
pub(super) fn recv(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: Fd,
    iovs: Iovecs,
    flags: RiFlags,
) -> WasiResult<(u32, u16)> {
    let all = flags.contains(RiFlags::WAITALL);
    let count = if flags.contains(RiFlags::PEEK) {
        waiting(ctx, fd, Interest::Read, |entry| peek(&**connection(entry)?, memory, &iovs))?
    } else if all {
        let mut received = 0;
        waiting(ctx, fd, Interest::Read, |entry| receive_all(entry, memory, &iovs, &mut received))?
    } else {
        waiting(ctx, fd, Interest::Read, |entry| {
            let stream = connection(entry)?;
            iovs.fill(memory, Pace::WHOLE, |bytes, _| stream.read(bytes))
        })?
    };
    Ok((count, 0))
}

/// What is looked at twice is the same: so it is looked at once, for all ranges.
fn peek(stream: &dyn Stream, memory: &mut GuestMemory<'_>, iovs: &Iovecs) -> WasiResult<u32> {
    let mut seen = None;
    iovs.fill(memory, Pace::WHOLE, |bytes, before| {
        let seen = match &seen {
            Some(seen) => seen,
            None => {
                let mut bytes = vec![0; PEEK_CHUNK];
                let count = stream.peek(&mut bytes)?;
                bytes.truncate(count);
                &*seen.insert(bytes)
            }
        };
        let left = seen.get(before as usize..).unwrap_or_default();
        let count = left.len().min(bytes.len());
        bytes[..count].copy_from_slice(&left[..count]);
        Ok(count)
    })
}

/// Goes on after what has been received until the ranges are full; less comes only at the end, before a failure, and where the guest does not
/// want to wait.
fn receive_all(entry: &Entry, memory: &mut GuestMemory<'_>, iovs: &Iovecs, received: &mut u32) -> WasiResult<u32> {
    let stream = connection(entry)?;
    loop {
        let mut stopped = None;
        let count = iovs.fill_rest(memory, *received, |bytes| match stream.read(bytes) {
            Ok(count) => {
                stopped = (count == 0).then_some(Ok(()));
                Ok(count)
            }
            Err(error) => {
                stopped = Some(Err(error));
                Ok(0)
            }
        })?;
        *received += count;
        let total = *received;
        match stopped {
            Some(Err(error @ WasiError::Stop(_))) => return Err(error),
            Some(Err(error)) if error.would_block() && !entry.flags.contains(FdFlags::NONBLOCK) => return Err(error),
            Some(Err(error)) if total == 0 => return Err(error),
            Some(_) => return Ok(total),
            None if count == 0 || total == iovs.length() => return Ok(total),
            None => {}
        }
    }
}

pub(super) fn send(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: Fd,
    iovs: Ciovecs,
    _: SiFlags,
) -> WasiResult<u32> {
    waiting(ctx, fd, Interest::Write, |entry| {
        let stream = connection(entry)?;
        iovs.drain(memory, Pace::WHOLE, |bytes, _| stream.write(bytes))
    })
}

pub(super) fn shutdown(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, fd: Fd, how: SdFlags) -> WasiResult<()> {
    if how == SdFlags::default() {
        return Err(ErrorCode::Invalid.into());
    }
    let (read, write) = (how.contains(SdFlags::RD), how.contains(SdFlags::WR));
    connection(ctx.preview1().get(fd)?)?.shutdown(read, write)
}
