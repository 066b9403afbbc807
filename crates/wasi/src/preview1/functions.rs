//! What a table of functions is made into: a description, host functions for a linker, and calls without an engine.

use super::MEMORY;
use super::errno::Errno;
use super::memory::GuestMemory;
use super::parameter::Role;
use super::rights::Rights;
use crate::ctx::WasiCtx;
use crate::error::{WasiError, WasiResult};
use gusset::core::{Caller, Extern};
use gusset::{AsContext, Result, bail};
use std::convert::Infallible;

/// A function of the interface.
#[derive(Clone, Copy, Debug)]
pub struct FunctionInfo {
    /// Its name.
    pub name: &'static str,
    /// Its parameters, the addresses of results last.
    pub parameters: &'static [ParameterInfo],
    /// Whether it returns an [`Errno`], not never.
    pub returns: bool,
}

/// A parameter of a function, which may be several core values.
#[derive(Clone, Copy, Debug)]
pub struct ParameterInfo {
    /// The names of the core values.
    pub names: &'static [&'static str],
    /// What they are.
    pub roles: &'static [Role],
    /// The name of their kind.
    pub kind: &'static str,
    /// The rights that a descriptor must have.
    pub rights: Rights,
    /// Whether a result is written here.
    pub result: bool,
}

impl FunctionInfo {
    /// The names of the core values and what they are.
    pub fn core_parameters(&self) -> impl Iterator<Item = (&'static str, Role)> {
        self.parameters.iter().flat_map(|of| of.names.iter().copied().zip(of.roles.iter().copied()))
    }
}

/// What a function of the table leaves to tell when it is done.
pub(crate) trait Outcome: Sized {
    /// What the core function returns.
    type Core;

    fn core(outcome: WasiResult<Self>) -> Result<Self::Core>;
}

impl Outcome for () {
    type Core = u32;

    #[inline]
    fn core(outcome: WasiResult<()>) -> Result<u32> {
        errno(outcome).map(|errno| errno.code().into())
    }
}

impl Outcome for Infallible {
    type Core = ();

    fn core(outcome: WasiResult<Infallible>) -> Result<()> {
        let errno = errno(outcome)?;
        bail!("a function that does not return failed with `{errno}`")
    }
}

/// What the guest is told.
#[inline]
pub(crate) fn errno<R>(outcome: WasiResult<R>) -> Result<Errno> {
    match outcome {
        Ok(_) => Ok(Errno::Success),
        Err(WasiError::Code(code)) => Ok(code.into()),
        Err(WasiError::Stop(error)) => Err(error),
    }
}

/// Calls a function with the context and the memory of the guest that calls, where the function needs one.
#[inline]
pub(crate) fn enter<T: 'static, R: Outcome>(
    name: &str,
    caller: &mut Caller<'_, T>,
    ctx: impl Fn(&mut T) -> &mut WasiCtx,
    needs_memory: bool,
    function: impl FnOnce(&mut WasiCtx, &mut GuestMemory<'_>) -> WasiResult<R>,
) -> Result<R::Core> {
    let deadline = caller.as_context().deadline();
    let ctx = |data| {
        let ctx: &mut WasiCtx = ctx(data);
        ctx.set_deadline(deadline);
        ctx
    };
    if !needs_memory {
        return R::core(function(ctx(caller.data_mut()), &mut GuestMemory::new(&mut [])));
    }
    if let Some(memory) = caller.get_memory(MEMORY) {
        let (bytes, data) = memory.data_and_store_mut(caller);
        return R::core(function(ctx(data), &mut GuestMemory::new(bytes)));
    }
    match caller.get_export(MEMORY).and_then(Extern::into_shared_memory) {
        Some(memory) => R::core(function(ctx(caller.data_mut()), &mut GuestMemory::shared(&memory))),
        None => bail!("`{name}` was called by a module that exports no memory named `{MEMORY}`"),
    }
}

