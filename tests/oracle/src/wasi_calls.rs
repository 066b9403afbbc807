//! Calls of preview1's and preview0's functions with arguments that are made up, wild ones and half-right ones, over a memory that
//! is made up: whatever they do, memory changes only where the table says that a function writes, a call that fails writes no result,
//! and descriptors are as a model has them.

use crate::wasi_world::{ARGS, CONNECTION, CallWorld, DIRECTORIES, ENV, FIRST_DESCRIPTORS, LISTENER, MAX_DESCRIPTORS};
use arbitrary::{Result as Generated, Unstructured};
use gusset_wasi::preview1::{self, Errno, FunctionInfo, Role};
use gusset_wasi::{Exit, preview0};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// How many calls one case has at most.
const MOST_CALLS: usize = 48;

/// Texts that mean something to a file system, the first ones without ado, or are meant to trouble it.
const TEXTS: [&[u8]; 20] = [
    b"file",
    b"dir",
    b"dir/other",
    b"dir/below",
    b"link",
    b"loop",
    b"dir/out",
    b"new",
    b"dir/below/new",
    b".",
    b"..",
    b"../file",
    b"/file",
    b"dir/../file",
    b"d/other",
    b"file/",
    b"dir//below/.",
    b"nul\0nul",
    b"\xff\xfe",
    b"",
];

const PLAIN_TEXTS: usize = 9;

/// What has come of calls, by the name of the function.
#[derive(Clone, Default, Debug)]
pub struct CallsSeen(pub BTreeMap<&'static str, BTreeMap<&'static str, usize>>);

impl CallsSeen {
    /// How many calls there were.
    pub fn calls(&self) -> usize {
        self.0.values().flat_map(BTreeMap::values).sum()
    }

    /// Which of preview1's functions have never succeeded, of those that can.
    pub fn never_succeeded(&self) -> Vec<&'static str> {
        let succeeded = |name| self.0.get(name).is_some_and(|outcomes| outcomes.contains_key(Errno::Success.name()));
        let names = preview1::FUNCTIONS.iter().map(|function| function.name);
        names.filter(|name| !matches!(*name, "proc_exit" | "proc_raise") && !succeeded(*name)).collect()
    }
}

/// A call, and what stood where it could read.
struct MadeUpCall {
    old: bool,
    info: &'static FunctionInfo,
    arguments: Vec<u64>,
}

/// Makes a few calls out of the input, and notes what has come of them.
///
/// # Errors
///
/// What was wrong, and with which call: always a bug of Gusset's.
pub fn check_wasi_calls(input: &[u8], seen: &mut CallsSeen) -> Result<(), String> {
    let mut input = Unstructured::new(input);
    let Ok(mut memory) = arbitrary_memory(&mut input) else { return Ok(()) };
    let mut world = CallWorld::new();
    let mut open: BTreeSet<u32> = (0..FIRST_DESCRIPTORS).collect();
    for _ in 0..MOST_CALLS {
        if input.is_empty() {
            break;
        }
        let Ok(call) = arbitrary_call(&mut input, &mut memory) else { break };
        let before = memory.clone();
        let outcome = make(&call, &mut world, &mut memory);
        let shown = |what: String| format!("{}{:x?}: {what}", call.info.name, call.arguments);
        let errno = outcome.map_err(shown)?;
        *seen.0.entry(call.info.name).or_default().entry(errno.map_or("exit", Errno::name)).or_default() += 1;
        check_memory(&call, errno, &before, &memory).map_err(shown)?;
        follow(&call, errno, &memory, &mut open).map_err(shown)?;
        check_descriptors(&mut world, &open).map_err(shown)?;
        world.check().map_err(shown)?;
    }
    Ok(())
}

fn arbitrary_memory(input: &mut Unstructured<'_>) -> Generated<Vec<u8>> {
    let size = *input.choose(&[65_536, 65_536, 65_536, 4096, 100, 0])?;
    let filling = input.bytes(input.len().min(16))?;
    let mut memory = vec![0; size];
    if !filling.is_empty() {
        memory.iter_mut().zip(filling.iter().cycle()).for_each(|(to, from)| *to = *from);
    }
    Ok(memory)
}

fn arbitrary_call(input: &mut Unstructured<'_>, memory: &mut [u8]) -> Generated<MadeUpCall> {
    let old = input.ratio(1, 3)?;
    let info = if old {
        let all: Vec<&'static FunctionInfo> = preview0::functions().collect();
        *input.choose(&all)?
    } else {
        input.choose(preview1::FUNCTIONS)?
    };
    let roles: Vec<(&str, Role)> = info.core_parameters().collect();
    let mut arguments = Vec::with_capacity(roles.len());
    for &(_, role) in &roles {
        let argument = match role {
            // Two that are the same are of one file system.
            Role::Descriptor if roles[0].1 == role && !arguments.is_empty() && input.ratio(1, 2)? => arguments[0],
            Role::Descriptor => arbitrary_descriptor(info.name, input)?,
            _ => arbitrary_argument(role, input, memory)?,
        };
        arguments.push(argument);
    }
    // Nine in ten ranges of memory say something.
    for at in 0..roles.len() {
        if input.ratio(9, 10)? {
            let count = (at..roles.len()).find(|&at| roles[at].1 == Role::Count);
            match roles[at].1 {
                Role::Bytes { written: false } => {
                    let among = if input.ratio(3, 4)? { PLAIN_TEXTS } else { TEXTS.len() };
                    let text = input.choose(&TEXTS[..among])?;
                    put(memory, arguments[at], text);
                    arguments[count.unwrap_or(at)] = text.len() as u64;
                }
                role => furnish(role, arguments[at], count.map_or(0, |at| arguments[at]), old, input, memory)?,
            }
        }
    }
    Ok(MadeUpCall { old, info, arguments })
}

