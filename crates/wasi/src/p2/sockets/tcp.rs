//! `wasi:sockets/tcp`: connections. What takes its time is started and finished by two functions; a socket keeps which of them it is between.

use super::network::{Attempt, IpAddressFamily, IpSocketAddress, NetworkHandle, SocketErrorCode};
use crate::clock::nanoseconds;
use crate::error::WasiResult;
use crate::net::{BoundFor, SocketOptions, TcpEndpoint};
use crate::p2::{InputStream, IoPollable, OutputStream, WasiCtxView, interface};
use crate::wait::{Interest, Pollable, Ready, Waiter};
use gusset::{ComponentType, Lift, Resource, ResourceTable};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

/// How many connections wait to be accepted, unless the guest says otherwise.
const BACKLOG: i32 = 128;

/// `tcp-socket`. Its streams and pollables are its children.
pub(super) struct TcpSocket(Arc<TcpCore>);

struct TcpCore {
    endpoint: TcpEndpoint,
    inner: Mutex<TcpInner>,
}

struct TcpInner {
    state: TcpState,
    backlog: i32,
}

enum TcpState {
    Unbound,
    BindInProgress(BoundFor),
    Bound(BoundFor),
    ListenInProgress,
    Listening,
    ConnectInProgress,
    Connected(InputStream, OutputStream),
    Closed,
}

impl TcpState {
    fn is_in_progress(&self) -> bool {
        matches!(self, TcpState::BindInProgress(_) | TcpState::ListenInProgress | TcpState::ConnectInProgress)
    }
}

impl TcpSocket {
    pub(super) fn new(endpoint: TcpEndpoint) -> TcpSocket {
        TcpSocket::in_state(endpoint, TcpState::Unbound)
    }

    fn in_state(endpoint: TcpEndpoint, state: TcpState) -> TcpSocket {
        TcpSocket(Arc::new(TcpCore { endpoint, inner: Mutex::new(TcpInner { state, backlog: BACKLOG }) }))
    }

    fn lock(&self) -> MutexGuard<'_, TcpInner> {
        self.0.lock()
    }

    /// What begins something new.
    fn idle(&self) -> Attempt<MutexGuard<'_, TcpInner>> {
        let inner = self.lock();
        if inner.state.is_in_progress() { Err(SocketErrorCode::ConcurrencyConflict.into()) } else { Ok(inner) }
    }

    /// Whatever else it is, it is not closed.
    fn options(&self) -> Attempt<SocketOptions<'_>> {
        match self.lock().state {
            TcpState::Closed => Err(SocketErrorCode::InvalidState.into()),
            _ => Ok(self.0.endpoint.options()),
        }
    }

    fn streams(endpoint: &TcpEndpoint) -> (InputStream, OutputStream) {
        let stream = endpoint.stream();
        (InputStream::new(stream.clone()), OutputStream::new(stream))
    }
}

impl TcpCore {
    fn lock(&self) -> MutexGuard<'_, TcpInner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// It is ready when what is in progress can be finished, and when there is something to accept.
impl Pollable for TcpCore {
    fn poll_ready<'a>(&'a self, _: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        let interest = match self.lock().state {
            TcpState::ConnectInProgress => Interest::Write,
            TcpState::Listening => Interest::Read,
            _ => return Poll::Ready(Ready::default()),
        };
        self.endpoint.poll_ready(interest, waiter)
    }
}

/// `shutdown-type`.
#[derive(Clone, Copy, PartialEq, Eq, ComponentType, Lift)]
#[component(enum)]
enum ShutdownType {
    Receive,
    Send,
    Both,
}

