//! What a client is sent, taken apart.

/// The first response among some bytes.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    head: String,
    pub(super) body: Vec<u8>,
    /// Whether it ends as its head says.
    pub(super) is_whole: bool,
    /// What comes behind it.
    pub(super) rest: Vec<u8>,
}

impl Reply {
    /// # Panics
    ///
    /// When there is no whole head.
    #[track_caller]
    pub(super) fn parse(bytes: &[u8]) -> Reply {
        let shown = String::from_utf8_lossy(bytes);
        let end = bytes.windows(4).position(|part| part == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("there is no head: {shown:?}")) + 4;
        let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("it begins with a status");
        let mut reply = Reply { status, head, body: Vec::new(), is_whole: false, rest: bytes[end..].to_vec() };
        if reply.header("transfer-encoding").is_some_and(|coding| coding == "chunked") {
            reply.take_chunks();
        } else if let Some(length) = reply.header("content-length").map(|length| length.parse::<usize>().unwrap()) {
            let rest = reply.rest.split_off(reply.rest.len().min(length));
            reply.body = std::mem::replace(&mut reply.rest, rest);
            reply.is_whole = reply.body.len() == length;
        }
        reply
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("it is text")
    }

    fn take_chunks(&mut self) {
        while let Some(end) = self.rest.windows(2).position(|part| part == b"\r\n") {
            let length =
                std::str::from_utf8(&self.rest[..end]).ok().and_then(|text| usize::from_str_radix(text, 16).ok());
            let length = length.expect("a chunk begins with its length");
            let (start, next) = (end + 2, end + 2 + length + 2);
            if self.rest.len() < next {
                self.body.extend_from_slice(&self.rest[start..self.rest.len().min(start + length)]);
                self.rest.clear();
                return;
            }
            self.body.extend_from_slice(&self.rest[start..start + length]);
            self.rest.drain(..next);
            if length == 0 {
                self.is_whole = true;
                return;
            }
        }
    }
}
