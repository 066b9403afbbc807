//! A stream whose other end the test has.

use gusset_wasi::{ErrorCode, FileType, Interest, Pollable, Ready, Stream, Waiter, WasiResult};
use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

/// Bytes between two who read and write, with room for a few.
pub(crate) struct Channel(Mutex<ChannelState>);

#[derive(Default)]
pub(crate) struct ChannelState {
    pub(crate) bytes: VecDeque<u8>,
    pub(crate) room: usize,
    /// Nobody writes any more.
    pub(crate) ended: bool,
    /// What whoever reads or writes next is told.
    pub(crate) fails: Option<ErrorCode>,
    pub(crate) flushes: usize,
    wakers: Vec<Waker>,
}

impl Channel {
    pub(crate) fn new(room: usize) -> Arc<Channel> {
        Arc::new(Channel(Mutex::new(ChannelState { room, ..ChannelState::default() })))
    }

    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut ChannelState) -> R) -> R {
        let mut state = self.0.lock().unwrap();
        let result = change(&mut state);
        let wakers = mem::take(&mut state.wakers);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        result
    }

    pub(crate) fn take(&self) -> Vec<u8> {
        self.change(|state| mem::take(&mut state.bytes)).into()
    }
}

impl Pollable for Channel {
    fn poll_ready<'a>(&'a self, interest: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        let mut state = self.0.lock().unwrap();
        let ready = match interest {
            Interest::Read => !state.bytes.is_empty() || state.ended,
            Interest::Write => state.bytes.len() < state.room,
        };
        if ready || state.fails.is_some() {
            return Poll::Ready(Ready::default());
        }
        state.wakers.push(waiter.waker());
        Poll::Pending
    }
}

impl Stream for Channel {
    fn file_type(&self) -> FileType {
        FileType::Fifo
    }

    fn read(&self, bytes: &mut [u8]) -> WasiResult<usize> {
        self.change(|state| {
            if let Some(code) = state.fails.take() {
                return Err(code.into());
            }
            if state.bytes.is_empty() && !state.ended {
                return Err(ErrorCode::WouldBlock.into());
            }
            let count = bytes.len().min(state.bytes.len());
            for (byte, from) in bytes.iter_mut().zip(state.bytes.drain(..count)) {
                *byte = from;
            }
            Ok(count)
        })
    }

    fn write(&self, bytes: &[u8]) -> WasiResult<usize> {
        self.change(|state| {
            if let Some(code) = state.fails.take() {
                return Err(code.into());
            }
            let count = bytes.len().min(state.room - state.bytes.len());
            if count == 0 {
                return Err(ErrorCode::WouldBlock.into());
            }
            state.bytes.extend(&bytes[..count]);
            Ok(count)
        })
    }

    fn flush(&self) -> WasiResult<()> {
        self.change(|state| state.flushes += 1);
        Ok(())
    }
}