interface! { "wasi:sockets/tcp@0.2.12" {
    resource "tcp-socket": TcpSocket;
    tells "[method]tcp-socket.start-bind": start_bind;
    tells "[method]tcp-socket.finish-bind": finish_bind;
    tells "[method]tcp-socket.start-connect": start_connect;
    tells "[method]tcp-socket.finish-connect": finish_connect;
    tells "[method]tcp-socket.start-listen": start_listen;
    tells "[method]tcp-socket.finish-listen": finish_listen;
    tells "[method]tcp-socket.accept": accept;
    tells "[method]tcp-socket.local-address": local_address;
    tells "[method]tcp-socket.remote-address": remote_address;
    function "[method]tcp-socket.is-listening": is_listening;
    function "[method]tcp-socket.address-family": address_family;
    tells "[method]tcp-socket.set-listen-backlog-size": set_listen_backlog_size;
    tells "[method]tcp-socket.keep-alive-enabled": keep_alive_enabled;
    tells "[method]tcp-socket.set-keep-alive-enabled": set_keep_alive_enabled;
    tells "[method]tcp-socket.keep-alive-idle-time": keep_alive_idle_time;
    tells "[method]tcp-socket.set-keep-alive-idle-time": set_keep_alive_idle_time;
    tells "[method]tcp-socket.keep-alive-interval": keep_alive_interval;
    tells "[method]tcp-socket.set-keep-alive-interval": set_keep_alive_interval;
    tells "[method]tcp-socket.keep-alive-count": keep_alive_count;
    tells "[method]tcp-socket.set-keep-alive-count": set_keep_alive_count;
    tells "[method]tcp-socket.hop-limit": hop_limit;
    tells "[method]tcp-socket.set-hop-limit": set_hop_limit;
    tells "[method]tcp-socket.receive-buffer-size": receive_buffer_size;
    tells "[method]tcp-socket.set-receive-buffer-size": set_receive_buffer_size;
    tells "[method]tcp-socket.send-buffer-size": send_buffer_size;
    tells "[method]tcp-socket.set-send-buffer-size": set_send_buffer_size;
    function "[method]tcp-socket.subscribe": subscribe;
    tells "[method]tcp-socket.shutdown": shutdown;
} }

fn start_bind(
    view: &mut WasiCtxView<'_>,
    (socket, network, at): (Resource<TcpSocket>, Resource<NetworkHandle>, IpSocketAddress),
) -> Attempt<()> {
    view.table.get(&network)?;
    let socket = view.table.get(&socket)?;
    let mut inner = socket.idle()?;
    if !matches!(inner.state, TcpState::Unbound) {
        return Err(SocketErrorCode::InvalidState.into());
    }
    inner.state = TcpState::BindInProgress(socket.0.endpoint.bind(view.ctx, at.into())?);
    Ok(())
}

fn finish_bind(view: &mut WasiCtxView<'_>, (socket,): (Resource<TcpSocket>,)) -> Attempt<()> {
    let mut inner = view.table.get(&socket)?.lock();
    let TcpState::BindInProgress(bound_for) = inner.state else {
        return Err(SocketErrorCode::NotInProgress.into());
    };
    inner.state = TcpState::Bound(bound_for);
    Ok(())
}

/// An attempt that was refused, or was none, leaves the socket as it is. After one that the system failed nothing can be done with it.
fn start_connect(
    view: &mut WasiCtxView<'_>,
    (socket, network, to): (Resource<TcpSocket>, Resource<NetworkHandle>, IpSocketAddress),
) -> Attempt<()> {
    view.table.get(&network)?;
    let socket = view.table.get(&socket)?;
    let mut inner = socket.idle()?;
    if !matches!(inner.state, TcpState::Unbound | TcpState::Bound(_)) {
        return Err(SocketErrorCode::InvalidState.into());
    }
    let to = socket.0.endpoint.may_connect(view.ctx, to.into())?;
    inner.state = TcpState::Closed;
    socket.0.endpoint.connect(to)?;
    inner.state = TcpState::ConnectInProgress;
    Ok(())
}

fn finish_connect(
    view: &mut WasiCtxView<'_>,
    (socket,): (Resource<TcpSocket>,),
) -> Attempt<(Resource<InputStream>, Resource<OutputStream>)> {
    let (input, output) = {
        let tcp = view.table.get(&socket)?;
        let mut inner = tcp.lock();
        if !matches!(inner.state, TcpState::ConnectInProgress) {
            return Err(SocketErrorCode::NotInProgress.into());
        }
        match tcp.0.endpoint.connected() {
            Err(error) if error.would_block() => return Err(error.into()),
            Err(error) => {
                inner.state = TcpState::Closed;
                return Err(error.into());
            }
            Ok(()) => {}
        }
        let (input, output) = TcpSocket::streams(&tcp.0.endpoint);
        inner.state = TcpState::Connected(input.clone(), output.clone());
        (input, output)
    };
    push_streams(view.table, &socket, input, output)
}