/// Mostly one that the function can do something with.
fn arbitrary_descriptor(function: &str, input: &mut Unstructured<'_>) -> Generated<u64> {
    if input.ratio(1, 16)? {
        return input.arbitrary();
    }
    let any = 0..=u64::from(FIRST_DESCRIPTORS) + 4;
    let apt = match function {
        "sock_accept" => LISTENER..=LISTENER,
        "sock_recv" | "sock_send" | "sock_shutdown" => CONNECTION..=CONNECTION,
        "fd_readdir" | "fd_prestat_get" | "fd_prestat_dir_name" => DIRECTORIES,
        _ if function.starts_with("path_") => DIRECTORIES,
        _ => any.clone(),
    };
    let range = if input.ratio(3, 4)? { apt } else { any };
    input.int_in_range(range)
}

fn arbitrary_argument(role: Role, input: &mut Unstructured<'_>, memory: &[u8]) -> Generated<u64> {
    if input.ratio(1, 16)? {
        return input.arbitrary();
    }
    Ok(match role {
        Role::I32 | Role::I64 if input.ratio(1, 3)? => 0,
        Role::I32 => input.int_in_range(0..=7)?,
        // Rights, and small offsets and sizes.
        Role::I64 if input.ratio(1, 2)? => u64::MAX,
        Role::I64 => input.int_in_range(0..=5000)?,
        Role::Count => input.int_in_range(0..=9)?,
        _ => arbitrary_address(input, memory.len())?.into(),
    })
}

/// Mostly one that is in bounds and aligned to 8; else one near the end.
fn arbitrary_address(input: &mut Unstructured<'_>, size: usize) -> Generated<u32> {
    let size = size as u32;
    if input.ratio(7, 8)? {
        Ok(input.int_in_range(0..=(size / 8).saturating_sub(64))? * 8)
    } else {
        Ok((size + 8).saturating_sub(input.int_in_range(0..=72)?))
    }
}

/// Writes to memory what a function may look for there.
fn furnish(
    role: Role,
    at: u64,
    count: u64,
    old: bool,
    input: &mut Unstructured<'_>,
    memory: &mut [u8],
) -> Generated<()> {
    match role {
        Role::Vectors { .. } => {
            for index in 0..count.min(16) {
                let start = arbitrary_address(input, memory.len())?;
                let length: u32 = input.int_in_range(0..=300)?;
                put(memory, at.saturating_add(8 * index), &[start.to_le_bytes(), length.to_le_bytes()].concat());
            }
        }
        Role::Records { written: false, size, .. } => {
            for index in 0..count.min(16) {
                let subscription = arbitrary_subscription(old, input)?;
                put(memory, at.saturating_add(index * u64::from(size)), &subscription);
            }
        }
        _ => {}
    }
    Ok(())
}

fn put(memory: &mut [u8], at: u64, bytes: &[u8]) {
    if let Some(to) = memory.get_mut(at as usize..).and_then(|memory| memory.get_mut(..bytes.len())) {
        to.copy_from_slice(bytes);
    }
}

fn arbitrary_subscription(old: bool, input: &mut Unstructured<'_>) -> Generated<Vec<u8>> {
    let mut bytes = vec![0; if old { 56 } else { 48 }];
    bytes[0] = input.arbitrary()?;
    bytes[8] = input.int_in_range(0..=2)?;
    if bytes[8] == 0 {
        let at = if old { 24 } else { 16 };
        bytes[at] = input.int_in_range(0..=3)?;
        bytes[at + 8..at + 16].copy_from_slice(&input.arbitrary::<u64>()?.to_le_bytes());
        bytes[at + 24] = input.int_in_range(0..=1)?;
    } else {
        bytes[16] = input.int_in_range(0..=FIRST_DESCRIPTORS as u8 + 2)?;
    }
    Ok(bytes)
}

/// Makes the call; `None` where the guest has exited, as it asked to.
fn make(call: &MadeUpCall, world: &mut CallWorld, memory: &mut [u8]) -> Result<Option<Errno>, String> {
    let function = if call.old { preview0::call } else { preview1::call };
    match function(call.info.name, &mut world.ctx, memory, &call.arguments) {
        Ok(errno) if call.info.returns => Ok(Some(errno)),
        Ok(errno) => Err(format!("it has come back, with {errno}")),
        Err(error) => match error.downcast_ref::<Exit>() {
            Some(exit) if !call.info.returns && exit.code() == call.arguments[0] as u32 => Ok(None),
            _ => Err(format!("{error:?}")),
        },
    }
}

