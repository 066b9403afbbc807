//! In what setting a program of wasmtime's tests is run, and what it must do there.

/// How a program is run.
pub(super) enum PeerSetting {
    /// As a command, each of these times.
    Commands(Vec<PeerCommand>),
    /// Twice at a time, one reading what the other prints.
    Piped,
    /// As a service, for `gusset serve`.
    Service(PeerService),
    /// Not at all, and why.
    NotRun(&'static str),
}

/// One run of a command: what it is given, and what it must do.
#[derive(Clone, Default)]
pub(super) struct PeerCommand {
    /// Of `gusset run`, before the file.
    pub(super) options: Vec<String>,
    /// What the program is told behind its name.
    pub(super) words: Vec<String>,
    /// Variables of the process, which the guest has by `--env NAME`.
    pub(super) inherited: Vec<(String, String)>,
    /// What the guest calls the folder that it has.
    pub(super) folder: Option<&'static str>,
    /// What is in the folder.
    pub(super) files: Vec<PeerFile>,
    /// Whether it has `readonly` too, with a file in it that must stay as it is.
    pub(super) read_only: bool,
    pub(super) input: PeerInput,
    pub(super) server: Option<PeerServer>,
    pub(super) end: ExpectedEnd,
}

/// A file that is there before the program begins; a folder where nothing is in it.
#[derive(Clone, Copy)]
pub(super) struct PeerFile {
    pub(super) path: &'static str,
    pub(super) contents: Option<&'static [u8]>,
    /// Whether it was changed longer ago than WASI can say.
    pub(super) is_ancient: bool,
}

/// What a command reads.
#[derive(Clone, Copy, Default)]
pub(super) enum PeerInput {
    #[default]
    Nothing,
    Bytes(&'static [u8]),
    /// A folder, of which nothing can be read.
    Folder,
    /// Nothing comes until the program has printed this; then its input ends, and nobody reads its output.
    HeldUntil(&'static str),
}

/// What answers at the address in `HTTP_SERVER`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum PeerServer {
    /// Tells what it was asked for, and sends the body back.
    Echo,
    /// Speaks HTTP/2 to whoever speaks HTTP/1.1.
    Http2,
}

/// How a command must end, and what it must leave behind.
#[derive(Clone, Default)]
pub(super) struct ExpectedEnd {
    pub(super) code: i32,
    /// All that it prints.
    pub(super) stdout: Option<String>,
    /// What is among that which it writes to standard error.
    pub(super) says: &'static str,
    /// A file of its folder.
    pub(super) file: Option<(&'static str, &'static str)>,
}

impl PeerCommand {
    pub(super) fn option(mut self, words: &[&str]) -> PeerCommand {
        self.options.extend(words.iter().map(|word| (*word).to_owned()));
        self
    }

    pub(super) fn env(self, variable: &str) -> PeerCommand {
        self.option(&["--env", variable])
    }

    pub(super) fn words(mut self, words: &[&str]) -> PeerCommand {
        self.words.extend(words.iter().map(|word| (*word).to_owned()));
        self
    }

    pub(super) fn folder(mut self, name: &'static str) -> PeerCommand {
        self.folder = Some(name);
        self
    }

    pub(super) fn file(mut self, path: &'static str, contents: &'static str) -> PeerCommand {
        self.files.push(PeerFile { path, contents: Some(contents.as_bytes()), is_ancient: false });
        self
    }

    pub(super) fn inner_folder(mut self, path: &'static str) -> PeerCommand {
        self.files.push(PeerFile { path, contents: None, is_ancient: false });
        self
    }

    pub(super) fn input(mut self, input: PeerInput) -> PeerCommand {
        self.input = input;
        self
    }

    pub(super) fn server(mut self, server: PeerServer) -> PeerCommand {
        self.server = Some(server);
        self
    }

    /// It ends with the code, and says the text on the way.
    pub(super) fn ends(mut self, code: i32, says: &'static str) -> PeerCommand {
        (self.end.code, self.end.says) = (code, says);
        self
    }

    pub(super) fn prints(mut self, text: impl Into<String>) -> PeerCommand {
        self.end.stdout = Some(text.into());
        self
    }

    /// It leaves the file behind with these contents.
    pub(super) fn leaves(mut self, path: &'static str, contents: &'static str) -> PeerCommand {
        self.end.file = Some((path, contents));
        self
    }
}

impl From<PeerCommand> for PeerSetting {
    fn from(command: PeerCommand) -> PeerSetting {
        PeerSetting::Commands(vec![command])
    }
}

/// A service, and what it is asked.
#[derive(Default)]
pub(super) struct PeerService {
    /// Of `gusset serve`, before the file.
    pub(super) options: Vec<&'static str>,
    pub(super) requests: Vec<PeerRequest>,
    /// What is among that which the server writes to standard error.
    pub(super) says: &'static str,
}

/// A request, and what must answer it.
#[derive(Clone)]
pub(super) struct PeerRequest {
    /// The first line and those behind it, each without its end.
    pub(super) head: Vec<&'static str>,
    pub(super) body: Vec<u8>,
    /// Codes of which one must answer.
    pub(super) status: std::ops::RangeInclusive<u16>,
    /// A line that must be in the head of the answer, in small letters.
    pub(super) header: Option<&'static str>,
    /// The body of the answer, where that is known.
    pub(super) answer: Option<Vec<u8>>,
}

impl PeerService {
    pub(super) fn option(mut self, words: &[&'static str]) -> PeerService {
        self.options.extend(words);
        self
    }

    /// Asks it twice for the same.
    pub(super) fn twice(self, request: PeerRequest) -> PeerService {
        self.ask(request.clone()).ask(request)
    }

    pub(super) fn ask(mut self, request: PeerRequest) -> PeerService {
        self.requests.push(request);
        self
    }

    pub(super) fn says(mut self, text: &'static str) -> PeerService {
        self.says = text;
        self
    }
}

impl From<PeerService> for PeerSetting {
    fn from(service: PeerService) -> PeerSetting {
        PeerSetting::Service(service)
    }
}

impl PeerRequest {
    /// A request with this first line and these headers, which must succeed.
    pub(super) fn new(head: &[&'static str]) -> PeerRequest {
        PeerRequest { head: head.to_vec(), body: Vec::new(), status: 200..=299, header: None, answer: None }
    }

    pub(super) fn with_body(mut self, body: Vec<u8>) -> PeerRequest {
        self.body = body;
        self
    }

    pub(super) fn fails(mut self) -> PeerRequest {
        self.status = 500..=599;
        self
    }

    pub(super) fn has_header(mut self, line: &'static str) -> PeerRequest {
        self.header = Some(line);
        self
    }

    pub(super) fn answers(mut self, body: impl Into<Vec<u8>>) -> PeerRequest {
        self.answer = Some(body.into());
        self
    }
}
