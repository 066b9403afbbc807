//! [`Errno`]: what preview1's functions return, and the one place where an [`ErrorCode`] becomes one.

use crate::error::ErrorCode;
use std::fmt;

macro_rules! errnos {
    ($($variant:ident = $number:literal $name:literal,)*) => {
        /// What a function of preview1 returns: [`Errno::Success`], or why it did nothing.
        ///
        /// ```
        /// use gusset_wasi::preview1::Errno;
        /// assert_eq!((Errno::Badf.code(), Errno::Badf.name()), (8, "badf"));
        /// assert_eq!(Errno::from_code(8), Some(Errno::Badf));
        /// ```
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        #[repr(u16)]
        #[allow(missing_docs, reason = "the specification explains them")]
        pub enum Errno {
            $($variant = $number,)*
        }

        impl Errno {
            /// All of them, by their numbers.
            const ALL: &[Errno] = &[$(Errno::$variant),*];

            /// The specification's name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Errno::$variant => $name,)*
                }
            }
        }
    };
}

errnos! {
    Success = 0 "success",
    TooBig = 1 "2big",
    Acces = 2 "acces",
    Addrinuse = 3 "addrinuse",
    Addrnotavail = 4 "addrnotavail",
    Afnosupport = 5 "afnosupport",
    Again = 6 "again",
    Already = 7 "already",
    Badf = 8 "badf",
    Badmsg = 9 "badmsg",
    Busy = 10 "busy",
    Canceled = 11 "canceled",
    Child = 12 "child",
    Connaborted = 13 "connaborted",
    Connrefused = 14 "connrefused",
    Connreset = 15 "connreset",
    Deadlk = 16 "deadlk",
    Destaddrreq = 17 "destaddrreq",
    Dom = 18 "dom",
    Dquot = 19 "dquot",
    Exist = 20 "exist",
    Fault = 21 "fault",
    Fbig = 22 "fbig",
    Hostunreach = 23 "hostunreach",
    Idrm = 24 "idrm",
    Ilseq = 25 "ilseq",
    Inprogress = 26 "inprogress",
    Intr = 27 "intr",
    Inval = 28 "inval",
    Io = 29 "io",
    Isconn = 30 "isconn",
    Isdir = 31 "isdir",
    Loop = 32 "loop",
    Mfile = 33 "mfile",
    Mlink = 34 "mlink",
    Msgsize = 35 "msgsize",
    Multihop = 36 "multihop",
    Nametoolong = 37 "nametoolong",
    Netdown = 38 "netdown",
    Netreset = 39 "netreset",
    Netunreach = 40 "netunreach",
    Nfile = 41 "nfile",
    Nobufs = 42 "nobufs",
    Nodev = 43 "nodev",
    Noent = 44 "noent",
    Noexec = 45 "noexec",
    Nolck = 46 "nolck",
    Nolink = 47 "nolink",
    Nomem = 48 "nomem",
    Nomsg = 49 "nomsg",
    Noprotoopt = 50 "noprotoopt",
    Nospc = 51 "nospc",
    Nosys = 52 "nosys",
    Notconn = 53 "notconn",
    Notdir = 54 "notdir",
    Notempty = 55 "notempty",
    Notrecoverable = 56 "notrecoverable",
    Notsock = 57 "notsock",
    Notsup = 58 "notsup",
    Notty = 59 "notty",
    Nxio = 60 "nxio",
    Overflow = 61 "overflow",
    Ownerdead = 62 "ownerdead",
    Perm = 63 "perm",
    Pipe = 64 "pipe",
    Proto = 65 "proto",
    Protonosupport = 66 "protonosupport",
    Prototype = 67 "prototype",
    Range = 68 "range",
    Rofs = 69 "rofs",
    Spipe = 70 "spipe",
    Srch = 71 "srch",
    Stale = 72 "stale",
    Timedout = 73 "timedout",
    Txtbsy = 74 "txtbsy",
    Xdev = 75 "xdev",
    Notcapable = 76 "notcapable",
}

impl Errno {
    /// Its number.
    pub fn code(self) -> u16 {
        self as u16
    }

