//! WASI 0.2 for components: each interface has a file below, with a table of its functions. They decode what a guest says and encode
//! what it is told; what anything means is the policy layer's, which knows nothing of this.
//!
//! What waits is written once, as a function that is `async` over a way to wait: in a linker without a runtime that keeps the thread.

mod cli;
mod clocks;
mod config;
pub(crate) mod filesystem;
mod interface;
pub(crate) mod io;
mod random;
mod sockets;
mod waiting;

pub use io::{InputStream, IoError, IoPollable, OutputStream};

use crate::ctx::WasiCtx;
use gusset::{Linker, ResourceTable, Result};
#[cfg(feature = "http")]
pub(crate) use interface::stop;
use interface::{Failure, enter, interfaces, told};
pub(crate) use interface::{interface, refused};
#[cfg(feature = "async")]
use waiting::OnExecutor;
use waiting::{OnThread, Waits, at_once};

/// What a store has for guests of WASI 0.2, where `add_to_linker` finds it.
///
/// ```
/// use gusset::ResourceTable;
/// use gusset_wasi::WasiCtx;
/// use gusset_wasi::p2::{WasiCtxView, WasiView};
///
/// struct Guest {
///     wasi: WasiCtx,
///     table: ResourceTable,
/// }
///
/// impl WasiView for Guest {
///     fn wasi(&mut self) -> WasiCtxView<'_> {
///         WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
///     }
/// }
/// ```
pub trait WasiView: Send {
    /// The state of the guest, and the table of what it has open.
    fn wasi(&mut self) -> WasiCtxView<'_>;
}

/// What functions of WASI 0.2 work on.
pub struct WasiCtxView<'a> {
    /// The guest's state.
    pub ctx: &'a mut WasiCtx,
    /// What the guest has handles of: descriptors, streams, pollables. A host's own resources can stand here too.
    pub table: &'a mut ResourceTable,
}

/// Gives components the imports of WASI 0.2: `wasi:cli`, `wasi:clocks`, `wasi:config`, `wasi:filesystem`,
/// `wasi:io`, `wasi:random`, `wasi:sockets`. Guests that wait keep their thread; no runtime is needed.
///
/// A component may import any version 0.2.x of them; of `wasi:config`, 0.2.0-rc.1.
///
/// ```
/// use gusset::{Engine, Linker, ResourceTable};
/// use gusset_wasi::{WasiCtx, p2};
/// struct Guest(WasiCtx, ResourceTable);
/// impl p2::WasiView for Guest {
///     fn wasi(&mut self) -> p2::WasiCtxView<'_> {
///         p2::WasiCtxView { ctx: &mut self.0, table: &mut self.1 }
///     }
/// }
/// let mut linker = Linker::<Guest>::new(&Engine::default());
/// p2::add_to_linker(&mut linker)?;
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// # Errors
///
/// When one of their names is defined already.
pub fn add_to_linker<T: WasiView + 'static>(linker: &mut Linker<T>) -> Result<()> {
    all::add_to_linker(linker)
}

/// Gives components the same imports as [`add_to_linker`], for guests that are entered by `call_async` within a Tokio runtime: they wait there, and leave
/// its threads to others meanwhile. Work on files is done in threads for what keeps one.
///
/// A guest that is dropped while it waits leaves no more behind than one that is stopped; what has begun to be done to a file is done.
///
/// ```
/// use gusset::{Component, Engine, Linker, ResourceTable, Store};
/// use gusset_wasi::{WasiConfig, WasiCtx, p2};
/// struct Guest(WasiCtx, ResourceTable);
/// impl p2::WasiView for Guest {
///     fn wasi(&mut self) -> p2::WasiCtxView<'_> {
///         p2::WasiCtxView { ctx: &mut self.0, table: &mut self.1 }
///     }
/// }
///
/// async fn run(engine: &Engine, linker: &Linker<Guest>, command: &Component) -> gusset::Result<Result<(), ()>> {
///     let config = WasiConfig::builder().inherit_stdio().system_time().build()?;
///     let mut store = Store::new(engine, Guest(WasiCtx::new(&config), ResourceTable::new()));
///     let instance = linker.instantiate_async(&mut store, command).await?;
///     let run = instance.get_typed_func::<(), (Result<(), ()>,)>(&mut store, "wasi:cli/run#run")?;
///     Ok(run.call_async(&mut store, ()).await?.0)
/// }
///
/// let mut linker = Linker::<Guest>::new(&Engine::default());
/// p2::add_to_linker_async(&mut linker)?;
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// # Errors
///
/// When one of their names is defined already.
#[cfg(feature = "async")]
pub fn add_to_linker_async<T: WasiView + 'static>(linker: &mut Linker<T>) -> Result<()> {
    all::add_to_linker_async(linker)
}

/// All of them.
mod all {
    use super::{cli, clocks, config, filesystem, io, random, sockets};
    crate::p2::interfaces! { cli, clocks, config, filesystem, io, random, sockets }
}
