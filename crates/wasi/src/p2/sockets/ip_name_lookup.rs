//! `wasi:sockets/ip-name-lookup`: the addresses of names.

use super::network::{Attempt, IpAddress, NetworkHandle};
use crate::error::WasiResult;
use crate::net::Lookup;
use crate::p2::{IoPollable, WasiCtxView, interface};
use crate::wait::Interest;
use gusset::Resource;

/// `resolve-address-stream`.
pub(super) struct ResolveAddressStream(Lookup);

interface! { "wasi:sockets/ip-name-lookup@0.2.12" {
    resource "resolve-address-stream": ResolveAddressStream;
    tells "resolve-addresses": resolve_addresses;
    tells "[method]resolve-address-stream.resolve-next-address": resolve_next_address;
    function "[method]resolve-address-stream.subscribe": subscribe;
} }

fn resolve_addresses(
    view: &mut WasiCtxView<'_>,
    (network, name): (Resource<NetworkHandle>, String),
) -> Attempt<Resource<ResolveAddressStream>> {
    view.table.get(&network)?;
    let lookup = Lookup::start(view.ctx, &name)?;
    Ok(view.table.push(ResolveAddressStream(lookup))?)
}

fn resolve_next_address(
    view: &mut WasiCtxView<'_>,
    (stream,): (Resource<ResolveAddressStream>,),
) -> Attempt<Option<IpAddress>> {
    let next = view.table.get(&stream)?.0.next(view.ctx)?;
    Ok(next.map(IpAddress::from))
}

fn subscribe(
    view: &mut WasiCtxView<'_>,
    (stream,): (Resource<ResolveAddressStream>,),
) -> WasiResult<(Resource<IoPollable>,)> {
    let source = view.table.get(&stream)?.0.source();
    Ok((view.table.push_child(IoPollable::new(source, Interest::Read), &stream)?,))
}