    /// The one with a number.
    pub fn from_code(code: u16) -> Option<Errno> {
        Errno::ALL.get(usize::from(code)).copied()
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<ErrorCode> for Errno {
    fn from(code: ErrorCode) -> Errno {
        match code {
            ErrorCode::Access => Errno::Acces,
            ErrorCode::AddressInUse => Errno::Addrinuse,
            ErrorCode::AddressNotAvailable => Errno::Addrnotavail,
            ErrorCode::Already => Errno::Already,
            ErrorCode::BadDescriptor => Errno::Badf,
            ErrorCode::Busy => Errno::Busy,
            ErrorCode::ConnectionAborted => Errno::Connaborted,
            ErrorCode::ConnectionRefused => Errno::Connrefused,
            ErrorCode::ConnectionReset => Errno::Connreset,
            ErrorCode::CrossDevice => Errno::Xdev,
            ErrorCode::Deadlock => Errno::Deadlk,
            ErrorCode::Exist => Errno::Exist,
            ErrorCode::Fault => Errno::Fault,
            ErrorCode::FileTooLarge => Errno::Fbig,
            ErrorCode::HostUnreachable => Errno::Hostunreach,
            ErrorCode::IllegalByteSequence => Errno::Ilseq,
            ErrorCode::InProgress => Errno::Inprogress,
            ErrorCode::InsufficientMemory => Errno::Nomem,
            ErrorCode::InsufficientSpace => Errno::Nospc,
            ErrorCode::Interrupted => Errno::Intr,
            ErrorCode::Invalid => Errno::Inval,
            ErrorCode::InvalidSeek => Errno::Spipe,
            ErrorCode::Io => Errno::Io,
            ErrorCode::IsConnected => Errno::Isconn,
            ErrorCode::IsDirectory => Errno::Isdir,
            ErrorCode::Loop => Errno::Loop,
            ErrorCode::MessageSize => Errno::Msgsize,
            ErrorCode::NameTooLong => Errno::Nametoolong,
            ErrorCode::NetworkDown => Errno::Netdown,
            ErrorCode::NetworkReset => Errno::Netreset,
            ErrorCode::NetworkUnreachable => Errno::Netunreach,
            ErrorCode::NoDevice => Errno::Nodev,
            ErrorCode::NoEntry => Errno::Noent,
            ErrorCode::NoLock => Errno::Nolck,
            ErrorCode::NoTty => Errno::Notty,
            ErrorCode::NotCapable => Errno::Notcapable,
            ErrorCode::NotConnected => Errno::Notconn,
            ErrorCode::NotDirectory => Errno::Notdir,
            ErrorCode::NotEmpty => Errno::Notempty,
            ErrorCode::NotPermitted => Errno::Perm,
            ErrorCode::NotRecoverable => Errno::Notrecoverable,
            ErrorCode::NotSocket => Errno::Notsock,
            ErrorCode::NotSupported => Errno::Notsup,
            ErrorCode::Overflow => Errno::Overflow,
            ErrorCode::Pipe => Errno::Pipe,
            ErrorCode::Quota => Errno::Dquot,
            ErrorCode::Range => Errno::Range,
            ErrorCode::ReadOnly => Errno::Rofs,
            ErrorCode::TextFileBusy => Errno::Txtbsy,
            ErrorCode::TimedOut => Errno::Timedout,
            ErrorCode::TooManyFiles => Errno::Mfile,
            ErrorCode::TooManyLinks => Errno::Mlink,
            ErrorCode::WouldBlock => Errno::Again,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_77_by_their_numbers() {
        assert_eq!(Errno::ALL.len(), 77);
        for (code, errno) in (0..).zip(Errno::ALL) {
            assert_eq!((errno.code(), Errno::from_code(code)), (code, Some(*errno)));
        }
        assert_eq!(Errno::from_code(77), None);
        // Some, by the specification's list.
        let named = [(1, "2big"), (21, "fault"), (44, "noent"), (57, "notsock"), (70, "spipe"), (76, "notcapable")];
        assert_eq!(named.map(|(code, _)| Errno::from_code(code).unwrap().name()), named.map(|(_, name)| name));
    }
}