/// Whether memory has changed only where it may have.
fn check_memory(call: &MadeUpCall, errno: Option<Errno>, before: &[u8], after: &[u8]) -> Result<(), String> {
    let succeeded = errno == Some(Errno::Success);
    let mut written = written_ranges(call, before);
    written.retain(|(range, result)| !range.is_empty() && (succeeded || !result));
    // Most of it is as it was, which is seen sooner of many bytes at once.
    const PAGE: usize = 512;
    let pages = before.chunks(PAGE).zip(after.chunks(PAGE)).enumerate().filter(|(_, (before, after))| before != after);
    for (page, (before, after)) in pages {
        for (at, _) in before.iter().zip(after).enumerate().filter(|(_, (before, after))| before != after) {
            let at = page * PAGE + at;
            if !written.iter().any(|(range, _)| range.contains(&(at as u64))) {
                return Err(format!("{errno:?}, and the byte at {at:#x} has changed"));
            }
        }
    }
    Ok(())
}

/// Where a function may write, and whether that is a result.
fn written_ranges(call: &MadeUpCall, before: &[u8]) -> Vec<(Range<u64>, bool)> {
    let roles: Vec<Role> = call.info.core_parameters().map(|(_, role)| role).collect();
    let range = |at: u64, length: u64| at..at + length;
    let mut written = Vec::new();
    for (index, role) in roles.iter().enumerate() {
        let at = u64::from(call.arguments[index] as u32);
        let count = (index..roles.len()).find(|&at| roles[at] == Role::Count).map(|at| call.arguments[at] as u32);
        let count = u64::from(count.unwrap_or(0));
        match *role {
            Role::Record { size, .. } => written.push((range(at, size.into()), true)),
            Role::Bytes { written: true } => written.push((range(at, count), false)),
            Role::Records { size, written: true, .. } => written.push((range(at, count * u64::from(size)), true)),
            Role::Vectors { written: true } => {
                let word = |at: u64| before.get(at as usize..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
                let vectors = (0..count.min(1024))
                    .map_while(|index| Some(range(word(at + 8 * index)?.into(), word(at + 8 * index + 4)?.into())));
                written.extend(vectors.map(|range| (range, false)));
            }
            Role::Strings { align } => {
                let (strings, bytes) = strings(call.info.name);
                written.push((range(at, if align == 1 { bytes } else { 4 * strings }), true));
            }
            _ => {}
        }
    }
    written
}

/// How many strings `args_get` or `environ_get` writes, and how many bytes.
fn strings(name: &str) -> (u64, u64) {
    let lengths: Vec<usize> = if name == "args_get" {
        ARGS.iter().map(|arg| arg.len() + 1).collect()
    } else {
        ENV.iter().map(|(name, value)| name.len() + value.len() + 2).collect()
    };
    (lengths.len() as u64, lengths.iter().sum::<usize>() as u64)
}

/// What a call has done to the descriptors, as it must have.
fn follow(call: &MadeUpCall, errno: Option<Errno>, memory: &[u8], open: &mut BTreeSet<u32>) -> Result<(), String> {
    let argument = |at: usize| call.arguments[at] as u32;
    let succeeded = errno == Some(Errno::Success);
    match call.info.name {
        "fd_close" if succeeded => _ = open.remove(&argument(0)),
        "fd_renumber" if succeeded && argument(0) != argument(1) => _ = open.remove(&argument(0)),
        "path_open" | "sock_accept" if succeeded => {
            let at = *call.arguments.last().expect("it has some") as u32 as usize;
            let fd = memory.get(at..).and_then(|bytes| bytes.first_chunk()).map(|bytes| u32::from_le_bytes(*bytes));
            let lowest = (0..).find(|fd| !open.contains(fd)).expect("there are not so many");
            if fd != Some(lowest) || open.len() >= MAX_DESCRIPTORS as usize {
                return Err(format!("descriptor {fd:?} in place of {lowest}, and there are {}", open.len()));
            }
            open.insert(lowest);
        }
        "fd_close" | "fd_renumber" if !succeeded => {
            let all = call.info.name == "fd_close" || open.contains(&argument(1));
            if open.contains(&argument(0)) && all {
                return Err(format!("{errno:?}, but the descriptor is open"));
            }
        }
        _ => {}
    }
    Ok(())
}

fn check_descriptors(world: &mut CallWorld, open: &BTreeSet<u32>) -> Result<(), String> {
    let mut scratch = [0; 24];
    for fd in 0..=MAX_DESCRIPTORS {
        let errno = preview1::call("fd_fdstat_get", &mut world.ctx, &mut scratch, &[fd.into(), 0]);
        let expected = if open.contains(&fd) { Errno::Success } else { Errno::Badf };
        match errno {
            Ok(errno) if errno == expected => {}
            other => return Err(format!("descriptor {fd} is {other:?}, not {expected:?}")),
        }
    }
    Ok(())
}
