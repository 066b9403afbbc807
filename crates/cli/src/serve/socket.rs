//! [`WatchedSocket`]: a client's connection, which tells when something comes and when nothing is taken, and how it is closed so that a client sees what
//! it was sent.

use super::connection::ConnectionState;
use rustix::net::sockopt::set_socket_linger;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long, and for how many bytes, a client is listened to that is to read that it was refused.
const LINGER: Duration = Duration::from_secs(2);
const MUCH: usize = 16 << 20;

pub(super) struct WatchedSocket {
    /// Whoever has hyper go on looks at it too.
    stream: Arc<Mutex<TcpStream>>,
    state: Arc<ConnectionState>,
}

impl WatchedSocket {
    pub(super) fn new(stream: Arc<Mutex<TcpStream>>, state: Arc<ConnectionState>) -> WatchedSocket {
        WatchedSocket { stream, state }
    }

    fn stream(&self) -> MutexGuard<'_, TcpStream> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes it when the client has read what it was sent: what comes is taken and forgotten for a while, since the system would tear down a
    /// connection on which something comes that nobody reads.
    pub(super) async fn linger(mut self) {
        let _ = timeout(LINGER, async {
            // Connections that never come here need no room for it.
            let (mut left, mut forgotten) = (MUCH, vec![0; 4096]);
            self.shutdown().await?;
            while left > 0 {
                match self.read(&mut forgotten).await? {
                    0 => break,
                    count => left = left.saturating_sub(count),
                }
            }
            Ok::<(), io::Error>(())
        })
        .await;
    }
}

/// A client to which something of an answer is missing knows it then, whatever it was sent.
impl Drop for WatchedSocket {
    fn drop(&mut self) {
        if self.state.lacks_something() {
            // Where it fails, the client sees an end where there should be none.
            let _ = set_socket_linger(&*self.stream(), Some(Duration::ZERO));
        }
    }
}

impl AsyncRead for WatchedSocket {
    fn poll_read(self: Pin<&mut Self>, task: &mut Context<'_>, bytes: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = bytes.filled().len();
        ready!(Pin::new(&mut *this.stream()).poll_read(task, bytes))?;
        if bytes.filled().len() > before {
            this.state.note_read();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for WatchedSocket {
    fn poll_write(self: Pin<&mut Self>, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut *this.stream()).poll_write(task, bytes);
        this.state.note_write(written.is_ready());
        written
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut *this.stream()).poll_write_vectored(task, bytes);
        this.state.note_write(written.is_ready());
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream().is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // Hyper has written all that it had.
        this.state.note_flush();
        Pin::new(&mut *this.stream()).poll_flush(task)
    }

    fn poll_shutdown(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.get_mut().stream()).poll_shutdown(task)
    }
}
