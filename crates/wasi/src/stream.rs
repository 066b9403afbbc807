//! [`Stream`] and [`Listener`]: what has no position, such as pipes, terminals and connections.

use crate::error::{ErrorCode, WasiResult};
use crate::fs::{FileType, Metadata};
use crate::wait::Pollable;
use std::error::Error;
use std::io::SeekFrom;
use std::sync::Arc;

/// More of why a stream has failed than a code says: an error that an interface can take for one of its own.
///
/// ```
/// use gusset_wasi::FailureCause;
/// use std::sync::Arc;
/// let failure: FailureCause = Arc::new(std::fmt::Error);
/// assert!(failure.downcast_ref::<std::fmt::Error>().is_some());
/// ```
pub type FailureCause = Arc<dyn Error + Send + Sync>;

/// Bytes that come or go in order: a pipe, a terminal, a connection, standard input or output.
///
/// No operation waits: what would have to is [`ErrorCode::WouldBlock`], and [`Pollable::poll_ready`] tells what to wait for.
///
/// ```
/// use gusset_wasi::{ErrorCode, FileType, Input, Interest, Pollable, Ready, Stream, WasiConfig, WasiCtx, WasiResult, Waiter};
/// use std::collections::VecDeque;
/// use std::io::Read;
/// use std::mem;
/// use std::sync::{Arc, Mutex};
/// use std::task::{Poll, Waker};
///
/// /// What the host says to its guests while they run.
/// #[derive(Clone, Default)]
/// struct Messages(Arc<Mutex<State>>);
///
/// #[derive(Default)]
/// struct State {
///     bytes: VecDeque<u8>,
///     ended: bool,
///     wakers: Vec<Waker>,
/// }
///
/// impl Messages {
///     fn say(&self, message: &str) {
///         self.change(|state| state.bytes.extend(message.as_bytes()));
///     }
///
///     fn end(&self) {
///         self.change(|state| state.ended = true);
///     }
///
///     fn change(&self, change: impl FnOnce(&mut State)) {
///         let mut state = self.0.lock().unwrap();
///         change(&mut state);
///         let wakers = mem::take(&mut state.wakers);
///         drop(state); // whoever is woken asks at once
///         wakers.into_iter().for_each(Waker::wake);
///     }
/// }
///
/// impl Pollable for Messages {
///     fn poll_ready<'a>(&'a self, interest: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
///         let mut state = self.0.lock().unwrap();
///         if interest == Interest::Read && state.bytes.is_empty() && !state.ended {
///             let waker = waiter.waker();
///             if !state.wakers.iter().any(|known| known.will_wake(&waker)) {
///                 state.wakers.push(waker);
///             }
///             return Poll::Pending;
///         }
///         Poll::Ready(Ready { bytes: state.bytes.len() as u64, hung_up: state.ended })
///     }
/// }
///
/// impl Stream for Messages {
///     fn file_type(&self) -> FileType {
///         FileType::Fifo
///     }
///
///     fn read(&self, bytes: &mut [u8]) -> WasiResult<usize> {
///         let mut state = self.0.lock().unwrap();
///         if state.bytes.is_empty() && !state.ended && !bytes.is_empty() {
///             return Err(ErrorCode::WouldBlock.into());
///         }
///         Ok(state.bytes.read(bytes)?)
///     }
/// }
///
/// let messages = Messages::default();
/// let config = WasiConfig::builder().stdin(Input::stream(messages.clone())).build()?;
/// let host = messages.clone();
/// std::thread::spawn(move || {
///     host.say("hello");
///     host.end();
/// });
/// // What a guest with that configuration does that reads:
/// let ctx = WasiCtx::new(&config);
/// let mut bytes = [0; 16];
/// while messages.read(&mut bytes).is_err_and(|error| error.would_block()) {
///     ctx.wait(&[(&messages, Interest::Read)], None)?;
/// }
/// assert!(bytes.starts_with(b"hello"));
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// Two of this crate's own wait in the system all the same, where nothing wakes the guest's thread. [`Output::inherit`](crate::Output::inherit)
/// and [`Output::writer`](crate::Output::writer) do when they are written: to a pipe or terminal that is full, unless that was set not to wait or the
/// guest has a deadline ([`write_without_waiting`](Stream::write_without_waiting)), and in the host's own `Write`, whatever deadline there is. [`Input::inherit`](crate::Input::inherit) and [`Input::file`](crate::Input::file) do when another process takes away
/// what has come, between being told of it and reading it; other guests that read the same wait with it.
pub trait Stream: Pollable {
    /// What it is shown to be. Programs take a [`CharacterDevice`](FileType::CharacterDevice) for a terminal, and say other things to a person,
    /// so that is for terminals alone.
    fn file_type(&self) -> FileType;

    /// What is known of it: nothing but what it is, as it stands. A stream of the system's tells what the system does.
    ///
    /// # Errors
    ///
    /// What a system's `fstat` says.
    fn metadata(&self) -> WasiResult<Metadata> {
        Ok(Metadata { file_type: self.file_type(), ..Metadata::default() })
    }

