//! `wasi:sockets/udp`: datagrams. A socket that has an address gives out a pair of streams, and another one once these are gone.

use super::network::{Attempt, IpAddressFamily, IpSocketAddress, NetworkHandle, SocketErrorCode};
use crate::error::WasiResult;
use crate::net::{LONGEST_DATAGRAM, SocketOptions, UdpBinding, UdpEndpoint};
use crate::p2::interface::stop;
use crate::p2::{IoPollable, WasiCtxView, interface};
use crate::wait::{Interest, Pollable, Waiter};
use gusset::{ComponentType, Lift, Lower, Resource};
use std::sync::Arc;
use std::task::Waker;

/// How many datagrams are sent, or received, at once at most.
const MOST: u64 = 16;
/// From how many bytes on none is received any more at once.
const ENOUGH: usize = 64 << 10;
/// How many are looked at for that, since the guest is to hear nothing of some.
const LOOKED_AT: u64 = 256;

/// `udp-socket`. Its streams and pollables are its children.
pub(super) struct UdpSocket {
    endpoint: Arc<UdpEndpoint>,
    state: UdpState,
}

enum UdpState {
    Unbound,
    BindInProgress(UdpBinding),
    Bound(UdpBinding),
}

/// `incoming-datagram-stream`.
pub(super) struct IncomingDatagramStream {
    endpoint: Arc<UdpEndpoint>,
    binding: UdpBinding,
}

/// `outgoing-datagram-stream`.
pub(super) struct OutgoingDatagramStream {
    endpoint: Arc<UdpEndpoint>,
    binding: UdpBinding,
    /// How many datagrams the guest was told that it may send.
    permit: u64,
}

/// `incoming-datagram`.
#[derive(ComponentType, Lower)]
#[component(record)]
struct IncomingDatagram {
    data: Vec<u8>,
    remote_address: IpSocketAddress,
}

/// `outgoing-datagram`.
#[derive(ComponentType, Lift)]
#[component(record)]
struct OutgoingDatagram {
    data: Vec<u8>,
    remote_address: Option<IpSocketAddress>,
}

impl UdpSocket {
    pub(super) fn new(endpoint: UdpEndpoint) -> UdpSocket {
        UdpSocket { endpoint: Arc::new(endpoint), state: UdpState::Unbound }
    }

    fn options(&self) -> SocketOptions<'_> {
        self.endpoint.options()
    }

    fn binding(&mut self) -> Attempt<&mut UdpBinding> {
        match &mut self.state {
            UdpState::Bound(binding) => Ok(binding),
            _ => Err(SocketErrorCode::InvalidState.into()),
        }
    }
}

interface! { "wasi:sockets/udp@0.2.12" {
    resource "udp-socket": UdpSocket;
    tells "[method]udp-socket.start-bind": start_bind;
    tells "[method]udp-socket.finish-bind": finish_bind;
    tells "[method]udp-socket.stream": stream;
    tells "[method]udp-socket.local-address": local_address;
    tells "[method]udp-socket.remote-address": remote_address;
    function "[method]udp-socket.address-family": address_family;
    tells "[method]udp-socket.unicast-hop-limit": unicast_hop_limit;
    tells "[method]udp-socket.set-unicast-hop-limit": set_unicast_hop_limit;
    tells "[method]udp-socket.receive-buffer-size": receive_buffer_size;
    tells "[method]udp-socket.set-receive-buffer-size": set_receive_buffer_size;
    tells "[method]udp-socket.send-buffer-size": send_buffer_size;
    tells "[method]udp-socket.set-send-buffer-size": set_send_buffer_size;
    function "[method]udp-socket.subscribe": subscribe;
    resource "incoming-datagram-stream": IncomingDatagramStream;
    tells "[method]incoming-datagram-stream.receive": receive;
    function "[method]incoming-datagram-stream.subscribe": subscribe_to_incoming;
    resource "outgoing-datagram-stream": OutgoingDatagramStream;
    tells "[method]outgoing-datagram-stream.check-send": check_send;
    tells "[method]outgoing-datagram-stream.send": send;
    function "[method]outgoing-datagram-stream.subscribe": subscribe_to_outgoing;
} }

