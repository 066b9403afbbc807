//! [`ServedGuest`]: what the store of one request's guest holds.

use super::guest_output::GuestOutput;
use super::service::Service;
use crate::run::{GuestLimiter, Refused};
use gusset::{ResourceTable, Store};
use gusset_wasi::http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};
use gusset_wasi::p2::{WasiCtxView, WasiView};
use gusset_wasi::{Output, WasiCtx};

pub(super) struct ServedGuest {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
    limiter: GuestLimiter,
}

impl WasiView for ServedGuest {
    fn wasi(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for ServedGuest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { http: &mut self.http, ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// The store for the guest of request `number`, and what it will be refused.
pub(super) fn store(service: &Service, number: u64) -> (Store<ServedGuest>, Refused) {
    let output = |sink, name| {
        let prefix = service.log_prefix.then_some((name, number));
        Output::stream(GuestOutput::new(sink, prefix))
    };
    let mut wasi = WasiCtx::new(&service.wasi);
    wasi.set_outputs(output(&service.stdout, "stdout"), output(&service.stderr, "stderr"));
    let (http, limiter) = (WasiHttpCtx::new(&service.http), service.sizes.limiter());
    let refused = limiter.refused();
    let guest = ServedGuest { wasi, http, table: ResourceTable::new(), limiter };
    let mut store = Store::new(&service.engine, guest);
    if service.sizes.limits_something() {
        store.limiter(|guest| &mut guest.limiter);
    }
    // It begins in this epoch, and lets others have their turn in each one after it.
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
    (store, refused)
}
