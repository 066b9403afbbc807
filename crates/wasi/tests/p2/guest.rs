//! A guest of WASI 0.2: the host calls the functions that it would, each with Rust values.

use gusset::{
    Component, ComponentType, Engine, Instance, Lift, LiftList, Linker, LowerList, Resource, ResourceTable, Store,
    TypedFunc, ValueList,
};
use gusset_wasi::p2::{self, InputStream, IoError, IoPollable, OutputStream, WasiCtxView, WasiView};
use gusset_wasi::{ErrorCode, Stream, WasiConfig, WasiCtx};
use std::sync::{Arc, OnceLock};

/// Imports all there is, and exports it.
pub(crate) const IMPORTS: &str = include_str!("imports.wat");

/// What the store of a guest holds.
pub(crate) struct Data {
    ctx: WasiCtx,
    pub(crate) table: ResourceTable,
}

impl WasiView for Data {
    fn wasi(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.ctx, table: &mut self.table }
    }
}

/// `stream-error`.
#[derive(ComponentType, Lift, Debug)]
#[component(variant)]
pub(crate) enum StreamFailure {
    LastOperationFailed(Resource<IoError>),
    Closed,
}

pub(crate) struct P2Guest {
    pub(crate) store: Store<Data>,
    instance: Instance,
}

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(Engine::default)
}

/// What the host calls functions of that version through.
pub(crate) fn component(version: &str) -> Component {
    component_in(engine(), version)
}

fn component_in(engine: &Engine, version: &str) -> Component {
    Component::new(engine, IMPORTS.replace("@VERSION", version)).expect("it is one")
}

pub(crate) fn linker() -> Linker<Data> {
    linker_in(engine())
}

fn linker_in(engine: &Engine) -> Linker<Data> {
    let mut linker = Linker::new(engine);
    let added = match super::IN_RUNTIME {
        #[cfg(feature = "async")]
        true => p2::add_to_linker_async(&mut linker),
        _ => p2::add_to_linker(&mut linker),
    };
    added.expect("nothing is defined");
    linker
}

impl P2Guest {
    pub(crate) fn new(config: &WasiConfig) -> P2Guest {
        static COMPONENT: OnceLock<Component> = OnceLock::new();
        P2Guest::of(config, COMPONENT.get_or_init(|| component("@0.2.12")))
    }

    /// One that imports another version.
    pub(crate) fn of_version(config: &WasiConfig, version: &str) -> P2Guest {
        P2Guest::of(config, &component(version))
    }

    /// One with settings of its own.
    pub(crate) fn in_engine(engine: &Engine, config: &WasiConfig) -> P2Guest {
        P2Guest::of(config, &component_in(engine, "@0.2.12"))
    }

    fn of(config: &WasiConfig, component: &Component) -> P2Guest {
        let data = Data { ctx: WasiCtx::new(config), table: ResourceTable::new() };
        let mut store = Store::new(component.engine(), data);
        let instance = linker_in(component.engine()).instantiate(&mut store, component).expect("it is linked");
        P2Guest { store, instance }
    }

    /// Calls a function, such as `poll#poll`, whose results are `R`.
    pub(crate) fn try_call<P, R>(&mut self, function: &str, params: P) -> gusset::Result<R>
    where
        P: ValueList + LowerList,
        R: ValueList + LiftList,
    {
        #[cfg(feature = "async")]
        if super::IN_RUNTIME {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            return runtime.block_on(self.call_async(function, params));
        }
        self.call_in_thread(function, params)
    }

    pub(crate) fn call_in_thread<P, R>(&mut self, function: &str, params: P) -> gusset::Result<R>
    where
        P: ValueList + LowerList,
        R: ValueList + LiftList,
    {
        let func: TypedFunc<P, R> = self.instance.get_typed_func(&mut self.store, function)?;
        func.call(&mut self.store, params)
    }

    #[cfg(feature = "async")]
    pub(crate) async fn call_async<P, R>(&mut self, function: &str, params: P) -> gusset::Result<R>
    where
        P: ValueList + LowerList,
        R: ValueList + LiftList,
    {
        let func: TypedFunc<P, R> = self.instance.get_typed_func(&mut self.store, function)?;
        func.call_async(&mut self.store, params).await
    }

    /// The same of one that has a result and must not end the guest.
    #[track_caller]
    pub(crate) fn call<P, R>(&mut self, function: &str, params: P) -> R
    where
        P: ValueList + LowerList,
        R: Lift,
        (R,): ValueList + LiftList,
    {
        match self.try_call::<P, (R,)>(function, params) {
            Ok((result,)) => result,
            Err(error) => panic!("{function}: {error:?}"),
        }
    }

