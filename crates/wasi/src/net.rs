//! The network: what of it a guest may use, the sockets that a host can give to it, and those that it opens itself. Everything is refused that
//! no rule allows, before the system hears of it.

mod address;
mod lookup;
mod options;
mod rule;
mod socket;
mod tcp;
mod udp;

pub(crate) use address::IpFamily;
#[cfg(feature = "http")]
pub(crate) use address::is_one_host;
pub(crate) use lookup::{Lookup, LookupSlots};
pub(crate) use options::SocketOptions;
pub(crate) use tcp::TcpEndpoint;
pub(crate) use udp::{LONGEST_DATAGRAM, UdpBinding, UdpEndpoint};

pub use rule::NetworkRule;
pub use socket::{SocketListener, SocketStream};

use crate::error::{ErrorCode, WasiResult};
use rule::DomainName;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

/// How many addresses of names a guest's state keeps; then the oldest is forgotten.
const MAX_RESOLVED: usize = 1024;

/// What a guest may use of the network: by default nothing. What a host opens for it, it may use in any case.
///
/// ```
/// use gusset_wasi::{ErrorCode, Network, WasiConfig, WasiCtx};
/// let network = Network::none().allow("10.0.0.0/8:5432".parse()?).allow_listen("[::1]:8000-8999".parse()?);
/// let ctx = WasiCtx::new(&WasiConfig::builder().network(network).build()?);
/// assert!(ctx.check_connect("10.1.2.3:5432".parse()?).is_ok());
/// assert!(ctx.check_listen("[::1]:8080".parse()?).is_ok());
/// let refused = ctx.check_connect("[::1]:8080".parse()?).unwrap_err();
/// assert_eq!(refused.code(), Some(ErrorCode::Access));
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Network {
    outgoing: Vec<NetworkRule>,
    listening: Vec<NetworkRule>,
}

impl Network {
    /// Nothing.
    pub fn none() -> Network {
        Network::default()
    }

    /// Everything that the host itself may use.
    pub fn all() -> Network {
        Network::none().allow(NetworkRule::any()).allow_listen(NetworkRule::any())
    }

    /// Lets the guest connect, and send, to what the rule says, and receive from there.
    pub fn allow(mut self, rule: NetworkRule) -> Network {
        self.outgoing.push(rule);
        self
    }

    /// Lets the guest have the addresses of the host that the rule says, to take connections and receive, from whomever. It must be a rule
    /// of addresses: [`build`](crate::WasiConfigBuilder::build) refuses names. A port that the system chooses is asked for as port 0. Who may send
    /// needs no rule for the address from which it does: `0.0.0.0:0` and `[::]:0` are those that the system chooses.
    pub fn allow_listen(mut self, rule: NetworkRule) -> Network {
        self.listening.push(rule);
        self
    }

    /// A rule that cannot be followed.
    pub(crate) fn misplaced(&self) -> Option<&NetworkRule> {
        self.listening.iter().find(|rule| rule.name().is_some())
    }

    pub(crate) fn check_connect(&self, to: SocketAddr, resolved: &ResolvedNames) -> WasiResult<()> {
        let allows = |rule: &NetworkRule| match rule.name() {
            Some(name) => rule.has_port(to.port()) && resolved.has(name, to.ip()),
            None => rule.has_address(to),
        };
        allowed(self.outgoing.iter().any(allows))
    }

    pub(crate) fn check_listen(&self, at: SocketAddr) -> WasiResult<()> {
        allowed(self.listening.iter().any(|rule| rule.has_address(at)))
    }

    /// What a socket may be for that has an address.
    pub(crate) fn check_bind(&self, at: SocketAddr) -> WasiResult<BoundFor> {
        let is_chosen = at.ip().is_unspecified() && at.port() == 0;
        match self.check_listen(at) {
            Err(_) if is_chosen && !self.outgoing.is_empty() => Ok(BoundFor::Sending),
            allowed => allowed.map(|()| BoundFor::Listening),
        }
    }

    /// Whether there may be sockets at all.
    pub(crate) fn check_open(&self) -> WasiResult<()> {
        allowed(!self.outgoing.is_empty() || !self.listening.is_empty())
    }

    pub(crate) fn check_lookup(&self, name: &str) -> WasiResult<()> {
        // Nobody needs to be asked for what an address is.
        let is_address = name.parse::<IpAddr>().is_ok();
        let any_host = || DomainName::parse(name).is_ok() && self.outgoing.iter().any(NetworkRule::is_any_host);
        allowed(is_address || self.named(name).is_some() || any_host())
    }

    /// The name, if there is a rule by it.
    fn named(&self, name: &str) -> Option<&DomainName> {
        let name = DomainName::parse(name).ok()?;
        self.outgoing.iter().find_map(|rule| rule.name().filter(|known| **known == name))
    }
}

/// Whether it is a name that can be looked up.
fn is_name(name: &str) -> bool {
    DomainName::parse(name).is_ok()
}

/// What a socket may be for that has an address of the host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BoundFor {
    /// Everything: it may take connections, and receive from whomever.
    Listening,
    /// To reach what its guest may reach, and to receive from there.
    Sending,
}

fn allowed(allowed: bool) -> WasiResult<()> {
    if allowed { Ok(()) } else { Err(ErrorCode::Access.into()) }
}

/// Which addresses the names have that a guest has looked up.
#[derive(Debug, Default)]
pub(crate) struct ResolvedNames(VecDeque<(DomainName, IpAddr)>);

impl ResolvedNames {
    fn has(&self, name: &DomainName, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|(known, at)| known == name && *at == address)
    }

    /// Keeps what only a rule by name allows.
    pub(crate) fn add(&mut self, network: &Network, name: &str, addresses: &[IpAddr]) {
        let Some(name) = network.named(name) else { return };
        for address in addresses {
            if self.has(name, *address) {
                continue;
            }
            if self.0.len() >= MAX_RESOLVED {
                self.0.pop_front();
            }
            self.0.push_back((name.clone(), address.to_canonical()));
        }
    }
}
