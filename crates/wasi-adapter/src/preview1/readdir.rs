//! `fd_readdir`: a directory's entries as records in a buffer. A cookie is a position among them, with `.` and `..` before what 0.2 lists. The
//! stream that lists a directory goes on from call to call; whoever goes back has it read anew. The last record of a buffer is cut off where
//! that ends, and its entry is kept. One can be: while it is another directory's, the end of a buffer that might not hold the next entry
//! is filled with a record that is cut off in any case, and the entry is read when it is asked for again.

use super::exports;
use super::fd::{self, hash};
use crate::area::{Area, One, Three};
use crate::descriptors;
use crate::errno::ErrorNumber;
use crate::imports::filesystem;
use crate::lists::{self, Lent};
use crate::memory::{check, copy, load64, store8, store32, store64};
use crate::outcome::NumberOrError;
use crate::rights;
use crate::words::{GlobalWord, KEPT_INODE, KEPT_LENGTH, KEPT_OF, KEPT_POSITION, KEPT_TYPE, NAME_WORDS};

/// The size of a `dirent`; the name follows.
const HEADER: u32 = 24;

/// `descriptor-type`.
const DIRECTORY: u8 = 3;

/// The position of the first entry that 0.2 lists.
const FIRST: u64 = 2;

/// How long a name is at most, on most systems.
const LONG_NAME: u32 = 255;

exports! {
    fn fd_readdir(fd: u32, buffer: u32, length: u32, cookie: u64, to: u32) {
        let entry = descriptors::with_rights(fd, rights::FD_READDIR)?;
        check(buffer, length.into(), 1)?;
        check(to, 4, 4)?;
        if cookie == 0 {
            // What was made or removed since is seen.
            forget(fd);
        }
        let lent = Lent::above(u64::from(buffer) + u64::from(length));
        let (mut used, mut position) = (0, cookie);
        while used < length {
            if used > 0 && length - used < HEADER + LONG_NAME && KEPT_OF.get() != 0 && KEPT_OF.get32() != fd + 1 {
                // None, cut off: there is no place for an entry that is cut off.
                put_header(buffer + used, length - used, position, 0, 0, LONG_NAME);
                put_name(buffer + used, length - used, LONG_NAME, |_| 0);
                used = length;
                break;
            }
            match record(fd, entry.handle(), position, buffer + used, length - used).get() {
                Ok(0) => break,
                Ok(size) => used += size.min((length - used).into()) as u32,
                Err(errno) if used == 0 => return Err(errno),
                // What is there is told; the next call fails.
                Err(_) => break,
            }
            position += 1;
        }
        drop(lent);
        store32(to, used);
        Ok(())
    }
}

/// Forgets the listing of a directory.
pub(crate) fn forget(fd: u32) {
    let listing = descriptors::listing(fd);
    if listing.get() != 0 {
        filesystem::drop_directory_entry_stream(listing.get32());
        listing.set(0);
    }
    if KEPT_OF.get32() == fd + 1 {
        KEPT_OF.set(0);
    }
}

/// Writes the record of the entry at a position, as much of it as there is room for; its size, or 0 behind the last one.
fn record(fd: u32, handle: u32, position: u64, at: u32, room: u32) -> NumberOrError {
    NumberOrError::of(|| {
        if position < FIRST {
            // What is above is none of the guest's business.
            let inode = if position == 0 { hash(handle, 0, 0, 2).get()? } else { 0 };
            let length = position as u32 + 1;
            put_header(at, room, position, inode, DIRECTORY, length);
            put_name(at, room, length, |_| u64::from_le_bytes([b'.'; 8]));
            return Ok((HEADER + length).into());
        }
        if KEPT_OF.get32() == fd + 1 && KEPT_POSITION.get() == position {
            let length = KEPT_LENGTH.get32();
            if HEADER + length <= room {
                KEPT_OF.set(0);
            }
            put_header(at, room, position, KEPT_INODE.get(), KEPT_TYPE.get() as u8, length);
            put_name(at, room, length, |part| GlobalWord::of_name(part).get());
            return Ok((HEADER + length).into());
        }
        seek(fd, handle, position, at, room).get()?;
        read(fd, handle, position, at, room).get()
    })
}

/// The position of the next entry of a directory's stream.
#[inline(always)]
fn next_position(fd: u32) -> u64 {
    descriptors::listing(fd).get() >> 32
}

