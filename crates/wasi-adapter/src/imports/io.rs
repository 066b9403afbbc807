//! `wasi:io`: streams, what they fail with, and waiting.

use super::interface;

interface! {
    "wasi:io/error@0.2.0" {
        "[resource-drop]error" => drop_error(error: u32);
    }
}

interface! {
    "wasi:io/poll@0.2.0" {
        "[resource-drop]pollable" => drop_pollable(pollable: u32);
        /// A list of indices.
        "poll" => poll(pollables: u32, count: u32, results: u32);
    }
}

interface! {
    "wasi:io/streams@0.2.0" {
        "[resource-drop]input-stream" => drop_input_stream(stream: u32);
        /// 0 and a list of bytes from 4 on, or 1 and a `stream-error` from 4 on.
        "[method]input-stream.read" => read(stream: u32, length: u64, results: u32);
        /// As `read`.
        "[method]input-stream.blocking-read" => blocking_read(stream: u32, length: u64, results: u32);
        "[method]input-stream.subscribe" => subscribe_to_input(stream: u32) -> u32;
        "[resource-drop]output-stream" => drop_output_stream(stream: u32);
        /// 0 and a number of bytes from 8 on, or 1 and a `stream-error` from 8 on.
        "[method]output-stream.check-write" => check_write(stream: u32, results: u32);
        /// 0, or 1 and a `stream-error` from 4 on.
        "[method]output-stream.write" => write(stream: u32, bytes: u32, length: u32, results: u32);
        /// As `write`.
        "[method]output-stream.blocking-write-and-flush" =>
            blocking_write_and_flush(stream: u32, bytes: u32, length: u32, results: u32);
        /// As `write`.
        "[method]output-stream.flush" => flush(stream: u32, results: u32);
        /// As `write`.
        "[method]output-stream.blocking-flush" => blocking_flush(stream: u32, results: u32);
        "[method]output-stream.subscribe" => subscribe_to_output(stream: u32) -> u32;
    }
}
