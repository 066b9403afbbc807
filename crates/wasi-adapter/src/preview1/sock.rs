//! `sock_accept`, `sock_recv`, `sock_send`, `sock_shutdown`: in 0.2 a guest is given no sockets, so no descriptor is one.

use super::exports;
use crate::descriptors;
use crate::errno::ErrorNumber;

exports! {
    fn sock_accept(fd: u32, _flags: u32, _to: u32) {
        refuse(fd)
    }

    fn sock_recv(fd: u32, _iovs: u32, _iovs_len: u32, _flags: u32, _received: u32, _out_flags: u32) {
        refuse(fd)
    }

    fn sock_send(fd: u32, _iovs: u32, _iovs_len: u32, _flags: u32, _sent: u32) {
        refuse(fd)
    }

    fn sock_shutdown(fd: u32, _how: u32) {
        refuse(fd)
    }
}

#[inline(always)]
fn refuse(fd: u32) -> Result<(), ErrorNumber> {
    descriptors::get(fd).get()?;
    Err(ErrorNumber::NOTSOCK)
}