/// Sees to it that the entry at a position is the stream's next one.
fn seek(fd: u32, handle: u32, position: u64, at: u32, room: u32) -> NumberOrError {
    NumberOrError::of(|| {
        if next_position(fd) == position {
            return Ok(0);
        }
        forget(fd);
        let stream = {
            let area = Area::<One>::new();
            filesystem::read_directory(handle, area.at);
            if area.u8(0) != 0 {
                return Err(ErrorNumber::of_file(area.u8(4)));
            }
            area.u32(4)
        };
        descriptors::listing(fd).set(FIRST << 32 | u64::from(stream));
        while next_position(fd) < position {
            if next(fd, at, room).get()? == 0 {
                // It ended before: what comes next is the end again.
                break;
            }
        }
        Ok(0)
    })
}

/// What lies in [`Area`] of an entry.
const TYPE: u32 = 8;
const NAME: u32 = 12;
const NAME_LENGTH: u32 = 16;

/// Reads the stream's next entry: where its name is, and above that how long it is and, in the highest byte but for a bit, its type; 0 behind the
/// last one. The name goes behind the header, where there is room for it.
fn next(fd: u32, at: u32, room: u32) -> NumberOrError {
    NumberOrError::of(|| {
        let mut room = room.saturating_sub(HEADER);
        let area = Area::<Three>::beside(at + HEADER, &mut room);
        lists::to(at + HEADER, room);
        let listing = descriptors::listing(fd);
        filesystem::read_directory_entry(listing.get32(), area.at);
        if area.u8(0) != 0 {
            return Err(ErrorNumber::of_file(area.u8(4)));
        }
        if area.u8(4) == 0 {
            return Ok(0);
        }
        listing.set(listing.get() + (1 << 32));
        let (length, file_type) = (area.u32(NAME_LENGTH), area.u8(TYPE));
        if length >= 1 << 24 {
            return Err(ErrorNumber::NAMETOOLONG);
        }
        Ok(u64::from(file_type & 7) << 56 | u64::from(length) << 32 | u64::from(area.u32(NAME)))
    })
}

/// Reads the stream's next entry and writes its record.
fn read(fd: u32, handle: u32, position: u64, at: u32, room: u32) -> NumberOrError {
    NumberOrError::of(|| {
        let entry = next(fd, at, room).get()?;
        if entry == 0 {
            return Ok(0);
        }
        let (name, length, file_type) = (entry as u32, (entry >> 32) as u32 & 0xff_ffff, (entry >> 56) as u8);
        let inode = hash(handle, name, length, 0).get().unwrap_or(0);
        let size = HEADER + length;
        if size > room {
            keep(fd, position, inode, file_type, name, length);
        }
        if room > HEADER && name != at + HEADER {
            copy(name, at + HEADER, length.min(room - HEADER));
        }
        put_header(at, room, position, inode, file_type, length);
        Ok(size.into())
    })
}

/// Keeps an entry that is told in part. One with a very long name is read again.
fn keep(fd: u32, position: u64, inode: u64, file_type: u8, name: u32, length: u32) {
    let parts = length.div_ceil(8);
    // The last part may reach behind the name, but not out of memory.
    if parts > NAME_WORDS || !crate::memory::has(name, u64::from(parts) * 8) {
        return;
    }
    KEPT_OF.set(u64::from(fd) + 1);
    KEPT_POSITION.set(position);
    KEPT_INODE.set(inode);
    KEPT_TYPE.set(file_type.into());
    KEPT_LENGTH.set(length.into());
    let mut part = 0;
    while part < parts {
        GlobalWord::of_name(part).set(load64(name + part * 8));
        part += 1;
    }
}

/// Writes a `dirent`.
fn put_header(at: u32, room: u32, position: u64, inode: u64, file_type: u8, length: u32) {
    let end = u64::from(length) | u64::from(fd::type_number(file_type)) << 32;
    if room >= HEADER {
        store64(at, position + 1);
        store64(at + 8, inode);
        store64(at + 16, end);
        return;
    }
    let mut byte = 0;
    while byte < room {
        let word = match byte / 8 {
            0 => position + 1,
            1 => inode,
            _ => end,
        };
        store8(at + byte, (word >> (byte % 8 * 8)) as u8);
        byte += 1;
    }
}

/// Writes a name of which there are words.
#[inline(always)]
fn put_name(at: u32, room: u32, length: u32, word: impl Fn(u32) -> u64) {
    let mut byte = 0;
    while byte < length && HEADER + byte < room {
        store8(at + HEADER + byte, (word(byte / 8) >> (byte % 8 * 8)) as u8);
        byte += 1;
    }
}
