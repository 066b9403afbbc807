//! [`Conversation`]: a program of `wasip2/network` and this process, one of which is the other's server.

use crate::case::{CaseEnd, ProgramCase};
use crate::in_component::{AdaptedPrograms, GuestWaits};
use crate::in_library::LibraryFiles;
use anyhow::{Result, bail, ensure};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread::sleep;
use std::time::{Duration, Instant};

const BUILD: &str = "wasip2/network";

/// How long either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is said, and who begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversation {
    /// The program serves two clients of this process.
    TcpServer,
    /// This process numbers the lines of the program.
    TcpClient,
    /// The program may listen, and nothing else: it answers whoever wrote to it.
    UdpServer,
    /// This process answers what the program sends.
    UdpClient,
}

impl Conversation {
    /// All that there are, with their names.
    pub const ALL: [(&str, Conversation); 4] = [
        ("serves connections", Conversation::TcpServer),
        ("connects", Conversation::TcpClient),
        ("answers datagrams", Conversation::UdpServer),
        ("sends datagrams", Conversation::UdpClient),
    ];

    /// Has the program and this process talk.
    ///
    /// # Errors
    ///
    /// What either hears otherwise than it must, and what does not work at all.
    pub fn hold(self, programs: &AdaptedPrograms, waits: GuestWaits) -> Result<()> {
        match self {
            Conversation::TcpServer => {
                let at = TcpListener::bind(ANY)?.local_addr()?; // nobody has it any more
                let case = case("tcp serve", at, &["2"], Rule::Listens);
                let printed = format!("serves at {at}\n2 lines\n1 lines\n");
                beside(programs, waits, case, &printed, || {
                    ask_lines(at, "hello\nyou there\n", "HELLO\nYOU THERE\n")?;
                    ask_lines(at, "bye\n", "BYE\n")
                })
            }
            Conversation::TcpClient => {
                let listener = TcpListener::bind(ANY)?;
                let case = case("tcp ask", listener.local_addr()?, &["one", "two"], Rule::Connects);
                beside(programs, waits, case, "1: one\n2: two\n", || number_lines(&listener))
            }
            Conversation::UdpServer => {
                let at = UdpSocket::bind(ANY)?.local_addr()?;
                let case = case("udp serve", at, &["2"], Rule::Listens);
                let printed = format!("serves at {at}\nanswered HELLO\nanswered BYE\n");
                beside(programs, waits, case, &printed, || {
                    ask_datagram(at, "hello", "HELLO")?;
                    ask_datagram(at, "bye", "BYE")
                })
            }
            Conversation::UdpClient => {
                let socket = UdpSocket::bind(ANY)?;
                let case = case("udp ask", socket.local_addr()?, &["one", "two"], Rule::Connects);
                beside(programs, waits, case, "re: one\nre: two\n", || answer_datagrams(&socket))
            }
        }
    }
}

const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

enum Rule {
    Connects,
    Listens,
}

fn case(words: &str, at: SocketAddr, more: &[&str], rule: Rule) -> ProgramCase {
    let mut case = ProgramCase::new(words);
    case.args = words.split(' ').map(str::to_owned).collect();
    case.args.push(at.to_string());
    case.args.extend(more.iter().map(|word| (*word).to_owned()));
    match rule {
        Rule::Connects => case.connects.push(at.to_string()),
        Rule::Listens => case.listens.push(at.to_string()),
    }
    case
}

/// Runs the program in a thread, and the other side here.
fn beside(
    programs: &AdaptedPrograms,
    waits: GuestWaits,
    case: ProgramCase,
    printed: &str,
    other: impl FnOnce() -> Result<()>,
) -> Result<()> {
    std::thread::scope(|scope| {
        let program = scope.spawn(|| programs.run(BUILD, &case, LibraryFiles::Host, waits));
        let heard = other();
        let Ok(ended) = program.join() else { bail!("the program's thread panicked") };
        let ended = ended?;
        let (stdout, stderr) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
        ensure!(stdout == printed && ended.end == CaseEnd::Exit(0), "{:?}: {stdout}{stderr}, not {printed}", ended.end);
        heard
    })
}

/// Repeats what nobody answers yet.
fn retry<T>(mut attempt: impl FnMut() -> std::io::Result<T>) -> Result<T> {
    let start = Instant::now();
    loop {
        match attempt() {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused && start.elapsed() < PATIENCE => {
                sleep(Duration::from_millis(5));
            }
            ended => return Ok(ended?),
        }
    }
}

fn ask_lines(at: SocketAddr, lines: &str, expected: &str) -> Result<()> {
    let mut stream = retry(|| TcpStream::connect(at))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(lines.as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    ensure!(answer == expected, "the program answers {answer:?}, not {expected:?}");
    Ok(())
}

fn number_lines(listener: &TcpListener) -> Result<()> {
    let (stream, _) = listener.accept()?;
    stream.set_read_timeout(Some(PATIENCE))?;
    for (number, line) in BufReader::new(&stream).lines().enumerate() {
        writeln!(&stream, "{}: {}", number + 1, line?)?;
    }
    Ok(())
}

fn ask_datagram(at: SocketAddr, text: &str, expected: &str) -> Result<()> {
    let socket = UdpSocket::bind(ANY)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.connect(at)?;
    let mut buffer = [0; 64];
    // The system tells of a datagram that nobody took at the next operation.
    let count = retry(|| {
        socket.send(text.as_bytes())?;
        socket.recv(&mut buffer)
    })?;
    ensure!(&buffer[..count] == expected.as_bytes(), "the program answers {:?}", &buffer[..count]);
    Ok(())
}

fn answer_datagrams(socket: &UdpSocket) -> Result<()> {
    socket.set_read_timeout(Some(PATIENCE))?;
    let mut buffer = [0; 64];
    for _ in 0..2 {
        let (count, from) = socket.recv_from(&mut buffer)?;
        socket.send_to(&[b"re: ", &buffer[..count]].concat(), from)?;
    }
    Ok(())
}
