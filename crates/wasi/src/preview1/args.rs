//! Arguments and environment: `args_get`, `args_sizes_get`, `environ_get`, `environ_sizes_get`. Both are strings that end with a NUL,
//! one after the other, and an array that says where each starts.

use super::memory::GuestMemory;
use super::parameter::{Parameter, Role};
use crate::ctx::WasiCtx;
use crate::error::{ErrorCode, WasiResult};

/// Where an array of addresses is written, as long as there are strings.
pub(crate) struct StringArray(u32);

/// Where strings are written, as long as they are.
pub(crate) struct StringArea(u32);

impl Parameter for StringArray {
    const ROLES: &[Role] = &[Role::Strings { align: 4 }];
    type Core = u32;
    type Values = [u32; 1];
    type Checked = StringArray;

    fn check([at]: [u32; 1], memory: &GuestMemory<'_>) -> Result<StringArray, ErrorCode> {
        memory.check(at, 0, 4)?;
        Ok(StringArray(at))
    }
}

impl Parameter for StringArea {
    const ROLES: &[Role] = &[Role::Strings { align: 1 }];
    type Core = u32;
    type Values = [u32; 1];
    type Checked = StringArea;

    fn check([at]: [u32; 1], memory: &GuestMemory<'_>) -> Result<StringArea, ErrorCode> {
        memory.check(at, 0, 1)?;
        Ok(StringArea(at))
    }
}

pub(super) fn args_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    array: StringArray,
    bytes: StringArea,
) -> WasiResult<()> {
    write(memory, array, bytes, args(ctx))
}

pub(super) fn args_sizes_get(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>) -> WasiResult<(u32, u32)> {
    Ok(sizes(args(ctx))?)
}

pub(super) fn environ_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    array: StringArray,
    bytes: StringArea,
) -> WasiResult<()> {
    write(memory, array, bytes, environ(ctx))
}

pub(super) fn environ_sizes_get(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>) -> WasiResult<(u32, u32)> {
    Ok(sizes(environ(ctx))?)
}

/// Each string in its parts.
fn args(ctx: &WasiCtx) -> impl Iterator<Item = [&str; 2]> + Clone {
    ctx.args().iter().map(|arg| [arg, "\0"])
}

fn environ(ctx: &WasiCtx) -> impl Iterator<Item = [&str; 4]> + Clone {
    ctx.env().iter().map(|(name, value)| [name, "=", value, "\0"])
}

/// How many strings there are, and how many bytes.
fn sizes<'s, const N: usize>(strings: impl Iterator<Item = [&'s str; N]>) -> Result<(u32, u32), ErrorCode> {
    let (mut count, mut length) = (0, 0);
    for string in strings {
        count += 1;
        length += string.iter().map(|part| part.len()).sum::<usize>();
    }
    let number = |number: usize| u32::try_from(number).map_err(|_| ErrorCode::Overflow);
    Ok((number(count)?, number(length)?))
}

/// Writes all, or nothing where there is no room.
fn write<'s, const N: usize>(
    memory: &mut GuestMemory<'_>,
    StringArray(array): StringArray,
    StringArea(bytes): StringArea,
    strings: impl Iterator<Item = [&'s str; N]> + Clone,
) -> WasiResult<()> {
    let (count, length) = sizes(strings.clone())?;
    memory.check(array, u64::from(count) * 4, 4)?;
    memory.check(bytes, length.into(), 1)?;
    let mut at = bytes;
    for (string, place) in strings.zip((array..).step_by(4)) {
        memory.write(place, &at.to_le_bytes())?;
        for part in string {
            memory.write(at, part.as_bytes())?;
            // Behind the last byte of 4 GiB there is nothing more to write.
            at = at.wrapping_add(part.len() as u32);
        }
    }
    Ok(())
}
