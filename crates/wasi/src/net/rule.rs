//! [`NetworkRule`]: addresses or a name, with ports, and how that is written.

use gusset::{Error, Result, bail};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// The longest name, and the longest part of one, in bytes.
const NAME_LENGTH: usize = 253;
const LABEL_LENGTH: usize = 63;

/// A part of the network, written `HOST:PORTS`.
///
/// The host is an address (`10.0.0.7`, `[::1]`), a range of them (`10.0.0.0/8`, `[fd00::]/8`), a name (`example.com`), or `*` for any. The
/// ports are one (`443`), a range (`8000-8999`), or `*` for any.
///
/// A name allows to look it up and then to reach the addresses that this gave: whoever answers for it decides which these are. An IPv4
/// address is the same when it is written as an IPv6 one.
///
/// ```
/// use gusset_wasi::NetworkRule;
/// let rule: NetworkRule = "Example.com:443".parse()?;
/// assert_eq!(rule.to_string(), "example.com:443");
/// let error = "10.0.0.0/8".parse::<NetworkRule>().unwrap_err();
/// assert_eq!(error.to_string(), "`10.0.0.0/8` has no port: `10.0.0.0/8:443` allows one, `10.0.0.0/8:*` all");
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NetworkRule {
    host: RuleHost,
    first_port: u16,
    last_port: u16,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum RuleHost {
    Any,
    /// All addresses that start with so many of these bits.
    Addresses(IpAddr, u8),
    Named(DomainName),
}

/// A name, in lower case and without the dot at its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct DomainName(String);

impl NetworkRule {
    pub(super) fn any() -> NetworkRule {
        NetworkRule { host: RuleHost::Any, first_port: 0, last_port: u16::MAX }
    }

    pub(super) fn has_port(&self, port: u16) -> bool {
        (self.first_port..=self.last_port).contains(&port)
    }

    /// Whether it is a rule of addresses that has this one.
    pub(super) fn has_address(&self, address: SocketAddr) -> bool {
        let has_ip = match &self.host {
            RuleHost::Any => true,
            RuleHost::Addresses(network, length) => has_prefix(address.ip().to_canonical(), *network, *length),
            RuleHost::Named(_) => false,
        };
        has_ip && self.has_port(address.port())
    }

    pub(super) fn name(&self) -> Option<&DomainName> {
        match &self.host {
            RuleHost::Named(name) => Some(name),
            RuleHost::Any | RuleHost::Addresses(..) => None,
        }
    }

    pub(super) fn is_any_host(&self) -> bool {
        self.host == RuleHost::Any
    }
}

fn has_prefix(address: IpAddr, network: IpAddr, length: u8) -> bool {
    match (address, network) {
        (IpAddr::V4(_), IpAddr::V4(_)) | (IpAddr::V6(_), IpAddr::V6(_)) => first_bits(address, length) == network,
        _ => false,
    }
}

/// An address of whose bits only the first ones are left.
fn first_bits(address: IpAddr, length: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
            Ipv4Addr::from_bits(v4.to_bits() & mask).into()
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
            Ipv6Addr::from_bits(v6.to_bits() & mask).into()
        }
    }
}

impl FromStr for NetworkRule {
    type Err = Error;

    fn from_str(text: &str) -> Result<NetworkRule> {
        if let Some((scheme, rest)) = text.split_once("://") {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let port = match scheme {
                _ if host.contains(':') => "",
                "http" => ":80",
                "https" => ":443",
                _ => ":PORT",
            };
            bail!("`{text}` is a URL, and what is allowed is a host with its port: `{host}{port}`");
        }
        let no_port = || format!("`{text}` has no port: `{text}:443` allows one, `{text}:*` all");
        let Some((host, ports)) = text.rsplit_once(':').filter(|(_, ports)| !ports.contains(']')) else {
            bail!("{}", no_port());
        };
        if host.is_empty() {
            bail!("`{text}` has no host: `*{text}` allows any");
        }
        let (first_port, last_port) = parse_ports(ports, text)?;
        Ok(NetworkRule { host: parse_host(host, text)?, first_port, last_port })
    }
}

