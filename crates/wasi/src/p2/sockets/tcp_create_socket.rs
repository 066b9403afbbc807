//! `wasi:sockets/tcp-create-socket`: new TCP sockets.

use super::network::{Attempt, IpAddressFamily};
use super::tcp::TcpSocket;
use crate::net::TcpEndpoint;
use crate::p2::{WasiCtxView, interface};
use gusset::Resource;

interface! { "wasi:sockets/tcp-create-socket@0.2.12" {
    tells "create-tcp-socket": create_tcp_socket;
} }

fn create_tcp_socket(view: &mut WasiCtxView<'_>, (family,): (IpAddressFamily,)) -> Attempt<Resource<TcpSocket>> {
    let endpoint = TcpEndpoint::open(view.ctx, family.into())?;
    Ok(view.table.push(TcpSocket::new(endpoint))?)
}
