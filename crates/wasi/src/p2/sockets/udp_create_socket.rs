//! `wasi:sockets/udp-create-socket`: new UDP sockets.

use super::network::{Attempt, IpAddressFamily};
use super::udp::UdpSocket;
use crate::net::UdpEndpoint;
use crate::p2::{WasiCtxView, interface};
use gusset::Resource;

interface! { "wasi:sockets/udp-create-socket@0.2.12" {
    tells "create-udp-socket": create_udp_socket;
} }

fn create_udp_socket(view: &mut WasiCtxView<'_>, (family,): (IpAddressFamily,)) -> Attempt<Resource<UdpSocket>> {
    let endpoint = UdpEndpoint::open(view.ctx, family.into())?;
    Ok(view.table.push(UdpSocket::new(endpoint))?)
}
