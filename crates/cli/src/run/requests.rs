//! `wasi:http` for what `gusset run` runs: a component that asks others keeps its thread while it waits, and a thread beside it sends and receives. A
//! component that imports nothing of it costs neither.

use anyhow::{Context, Result};
use gusset::{Component, Linker};
use gusset_wasi::http::{self, WasiHttpView};
use tokio::runtime::{Builder, EnterGuard, Runtime};

/// How the interfaces' names begin.
const WASI_HTTP: &str = "wasi:http/";

/// What a component's requests are on their way in, if it can make any.
pub(super) struct RequestRuntime(Option<Runtime>);

impl RequestRuntime {
    /// What `component` needs; its imports of `wasi:http` are in the linker then.
    pub(super) fn for_component<T: WasiHttpView + 'static>(
        component: &Component,
        linker: &mut Linker<T>,
    ) -> Result<RequestRuntime> {
        if !component.imports().any(|(name, _)| name.starts_with(WASI_HTTP)) {
            return Ok(RequestRuntime(None));
        }
        http::add_to_linker(linker)?;
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        Ok(RequestRuntime(Some(runtime.context("there is no thread for requests by HTTP")?)))
    }

    /// Guests that are called by this thread find it, as long as what is returned lives.
    pub(super) fn enter(&self) -> Option<EnterGuard<'_>> {
        self.0.as_ref().map(Runtime::enter)
    }
}

impl Drop for RequestRuntime {
    /// What is still on its way is given up: nobody waits for the system to look a name up.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