fn push_streams(
    table: &mut ResourceTable,
    socket: &Resource<TcpSocket>,
    input: InputStream,
    output: OutputStream,
) -> Attempt<(Resource<InputStream>, Resource<OutputStream>)> {
    Ok((table.push_child(input, socket)?, table.push_child(output, socket)?))
}

fn start_listen(view: &mut WasiCtxView<'_>, (socket,): (Resource<TcpSocket>,)) -> Attempt<()> {
    let socket = view.table.get(&socket)?;
    let mut inner = socket.idle()?;
    let TcpState::Bound(bound_for) = inner.state else {
        return Err(SocketErrorCode::InvalidState.into());
    };
    socket.0.endpoint.listen(bound_for, inner.backlog)?;
    inner.state = TcpState::ListenInProgress;
    Ok(())
}

fn finish_listen(view: &mut WasiCtxView<'_>, (socket,): (Resource<TcpSocket>,)) -> Attempt<()> {
    let mut inner = view.table.get(&socket)?.lock();
    if !matches!(inner.state, TcpState::ListenInProgress) {
        return Err(SocketErrorCode::NotInProgress.into());
    }
    inner.state = TcpState::Listening;
    Ok(())
}

type Accepted = (Resource<TcpSocket>, Resource<InputStream>, Resource<OutputStream>);

fn accept(view: &mut WasiCtxView<'_>, (socket,): (Resource<TcpSocket>,)) -> Attempt<Accepted> {
    let listener = view.table.get(&socket)?;
    if !matches!(listener.lock().state, TcpState::Listening) {
        return Err(SocketErrorCode::InvalidState.into());
    }
    let endpoint = listener.0.endpoint.accept(view.ctx)?;
    let (input, output) = TcpSocket::streams(&endpoint);
    let connected = TcpState::Connected(input.clone(), output.clone());
    let accepted = view.table.push(TcpSocket::in_state(endpoint, connected))?;
    let (input, output) = push_streams(view.table, &accepted, input, output)?;
    Ok((accepted, input, output))
}

fn local_address(view: &mut WasiCtxView<'_>, (socket,): (Resource<TcpSocket>,)) -> Attempt<IpSocketAddress> {
    let socket = view.table.get(&socket)?;
    match socket.lock().state {
        TcpState::Unbound | TcpState::BindInProgress(_) | TcpState::Closed => Err(SocketErrorCode::InvalidState.into()),
        _ => Ok(socket.0.endpoint.local_address()?.into()),
    }
}

fn remote_address(view: &mut WasiCtxView<'_>, (socket,): (Resource<TcpSocket>,)) -> Attempt<IpSocketAddress> {
    let socket = view.table.get(&socket)?;
    match socket.lock().state {
        TcpState::Connected(..) => Ok(socket.0.endpoint.remote_address()?.into()),
        _ => Err(SocketErrorCode::InvalidState.into()),
    }
}

fn is_listening(view: &mut WasiCtxView<'_>, (socket,): (Resource<TcpSocket>,)) -> WasiResult<(bool,)> {
    Ok((matches!(view.table.get(&socket)?.lock().state, TcpState::Listening),))
}

fn address_family(view: &mut WasiCtxView<'_>, (socket,): (Resource<TcpSocket>,)) -> WasiResult<(IpAddressFamily,)> {
    Ok((view.table.get(&socket)?.0.endpoint.family().into(),))
}

fn set_listen_backlog_size(view: &mut WasiCtxView<'_>, (socket, size): (Resource<TcpSocket>, u64)) -> Attempt<()> {
    if size == 0 {
        return Err(SocketErrorCode::InvalidArgument.into());
    }
    let backlog = i32::try_from(size).unwrap_or(i32::MAX);
    let socket = view.table.get(&socket)?;
    let mut inner = socket.lock();
    match inner.state {
        TcpState::Unbound | TcpState::BindInProgress(_) | TcpState::Bound(_) => {}
        TcpState::ListenInProgress | TcpState::Listening => {
            socket.0.endpoint.listen(BoundFor::Listening, backlog)?;
        }
        TcpState::ConnectInProgress | TcpState::Connected(..) | TcpState::Closed => {
            return Err(SocketErrorCode::InvalidState.into());
        }
    }
    inner.backlog = backlog;
    Ok(())
}

fn keep_alive_enabled(view: &mut WasiCtxView<'_>, (socket,): (Resource<TcpSocket>,)) -> Attempt<bool> {
    Ok(view.table.get(&socket)?.options()?.keep_alive()?)
}

