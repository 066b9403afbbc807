//! TCP as the standard library has it.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

/// More than the system keeps of what nobody reads.
const LARGE: usize = 8 << 20;

/// Speaks to itself.
pub fn loopback() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    println!("listens at {}, and has a port: {}", address.ip(), address.port() != 0);
    let mut client = TcpStream::connect(address)?;
    let (mut server, from) = listener.accept()?;
    println!("each knows the other: {}", from == client.local_addr()? && client.peer_addr()? == address);

    client.write_all(b"hello, server\n")?;
    let mut line = String::new();
    BufReader::new(&server).read_line(&mut line)?;
    print!("the server reads: {line}");
    server.write_all(b"hello, client")?;
    server.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    client.read_to_string(&mut answer)?;
    println!("the client reads: {answer}");
    client.write_all(b"what was still to be said")?;
    drop(client);
    let mut rest = String::new();
    server.read_to_string(&mut rest)?;
    println!("then the server reads: {rest}");

    options(&listener)?;
    much(&listener)?;
    drop(listener);
    println!("nobody listens: {:?}", TcpStream::connect(address).map(drop).map_err(|error| error.kind()));
    Ok(())
}

fn options(listener: &TcpListener) -> io::Result<()> {
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (server, _) = listener.accept()?;
    client.set_nodelay(true)?;
    println!("without delay: {}", client.nodelay()?);
    server.set_ttl(42)?;
    println!("hops: {}", server.ttl()?);
    server.set_nonblocking(true)?;
    println!("nothing has come: {:?}", (&server).read(&mut [0; 8]).map_err(|error| error.kind()));
    server.set_nonblocking(false)?;
    server.set_read_timeout(Some(Duration::from_millis(20)))?;
    let late = (&server).read(&mut [0; 8]).map_err(|error| error.kind());
    println!("nothing comes: {}", matches!(late, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut)));
    println!("no error is left: {:?}", client.take_error()?.map(|error| error.kind()));
    listener.set_nonblocking(true)?;
    println!("nobody has come: {:?}", listener.accept().map(drop).map_err(|error| error.kind()));
    listener.set_nonblocking(false)
}

/// Sends more than fits between the two, in turns, each of which takes what it can.
fn much(listener: &TcpListener) -> io::Result<()> {
    let mut client = TcpStream::connect(listener.local_addr()?)?;
    let (mut server, _) = listener.accept()?;
    client.set_nonblocking(true)?;
    server.set_nonblocking(true)?;
    let (mut sent, mut received, mut waited, mut right) = (0, 0, false, true);
    let mut buffer = vec![0; 64 << 10];
    while received < LARGE {
        while sent < LARGE {
            let bytes: Vec<u8> = (sent..LARGE.min(sent + buffer.len())).map(pattern).collect();
            match client.write(&bytes) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    waited = true;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        match server.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                right &= (received..received + count).map(pattern).eq(buffer[..count].iter().copied());
                received += count;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    println!("{received} bytes came, as they were sent: {right}; the sender had to wait: {waited}");
    Ok(())
}

fn pattern(at: usize) -> u8 {
    (at % 251) as u8
}

/// Sends lines back in capitals, to so many clients one after the other.
pub fn serve(address: &str, count: usize) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    println!("serves at {}", listener.local_addr()?);
    for _ in 0..count {
        let (stream, _) = listener.accept()?;
        let mut lines = 0;
        for line in BufReader::new(&stream).lines() {
            writeln!(&stream, "{}", line?.to_uppercase())?;
            lines += 1;
        }
        println!("{lines} lines");
    }
    Ok(())
}

/// Asks such a server.
pub fn ask(address: &str, lines: &[&str]) -> io::Result<()> {
    let stream = TcpStream::connect(address)?;
    for line in lines {
        writeln!(&stream, "{line}")?;
    }
    stream.shutdown(Shutdown::Write)?;
    for line in BufReader::new(&stream).lines() {
        println!("{}", line?);
    }
    Ok(())
}

/// Tells what may be done there.
pub fn refused(addresses: &[&str]) {
    for address in addresses {
        println!("listen at {address}: {:?}", TcpListener::bind(address).map(drop).map_err(|error| error.kind()));
        println!("connect to {address}: {:?}", TcpStream::connect(address).map(drop).map_err(|error| error.kind()));
    }
}
