//! A guest of `wasi:http`: the host calls the functions that it would, each with Rust values, in a runtime where its servers are too.

use gusset::{
    Component, ComponentType, Engine, Instance, Lift, LiftList, Linker, LowerList, Resource, ResourceTable, Store,
    TypedFunc, ValueList,
};
use gusset_wasi::http::{
    self, Fields, FutureIncomingResponse, HttpConfig, HttpErrorCode, HttpMethod, HttpScheme, IncomingBody,
    IncomingResponse, OutgoingBody, OutgoingRequest, RequestOptions, WasiHttpCtx, WasiHttpCtxView, WasiHttpView,
};
use gusset_wasi::p2::{self, InputStream, IoError, IoPollable, OutputStream, WasiCtxView, WasiView};
use gusset_wasi::{ErrorCode, Network, WasiConfig, WasiCtx};
use std::sync::OnceLock;
use tokio::runtime::{Builder, Runtime};

/// Imports all there is, and exports it.
pub(crate) const IMPORTS: &str = include_str!("imports.wat");

/// What the store of a guest holds.
pub(crate) struct HttpData {
    ctx: WasiCtx,
    http: WasiHttpCtx,
    pub(crate) table: ResourceTable,
}

impl HttpData {
    pub(crate) fn new(network: Network, http: &HttpConfig) -> HttpData {
        let config = WasiConfig::builder().system_time().network(network).build().unwrap();
        HttpData { ctx: WasiCtx::new(&config), http: WasiHttpCtx::new(http), table: ResourceTable::new() }
    }
}

impl WasiView for HttpData {
    fn wasi(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.ctx, table: &mut self.table }
    }
}

impl WasiHttpView for HttpData {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { http: &mut self.http, ctx: &mut self.ctx, table: &mut self.table }
    }
}

/// `stream-error`.
#[derive(ComponentType, Lift, Debug)]
#[component(variant)]
pub(crate) enum StreamEnding {
    LastOperationFailed(Resource<IoError>),
    Closed,
}

/// `header-error`.
#[derive(Clone, Copy, PartialEq, Eq, ComponentType, Lift, Debug)]
#[component(variant)]
pub(crate) enum HeaderRefusal {
    InvalidSyntax,
    Forbidden,
    Immutable,
}

pub(crate) struct HttpGuest {
    pub(crate) store: Store<HttpData>,
    instance: Instance,
    /// Where the servers are, and the guest unless it keeps its thread.
    pub(crate) runtime: Runtime,
    keeps_thread: bool,
}

pub(crate) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(Engine::default)
}

pub(crate) fn linker() -> Linker<HttpData> {
    let mut linker = Linker::new(engine());
    p2::add_to_linker_async(&mut linker).expect("nothing is defined");
    http::add_to_linker(&mut linker).expect("none of this is");
    linker
}

/// What a request is told when it is on its way.
pub(crate) type Handled = Result<Resource<FutureIncomingResponse>, HttpErrorCode>;
/// What a future gives.
pub(crate) type Got<R> = Option<Result<Result<R, HttpErrorCode>, ()>>;

impl HttpGuest {
    /// One that may reach everything.
    pub(crate) fn new() -> HttpGuest {
        HttpGuest::of(Network::all(), &HttpConfig::new().unwrap())
    }

    pub(crate) fn of(network: Network, http: &HttpConfig) -> HttpGuest {
        static COMPONENT: OnceLock<Component> = OnceLock::new();
        let component = COMPONENT.get_or_init(|| Component::new(engine(), IMPORTS).expect("it is one"));
        let mut store = Store::new(engine(), HttpData::new(network, http));
        let instance = linker().instantiate(&mut store, component).expect("it is linked");
        // The guest is on the test's thread, and all else on another.
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        HttpGuest { store, instance, runtime, keeps_thread: false }
    }

    /// One that waits in its thread, and is called in no runtime.
    pub(crate) fn that_keeps_its_thread() -> HttpGuest {
        let mut linker = Linker::new(engine());
        p2::add_to_linker(&mut linker).expect("nothing is defined");
        http::add_to_linker(&mut linker).expect("none of this is");
        let mut guest = HttpGuest::new();
        let component = Component::new(engine(), IMPORTS).expect("it is one");
        guest.instance = linker.instantiate(&mut guest.store, &component).expect("it is linked");
        guest.keeps_thread = true;
        guest
    }

