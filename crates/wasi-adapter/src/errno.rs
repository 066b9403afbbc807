//! [`ErrorNumber`]: what preview1's functions return, and what the codes of 0.2 are called there.

/// Why a function did nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ErrorNumber(u32);

macro_rules! errnos {
    ($($name:ident = $code:literal,)*) => {
        #[allow(dead_code, reason = "not every adapter has everything")]
        impl ErrorNumber { $(pub(crate) const $name: ErrorNumber = ErrorNumber($code);)* }
    };
}

errnos! {
    ACCES = 2,
    AGAIN = 6,
    ALREADY = 7,
    BADF = 8,
    BUSY = 10,
    DEADLK = 16,
    DQUOT = 19,
    EXIST = 20,
    FAULT = 21,
    FBIG = 22,
    ILSEQ = 25,
    INPROGRESS = 26,
    INTR = 27,
    INVAL = 28,
    IO = 29,
    ISDIR = 31,
    LOOP = 32,
    MFILE = 33,
    MLINK = 34,
    MSGSIZE = 35,
    NAMETOOLONG = 37,
    NODEV = 43,
    NOENT = 44,
    NOLCK = 46,
    NOMEM = 48,
    NOSPC = 51,
    NOTCONN = 53,
    NOTDIR = 54,
    NOTEMPTY = 55,
    NOTRECOVERABLE = 56,
    NOTSOCK = 57,
    NOTSUP = 58,
    NOTTY = 59,
    NXIO = 60,
    OVERFLOW = 61,
    PERM = 63,
    PIPE = 64,
    ROFS = 69,
    SPIPE = 70,
    TXTBSY = 74,
    XDEV = 75,
    NOTCAPABLE = 76,
}

impl ErrorNumber {
    #[inline(always)]
    pub(crate) const fn code(self) -> u32 {
        self.0
    }

    #[inline(always)]
    pub(crate) const fn from_code(code: u32) -> ErrorNumber {
        ErrorNumber(code)
    }

    /// What `error-code` of `wasi:filesystem` is called here.
    #[cfg(feature = "filesystem")]
    pub(crate) fn of_file(code: u8) -> ErrorNumber {
        match code {
            0 => ErrorNumber::ACCES,
            1 => ErrorNumber::AGAIN,
            2 => ErrorNumber::ALREADY,
            3 => ErrorNumber::BADF,
            4 => ErrorNumber::BUSY,
            5 => ErrorNumber::DEADLK,
            6 => ErrorNumber::DQUOT,
            7 => ErrorNumber::EXIST,
            8 => ErrorNumber::FBIG,
            9 => ErrorNumber::ILSEQ,
            10 => ErrorNumber::INPROGRESS,
            11 => ErrorNumber::INTR,
            12 => ErrorNumber::INVAL,
            13 => ErrorNumber::IO,
            14 => ErrorNumber::ISDIR,
            15 => ErrorNumber::LOOP,
            16 => ErrorNumber::MLINK,
            17 => ErrorNumber::MSGSIZE,
            18 => ErrorNumber::NAMETOOLONG,
            19 => ErrorNumber::NODEV,
            20 => ErrorNumber::NOENT,
            21 => ErrorNumber::NOLCK,
            22 => ErrorNumber::NOMEM,
            23 => ErrorNumber::NOSPC,
            24 => ErrorNumber::NOTDIR,
            25 => ErrorNumber::NOTEMPTY,
            26 => ErrorNumber::NOTRECOVERABLE,
            27 => ErrorNumber::NOTSUP,
            28 => ErrorNumber::NOTTY,
            29 => ErrorNumber::NXIO,
            30 => ErrorNumber::OVERFLOW,
            31 => ErrorNumber::PERM,
            32 => ErrorNumber::PIPE,
            33 => ErrorNumber::ROFS,
            34 => ErrorNumber::SPIPE,
            35 => ErrorNumber::TXTBSY,
            36 => ErrorNumber::XDEV,
            _ => ErrorNumber::IO,
        }
    }
}
