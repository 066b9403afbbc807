//! WASI 0.2 for components: each interface has a file below, with a table of its functions. They decode what a guest says and encode
//! what it is told; what anything means is the policy layer's, which knows nothing of this.
//!
//! What waits is written once, as a function that is `async` over [`Waits`]: in a linker without a runtime its waiting keeps the thread.

mod cli;
mod clocks;
pub(crate) mod filesystem;
mod interface;
pub(crate) mod io;
mod random;
mod sockets;
mod waiting;

pub use io::{InputStream, IoError, IoPollable, OutputStream};

use crate::ctx::WasiCtx;
use gusset::{Linker, ResourceTable, Result};
use interface::{Failure, enter, interface, refused, told};
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

/// Gives components the imports of WASI 0.2: `wasi:cli`, `wasi:clocks`, `wasi:filesystem`, `wasi:io`, `wasi:random`,
/// `wasi:sockets`. Guests that wait keep their thread; no runtime is needed.
///
/// A component may import any version 0.2.x of them.
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
    io::add_to_linker(linker)?;
    clocks::add_to_linker(linker)?;
    random::add_to_linker(linker)?;
    filesystem::add_to_linker(linker)?;
    cli::add_to_linker(linker)?;
    sockets::add_to_linker(linker)
}
