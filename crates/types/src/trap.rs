//! Every reason for which a guest can be stopped, its wording, and how the value that was bad is shown. A trap's text stands here
//! and nowhere else.

use crate::handle_table::HandleKind;
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! trap_codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $message:literal, $values:ident;)*) => {
        /// Why a guest was stopped.
        ///
        /// The number is stored in code images and passed by adapters; it never changes meaning.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize, Deserialize)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum TrapCode {
            $($(#[$doc])* $name = $number,)*
        }

        impl TrapCode {
            /// Every code, in order of number.
            pub const ALL: &[TrapCode] = &[$(TrapCode::$name),*];

            /// What went wrong, in the words of the specification and of the field.
            pub const fn message(self) -> &'static str {
                match self { $(TrapCode::$name => $message,)* }
            }

            /// The code with this number.
            pub const fn from_u8(number: u8) -> Option<TrapCode> {
                match number { $($number => Some(TrapCode::$name),)* _ => None }
            }

            /// What the two values of a trap with this code are.
            pub const fn values(self) -> TrapValues {
                match self { $(TrapCode::$name => TrapValues::$values,)* }
            }
        }
    };
}

/// What the two values are that come with a trap: the bad one, and what it was compared with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TrapValues {
    /// There are none.
    None,
    /// An address, and how many bytes it should be a multiple of.
    Alignment,
    /// An address, and how many bytes from there on are meant.
    Range,
    /// A length, and the size in bytes of what it counts.
    Length,
    /// A bit pattern.
    Bits,
    /// A discriminant, and how many cases there are.
    Discriminant,
    /// The index of a handle, which ends the message.
    Index,
    /// The index of a handle.
    Handle,
    /// The index of a handle, and [`mismatched_tags`].
    HandleTypes,
    /// The index of a handle, and how often it is lent.
    Lends,
    /// How many there are.
    Count,
}

/// In a tag of [`mismatched_tags`]: the resource type is the host's. Tables have no such bit; who knows the type sets it.
pub const TAG_OF_HOST: u32 = 1 << 31;

/// The second value of [`TrapCode::HandleTypeMismatch`]: the [tag](crate::handle_tag) that was wanted and the one that was found.
pub const fn mismatched_tags(expected: u32, found: u32) -> u64 {
    expected as u64 | (found as u64) << 32
}