fn set_keep_alive_enabled(view: &mut WasiCtxView<'_>, (socket, enabled): (Resource<TcpSocket>, bool)) -> Attempt<()> {
    Ok(view.table.get(&socket)?.options()?.set_keep_alive(enabled)?)
}

fn keep_alive_idle_time(view: &mut WasiCtxView<'_>, (socket,): (Resource<TcpSocket>,)) -> Attempt<u64> {
    Ok(nanoseconds(view.table.get(&socket)?.options()?.keep_alive_idle_time()?))
}

fn set_keep_alive_idle_time(view: &mut WasiCtxView<'_>, (socket, time): (Resource<TcpSocket>, u64)) -> Attempt<()> {
    Ok(view.table.get(&socket)?.options()?.set_keep_alive_idle_time(Duration::from_nanos(time))?)
}

fn keep_alive_interval(view: &mut WasiCtxView<'_>, (socket,): (Resource<TcpSocket>,)) -> Attempt<u64> {
    Ok(nanoseconds(view.table.get(&socket)?.options()?.keep_alive_interval()?))
}

fn set_keep_alive_interval(view: &mut WasiCtxView<'_>, (socket, time): (Resource<TcpSocket>, u64)) -> Attempt<()> {
    Ok(view.table.get(&socket)?.options()?.set_keep_alive_interval(Duration::from_nanos(time))?)
}

fn keep_alive_count(view: &mut WasiCtxView<'_>, (socket,): (Resource<TcpSocket>,)) -> Attempt<u32> {
    Ok(view.table.get(&socket)?.options()?.keep_alive_count()?)
}

fn set_keep_alive_count(view: &mut WasiCtxView<'_>, (socket, count): (Resource<TcpSocket>, u32)) -> Attempt<()> {
    Ok(view.table.get(&socket)?.options()?.set_keep_alive_count(count)?)
}

fn hop_limit(view: &mut WasiCtxView<'_>, (socket,): (Resource<TcpSocket>,)) -> Attempt<u8> {
    Ok(view.table.get(&socket)?.options()?.hop_limit()?)
}

fn set_hop_limit(view: &mut WasiCtxView<'_>, (socket, hops): (Resource<TcpSocket>, u8)) -> Attempt<()> {
    Ok(view.table.get(&socket)?.options()?.set_hop_limit(hops)?)
}

fn receive_buffer_size(view: &mut WasiCtxView<'_>, (socket,): (Resource<TcpSocket>,)) -> Attempt<u64> {
    Ok(view.table.get(&socket)?.options()?.receive_buffer_size()?)
}

fn set_receive_buffer_size(view: &mut WasiCtxView<'_>, (socket, bytes): (Resource<TcpSocket>, u64)) -> Attempt<()> {
    Ok(view.table.get(&socket)?.options()?.set_receive_buffer_size(bytes)?)
}

fn send_buffer_size(view: &mut WasiCtxView<'_>, (socket,): (Resource<TcpSocket>,)) -> Attempt<u64> {
    Ok(view.table.get(&socket)?.options()?.send_buffer_size()?)
}

fn set_send_buffer_size(view: &mut WasiCtxView<'_>, (socket, bytes): (Resource<TcpSocket>, u64)) -> Attempt<()> {
    Ok(view.table.get(&socket)?.options()?.set_send_buffer_size(bytes)?)
}

fn subscribe(view: &mut WasiCtxView<'_>, (socket,): (Resource<TcpSocket>,)) -> WasiResult<(Resource<IoPollable>,)> {
    let source = view.table.get(&socket)?.0.clone();
    Ok((view.table.push_child(IoPollable::new(source, Interest::Read), &socket)?,))
}

fn shutdown(view: &mut WasiCtxView<'_>, (socket, which): (Resource<TcpSocket>, ShutdownType)) -> Attempt<()> {
    let socket = view.table.get(&socket)?;
    let TcpState::Connected(input, output) = &socket.lock().state else {
        return Err(SocketErrorCode::InvalidState.into());
    };
    if which != ShutdownType::Send {
        input.shut_down();
        socket.0.endpoint.end_receiving()?;
    }
    if which != ShutdownType::Receive {
        output.shut_down();
        output.finish_meanwhile(view.ctx);
    }
    Ok(())
}
