//! `wasi:sockets`: the network, as far as the guest may use it. Here is which function may follow which; what reaches the system, and whether it
//! may, is the policy layer's.

mod instance_network;
mod ip_name_lookup;
mod network;
mod tcp;
mod tcp_create_socket;
mod udp;
mod udp_create_socket;

use super::WasiView;
use gusset::{Linker, Result};

pub(super) fn add_to_linker<T: WasiView + 'static>(linker: &mut Linker<T>) -> Result<()> {
    network::add_to_linker(linker)?;
    instance_network::add_to_linker(linker)?;
    ip_name_lookup::add_to_linker(linker)?;
    tcp::add_to_linker(linker)?;
    tcp_create_socket::add_to_linker(linker)?;
    udp::add_to_linker(linker)?;
    udp_create_socket::add_to_linker(linker)
}
