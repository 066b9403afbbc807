//! [`AccessLog`]: a line of JSON for each request. Nothing that a client sends can end a line, or be a control of a terminal.

use super::arguments::LogFile;
use super::log_sink::LogSink;
use super::record::RequestRecord;
use super::service::NO_THREAD;
use crate::json_text::JsonText;
use anyhow::{Context, Result};
use std::fmt::{self, Write};
use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

pub(super) struct AccessLog(Arc<LogSink>);

impl AccessLog {
    /// The log in that file, behind what is in it; `stdout` is where standard output goes, `stderr` where it is told what cannot be written.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub(super) fn open(file: &LogFile, stdout: &Arc<LogSink>, stderr: &Arc<LogSink>) -> Result<AccessLog> {
        let LogFile::File(path) = file else { return Ok(AccessLog(stdout.clone())) };
        let file = OpenOptions::new().append(true).create(true).open(path);
        let file = file.with_context(|| format!("cannot write the log {}", path.display()))?;
        Ok(AccessLog(LogSink::start("the access log", Some(stderr), file).context(NO_THREAD)?))
    }

    /// Writes the line of a request that is over.
    pub(super) fn put(&self, record: &RequestRecord) {
        self.0.put(line(record, SystemTime::now()));
    }

    /// Writes the line of what a client has sent that is no request.
    pub(super) fn put_malformed(&self, client: SocketAddr, error: &hyper::Error) {
        // Who speaks HTTP/2 is not answered: it would not understand it.
        let status = match error {
            error if error.to_string().contains("HTTP2") => "null",
            error if error.to_string().contains("URI too long") => "414",
            error if error.is_parse_too_large() => "431",
            _ => "400",
        };
        self.0.put(format!(
            "{{\"time\": \"{}\", \"request\": null, \"client\": \"{client}\", \"method\": null, \"path\": null, \"status\": {status}, \
             \"bytes\": 0, \"micros\": 0, \"outcome\": \"malformed\"}}\n",
            Utc(SystemTime::now())
        ));
    }

    pub(super) fn finish(&self, end: Instant) {
        self.0.finish(end);
    }
}

fn line(record: &RequestRecord, now: SystemTime) -> String {
    let mut line = String::with_capacity(256);
    let _ = write!(line, "{{\"time\": \"{}\"", Utc(now));
    match record.number {
        Some(number) => drop(write!(line, ", \"request\": {number}")),
        None => line.push_str(", \"request\": null"),
    }
    let (method, path) = (JsonText(record.method.as_str()), record.path());
    let _ = write!(line, ", \"client\": \"{}\", \"method\": {method}, \"path\": {}", record.client, JsonText(path));
    match record.status {
        Some(status) => drop(write!(line, ", \"status\": {status}")),
        None => line.push_str(", \"status\": null"),
    }
    let (micros, outcome) = (record.start.elapsed().as_micros(), record.outcome);
    let _ = writeln!(line, ", \"bytes\": {}, \"micros\": {micros}, \"outcome\": \"{outcome}\"}}", record.bytes);
    line
}

/// A time as RFC 3339 has it, to the millisecond.
struct Utc(SystemTime);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.0.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
        let (year, month, day) = date(days);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", since.subsec_millis())
    }
}

/// The year, month and day that is so many days after 1970-01-01.
fn date(mut days: u64) -> (u64, u64, u64) {
    // 400 years are always the same, and there are 97 leap years among them.
    let mut year = 1970 + days / 146_097 * 400;
    days %= 146_097;
    let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days_of = |year| if is_leap(year) { 366 } else { 365 };
    while days >= days_of(year) {
        days -= days_of(year);
        year += 1;
    }
    let mut month = 0;
    let months = [31, if is_leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    while days >= months[month] {
        days -= months[month];
        month += 1;
    }
    (year, month as u64 + 1, days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199, "2024-02-29T23:59:59.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
            (13_569_465_600, "2400-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(Utc(UNIX_EPOCH + Duration::from_secs(seconds)).to_string(), text);
        }
        assert_eq!(Utc(UNIX_EPOCH + Duration::from_micros(1_999)).to_string(), "1970-01-01T00:00:00.001Z");
    }
}