/// Makes of lines such as
///
/// ```text
/// fd_read(fd: Fd[FD_READ], iovs iovs_len: Iovecs) -> (nread: u32) => io::read;
/// ```
///
/// the constant `FUNCTIONS`, a function for each, `link` and `call`. A parameter is the names of its core values, its kind, and for a
/// descriptor the rights that it must have. What is behind the arrow is written to addresses that are further parameters; `noreturn`: it
/// comes back only as an error. The Rust function gets the context, the memory and the checked parameters, and returns the results.
///
/// Before it is called, all descriptors are checked, then all else; so it starts with what it can use, or not at all.
macro_rules! functions {
    ($(
        $name:ident($($core:ident $($more:ident)* : $kind:ident $([$($right:ident)|+])?),*)
            -> ($($out:ident: $result:ident),*) $($noreturn:ident)? => $function:path;
    )*) => {
        /// The functions, in the order of the specification.
        pub const FUNCTIONS: &[FunctionInfo] = &[$(FunctionInfo {
            name: stringify!($name),
            parameters: &[
                $(ParameterInfo {
                    names: &[stringify!($core) $(, stringify!($more))*],
                    roles: <$kind as Parameter>::ROLES,
                    kind: stringify!($kind),
                    rights: Rights::NONE $($(.union(Rights::$right))+)?,
                    result: false,
                },)*
                $(ParameterInfo {
                    names: &[stringify!($out)],
                    roles: &[Role::Record { size: <$result as Stored>::SIZE, align: <$result as Stored>::ALIGN }],
                    kind: stringify!($result),
                    rights: Rights::NONE,
                    result: true,
                },)*
            ],
            returns: !functions!(@is $($noreturn)?),
        }),*];

        // Not generic, so that they are compiled here, once, and not with each embedder.
        $(#[allow(clippy::too_many_arguments, reason = "so many has the function")]
        fn $name(
            ctx: &mut WasiCtx,
            memory: &mut GuestMemory<'_>,
            $($core: <$kind as Parameter>::Core, $($more: <$kind as Parameter>::Core,)*)*
            $($out: u32,)*
        ) -> WasiResult<functions!(@outcome $($noreturn)?)> {
            $(
                let rights = Rights::NONE $($(.union(Rights::$right))+)?;
                <$kind as Parameter>::check_descriptor([$core $(, $more)*], ctx, rights)?;
            )*
            $(let $core = <$kind as Parameter>::check([$core $(, $more)*], memory)?;)*
            $(memory.check($out, <$result as Stored>::SIZE.into(), <$result as Stored>::ALIGN)?;)*
            let results = $function(ctx, memory $(, $core)*)?;
            functions!(@store results, memory, [$($out),*] $($noreturn)?)
        })*

        /// Defines a function in a linker under a module's name. There is such a function.
        pub(crate) fn link<T: 'static>(
            linker: &mut Linker<T>,
            module: &str,
            name: &str,
            ctx: impl Fn(&mut T) -> &mut WasiCtx + Send + Sync + Copy + 'static,
        ) -> Result<()> {
            match name {
                $(stringify!($name) => {
                    const NEEDS_MEMORY: bool = false
                        $(|| points(<$kind as Parameter>::ROLES))*
                        $(|| !stringify!($out).is_empty())*;
                    let function = move |
                        mut caller: Caller<'_, T>,
                        $($core: <$kind as Parameter>::Core, $($more: <$kind as Parameter>::Core,)*)*
                        $($out: u32),*
                    | {
                        enter(stringify!($name), &mut caller, ctx, NEEDS_MEMORY, |ctx, memory| {
                            $name(ctx, memory, $($core, $($more,)*)* $($out),*)
                        })
                    };
                    linker.func_wrap(module, name, function)?;
                })*
                _ => bail!("there is no function `{name}`"),
            }
            Ok(())
        }

        /// Calls a function over some memory, with no engine. Of an argument the lowest bits count.
        ///
        /// # Errors
        ///
        /// What ends the guest; and when there is no such function, or it has another number of parameters.
        pub fn call(name: &str, ctx: &mut WasiCtx, memory: &mut [u8], arguments: &[u64]) -> Result<Errno> {
            match name {
                $(stringify!($name) => {
                    let [$($core, $($more,)*)* $($out),*] = *arguments else {
                        bail!("`{name}` was called with {} arguments", arguments.len())
                    };
                    errno($name(
                        ctx,
                        &mut GuestMemory::new(memory),
                        $(
                            <<$kind as Parameter>::Core as CoreValue>::truncate($core),
                            $(<<$kind as Parameter>::Core as CoreValue>::truncate($more),)*
                        )*
                        $(<u32 as CoreValue>::truncate($out)),*
                    ))
                })*
                _ => bail!("there is no function `{name}`"),
            }
        }
    };
    (@is) => { false };
    (@is noreturn) => { true };
    (@outcome) => { () };
    (@outcome noreturn) => { Infallible };
    (@store $results:ident, $memory:ident, $at:tt) => { Ok(Results::store_all($results, $memory, $at)?) };
    (@store $results:ident, $memory:ident, $at:tt noreturn) => { Ok($results) };
}

pub(crate) use functions;
