//! Services: a host gives a guest a request, and takes the response as soon as the guest has set it.

use super::WasiHttpCtxView;
use super::incoming_body::{BodyLimits, IncomingSource};
use super::outgoing_body::OutgoingHttpBody;
use super::types::{HttpErrorCode, HttpScheme, IncomingBody, IncomingRequest, ResponseOutparam};
use bytes::Bytes;
use gusset::{AsContextMut, Context, InstancePre, Resource, Result, TypedExport, TypedFunc};
use http::{Request, Response};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::sync::oneshot;

/// What `handle` is called. Any version 0.2.x will do.
const HANDLE: &str = "wasi:http/incoming-handler#handle";

/// What is said of a component without it.
const NO_SERVICE: &str = "the component is no HTTP service";

/// What `handle` is given.
type HandleParams = (Resource<IncomingRequest>, Resource<ResponseOutparam>);

/// Where a guest's response goes.
pub type ResponseSender = oneshot::Sender<Result<Response<OutgoingHttpBody>, HttpErrorCode>>;

/// A component that exports `wasi:http/incoming-handler`, linked: makes an instance for each request.
///
/// ```no_run
/// use gusset::{Engine, InstancePre, ResourceTable, Store};
/// use gusset_wasi::http::{HttpErrorCode, HttpScheme, OutgoingHttpBody, ProxyPre, WasiHttpCtx, WasiHttpView};
/// use http::{Request, Response};
/// use http_body_util::Empty;
///
/// async fn answer<T: WasiHttpView + 'static>(
///     service: &ProxyPre<T>,
///     engine: &Engine,
///     data: T,
///     request: Request<hyper::body::Incoming>,
/// ) -> gusset::Result<Result<Response<OutgoingHttpBody>, HttpErrorCode>> {
///     let (sender, receiver) = tokio::sync::oneshot::channel();
///     let mut store = Store::new(engine, data);
///     let mut view = store.data_mut().http();
///     let request = view.new_incoming_request(HttpScheme::Http, request)?;
///     let outparam = view.new_response_outparam(sender)?;
///     let proxy = service.instantiate_async(&mut store).await?;
///     // The guest goes on with the body when its response has begun.
///     let guest = tokio::spawn(async move { proxy.call_handle(&mut store, request, outparam).await });
///     match receiver.await {
///         Ok(response) => Ok(response),
///         // It has ended, or failed, without one.
///         Err(_) => Err(guest.await?.err().unwrap_or_else(|| gusset::Error::msg("the guest has set no response"))),
///     }
/// }
/// ```
pub struct ProxyPre<T: 'static> {
    pre: InstancePre<T>,
    handle: TypedExport<HandleParams, ()>,
}

/// An instance of a service.
///
/// ```no_run
/// use gusset_wasi::http::Proxy;
/// # fn service(mut store: gusset::Store<()>, instance: gusset::Instance) -> gusset::Result<Proxy> {
/// let service = Proxy::new(&mut store, instance)?; // an instance that was made in any way
/// # Ok(service)
/// # }
/// ```
pub struct Proxy {
    handle: TypedFunc<HandleParams, ()>,
}

impl<T: 'static> ProxyPre<T> {
    /// What makes instances of the component that it was linked of. Its function is found here, and compared with what services have.
    ///
    /// # Errors
    ///
    /// When it does not export `wasi:http/incoming-handler`.
    pub fn new(pre: InstancePre<T>) -> Result<ProxyPre<T>> {
        let handle = pre.get_typed_export(HANDLE).context(NO_SERVICE)?;
        Ok(ProxyPre { pre, handle })
    }

    /// Makes an instance in a store.
    ///
    /// # Errors
    ///
    /// Those of [`InstancePre::instantiate_async`].
    pub async fn instantiate_async(&self, mut store: impl AsContextMut<Data = T>) -> Result<Proxy>
    where
        T: Send,
    {
        let instance = self.pre.instantiate_async(&mut store).await?;
        Ok(Proxy { handle: self.handle.of(&store, instance)? })
    }
}

impl Proxy {
    /// A service that has been instantiated.
    ///
    /// # Errors
    ///
    /// When it does not export `wasi:http/incoming-handler`.
    pub fn new(store: impl AsContextMut, instance: gusset::Instance) -> Result<Proxy> {
        let handle = instance.get_typed_func(store, HANDLE).context(NO_SERVICE)?;
        Ok(Proxy { handle })
    }

    /// Lets the guest answer a request. It may end long after its response has begun.
    ///
    /// # Errors
    ///
    /// Those of [`TypedFunc::call_async`].
    pub async fn call_handle(
        &self,
        store: impl AsContextMut<Data: Send>,
        request: Resource<IncomingRequest>,
        outparam: Resource<ResponseOutparam>,
    ) -> Result<()> {
        self.handle.call_async(store, (request, outparam)).await
    }
}

impl WasiHttpCtxView<'_> {
    /// A request for the guest, as it was received.
    ///
    /// # Errors
    ///
    /// When the guest's table is full.
    pub fn new_incoming_request<B>(
        &mut self,
        scheme: HttpScheme,
        request: Request<B>,
    ) -> Result<Resource<IncomingRequest>>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<HttpErrorCode>,
    {
        let (head, body) = request.into_parts();
        let size = self.http.config.request_body_size();
        let limits = BodyLimits { between_bytes: None, size, too_long: HttpErrorCode::HttpRequestBodySize(Some(size)) };
        let body = body.map_err(|error| match error.into() {
            // hyper has one word for both directions.
            HttpErrorCode::HttpResponseIncomplete => HttpErrorCode::ConnectionTerminated,
            error => error,
        });
        let body = IncomingBody::new(IncomingSource::new(body.boxed_unsync(), limits, None));
        Ok(self.table.push(IncomingRequest::new(scheme, head, body))?)
    }

    /// Where the guest sets its response. What receives it is told when the guest ends without one.
    ///
    /// # Errors
    ///
    /// When the guest's table is full.
    pub fn new_response_outparam(&mut self, sender: ResponseSender) -> Result<Resource<ResponseOutparam>> {
        Ok(self.table.push(ResponseOutparam(sender))?)
    }
}
