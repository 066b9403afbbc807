//! Standard input and output: [`Input`] and [`Output`] say what a guest gets, each kind of stream has a file of its own below.

mod buffer;
mod ending;
mod fd;
mod host;

pub use buffer::OutputBuffer;

use crate::stream::Stream;
use buffer::{BufferStream, BytesStream, NullStream};
use ending::EndingStream;
use fd::FdStream;
use gusset::Result;
use host::{ReaderStream, WriterStream};
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

/// What a guest reads as its standard input.
///
/// ```
/// use gusset_wasi::{Input, WasiConfig};
/// let config = WasiConfig::builder().stdin(Input::bytes("one\ntwo\n")).build()?;
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone)]
pub struct Input(InputKind);

#[derive(Clone)]
enum InputKind {
    /// Each guest reads them from the start.
    Bytes(Arc<[u8]>),
    Inherited,
    /// Guests share it.
    Stream(Arc<dyn Stream>),
}

/// Where a guest's standard output or standard error goes.
///
/// Writing waits in the system, or in the host's own [`Write`], where that takes its time: what is written to a pipe that nobody reads from
/// keeps the guest's thread there. A guest that has a [deadline](gusset::Store::set_deadline) waits for the system where reading waits, and so does
/// whoever writes to what says that it is not ready, as a terminal or a pipe that is set so does. A host's own [`Write`] is not
/// interrupted.
///
/// ```
/// use gusset_wasi::{Output, OutputBuffer, WasiConfig};
/// let said = OutputBuffer::new(1 << 20);
/// let config = WasiConfig::builder().stdout(Output::buffer(&said)).build()?;
/// // … after a guest with that configuration has run:
/// assert_eq!(said.contents(), b"");
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone)]
pub struct Output(OutputKind);

#[derive(Clone)]
enum OutputKind {
    Null,
    Inherited,
    Stream(Arc<dyn Stream>),
}

/// The system's descriptors that a guest can inherit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum StandardOutput {
    Stdout,
    Stderr,
}

impl Input {
    /// Nothing: the end comes at once.
    pub fn null() -> Input {
        Input::bytes("")
    }

    /// The standard input of the host.
    pub fn inherit() -> Input {
        Input(InputKind::Inherited)
    }

    /// These bytes, which each guest reads from the start.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Input {
        Input(InputKind::Bytes(bytes.into().into()))
    }

    /// What a reader reads, which guests share. A thread of its own reads it, at most 64 KiB ahead, from when a guest first asks for
    /// it; after the last guest it ends as soon as the reader returns.
    ///
    /// ```
    /// use gusset_wasi::{Input, WasiConfig};
    /// let config = WasiConfig::builder().stdin(Input::reader(std::io::Cursor::new("one\ntwo\n"))).build()?;
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn reader(reader: impl Read + Send + 'static) -> Input {
        Input::stream(ReaderStream::new(reader))
    }

    /// A file, pipe or device of the system, from where it stands. Guests share its position.
    pub fn file(file: File) -> Input {
        Input::stream(FdStream::new(file))
    }

    /// The file, pipe or device of the system at a path, from its start. Guests share its position. Nobody waits before a guest reads: of a
    /// named pipe, it waits then until somebody has it open to write.
    ///
    /// ```
    /// use gusset_wasi::{Input, WasiConfig};
    /// let config = WasiConfig::builder().stdin(Input::open_file("/dev/null")?).build()?;
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Where there is none, or the process may not read it.
    pub fn open_file(path: impl AsRef<Path>) -> Result<Input> {
        // Reading asks whether it would wait, whatever was opened how.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(path.as_ref(), flags, Mode::empty()).map_err(io::Error::from)?;
        Ok(Input::file(File::from(fd)))
    }

    /// A stream of the host's. Guests share it.
    pub fn stream(stream: impl Stream + 'static) -> Input {
        Input(InputKind::Stream(Arc::new(stream)))
    }

    /// The stream that one guest gets.
    pub(crate) fn open(&self) -> Arc<dyn Stream> {
        match &self.0 {
            InputKind::Bytes(bytes) => Arc::new(BytesStream::new(bytes.clone())),
            InputKind::Inherited => Arc::new(FdStream::stdin()),
            InputKind::Stream(stream) => stream.clone(),
        }
    }
}

impl Output {
    /// Nowhere.
    pub fn null() -> Output {
        Output(OutputKind::Null)
    }

    /// The standard output, or standard error, of the host.
    pub fn inherit() -> Output {
        Output(OutputKind::Inherited)
    }

    /// Into a buffer that the host keeps.
    pub fn buffer(buffer: &OutputBuffer) -> Output {
        Output::stream(BufferStream(buffer.clone()))
    }

    /// Into a writer, which guests share. Nothing is flushed but where a guest asks for that.
    ///
    /// ```
    /// use gusset_wasi::{Output, WasiConfig};
    /// let config = WasiConfig::builder().stderr(Output::writer(std::io::stderr())).build()?;
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn writer(writer: impl Write + Send + 'static) -> Output {
        Output::stream(WriterStream::new(writer))
    }

    /// Into a stream of the host's. Guests share it.
    pub fn stream(stream: impl Stream + 'static) -> Output {
        Output(OutputKind::Stream(Arc::new(stream)))
    }

    /// The stream that one guest gets; `end_at_closed`: which ends it where nobody reads any more.
    pub(crate) fn open(&self, which: StandardOutput, end_at_closed: bool) -> Arc<dyn Stream> {
        let stream: Arc<dyn Stream> = match &self.0 {
            OutputKind::Null => Arc::new(NullStream),
            OutputKind::Inherited => Arc::new(FdStream::output(which)),
            OutputKind::Stream(stream) => stream.clone(),
        };
        if end_at_closed { Arc::new(EndingStream(stream)) } else { stream }
    }
}

#[cfg(test)]
mod tests;
