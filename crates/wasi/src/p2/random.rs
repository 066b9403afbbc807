//! `wasi:random`: random bytes for keys, others, and what tables of hashes are seeded with.

use super::WasiCtxView;
use super::interface::{interface, stop};
use crate::ctx::WasiCtx;
use crate::error::WasiResult;

/// How many bytes one call may ask for: they are made in the host before they are the guest's.
const MOST: u64 = 64 << 20;

crate::p2::interfaces! { secure, insecure, insecure_seed }

/// `wasi:random/random`.
mod secure {
    use super::*;

    interface! { "wasi:random/random@0.2.12" {
        function "get-random-bytes": get_random_bytes;
        function "get-random-u64": get_random_u64;
    } }

    fn get_random_bytes(view: &mut WasiCtxView<'_>, (length,): (u64,)) -> WasiResult<(Vec<u8>,)> {
        filled(view, length, "get-random-bytes", WasiCtx::fill_secure_random)
    }

    fn get_random_u64(view: &mut WasiCtxView<'_>, (): ()) -> WasiResult<(u64,)> {
        let mut bytes = [0; 8];
        view.ctx.fill_secure_random(&mut bytes)?;
        Ok((u64::from_le_bytes(bytes),))
    }
}

/// `wasi:random/insecure`.
mod insecure {
    use super::*;

    interface! { "wasi:random/insecure@0.2.12" {
        function "get-insecure-random-bytes": get_insecure_random_bytes;
        function "get-insecure-random-u64": get_insecure_random_u64;
    } }

    fn get_insecure_random_bytes(view: &mut WasiCtxView<'_>, (length,): (u64,)) -> WasiResult<(Vec<u8>,)> {
        filled(view, length, "get-insecure-random-bytes", WasiCtx::fill_insecure_random)
    }

    fn get_insecure_random_u64(view: &mut WasiCtxView<'_>, (): ()) -> WasiResult<(u64,)> {
        let mut bytes = [0; 8];
        view.ctx.fill_insecure_random(&mut bytes)?;
        Ok((u64::from_le_bytes(bytes),))
    }
}

/// `wasi:random/insecure-seed`.
mod insecure_seed {
    use super::*;

    interface! { "wasi:random/insecure-seed@0.2.12" {
        function "insecure-seed": seed;
    } }

    fn seed(view: &mut WasiCtxView<'_>, (): ()) -> WasiResult<((u64, u64),)> {
        let seed = view.ctx.insecure_random_seed();
        Ok(((seed as u64, (seed >> 64) as u64),))
    }
}

fn filled(
    view: &mut WasiCtxView<'_>,
    length: u64,
    function: &str,
    fill: impl FnOnce(&WasiCtx, &mut [u8]) -> WasiResult<()>,
) -> WasiResult<(Vec<u8>,)> {
    if length > MOST {
        return Err(stop(format!("`{function}` gives {MOST} bytes at most, and was asked for {length}")));
    }
    let mut bytes = vec![0; length as usize];
    fill(view.ctx, &mut bytes)?;
    Ok((bytes,))
}