fn parse_ports(ports: &str, text: &str) -> Result<(u16, u16)> {
    if ports == "*" {
        return Ok((0, u16::MAX));
    }
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let number = |digits: &str| digits.parse().ok().filter(|_| !digits.starts_with('+'));
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => Ok((first, last)),
        (Some(_), Some(_)) => bail!("`{ports}` in `{text}` is a range of ports that ends before it starts"),
        _ => bail!("`{ports}` in `{text}` is no port: it is a number up to 65535, a range such as `8000-8999`, or `*`"),
    }
}

fn parse_host(host: &str, text: &str) -> Result<RuleHost> {
    if host == "*" {
        return Ok(RuleHost::Any);
    }
    let (address, length) = match host.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (host, None),
    };
    let bracketed = address.strip_prefix('[').and_then(|address| address.strip_suffix(']'));
    let parsed: Option<IpAddr> = match bracketed {
        Some(address) => address.parse().ok().map(IpAddr::V6),
        None => address.parse().ok().map(IpAddr::V4),
    };
    match (parsed, length) {
        (Some(address), Some(length)) => parse_range(address, length, text),
        (Some(address), None) => {
            let address = address.to_canonical();
            Ok(RuleHost::Addresses(address, bits(address)))
        }
        (None, Some(_)) => bail!("`{address}` in `{text}` is no address: ranges are of addresses"),
        (None, None) if bracketed.is_some() => bail!("`{address}` in `{text}` is no IPv6 address"),
        (None, None) if host.contains(':') => bail!("`{text}`: an IPv6 address stands in brackets, as in `[::1]:443`"),
        (None, None) => match DomainName::parse(host) {
            Ok(name) => Ok(RuleHost::Named(name)),
            Err(why) => bail!("`{host}` in `{text}` is no name of a host: {why}"),
        },
    }
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn parse_range(address: IpAddr, length: &str, text: &str) -> Result<RuleHost> {
    let Some(length) = length.parse::<u8>().ok().filter(|&length| length <= bits(address)) else {
        bail!("`{length}` in `{text}` is no length of a prefix: it is a number up to {}", bits(address));
    };
    let network = first_bits(address, length);
    if network != address {
        bail!("`{text}`: of addresses that share {length} bits the first is {network}, not {address}");
    }
    // A range within those that stand for IPv4 addresses is one of these.
    Ok(match address.to_canonical() {
        IpAddr::V4(v4) if address.is_ipv6() && length >= 96 => RuleHost::Addresses(v4.into(), length - 96),
        _ => RuleHost::Addresses(address, length),
    })
}

impl DomainName {
    /// A name as the system for names has it; what is wrong with it otherwise.
    pub(super) fn parse(text: &str) -> Result<DomainName, &'static str> {
        let name = text.strip_suffix('.').unwrap_or(text);
        if name.len() > NAME_LENGTH || name.split('.').any(|label| label.len() > LABEL_LENGTH) {
            return Err("it is too long");
        }
        if name.contains('*') {
            return Err("`*` stands for a whole host, not for a part of a name");
        }
        if !name.is_ascii() {
            return Err("what is not ASCII is written as in `xn--bcher-kva.example`");
        }
        let label = |label: &str| {
            let inner = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
            inner && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
        };
        if !name.split('.').all(label) {
            return Err("it is made of letters, digits, `-` and `_`, with single dots between them");
        }
        // Resolvers take such for addresses, each in its own way.
        let last = name.rsplit('.').next().unwrap_or_default();
        if last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") || last.starts_with("0X") {
            return Err("its last part is a number, as in an address");
        }
        Ok(DomainName(name.to_ascii_lowercase()))
    }
}

impl fmt::Display for NetworkRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            RuleHost::Any => f.write_str("*")?,
            RuleHost::Addresses(address, length) => {
                match address {
                    IpAddr::V4(v4) => write!(f, "{v4}")?,
                    IpAddr::V6(v6) => write!(f, "[{v6}]")?,
                }
                if *length < bits(*address) {
                    write!(f, "/{length}")?;
                }
            }
            RuleHost::Named(DomainName(name)) => f.write_str(name)?,
        }
        match (self.first_port, self.last_port) {
            (0, u16::MAX) => f.write_str(":*"),
            (first, last) if first == last => write!(f, ":{first}"),
            (first, last) => write!(f, ":{first}-{last}"),
        }
    }
}
