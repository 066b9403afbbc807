//! Sequences of what a guest does with streams and its host with their other ends, made up by a seed, beside a model: every result is the same, and
//! so is every byte that arrives. So many sequences, or 50 times `GUSSET_SEQUENCES`.

use super::channel::Channel;
use super::guest::{P2Guest, StreamFailure, Told};
use gusset::{Resource, ResourceTableError};
use gusset_wasi::p2::{InputStream, IoPollable, OutputStream};
use gusset_wasi::{ErrorCode, WasiConfig};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::VecDeque;
use std::env;
use std::sync::Arc;

const SEQUENCES: u64 = 200;
const STEPS: usize = 150;

/// What is read, skipped, spliced or permitted at once.
const MOST: usize = 64 << 10;

/// How a stream answers: a result, or its end with the code that it is told by.
type Answer<R> = Result<R, Option<ErrorCode>>;

/// The stream that the guest reads, and its other end.
#[derive(Default)]
struct InputModel {
    bytes: VecDeque<u8>,
    ended: bool,
    fails: Option<ErrorCode>,
    /// The end was read last.
    at_end: bool,
    closed: bool,
}

/// The stream that the guest writes, and its other end.
#[derive(Default)]
struct OutputModel {
    arrived: VecDeque<u8>,
    room: usize,
    fails: Option<ErrorCode>,
    kept: VecDeque<u8>,
    permit: usize,
    flushing: bool,
    flushes: usize,
    untold: Option<ErrorCode>,
    closed: bool,
}

impl InputModel {
    fn is_ready(&self) -> bool {
        self.closed || !self.bytes.is_empty() || self.ended || self.fails.is_some()
    }

    /// `None`: nothing has come.
    fn read(&mut self, length: u64) -> Answer<Option<Vec<u8>>> {
        let length = length.min(MOST as u64) as usize;
        if self.closed || length == 0 && self.at_end {
            return Err(None);
        }
        if length == 0 {
            return Ok(Some(Vec::new()));
        }
        if let Some(code) = self.fails.take() {
            self.closed = true;
            return Err(Some(code));
        }
        if self.bytes.is_empty() && !self.ended {
            return Ok(None);
        }
        self.at_end = self.bytes.is_empty();
        let count = length.min(self.bytes.len());
        if self.at_end { Err(None) } else { Ok(Some(self.bytes.drain(..count).collect())) }
    }
}

impl OutputModel {
    fn has_room(&self) -> bool {
        self.arrived.len() < self.room || self.fails.is_some()
    }

    fn is_done(&self) -> bool {
        self.kept.is_empty() && !self.flushing
    }

    /// What has been written goes where there is room.
    fn settle(&mut self) {
        while !self.kept.is_empty() && self.has_room() {
            if let Some(code) = self.fails.take() {
                (self.untold, self.closed, self.flushing) = (Some(code), true, false);
                self.kept.clear();
                return;
            }
            self.arrived.extend(self.kept.pop_front());
        }
        if self.kept.is_empty() && self.flushing {
            self.flushing = false;
            self.flushes += 1;
        }
    }

    fn told(&mut self) -> Answer<()> {
        self.settle();
        match self.untold.take() {
            Some(code) => Err(Some(code)),
            None if self.closed => Err(None),
            None => Ok(()),
        }
    }

    fn is_ready(&mut self) -> bool {
        self.settle();
        self.closed || self.is_done() && self.has_room()
    }

    fn check_write(&mut self) -> Answer<usize> {
        self.told()?;
        self.permit = if self.is_done() && self.has_room() { MOST } else { 0 };
        Ok(self.permit)
    }

    fn write(&mut self, contents: &[u8]) -> Answer<()> {
        self.permit -= contents.len();
        if !self.closed {
            self.kept.extend(contents);
        }
        self.told()
    }

    fn flush(&mut self, contents: &[u8]) -> Answer<()> {
        self.told()?;
        self.permit = 0;
        self.kept.extend(contents);
        self.flushing = true;
        self.told()
    }
}

/// A guest with both streams, the test's ends of them, and the model.
struct Scene {
    guest: P2Guest,
    random: ChaCha12Rng,
    from: Arc<Channel>,
    to: Arc<Channel>,
    input: Resource<InputStream>,
    output: Resource<OutputStream>,
    pollables: Vec<(Resource<IoPollable>, bool)>,
    input_model: InputModel,
    output_model: OutputModel,
    next: u8,
}