    /// Calls a function, such as `types#http-error-code`, whose results are `R`.
    pub(crate) fn try_call<P, R>(&mut self, function: &str, params: P) -> gusset::Result<R>
    where
        P: ValueList + LowerList,
        R: ValueList + LiftList,
    {
        let func: TypedFunc<P, R> = self.instance.get_typed_func(&mut self.store, function)?;
        if self.keeps_thread {
            return func.call(&mut self.store, params);
        }
        self.runtime.block_on(func.call_async(&mut self.store, params))
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

    /// Calls a function of a resource of `wasi:http/types`.
    #[track_caller]
    pub(crate) fn method<P, R>(&mut self, name: &str, params: P) -> R
    where
        P: ValueList + LowerList,
        R: Lift,
        (R,): ValueList + LiftList,
    {
        self.call(&format!("types#[method]{name}"), params)
    }

    pub(crate) fn fields(&mut self, fields: &[(&str, &str)]) -> Resource<Fields> {
        let entries: Vec<(&str, &[u8])> = fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let made: Result<Resource<Fields>, HeaderRefusal> =
            self.call("types#[static]fields.from-list", (&entries[..],));
        made.expect("they are fields")
    }

    /// What fields say, as a guest that takes them.
    pub(crate) fn entries(&mut self, fields: Resource<Fields>) -> Vec<(String, String)> {
        let entries: Vec<(String, Vec<u8>)> = self.method("fields.entries", (&fields,));
        self.store.data_mut().table.delete(fields).map(drop).unwrap();
        entries.into_iter().map(|(name, value)| (name, String::from_utf8(value).unwrap())).collect()
    }

    pub(crate) fn request(
        &mut self,
        method: HttpMethod,
        scheme: HttpScheme,
        authority: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Resource<OutgoingRequest> {
        let headers = self.fields(headers);
        let request: Resource<OutgoingRequest> = self.call("types#[constructor]outgoing-request", (headers,));
        let set: [Result<(), ()>; 4] = [
            self.method("outgoing-request.set-method", (&request, method)),
            self.method("outgoing-request.set-scheme", (&request, Some(scheme))),
            self.method("outgoing-request.set-authority", (&request, Some(authority))),
            self.method("outgoing-request.set-path-with-query", (&request, Some(path))),
        ];
        assert_eq!(set, [Ok(()); 4]);
        request
    }

    /// A request in plain text, with nothing but its path.
    pub(crate) fn get(&mut self, authority: &str, path: &str) -> Resource<OutgoingRequest> {
        self.request(HttpMethod::Get, HttpScheme::Http, authority, path, &[])
    }

    pub(crate) fn handle(
        &mut self,
        request: Resource<OutgoingRequest>,
        options: Option<Resource<RequestOptions>>,
    ) -> Handled {
        self.call("outgoing-handler#handle", (request, options))
    }

    /// Waits for a response.
    pub(crate) fn response(
        &mut self,
        future: &Resource<FutureIncomingResponse>,
    ) -> Result<Resource<IncomingResponse>, HttpErrorCode> {
        let pollable: Resource<IoPollable> = self.method("future-incoming-response.subscribe", (future,));
        self.block(pollable);
        let got: Got<Resource<IncomingResponse>> = self.method("future-incoming-response.get", (future,));
        got.expect("it is there").expect("nobody has taken it")
    }

    /// Asks, and waits for the response.
    pub(crate) fn ask(
        &mut self,
        request: Resource<OutgoingRequest>,
    ) -> Result<Resource<IncomingResponse>, HttpErrorCode> {
        let future = self.handle(request, None)?;
        self.response(&future)
    }

    pub(crate) fn block(&mut self, pollable: Resource<IoPollable>) {
        self.try_call::<_, ()>("poll#[method]pollable.block", (&pollable,)).unwrap();
        self.store.data_mut().table.delete(pollable).map(drop).unwrap();
    }

    /// The stream of a response's body.
    pub(crate) fn body_of(
        &mut self,
        response: &Resource<IncomingResponse>,
    ) -> (Resource<IncomingBody>, Resource<InputStream>) {
        let body: Result<Resource<IncomingBody>, ()> = self.method("incoming-response.consume", (response,));
        let body = body.expect("nobody has consumed it");
        let stream: Result<Resource<InputStream>, ()> = self.method("incoming-body.stream", (&body,));
        (body, stream.expect("nobody has taken it"))
    }

    /// The stream of a request's body.
    pub(crate) fn body_for(
        &mut self,
        request: &Resource<OutgoingRequest>,
    ) -> (Resource<OutgoingBody>, Resource<OutputStream>) {
        let body: Result<Resource<OutgoingBody>, ()> = self.method("outgoing-request.body", (request,));
        let body = body.expect("it has none yet");
        let stream: Result<Resource<OutputStream>, ()> = self.method("outgoing-body.write", (&body,));
        (body, stream.expect("nobody has taken it"))
    }

    pub(crate) fn finish(
        &mut self,
        body: Resource<OutgoingBody>,
        stream: Resource<OutputStream>,
        trailers: Option<Resource<Fields>>,
    ) -> Result<(), HttpErrorCode> {
        self.store.data_mut().table.delete(stream).map(drop).unwrap();
        self.call("types#[static]outgoing-body.finish", (body, trailers))
    }

    pub(crate) fn write(&mut self, stream: &Resource<OutputStream>, bytes: &[u8]) -> Result<(), Option<HttpErrorCode>> {
        let function = "streams#[method]output-stream.blocking-write-and-flush";
        let written: Result<(), StreamEnding> = self.call(function, (stream, bytes));
        written.map_err(|error| self.code(error))
    }

    /// What comes next.
    pub(crate) fn read(&mut self, stream: &Resource<InputStream>) -> Result<Vec<u8>, Option<HttpErrorCode>> {
        let read: Result<Vec<u8>, StreamEnding> =
            self.call("streams#[method]input-stream.blocking-read", (stream, 65_536_u64));
        read.map_err(|error| self.code(error))
    }

    /// All that comes, and how it ends.
    pub(crate) fn read_all(&mut self, stream: &Resource<InputStream>) -> (Vec<u8>, Option<HttpErrorCode>) {
        let mut all = Vec::new();
        loop {
            match self.read(stream) {
                Ok(part) => all.extend(part),
                Err(end) => return (all, end),
            }
        }
    }

    /// Why a stream has failed, in the words of HTTP; `None` for its end.
    pub(crate) fn code(&mut self, error: StreamEnding) -> Option<HttpErrorCode> {
        let StreamEnding::LastOperationFailed(error) = error else { return None };
        let code: Option<HttpErrorCode> = self.call("types#http-error-code", (&error,));
        self.store.data_mut().table.delete(error).map(drop).unwrap();
        Some(code.expect("it has a word"))
    }

    /// What one says of an error that is not of HTTP.
    pub(crate) fn word_for(&mut self, code: ErrorCode) -> Option<HttpErrorCode> {
        let error = self.store.data_mut().table.push(IoError::new(code)).unwrap();
        self.call("types#http-error-code", (&error,))
    }
}