trap_codes! {
    /// The `unreachable` instruction.
    Unreachable = 1, "wasm `unreachable` instruction executed", None;
    /// An access outside a linear memory.
    MemoryOutOfBounds = 2, "out of bounds memory access", None;
    /// An access outside a table.
    TableOutOfBounds = 3, "out of bounds table access", None;
    /// `call_indirect` with an index outside the table.
    UndefinedElement = 4, "undefined element: out of bounds table access", None;
    /// `call_indirect` of a null entry.
    UninitializedElement = 5, "uninitialized element", None;
    /// `call_indirect` of a function of another type.
    IndirectCallTypeMismatch = 6, "indirect call type mismatch", None;
    /// Integer division by zero.
    IntegerDivideByZero = 7, "integer divide by zero", None;
    /// Signed division that does not fit.
    IntegerOverflow = 8, "integer overflow", None;
    /// A float that no integer of the wanted type stands for.
    InvalidConversionToInteger = 9, "invalid conversion to integer", None;
    /// The guest's stack is used up.
    StackOverflow = 10, "call stack exhausted", None;
    /// A null reference where a non-null one is needed.
    NullReference = 11, "null reference", None;
    /// An atomic access that is not aligned.
    UnalignedAtomic = 12, "unaligned atomic", None;
    /// An exception that nothing caught.
    UncaughtException = 13, "uncaught exception", None;
    /// The host wanted the guest to stop: the epoch of its deadline has come, or a time that was set.
    Interrupt = 14, "interrupt", None;
    /// The guest has used all fuel that it was given.
    OutOfFuel = 15, "all fuel consumed by WebAssembly", None;
    /// `call_ref` of a null reference.
    NullFunctionReference = 16, "null function reference", None;
    /// A wait at an address of a memory that is not shared.
    UnsharedWait = 17, "expected shared memory", None;

    /// A component called out while its `may_leave` is unset.
    CannotLeave = 32, "cannot leave component instance", None;
    /// An instance of a component was entered, or returned to, after a failure had locked it.
    CannotEnter = 33, "cannot enter component instance", None;
    /// A pointer of a guest that is not aligned to its type.
    UnalignedPointer = 34, "unaligned pointer", Alignment;
    /// A list whose bytes do not all lie in its memory.
    ListOutOfBounds = 35, "list content out-of-bounds", Range;
    /// A list of more than 2^28-1 bytes.
    ListTooLong = 36, "list byte length exceeds the maximum of 2^28-1", Length;
    /// A string whose bytes do not all lie in its memory.
    StringOutOfBounds = 37, "string content out-of-bounds", Range;
    /// A string of more than 2^28-1 bytes.
    StringTooLong = 38, "string byte length exceeds the maximum of 2^28-1", Length;
    /// A tuple of parameters or a result in memory that does not lie in it.
    PointerOutOfBounds = 39, "pointer out of bounds of memory", Range;
    /// An integer that is no `char`.
    InvalidChar = 40, "invalid `char` bit pattern", Bits;
    /// A discriminant that names no case.
    InvalidDiscriminant = 41, "invalid variant discriminant", Discriminant;
    /// Bytes that are not UTF-8.
    InvalidUtf8 = 42, "invalid utf-8 encoding", Range;
    /// Bytes that end within a UTF-8 sequence.
    IncompleteUtf8 = 43, "incomplete utf-8 byte sequence", Range;
    /// Code units that are not UTF-16.
    InvalidUtf16 = 44, "invalid utf-16 encoding", Range;
    /// What `realloc` returned is not aligned as asked for.
    ReallocUnaligned = 45, "realloc return: result not aligned", Alignment;
    /// What `realloc` returned does not lie in the memory.
    ReallocOutOfBounds = 46, "realloc return: beyond end of memory", Range;
    /// A string or list pointer and length outside the memory, found by the host.
    StringPointerOutOfBounds = 47, "string pointer/length out of bounds of memory", Range;
    /// The same for a list.
    ListPointerOutOfBounds = 48, "list pointer/length out of bounds of memory", Range;
    /// An index that names no handle.
    UnknownHandle = 49, "unknown handle index", Index;
    /// A handle of another resource type, or of something that is no resource.
    HandleTypeMismatch = 50, "handle index used with the wrong type", HandleTypes;
    /// An own handle that is taken away while it is lent.
    HandleLent = 51, "cannot remove owned resource while borrowed", Lends;
    /// A borrow handle where an own handle is needed.
    HandleNotOwned = 52, "cannot lift own resource from a borrow", Handle;
    /// A call returned before it had dropped the handles that it was lent.
    BorrowsRemain = 53, "borrow handles still remain at the end of the call", Count;
    /// No more handles fit.
    HandleTableFull = 54, "handle table is full", Count;
}

impl TrapCode {
    /// This code with the value that was bad and what it was compared with, as [`TrapCode::values`] says; 0 where there is none.
    ///
    /// ```
    /// use gusset_types::TrapCode;
    /// let cause = TrapCode::InvalidDiscriminant.with(7, 3);
    /// assert_eq!(cause.to_string(), "invalid variant discriminant: 7 of 3 cases");
    /// ```
    pub const fn with(self, value: u64, limit: u64) -> TrapCause {
        TrapCause { code: self, values: Some([value, limit]) }
    }
}

impl fmt::Display for TrapCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

/// Why a guest was stopped, with the value that was found to be bad where one was. `Display` shows both on one line.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TrapCause {
    /// What was wrong.
    pub code: TrapCode,
    /// The bad value and what it was compared with, as [`TrapCode::values`] says; `None` where the value is not known.
    pub values: Option<[u64; 2]>,
}

impl From<TrapCode> for TrapCause {
    /// The value is not known, or there is none.
    fn from(code: TrapCode) -> TrapCause {
        TrapCause { code, values: None }
    }
}

