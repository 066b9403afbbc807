//! UDP, and names, as the standard library has them.

use std::io;
use std::net::{IpAddr, ToSocketAddrs, UdpSocket};

/// Speaks to itself.
pub fn loopback() -> io::Result<()> {
    let (one, other) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
    let (at_one, at_other) = (one.local_addr()?, other.local_addr()?);
    println!("two addresses: {}", at_one != at_other && at_one.ip() == at_other.ip());
    let mut buffer = [0; 64 << 10];

    println!("sent {} bytes", one.send_to(b"a datagram", at_other)?);
    let (count, from) = other.recv_from(&mut buffer)?;
    println!("received {:?}, from the one: {}", show(&buffer[..count]), from == at_one);
    println!("sent {} bytes", other.send_to(b"", at_one)?);
    println!("received {} bytes", one.recv_from(&mut buffer)?.0);

    one.connect(at_other)?;
    println!("knows the other: {}", one.peer_addr()? == at_other);
    one.send(b"by the shorter way")?;
    let (count, _) = other.recv_from(&mut buffer)?;
    println!("received {:?}", show(&buffer[..count]));
    let stranger = UdpSocket::bind("127.0.0.1:0")?;
    stranger.send_to(b"for you?", at_one)?;
    other.send_to(b"for you!", at_one)?;
    let count = one.recv(&mut buffer)?;
    println!("hears the other alone: {:?}", show(&buffer[..count]));

    let large: Vec<u8> = (0..60_000_u32).map(|at| (at % 251) as u8).collect();
    one.send(&large)?;
    let (count, _) = other.recv_from(&mut buffer)?;
    println!("{count} bytes in one datagram: {}", buffer[..count] == large);
    other.set_nonblocking(true)?;
    println!("nothing has come: {:?}", other.recv_from(&mut buffer).map(drop).map_err(|error| error.kind()));
    other.set_nonblocking(false)?;
    other.set_ttl(42)?;
    println!("hops: {}", other.ttl()?);
    Ok(())
}

/// Sends so many datagrams back to whoever sent them, in capitals.
pub fn serve(address: &str, count: usize) -> io::Result<()> {
    let socket = UdpSocket::bind(address)?;
    println!("serves at {}", socket.local_addr()?);
    let mut buffer = [0; 2048];
    for _ in 0..count {
        let (length, from) = socket.recv_from(&mut buffer)?;
        let answer = show(&buffer[..length]).to_uppercase();
        match socket.send_to(answer.as_bytes(), from) {
            Ok(_) => println!("answered {answer}"),
            Err(error) => println!("did not answer {answer}: {:?}", error.kind()),
        }
    }
    Ok(())
}

/// Asks such a server.
pub fn ask(address: &str, texts: &[&str]) -> io::Result<()> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.connect(address)?;
    let mut buffer = [0; 2048];
    for text in texts {
        socket.send(text.as_bytes())?;
        let count = socket.recv(&mut buffer)?;
        println!("{}", show(&buffer[..count]));
    }
    Ok(())
}

/// Tells what names stand for; of several addresses, that they are of this machine.
pub fn lookup(names: &[&str]) {
    for name in names {
        let found = (*name, 80).to_socket_addrs().map(|addresses| addresses.map(|at| at.ip()).collect::<Vec<IpAddr>>());
        match found {
            Ok(addresses) if addresses.iter().all(IpAddr::is_loopback) => println!("{name} is this machine"),
            Ok(addresses) => println!("{name} is {addresses:?}"),
            Err(_) => println!("{name} is not known"),
        }
    }
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
