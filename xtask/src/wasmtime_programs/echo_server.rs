//! What the programs find at the address in `HTTP_SERVER`: a server that tells what it was asked for, and sends the body back.

use super::setting::PeerServer;
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long it waits for what a program sends, or takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// The most that it reads of a head, or of a body.
const LONGEST: u64 = 16 << 20;

/// Where chunks are sent back as they come.
const AT_ONCE: &str = "/echo";

/// An HTTP/2 server's first word, and that it goes away because of what it heard: frames without and with 8 bytes.
const HTTP2_REFUSAL: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

/// A server that ends with this value.
pub(super) struct EchoServer {
    address: SocketAddr,
    is_done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl EchoServer {
    pub(super) fn start(kind: PeerServer) -> Result<EchoServer> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot listen for the programs")?;
        let address = listener.local_addr()?;
        let is_done = Arc::new(AtomicBool::new(false));
        let done = is_done.clone();
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if done.load(Ordering::Acquire) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                // What fails is told to the program by the end of the connection.
                std::thread::spawn(move || match kind {
                    PeerServer::Echo => echo(&stream),
                    PeerServer::Http2 => refuse(&stream),
                });
            }
        });
        Ok(EchoServer { address, is_done, thread: Some(thread) })
    }

    /// What stands in an address of HTTP.
    pub(super) fn authority(&self) -> String {
        format!("localhost:{}", self.address.port())
    }
}

impl Drop for EchoServer {
    fn drop(&mut self) {
        self.is_done.store(true, Ordering::Release);
        // So that it looks.
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Answers one request. What fails is the program's to find out.
fn echo(stream: &TcpStream) -> Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    let (first, fields) = head(&mut reader)?;
    let mut words = first.split(' ');
    let (method, uri) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if fields.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked") && uri == AT_ONCE {
        return echo_at_once(&mut reader, writer);
    }
    let body = body(&mut reader, &fields)?;
    write!(
        writer,
        "HTTP/1.1 200 OK\r\nx-wasmtime-test-method: {method}\r\nx-wasmtime-test-uri: {uri}\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    )?;
    Ok(writer.write_all(&body)?)
}

/// Answers before the body has come: there are programs that send theirs only then.
fn echo_at_once(reader: &mut impl BufRead, mut writer: impl Write) -> Result<()> {
    writer.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n")?;
    loop {
        let mut bytes = Vec::new();
        let goes_on = chunk(reader, &mut bytes)?;
        let framed = [format!("{:x}\r\n", bytes.len()).as_bytes(), &bytes, b"\r\n"].concat();
        writer.write_all(&framed)?;
        if !goes_on {
            return Ok(());
        }
    }
}

fn refuse(mut stream: &TcpStream) -> Result<()> {
    stream.write_all(HTTP2_REFUSAL)?;
    stream.shutdown(std::net::Shutdown::Write)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    // So that what the system sends last is the end, not a reset.
    std::io::copy(&mut stream, &mut std::io::sink())?;
    Ok(())
}

/// The first line of a message, and its fields, whose names are in small letters.
pub(super) fn head(reader: &mut impl BufRead) -> Result<(String, Vec<(String, String)>)> {
    let mut reader = reader.take(LONGEST);
    let mut line = || -> Result<String> {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    };
    let (first, mut fields) = (line()?, Vec::new());
    loop {
        let line = line()?;
        let Some((name, value)) = line.split_once(':') else { break };
        fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok((first, fields))
}

/// The body of a message with these fields. One without a length is empty.
pub(super) fn body(reader: &mut impl BufRead, fields: &[(String, String)]) -> Result<Vec<u8>> {
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| &**value);
    let mut body = Vec::new();
    if field("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        while chunk(reader, &mut body)? {}
    } else if let Some(length) = field("content-length") {
        let length: u64 = length.parse()?;
        reader.take(length.min(LONGEST)).read_to_end(&mut body)?;
        if body.len() as u64 != length {
            bail!("a body of {length} bytes ended after {}", body.len());
        }
    }
    Ok(body)
}

/// Reads one chunk, and tells whether there is another one behind it.
fn chunk(reader: &mut impl BufRead, body: &mut Vec<u8>) -> Result<bool> {
    let mut line = String::new();
    reader.take(LONGEST).read_line(&mut line)?;
    let size = line.trim().split(';').next().unwrap_or_default();
    let size = u64::from_str_radix(size, 16).with_context(|| format!("{line:?} is no size of a chunk"))?;
    let end = body.len() as u64 + size;
    if end > LONGEST {
        bail!("a body is longer than {LONGEST} bytes");
    }
    reader.take(size).read_to_end(body)?;
    line.clear();
    reader.take(LONGEST).read_line(&mut line)?;
    if body.len() as u64 != end || !line.trim().is_empty() {
        bail!("a chunk of {size} bytes does not end as it should");
    }
    Ok(size > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(server: &EchoServer, request: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(request).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    }

    #[test]
    fn what_was_asked_comes_back() {
        let server = EchoServer::start(PeerServer::Echo).unwrap();
        for request in [
            &b"PUT /a?b HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"[..],
            b"PUT /a?b HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2;x\r\nlo\r\n0\r\n\r\n",
        ] {
            let answer = String::from_utf8(ask(&server, request)).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nhello"), "{answer}");
            assert!(answer.contains("x-wasmtime-test-method: PUT\r\nx-wasmtime-test-uri: /a?b\r\n"), "{answer}");
        }
        let chunks = b"POST /echo HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
        assert!(ask(&server, chunks).ends_with(b"\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"));
        assert_eq!(ask(&server, b"PUT / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nx\r\n\r\n"), b"");
    }

    #[test]
    fn a_server_of_http_2_goes_away() {
        let server = EchoServer::start(PeerServer::Http2).unwrap();
        let mut stream = TcpStream::connect(server.address).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert_eq!(answer, HTTP2_REFUSAL);
    }
}