fn start_bind(
    view: &mut WasiCtxView<'_>,
    (socket, network, at): (Resource<UdpSocket>, Resource<NetworkHandle>, IpSocketAddress),
) -> Attempt<()> {
    view.table.get(&network)?;
    let socket = view.table.get_mut(&socket)?;
    match socket.state {
        UdpState::Unbound => {
            socket.state = UdpState::BindInProgress(socket.endpoint.bind(view.ctx, at.into())?);
            Ok(())
        }
        UdpState::BindInProgress(_) => Err(SocketErrorCode::ConcurrencyConflict.into()),
        UdpState::Bound(_) => Err(SocketErrorCode::InvalidState.into()),
    }
}

fn finish_bind(view: &mut WasiCtxView<'_>, (socket,): (Resource<UdpSocket>,)) -> Attempt<()> {
    let socket = view.table.get_mut(&socket)?;
    let UdpState::BindInProgress(binding) = socket.state else {
        return Err(SocketErrorCode::NotInProgress.into());
    };
    socket.state = UdpState::Bound(binding);
    Ok(())
}

type DatagramStreams = (Resource<IncomingDatagramStream>, Resource<OutgoingDatagramStream>);

fn stream(
    view: &mut WasiCtxView<'_>,
    (socket, remote): (Resource<UdpSocket>, Option<IpSocketAddress>),
) -> Attempt<DatagramStreams> {
    let has_streams = view
        .table
        .iter_children(&socket)?
        .any(|child| child.is::<IncomingDatagramStream>() || child.is::<OutgoingDatagramStream>());
    if has_streams {
        return Err(stop("`udp-socket.stream` was called while streams of the call before were still open").into());
    }
    let udp = view.table.get_mut(&socket)?;
    let endpoint = udp.endpoint.clone();
    let binding = udp.binding()?;
    endpoint.associate(view.ctx, binding, remote.map(Into::into))?;
    let binding = *binding;
    let incoming = IncomingDatagramStream { endpoint: endpoint.clone(), binding };
    let outgoing = OutgoingDatagramStream { endpoint, binding, permit: 0 };
    Ok((view.table.push_child(incoming, &socket)?, view.table.push_child(outgoing, &socket)?))
}

fn local_address(view: &mut WasiCtxView<'_>, (socket,): (Resource<UdpSocket>,)) -> Attempt<IpSocketAddress> {
    let socket = view.table.get_mut(&socket)?;
    socket.binding()?;
    Ok(socket.endpoint.local_address()?.into())
}

fn remote_address(view: &mut WasiCtxView<'_>, (socket,): (Resource<UdpSocket>,)) -> Attempt<IpSocketAddress> {
    let remote = view.table.get_mut(&socket)?.binding()?.remote;
    Ok(remote.ok_or(SocketErrorCode::InvalidState)?.into())
}

fn address_family(view: &mut WasiCtxView<'_>, (socket,): (Resource<UdpSocket>,)) -> WasiResult<(IpAddressFamily,)> {
    Ok((view.table.get(&socket)?.endpoint.family().into(),))
}

fn unicast_hop_limit(view: &mut WasiCtxView<'_>, (socket,): (Resource<UdpSocket>,)) -> Attempt<u8> {
    Ok(view.table.get(&socket)?.options().hop_limit()?)
}

fn set_unicast_hop_limit(view: &mut WasiCtxView<'_>, (socket, hops): (Resource<UdpSocket>, u8)) -> Attempt<()> {
    Ok(view.table.get(&socket)?.options().set_hop_limit(hops)?)
}

fn receive_buffer_size(view: &mut WasiCtxView<'_>, (socket,): (Resource<UdpSocket>,)) -> Attempt<u64> {
    Ok(view.table.get(&socket)?.options().receive_buffer_size()?)
}

fn set_receive_buffer_size(view: &mut WasiCtxView<'_>, (socket, bytes): (Resource<UdpSocket>, u64)) -> Attempt<()> {
    Ok(view.table.get(&socket)?.options().set_receive_buffer_size(bytes)?)
}