    /// Reads into the bytes; how many were read, 0 only at the end (or into no bytes).
    ///
    /// # Errors
    ///
    /// [`ErrorCode::WouldBlock`] where nothing has come yet; [`ErrorCode::BadDescriptor`], as it stands: not to be read.
    fn read(&self, bytes: &mut [u8]) -> WasiResult<usize> {
        let _ = bytes;
        Err(ErrorCode::BadDescriptor.into())
    }

    /// Writes the bytes, or the first of them; how many were written.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::WouldBlock`] where none can be taken now; [`ErrorCode::BadDescriptor`], as it stands: not to be written.
    fn write(&self, bytes: &[u8]) -> WasiResult<usize> {
        let _ = bytes;
        Err(ErrorCode::BadDescriptor.into())
    }

    /// Why it has failed, where there is more to say than the code that [`read`](Stream::read) or [`write`](Stream::write) has just returned: what
    /// [`p2::IoError::cause`](crate::p2::IoError::cause) gives to an interface with an error of its own, and what the guest is told as text. Nothing, as it
    /// stands.
    fn failure(&self) -> Option<FailureCause> {
        None
    }

    /// What [`write`](Stream::write) does, for a guest that has a [deadline](gusset::Store::set_deadline): where writing waits in the system
    /// all the same, this does not. It is `write`, as it stands.
    ///
    /// # Errors
    ///
    /// Those of [`Stream::write`].
    fn write_without_waiting(&self, bytes: &[u8]) -> WasiResult<usize> {
        self.write(bytes)
    }

    /// Whether reading or writing may keep the thread for a while all the same: in the system, as a file on a disk does, or in the host's own
    /// code. A guest that waits in a runtime has it done in another thread then.
    fn keeps_thread(&self) -> bool {
        false
    }

    /// Goes on at another place of a file that stands behind the stream; what place that is. Whoever else has the stream goes on there
    /// too. Only what is a [`RegularFile`](FileType::RegularFile) is asked.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidSeek`], as it stands; [`ErrorCode::Invalid`] for what is before the start.
    fn seek(&self, to: SeekFrom) -> WasiResult<u64> {
        let _ = to;
        Err(ErrorCode::InvalidSeek.into())
    }

    /// Reads from an offset of a file that stands behind the stream, which goes on where it did.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidSeek`], as it stands, and those of [`Stream::read`].
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> WasiResult<usize> {
        let _ = (bytes, offset);
        Err(ErrorCode::InvalidSeek.into())
    }

    /// Writes at an offset of a file that stands behind the stream, which goes on where it did.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidSeek`], as it stands, and those of [`Stream::write`].
    fn write_at(&self, bytes: &[u8], offset: u64) -> WasiResult<usize> {
        let _ = (bytes, offset);
        Err(ErrorCode::InvalidSeek.into())
    }

    /// Sees to it that what was written is on its way.
    ///
    /// # Errors
    ///
    /// Those of writing.
    fn flush(&self) -> WasiResult<()> {
        Ok(())
    }

    /// Ends one direction of a connection or both.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::NotSocket`], as it stands.
    fn shutdown(&self, read: bool, write: bool) -> WasiResult<()> {
        let _ = (read, write);
        Err(ErrorCode::NotSocket.into())
    }

    /// Reads what has come without taking it away.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::NotSocket`], as it stands, and those of [`Stream::read`].
    fn peek(&self, bytes: &mut [u8]) -> WasiResult<usize> {
        let _ = bytes;
        Err(ErrorCode::NotSocket.into())
    }
}

/// A socket that takes connections. It is ready to be read when one has come.
///
/// ```
/// use gusset_wasi::{ErrorCode, Interest, Listener, Pollable, Ready, SocketListener, Stream, Waiter, WasiConfig, WasiResult};
/// use std::net::TcpListener;
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use std::task::Poll;
///
/// /// Takes so many connections, and no more.
/// struct Few {
///     listener: SocketListener,
///     left: AtomicU32,
/// }
///
/// impl Pollable for Few {
///     fn poll_ready<'a>(&'a self, interest: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
///         match self.left.load(Ordering::Relaxed) {
///             0 => Poll::Ready(Ready::default()), // accepting tells
///             _ => self.listener.poll_ready(interest, waiter),
///         }
///     }
/// }
///
/// impl Listener for Few {
///     fn accept(&self) -> WasiResult<Arc<dyn Stream>> {
///         if self.left.load(Ordering::Relaxed) == 0 {
///             return Err(ErrorCode::NotPermitted.into());
///         }
///         let stream = self.listener.accept()?;
///         self.left.fetch_sub(1, Ordering::Relaxed);
///         Ok(stream)
///     }
/// }
///
/// let listener = SocketListener::tcp(TcpListener::bind("127.0.0.1:0")?)?;
/// let config = WasiConfig::builder().preopened_listener(Few { listener, left: 3.into() }).build()?;
/// # Ok::<(), gusset::Error>(())
/// ```
pub trait Listener: Pollable {
    /// The next connection.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::WouldBlock`] where none has come.
    fn accept(&self) -> WasiResult<Arc<dyn Stream>>;
}