impl Scene {
    fn new(seed: u64) -> Scene {
        let (from, to) = (Channel::new(usize::MAX), Channel::new(0));
        let mut guest = P2Guest::new(&WasiConfig::builder().system_time().build().unwrap());
        let (input, output) = (guest.input(from.clone()), guest.output(to.clone()));
        Scene {
            guest,
            random: ChaCha12Rng::seed_from_u64(seed),
            from,
            to,
            input,
            output,
            pollables: Vec::new(),
            input_model: InputModel::default(),
            output_model: OutputModel::default(),
            next: 0,
        }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.random.next_u64() % bound
    }

    fn length(&mut self) -> u64 {
        match self.below(12) {
            0 => u64::MAX,
            1 => 70_000,
            2 => 0,
            _ => self.below(40),
        }
    }

    /// Bytes that tell where they belong.
    fn bytes(&mut self, most: u64) -> Vec<u8> {
        (0..self.below(most + 1))
            .map(|_| {
                self.next = self.next.wrapping_add(1);
                self.next
            })
            .collect()
    }

    fn host_acts(&mut self) {
        match self.below(8) {
            0..3 => {
                let most = if self.below(10) == 0 { 100_000 } else { 30 };
                let bytes = self.bytes(most);
                self.from.change(|state| state.bytes.extend(&bytes));
                self.input_model.bytes.extend(bytes);
            }
            3..5 => {
                self.output_model.room = if self.below(10) == 0 { 200_000 } else { self.below(50) as usize };
                let room = self.output_model.room.max(self.output_model.arrived.len());
                self.output_model.room = room;
                self.to.change(|state| state.room = room);
            }
            5..7 => {
                let (arrived, flushes) = (self.to.take(), self.to.change(|state| state.flushes));
                assert_eq!(arrived, Vec::from(std::mem::take(&mut self.output_model.arrived)));
                assert_eq!(flushes, self.output_model.flushes);
            }
            _ => match self.below(30) {
                0 => {
                    self.from.change(|state| state.ended = true);
                    self.input_model.ended = true;
                }
                1 => {
                    self.from.change(|state| state.fails = Some(ErrorCode::ConnectionReset));
                    self.input_model.fails = Some(ErrorCode::ConnectionReset);
                }
                2 => {
                    self.to.change(|state| state.fails = Some(ErrorCode::Pipe));
                    self.output_model.fails = Some(ErrorCode::Pipe);
                }
                _ => {}
            },
        }
    }

    fn guest_reads(&mut self) {
        let length = self.length();
        let waits = self.below(2) == 0 && self.input_model.is_ready();
        let expected = self.input_model.read(length).map(Option::unwrap_or_default);
        let is_skip = self.below(2) == 0;
        let Scene { guest, input, .. } = self;
        match (is_skip, waits) {
            (false, false) => assert_eq!(guest.read(input, length), expected),
            (false, true) => assert_eq!(guest.blocking_read(input, length), expected),
            (true, waits) => {
                let name = if waits { "blocking-skip" } else { "skip" };
                assert_eq!(guest.count(name, input, length), expected.map(|bytes| bytes.len() as u64));
            }
        }
    }

    fn guest_writes(&mut self) {
        match self.below(6) {
            0 => {
                let permit = self.output_model.check_write().map(|permit| permit as u64);
                assert_eq!(self.guest.check_write(&self.output), permit);
            }
            1 if self.output_model.permit > 0 => {
                let count = self.below(self.output_model.permit as u64 + 1);
                let expected = self.output_model.write(&vec![0; count as usize]);
                let name = "streams#[method]output-stream.write-zeroes";
                let written: Told<()> = self.guest.call(name, (&self.output, count));
                assert_eq!(written.map_err(|error| self.guest.code(error)), expected);
            }
            2 | 3 if self.output_model.permit > 0 => {
                let most = (self.output_model.permit as u64).min(if self.below(10) == 0 { u64::MAX } else { 60 });
                let contents = self.bytes(most);
                let expected = self.output_model.write(&contents);
                assert_eq!(self.guest.write(&self.output, &contents), expected);
            }
            4 => {
                let expected = self.output_model.flush(&[]);
                assert_eq!(self.guest.done("flush", &self.output), expected);
            }
            _ => self.guest_waits_for_its_writes(),
        }
    }

    /// Where that would end.
    fn guest_waits_for_its_writes(&mut self) {
        let most = if self.below(2) == 0 { 0 } else { 40 };
        let contents = self.bytes(most);
        let model = &mut self.output_model;
        let all = model.arrived.len() + model.kept.len() + contents.len();
        if all > model.room && model.fails.is_none() && !model.closed {
            model.room = all;
            self.to.change(|state| state.room = all);
        }
        let expected = self.output_model.flush(&contents);
        let name = if contents.is_empty() { "blocking-flush" } else { "blocking-write-and-flush" };
        let Scene { guest, output, .. } = self;
        match contents.is_empty() {
            true => assert_eq!(guest.done(name, output), expected),
            false => assert_eq!(guest.write_and_flush(output, &contents), expected),
        }
    }