fn send_buffer_size(view: &mut WasiCtxView<'_>, (socket,): (Resource<UdpSocket>,)) -> Attempt<u64> {
    Ok(view.table.get(&socket)?.options().send_buffer_size()?)
}

fn set_send_buffer_size(view: &mut WasiCtxView<'_>, (socket, bytes): (Resource<UdpSocket>, u64)) -> Attempt<()> {
    Ok(view.table.get(&socket)?.options().set_send_buffer_size(bytes)?)
}

/// Nothing that is done with the socket itself takes its time.
struct AlwaysReady;

impl Pollable for AlwaysReady {}

fn subscribe(view: &mut WasiCtxView<'_>, (socket,): (Resource<UdpSocket>,)) -> WasiResult<(Resource<IoPollable>,)> {
    Ok((view.table.push_child(IoPollable::new(Arc::new(AlwaysReady), Interest::Read), &socket)?,))
}

fn receive(
    view: &mut WasiCtxView<'_>,
    (stream, most): (Resource<IncomingDatagramStream>, u64),
) -> Attempt<Vec<IncomingDatagram>> {
    let stream = view.table.get(&stream)?;
    let most = most.min(MOST) as usize;
    let (mut datagrams, mut size) = (Vec::new(), 0);
    if most == 0 {
        return Ok(datagrams);
    }
    let mut bytes = Box::new([0; LONGEST_DATAGRAM]);
    for _ in 0..LOOKED_AT {
        if datagrams.len() == most || size >= ENOUGH {
            break;
        }
        match stream.endpoint.receive(view.ctx, &stream.binding, &mut bytes) {
            Ok(None) => {}
            Ok(Some((length, from))) => {
                size += length;
                datagrams.push(IncomingDatagram { data: bytes[..length].to_vec(), remote_address: from.into() });
            }
            Err(error) if error.would_block() || !datagrams.is_empty() => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(datagrams)
}

fn subscribe_to_incoming(
    view: &mut WasiCtxView<'_>,
    (stream,): (Resource<IncomingDatagramStream>,),
) -> WasiResult<(Resource<IoPollable>,)> {
    let source = view.table.get(&stream)?.endpoint.clone();
    Ok((view.table.push_child(IoPollable::new(source, Interest::Read), &stream)?,))
}

fn check_send(view: &mut WasiCtxView<'_>, (stream,): (Resource<OutgoingDatagramStream>,)) -> Attempt<u64> {
    let stream = view.table.get_mut(&stream)?;
    let mut waiter = Waiter::new(Waker::noop().clone());
    let is_free = stream.endpoint.poll_ready(Interest::Write, &mut waiter).is_ready();
    stream.permit = if is_free { MOST } else { 0 };
    Ok(stream.permit)
}

/// What fails behind a datagram that was sent is not told: whoever goes on with the rest is.
fn send(
    view: &mut WasiCtxView<'_>,
    (stream, datagrams): (Resource<OutgoingDatagramStream>, Vec<OutgoingDatagram>),
) -> Attempt<u64> {
    let stream = view.table.get_mut(&stream)?;
    if datagrams.is_empty() {
        return Ok(0);
    }
    let permit = std::mem::take(&mut stream.permit);
    if datagrams.len() as u64 > permit {
        let count = datagrams.len();
        return Err(stop(format!("{count} datagrams were sent where `check-send` permits {permit}")).into());
    }
    let mut sent = 0;
    for datagram in datagrams {
        let to = datagram.remote_address.map(Into::into);
        match stream.endpoint.send(view.ctx, &stream.binding, &datagram.data, to) {
            Ok(()) => sent += 1,
            Err(error) if error.would_block() || sent > 0 => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(sent)
}

fn subscribe_to_outgoing(
    view: &mut WasiCtxView<'_>,
    (stream,): (Resource<OutgoingDatagramStream>,),
) -> WasiResult<(Resource<IoPollable>,)> {
    let source = view.table.get(&stream)?.endpoint.clone();
    Ok((view.table.push_child(IoPollable::new(source, Interest::Write), &stream)?,))
}
