//! `wasi:sockets/instance-network`: the network that there is.

use super::network::NetworkHandle;
use crate::error::WasiResult;
use crate::p2::{WasiCtxView, interface};
use gusset::Resource;

interface! { "wasi:sockets/instance-network@0.2.12" {
    function "instance-network": instance_network;
} }

fn instance_network(view: &mut WasiCtxView<'_>, (): ()) -> WasiResult<(Resource<NetworkHandle>,)> {
    Ok((view.table.push(NetworkHandle)?,))
}