    fn guest_splices(&mut self) {
        let length = self.length();
        let mut expected = self.output_model.check_write().map(|permit| (permit, Some(Vec::new())));
        if let Ok((permit @ 1.., _)) = expected {
            expected = self.input_model.read(length.min(permit as u64)).map(|read| (permit, read));
        }
        let is_at_once = matches!(expected, Err(_) | Ok((1.., Some(_))));
        let expected = match expected {
            Ok((1.., Some(bytes))) => self.output_model.write(&bytes).map(|()| bytes.len() as u64),
            other => other.map(|_| 0),
        };
        let name = if is_at_once && self.below(2) == 0 { "blocking-splice" } else { "splice" };
        assert_eq!(self.guest.splice(name, &self.output, &self.input, length), expected);
    }

    fn guest_polls(&mut self) {
        if self.pollables.len() < 4 {
            let reads = self.below(2) == 0;
            let pollable = match reads {
                true => self.guest.subscribe_to_input(&self.input),
                false => self.guest.subscribe_to_output(&self.output),
            };
            self.pollables.push((pollable, reads));
        }
        let ready: Vec<u32> = (0..)
            .zip(&self.pollables)
            .filter(|(_, (_, reads))| if *reads { self.input_model.is_ready() } else { self.output_model.is_ready() })
            .map(|(at, _)| at)
            .collect();
        if !ready.is_empty() {
            // While a guest waits, for whatever, it writes what is left.
            self.output_model.settle();
            let list: Vec<_> = self.pollables.iter().map(|(pollable, _)| pollable).collect();
            assert_eq!(self.guest.call::<_, Vec<u32>>("poll#poll", (list,)), ready);
        }
        for (at, (pollable, _)) in (0..).zip(&self.pollables) {
            assert_eq!(self.guest.is_ready(pollable), ready.contains(&at));
        }
        if self.below(3) == 0 {
            let at = self.below(self.pollables.len() as u64) as usize;
            let (pollable, _) = self.pollables.swap_remove(at);
            self.guest.store.data_mut().table.delete(pollable).map(drop).unwrap();
        }
    }

    /// Drops a stream, where no pollable of it is left, and makes another over the same channel.
    fn guest_drops(&mut self) {
        let reads = self.below(2) == 0;
        let rep = if reads { self.input.rep() } else { self.output.rep() };
        let table = &mut self.guest.store.data_mut().table;
        let deleted = match reads {
            true => table.delete(Resource::<InputStream>::new_own(rep)).map(drop),
            false => table.delete(Resource::<OutputStream>::new_own(rep)).map(drop),
        };
        if self.pollables.iter().any(|(_, of_input)| *of_input == reads) {
            assert_eq!(deleted, Err(ResourceTableError::HasChildren));
            return;
        }
        deleted.unwrap();
        match reads {
            true => {
                self.input = self.guest.input(self.from.clone());
                (self.input_model.at_end, self.input_model.closed) = (false, false);
            }
            false => {
                self.output_model.settle();
                let OutputModel { arrived, room, fails, flushes, .. } = std::mem::take(&mut self.output_model);
                self.output_model = OutputModel { arrived, room, fails, flushes, ..OutputModel::default() };
                self.output = self.guest.output(self.to.clone());
            }
        }
    }
}

#[test]
fn streams_do_what_a_model_does() {
    let count = env::var("GUSSET_SEQUENCES").ok().and_then(|text| text.parse::<u64>().ok());
    for seed in 0..count.map_or(SEQUENCES, |count| 50 * count) {
        let mut scene = Scene::new(seed);
        for _ in 0..STEPS {
            match scene.below(13) {
                0..4 => scene.host_acts(),
                4..6 => scene.guest_reads(),
                6..9 => scene.guest_writes(),
                9 | 10 => scene.guest_splices(),
                11 => scene.guest_polls(),
                _ if scene.below(4) == 0 => scene.guest_drops(),
                _ => {}
            }
        }
        // What was permitted is the most; more than that ends the guest, and nothing arrives of it.
        let (most, arrived) = (scene.output_model.permit, scene.to.change(|state| state.bytes.len()));
        let write = "streams#[method]output-stream.write";
        scene.guest.stop::<_, (Result<(), StreamFailure>,)>(write, (&scene.output, vec![0_u8; most + 1]));
        assert_eq!(scene.to.change(|state| state.bytes.len()), arrived);
    }
}
