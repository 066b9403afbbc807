//! What can be set of a TCP socket.

use super::super::guest::P2Guest;
use super::{NetCode, families, free};
use gusset::ResourceAny;
use std::net::TcpStream;

const SECOND: u64 = 1_000_000_000;

impl P2Guest {
    /// All options but `keep-alive-enabled`: times, counts and sizes.
    fn options(&mut self, socket: ResourceAny) -> [u64; 6] {
        [
            self.tcp_get::<Result<u64, NetCode>>("keep-alive-idle-time", socket).unwrap(),
            self.tcp_get::<Result<u64, NetCode>>("keep-alive-interval", socket).unwrap(),
            self.tcp_get::<Result<u32, NetCode>>("keep-alive-count", socket).unwrap().into(),
            self.tcp_get::<Result<u8, NetCode>>("hop-limit", socket).unwrap().into(),
            self.tcp_get::<Result<u64, NetCode>>("receive-buffer-size", socket).unwrap(),
            self.tcp_get::<Result<u64, NetCode>>("send-buffer-size", socket).unwrap(),
        ]
    }

    fn set_options(&mut self, socket: ResourceAny, values: [u64; 6]) -> [Result<(), NetCode>; 6] {
        let [idle, interval, count, hops, receive, send] = values;
        [
            self.tcp_set("set-keep-alive-idle-time", socket, idle),
            self.tcp_set("set-keep-alive-interval", socket, interval),
            self.tcp_set("set-keep-alive-count", socket, u32::try_from(count).unwrap_or(u32::MAX)),
            self.tcp_set("set-hop-limit", socket, u8::try_from(hops).unwrap_or(u8::MAX)),
            self.tcp_set("set-receive-buffer-size", socket, receive),
            self.tcp_set("set-send-buffer-size", socket, send),
        ]
    }
}

#[test]
fn options_are_what_they_were_set_to() {
    for family in families() {
        let mut guest = free();
        let socket = guest.tcp(family);
        assert!(guest.options(socket).iter().all(|value| *value > 0));
        let values = [42 * SECOND, 43 * SECOND, 44, 45, 0x10000, 0x11000];
        assert_eq!(guest.set_options(socket, values), [Ok(()); 6]);
        assert_eq!(guest.options(socket), values);
        for enabled in [true, false] {
            assert_eq!(guest.tcp_set("set-keep-alive-enabled", socket, enabled), Ok(()));
            assert_eq!(guest.tcp_get::<Result<bool, NetCode>>("keep-alive-enabled", socket), Ok(enabled));
        }
    }
}

#[test]
fn nothing_is_set_to_nothing_and_what_is_too_much_is_brought_within() {
    for family in families() {
        let mut guest = free();
        let socket = guest.tcp(family);
        let before = guest.options(socket);
        assert_eq!(guest.set_options(socket, [0; 6]), [Err(NetCode::InvalidArgument); 6]);
        assert_eq!(guest.tcp_set("set-listen-backlog-size", socket, 0_u64), Err(NetCode::InvalidArgument));
        assert_eq!(guest.options(socket), before);
        assert_eq!(guest.set_options(socket, [1; 6]), [Ok(()); 6]);
        let [idle, interval, count, hops, receive, send] = guest.options(socket);
        assert_eq!([idle, interval, count, hops], [SECOND, SECOND, 1, 1]);
        assert!(receive > 0 && send > 0);
        assert_eq!(guest.set_options(socket, [u64::MAX; 6]), [Ok(()); 6]);
        let [idle, interval, count, hops, larger_receive, larger_send] = guest.options(socket);
        assert_eq!([idle, interval, count, hops], [32_767 * SECOND, 32_767 * SECOND, 127, 255]);
        assert!(larger_receive > receive && larger_send > send);
        // No time is rounded down.
        assert_eq!(guest.tcp_set("set-keep-alive-interval", socket, SECOND + 1), Ok(()));
        assert_eq!(guest.options(socket)[1], 2 * SECOND);
        for backlog in [1, u64::MAX] {
            assert_eq!(guest.tcp_set("set-listen-backlog-size", socket, backlog), Ok(()));
        }
    }
}

#[test]
fn what_is_accepted_has_the_options_of_who_listens() {
    for family in families() {
        let mut guest = free();
        let (listener, at) = guest.listener(family);
        let values = [42 * SECOND, 43 * SECOND, 44, 45, 0x10000, 0x11000];
        assert_eq!(guest.set_options(listener, values), [Ok(()); 6]);
        assert_eq!(guest.tcp_set("set-keep-alive-enabled", listener, true), Ok(()));
        let _ours = TcpStream::connect(at).unwrap();
        guest.wait_for_tcp(listener);
        let (accepted, _streams) = guest.accept(listener).unwrap();
        let found = guest.options(accepted);
        assert_eq!(found[..4], values[..4]);
        assert!(found[4] >= values[4] && found[5] >= values[5], "{found:?}");
        assert_eq!(guest.tcp_get::<Result<bool, NetCode>>("keep-alive-enabled", accepted), Ok(true));
        // From then on each has its own.
        assert_eq!(guest.set_options(listener, [SECOND, SECOND, 1, 1, 1, 1]), [Ok(()); 6]);
        assert_eq!(guest.options(accepted), found);
    }
}
