//! [`Contents`]: the bytes of a file, in chunks of which only those are there that were written. A hole costs nothing, however long.

use super::volume::Account;
use crate::error::{ErrorCode, WasiResult};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

const CHUNK: usize = 64 << 10;
const CHUNK_SIZE: u64 = CHUNK as u64;

/// What a chunk costs beside its bytes, with what a map that is half full and the allocator take.
const CHUNK_COST: u64 = 128;

/// Offsets are signed in what guests and systems say.
const MAX_SIZE: u64 = i64::MAX as u64;

#[derive(Default)]
pub(super) struct Contents {
    size: u64,
    /// By their offsets, divided by their size. What one lacks at its end is zero.
    chunks: BTreeMap<u64, Vec<u8>>,
}

impl Contents {
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn read(&self, bytes: &mut [u8], offset: u64) -> usize {
        let left = self.size.saturating_sub(offset);
        let total = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let mut done = 0;
        while done < total {
            let (index, within) = place(offset + done as u64);
            let count = (CHUNK - within).min(total - done);
            let to = &mut bytes[done..done + count];
            let from = self.chunks.get(&index).and_then(|chunk| chunk.get(within..)).unwrap_or_default();
            let there = from.len().min(count);
            to[..there].copy_from_slice(&from[..there]);
            to[there..].fill(0);
            done += count;
        }
        total
    }

    /// Writes what there is room for; an error where that is nothing.
    pub(super) fn write(&mut self, account: &Account, bytes: &[u8], offset: u64) -> WasiResult<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        end_of(offset, bytes.len() as u64)?;
        let mut done = 0;
        while done < bytes.len() {
            let (index, within) = place(offset + done as u64);
            let count = (CHUNK - within).min(bytes.len() - done);
            match self.chunk_with_room(account, index, within + count) {
                Ok(chunk) => put(chunk, within, &bytes[done..done + count]),
                Err(_) if done > 0 => break,
                Err(error) => return Err(error),
            }
            done += count;
            self.size = self.size.max(offset + done as u64);
        }
        Ok(done)
    }

    pub(super) fn set_size(&mut self, account: &Account, size: u64) -> WasiResult<()> {
        if size > MAX_SIZE {
            return Err(ErrorCode::FileTooLarge.into());
        }
        if size < self.size {
            let (index, within) = place(size);
            let gone = self.chunks.split_off(&(index + u64::from(within > 0)));
            account.release(gone.values().map(|chunk| CHUNK_COST + chunk.capacity() as u64).sum());
            if let Some(chunk) = self.chunks.get_mut(&index) {
                let before = chunk.capacity();
                chunk.truncate(within);
                chunk.shrink_to_fit();
                account.release((before - chunk.capacity()) as u64);
            }
        }
        self.size = size;
        Ok(())
    }

    /// Takes the memory for a range now, all of it or none.
    pub(super) fn allocate(&mut self, account: &Account, offset: u64, length: u64) -> WasiResult<()> {
        let end = end_of(offset, length)?;
        if length == 0 {
            return Err(ErrorCode::Invalid.into());
        }
        // What is too much is found before anything is done for each chunk.
        let chunks = offset / CHUNK_SIZE..end.div_ceil(CHUNK_SIZE);
        let there: u64 = self.chunks.range(chunks.clone()).map(|(_, chunk)| chunk.capacity() as u64).sum();
        if !account.has_room(length.saturating_sub(there)) {
            return Err(ErrorCode::InsufficientSpace.into());
        }
        let made = |index: u64| if index == end / CHUNK_SIZE { (end % CHUNK_SIZE) as usize } else { CHUNK };
        let mut outcome = Ok(());
        let mut grown = Vec::new();
        for index in chunks {
            let before = self.chunks.get(&index).map(Vec::capacity);
            match self.chunk_with_room(account, index, made(index)) {
                Ok(_) => grown.push((index, before)),
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        match outcome {
            Ok(()) => self.size = self.size.max(end),
            Err(_) => grown.into_iter().for_each(|(index, before)| self.give_back(account, index, before)),
        }
        outcome
    }

    fn give_back(&mut self, account: &Account, index: u64, capacity: Option<usize>) {
        let Entry::Occupied(mut chunk) = self.chunks.entry(index) else { return };
        let now = chunk.get().capacity();
        match capacity {
            None => {
                chunk.remove();
                account.release(CHUNK_COST + now as u64);
            }
            Some(before) => {
                chunk.get_mut().shrink_to(before);
                account.release((now - chunk.get().capacity()) as u64);
            }
        }
    }

    fn chunk_with_room(&mut self, account: &Account, index: u64, length: usize) -> WasiResult<&mut Vec<u8>> {
        match self.chunks.entry(index) {
            Entry::Occupied(chunk) => {
                let chunk = chunk.into_mut();
                grow(account, chunk, length)?;
                Ok(chunk)
            }
            Entry::Vacant(place) => {
                account.reserve(CHUNK_COST)?;
                let mut chunk = Vec::new();
                grow(account, &mut chunk, length).inspect_err(|_| account.release(CHUNK_COST))?;
                Ok(place.insert(chunk))
            }
        }
    }
}

fn place(offset: u64) -> (u64, usize) {
    (offset / CHUNK_SIZE, (offset % CHUNK_SIZE) as usize)
}

fn end_of(offset: u64, length: u64) -> WasiResult<u64> {
    let end = offset.checked_add(length).filter(|&end| end <= MAX_SIZE);
    Ok(end.ok_or(ErrorCode::FileTooLarge)?)
}

/// Gives a chunk room for so many bytes: twice what it has, or, where there is not that much, what it needs.
fn grow(account: &Account, chunk: &mut Vec<u8>, length: usize) -> WasiResult<()> {
    let before = chunk.capacity();
    if length <= before {
        return Ok(());
    }
    let mut capacity = length.max((2 * before).min(CHUNK));
    if account.reserve((capacity - before) as u64).is_err() {
        capacity = length;
        account.reserve((capacity - before) as u64)?;
    }
    let outcome = chunk.try_reserve_exact(capacity - chunk.len());
    // What was taken in the end, whatever the allocator makes of it.
    match chunk.capacity() {
        now if now < capacity => account.release((capacity - now) as u64),
        now if now > capacity => chunk.shrink_to(capacity),
        _ => (),
    }
    outcome.map_err(|_| ErrorCode::InsufficientMemory.into())
}

/// Writes into a chunk that has room.
fn put(chunk: &mut Vec<u8>, within: usize, bytes: &[u8]) {
    if chunk.len() < within {
        chunk.resize(within, 0);
    }
    let over = (chunk.len() - within).min(bytes.len());
    chunk[within..within + over].copy_from_slice(&bytes[..over]);
    chunk.extend_from_slice(&bytes[over..]);
}
