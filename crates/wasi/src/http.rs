//! `wasi:http` for components: what they ask of others, and what they answer. A guest's bodies are streams as any of its others, and nothing here
//! waits: requests are on their way in a Tokio runtime, and guests wait for them by `wasi:io`.

mod client;
mod config;
mod connection_tasks;
mod exchange;
mod incoming_body;
mod outgoing_body;
mod outgoing_handler;
mod proxy;
mod response_slot;
mod tls;
mod types;

pub use client::{HttpNetwork, HttpNetworkBody};
pub use config::{HttpConfig, WasiHttpCtx};
pub use outgoing_body::OutgoingHttpBody;
pub use proxy::{Proxy, ProxyPre, ResponseSender};
pub use types::{
    DnsErrorPayload, FieldSizePayload, Fields, FutureIncomingResponse, FutureTrailers, HttpErrorCode, HttpMethod,
    HttpScheme, IncomingBody, IncomingRequest, IncomingResponse, OutgoingBody, OutgoingRequest, OutgoingResponse,
    RequestOptions, ResponseOutparam, TlsAlertReceivedPayload, parse_authority,
};

use crate::ctx::WasiCtx;
use crate::p2::WasiView;
use bytes::Bytes;
use gusset::{AsContext, Linker, ResourceTable, Result, StoreContextMut};
use http_body_util::combinators::UnsyncBoxBody;

/// A body, whoever sends it.
type HttpBody = UnsyncBoxBody<Bytes, HttpErrorCode>;

/// What a store has for guests of `wasi:http`, where [`add_to_linker`] finds it.
///
/// ```
/// use gusset::ResourceTable;
/// use gusset_wasi::WasiCtx;
/// use gusset_wasi::http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};
/// use gusset_wasi::p2::{WasiCtxView, WasiView};
///
/// struct Guest {
///     wasi: WasiCtx,
///     http: WasiHttpCtx,
///     table: ResourceTable,
/// }
///
/// impl WasiView for Guest {
///     fn wasi(&mut self) -> WasiCtxView<'_> {
///         WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
///     }
/// }
///
/// impl WasiHttpView for Guest {
///     fn http(&mut self) -> WasiHttpCtxView<'_> {
///         WasiHttpCtxView { http: &mut self.http, ctx: &mut self.wasi, table: &mut self.table }
///     }
/// }
/// ```
pub trait WasiHttpView: WasiView {
    /// The state of the guest, and the table of what it has open: the same that [`WasiView::wasi`] gives.
    fn http(&mut self) -> WasiHttpCtxView<'_>;
}

/// What functions of `wasi:http` work on.
pub struct WasiHttpCtxView<'a> {
    /// The guest's state of HTTP.
    pub http: &'a mut WasiHttpCtx,
    /// The guest's state: what it may reach of the network stands there.
    pub ctx: &'a mut WasiCtx,
    /// What the guest has handles of.
    pub table: &'a mut ResourceTable,
}

/// Gives components `wasi:http/types` and `wasi:http/outgoing-handler`, of any version 0.2.x. What else services import,
/// [`p2::add_to_linker_async`](crate::p2::add_to_linker_async) has, or [`p2::add_to_linker`](crate::p2::add_to_linker).
///
/// A guest that asks others reaches what the [`Network`](crate::Network) of its configuration allows. Its requests are on their way in the Tokio runtime that
/// it is called in. With the linker that keeps the threads of guests it need not be called in any: requests are then in a thread of this crate's own. A
/// runtime of one thread, which such a guest would keep, can do nothing for it: there it waits until the deadline of its store, or for ever.
///
/// ```
/// use gusset::{Engine, Linker, ResourceTable};
/// use gusset_wasi::{WasiCtx, http, p2};
/// struct Guest(WasiCtx, http::WasiHttpCtx, ResourceTable);
/// impl p2::WasiView for Guest {
///     fn wasi(&mut self) -> p2::WasiCtxView<'_> {
///         p2::WasiCtxView { ctx: &mut self.0, table: &mut self.2 }
///     }
/// }
/// impl http::WasiHttpView for Guest {
///     fn http(&mut self) -> http::WasiHttpCtxView<'_> {
///         http::WasiHttpCtxView { http: &mut self.1, ctx: &mut self.0, table: &mut self.2 }
///     }
/// }
/// let mut linker = Linker::<Guest>::new(&Engine::default());
/// p2::add_to_linker_async(&mut linker)?;
/// http::add_to_linker(&mut linker)?;
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// # Errors
///
/// When one of their names is defined already.
pub fn add_to_linker<T: WasiHttpView + 'static>(linker: &mut Linker<T>) -> Result<()> {
    types::add_to_linker(linker)?;
    outgoing_handler::add_to_linker(linker)
}

/// The view that a function works on, with the deadline of the store that the guest is of.
fn enter<'a, T: WasiHttpView + 'static>(store: &'a mut StoreContextMut<'_, T>) -> WasiHttpCtxView<'a> {
    let deadline = store.as_context().deadline();
    let view = store.data_mut().http();
    view.ctx.set_deadline(deadline);
    view
}
