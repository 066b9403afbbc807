//! A guest of WASI 0.2: the host calls the functions that it would, each with Rust values.

use gusset::{
    Component, ComponentType, Engine, Instance, Lift, LiftList, Linker, LowerList, Resource, ResourceTable, Store,
    TypedFunc, ValueList,
};
use gusset_wasi::p2::{self, InputStream, IoError, OutputStream, WasiCtxView, WasiView};
use gusset_wasi::{ErrorCode, Stream, WasiConfig, WasiCtx};
use std::sync::{Arc, OnceLock};

/// Imports all there is, and exports it.
const IMPORTS: &str = include_str!("imports.wat");

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
pub(crate) enum StreamError {
    LastOperationFailed(Resource<IoError>),
    Closed,
}

pub(crate) struct Guest {
    pub(crate) store: Store<Data>,
    instance: Instance,
}

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(Engine::default)
}

/// What the host calls functions of that version through.
fn component(version: &str) -> Component {
    Component::new(engine(), IMPORTS.replace("@VERSION", version)).expect("it is one")
}

impl Guest {
    pub(crate) fn new(config: &WasiConfig) -> Guest {
        static COMPONENT: OnceLock<Component> = OnceLock::new();
        Guest::of(config, COMPONENT.get_or_init(|| component("@0.2.12")))
    }

    /// One that imports another version.
    pub(crate) fn of_version(config: &WasiConfig, version: &str) -> Guest {
        Guest::of(config, &component(version))
    }

    fn of(config: &WasiConfig, component: &Component) -> Guest {
        let mut linker = Linker::new(engine());
        p2::add_to_linker(&mut linker).expect("nothing is defined");
        linker.define_unknown_imports_as_traps(component).unwrap();
        let data = Data { ctx: WasiCtx::new(config), table: ResourceTable::new() };
        let mut store = Store::new(engine(), data);
        let instance = linker.instantiate(&mut store, component).expect("it is linked");
        Guest { store, instance }
    }

    /// Calls a function, such as `poll#poll`, whose results are `R`.
    pub(crate) fn try_call<P, R>(&mut self, function: &str, params: P) -> gusset::Result<R>
    where
        P: ValueList + LowerList,
        R: ValueList + LiftList,
    {
        let func: TypedFunc<P, R> = self.instance.get_typed_func(&mut self.store, function)?;
        func.call(&mut self.store, params)
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
    pub(crate) fn code(&mut self, error: StreamError) -> Option<ErrorCode> {
        match error {
            StreamError::LastOperationFailed(error) => {
                Some(self.store.data_mut().table.delete(error).expect("it is there").code())
            }
            StreamError::Closed => None,
        }
    }

    pub(crate) fn input(&mut self, stream: Arc<dyn Stream>) -> Resource<InputStream> {
        self.store.data_mut().table.push(InputStream::new(stream)).expect("there is room")
    }

    pub(crate) fn output(&mut self, stream: Arc<dyn Stream>) -> Resource<OutputStream> {
        self.store.data_mut().table.push(OutputStream::new(stream)).expect("there is room")
    }
}