    /// What one says that must end the guest.
    #[track_caller]
    pub(crate) fn stop<P, R>(&mut self, function: &str, params: P) -> gusset::Error
    where
        P: ValueList + LowerList,
        R: ValueList + LiftList,
    {
        match self.try_call::<P, R>(function, params) {
            Ok(_) => panic!("{function} ends nobody"),
            Err(error) => error,
        }
    }

    /// What the code of an error is, which goes.
    pub(crate) fn code(&mut self, error: StreamFailure) -> Option<ErrorCode> {
        match error {
            StreamFailure::LastOperationFailed(error) => {
                Some(self.store.data_mut().table.delete(error).expect("it is there").code())
            }
            StreamFailure::Closed => None,
        }
    }

    pub(crate) fn input(&mut self, stream: Arc<dyn Stream>) -> Resource<InputStream> {
        self.store.data_mut().table.push(InputStream::new(stream)).expect("there is room")
    }

    pub(crate) fn output(&mut self, stream: Arc<dyn Stream>) -> Resource<OutputStream> {
        self.store.data_mut().table.push(OutputStream::new(stream)).expect("there is room")
    }
}

/// What functions of `wasi:io/streams` return.
pub(crate) type Told<R> = Result<R, StreamFailure>;

impl P2Guest {
    pub(crate) fn read(&mut self, from: &Resource<InputStream>, length: u64) -> Result<Vec<u8>, Option<ErrorCode>> {
        let read: Told<Vec<u8>> = self.call("streams#[method]input-stream.read", (from, length));
        read.map_err(|error| self.code(error))
    }

    pub(crate) fn blocking_read(
        &mut self,
        from: &Resource<InputStream>,
        length: u64,
    ) -> Result<Vec<u8>, Option<ErrorCode>> {
        let read: Told<Vec<u8>> = self.call("streams#[method]input-stream.blocking-read", (from, length));
        read.map_err(|error| self.code(error))
    }

    pub(crate) fn count(
        &mut self,
        function: &str,
        from: &Resource<InputStream>,
        length: u64,
    ) -> Result<u64, Option<ErrorCode>> {
        let count: Told<u64> = self.call(&format!("streams#[method]input-stream.{function}"), (from, length));
        count.map_err(|error| self.code(error))
    }

    pub(crate) fn check_write(&mut self, to: &Resource<OutputStream>) -> Result<u64, Option<ErrorCode>> {
        let permit: Told<u64> = self.call("streams#[method]output-stream.check-write", (to,));
        permit.map_err(|error| self.code(error))
    }

    pub(crate) fn write(&mut self, to: &Resource<OutputStream>, contents: &[u8]) -> Result<(), Option<ErrorCode>> {
        let written: Told<()> = self.call("streams#[method]output-stream.write", (to, contents));
        written.map_err(|error| self.code(error))
    }

    pub(crate) fn done(&mut self, function: &str, to: &Resource<OutputStream>) -> Result<(), Option<ErrorCode>> {
        let done: Told<()> = self.call(&format!("streams#[method]output-stream.{function}"), (to,));
        done.map_err(|error| self.code(error))
    }

    pub(crate) fn write_and_flush(
        &mut self,
        to: &Resource<OutputStream>,
        contents: &[u8],
    ) -> Result<(), Option<ErrorCode>> {
        let written: Told<()> = self.call("streams#[method]output-stream.blocking-write-and-flush", (to, contents));
        written.map_err(|error| self.code(error))
    }

    pub(crate) fn splice(
        &mut self,
        function: &str,
        to: &Resource<OutputStream>,
        from: &Resource<InputStream>,
        length: u64,
    ) -> Result<u64, Option<ErrorCode>> {
        let moved: Told<u64> = self.call(&format!("streams#[method]output-stream.{function}"), (to, from, length));
        moved.map_err(|error| self.code(error))
    }

    /// Drops a stream as a guest does.
    #[track_caller]
    pub(crate) fn drop_output(&mut self, stream: Resource<OutputStream>) {
        self.try_call::<_, ()>("drop-output-stream", (stream,)).unwrap();
    }

    pub(crate) fn is_ready(&mut self, pollable: &Resource<IoPollable>) -> bool {
        self.call("poll#[method]pollable.ready", (pollable,))
    }

    pub(crate) fn subscribe_to_input(&mut self, stream: &Resource<InputStream>) -> Resource<IoPollable> {
        self.call("streams#[method]input-stream.subscribe", (stream,))
    }

    pub(crate) fn subscribe_to_output(&mut self, stream: &Resource<OutputStream>) -> Resource<IoPollable> {
        self.call("streams#[method]output-stream.subscribe", (stream,))
    }
}