impl fmt::Display for TrapCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.code.message();
        let Some([a, b]) = self.values else { return f.write_str(message) };
        match self.code.values() {
            TrapValues::None => f.write_str(message),
            TrapValues::Alignment => write!(f, "{message}: {a:#x}, alignment {b}"),
            TrapValues::Range => write!(f, "{message}: {b} bytes at {a:#x}"),
            TrapValues::Length => write!(f, "{message}: {a} times {b} bytes"),
            TrapValues::Bits => write!(f, "{message}: {a:#x}"),
            TrapValues::Discriminant => write!(f, "{message}: {a} of {b} cases"),
            TrapValues::Index => write!(f, "{message} {a}"),
            TrapValues::Handle => write!(f, "{message}: handle index {a}"),
            TrapValues::HandleTypes => {
                let [expected, found] = [b as u32, (b >> 32) as u32].map(Holder::of_tag);
                let different = if expected == found { "different " } else { "" };
                write!(
                    f,
                    "handle index {a} used with the wrong type, expected {expected} but found a {different}{found}"
                )
            }
            TrapValues::Lends => write!(f, "{message}: handle index {a}, lent {b} times"),
            TrapValues::Count => write!(f, "{message}: {a}"),
        }
    }
}

/// What sort of thing a tag stands for, in words that fit after "a ".
#[derive(PartialEq, Eq)]
struct Holder(&'static str);

impl Holder {
    fn of_tag(tag: u32) -> Holder {
        Holder(match HandleKind::of_tag(tag) {
            Some(HandleKind::Own | HandleKind::Borrow) if tag & TAG_OF_HOST != 0 => "host-defined resource",
            Some(HandleKind::Own | HandleKind::Borrow) => "guest-defined resource",
            Some(HandleKind::Subtask) => "subtask",
            Some(HandleKind::WaitableSet) => "waitable set",
            Some(HandleKind::ReadableStreamEnd | HandleKind::WritableStreamEnd) => "stream",
            Some(HandleKind::ReadableFutureEnd | HandleKind::WritableFutureEnd) => "future",
            Some(HandleKind::ErrorContext) => "context of an error",
            Some(HandleKind::Free) | None => "free entry",
        })
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl From<std::str::Utf8Error> for TrapCode {
    /// Something in the bytes is not UTF-8, or they end within a sequence.
    fn from(error: std::str::Utf8Error) -> TrapCode {
        match error.error_len() {
            None => TrapCode::IncompleteUtf8,
            Some(_) => TrapCode::InvalidUtf8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip_and_have_distinct_texts() {
        for &code in TrapCode::ALL {
            assert_eq!(TrapCode::from_u8(code as u8), Some(code));
        }
        let mut texts: Vec<_> = TrapCode::ALL.iter().map(|code| code.message()).collect();
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), TrapCode::ALL.len());
    }

    #[test]
    fn values_are_shown_beside_the_message() {
        for (cause, text) in [
            (TrapCode::UnalignedPointer.with(0x11, 4), "unaligned pointer: 0x11, alignment 4"),
            (TrapCode::StringOutOfBounds.with(0x10, 70_000), "string content out-of-bounds: 70000 bytes at 0x10"),
            (TrapCode::InvalidChar.with(0xd800, 0), "invalid `char` bit pattern: 0xd800"),
            (TrapCode::CannotLeave.with(1, 2), "cannot leave component instance"),
            (TrapCode::InvalidChar.into(), "invalid `char` bit pattern"),
            (TrapCode::UnknownHandle.with(5, 0), "unknown handle index 5"),
            (
                TrapCode::HandleLent.with(1, 2),
                "cannot remove owned resource while borrowed: handle index 1, lent 2 times",
            ),
        ] {
            assert_eq!(cause.to_string(), text);
        }
        for (found, text) in [
            (
                0x22,
                "handle index 1 used with the wrong type, expected guest-defined resource but found a different guest-defined \
                    resource",
            ),
            (
                0x31 | TAG_OF_HOST,
                "handle index 1 used with the wrong type, expected guest-defined resource but found a \
                    host-defined resource",
            ),
            (5, "handle index 1 used with the wrong type, expected guest-defined resource but found a stream"),
        ] {
            assert_eq!(TrapCode::HandleTypeMismatch.with(1, mismatched_tags(0x11, found)).to_string(), text);
        }
        let length = TrapCode::ListTooLong.with(1 << 28, 8).to_string();
        assert_eq!(length, "list byte length exceeds the maximum of 2^28-1: 268435456 times 8 bytes");
    }
}
