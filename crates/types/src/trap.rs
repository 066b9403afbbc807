//! Every reason for which a guest can be stopped, and its wording. A trap's text stands here and nowhere else.

use serde::{Deserialize, Serialize};

macro_rules! trap_codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $message:literal;)*) => {
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
        }
    };
}

trap_codes! {
    /// The `unreachable` instruction.
    Unreachable = 1, "wasm `unreachable` instruction executed";
    /// An access outside a linear memory.
    MemoryOutOfBounds = 2, "out of bounds memory access";
    /// An access outside a table.
    TableOutOfBounds = 3, "out of bounds table access";
    /// `call_indirect` with an index outside the table.
    UndefinedElement = 4, "undefined element: out of bounds table access";
    /// `call_indirect` of a null entry.
    UninitializedElement = 5, "uninitialized element";
    /// `call_indirect` of a function of another type.
    IndirectCallTypeMismatch = 6, "indirect call type mismatch";
    /// Integer division by zero.
    IntegerDivideByZero = 7, "integer divide by zero";
    /// Signed division that does not fit.
    IntegerOverflow = 8, "integer overflow";
    /// A float that no integer of the wanted type stands for.
    InvalidConversionToInteger = 9, "invalid conversion to integer";
    /// The guest's stack is used up.
    StackOverflow = 10, "call stack exhausted";
    /// A null reference where a non-null one is needed.
    NullReference = 11, "null reference";
    /// An atomic access that is not aligned.
    UnalignedAtomic = 12, "unaligned atomic";
    /// An exception that nothing caught.
    UncaughtException = 13, "uncaught exception";

    /// A component called out while its `may_leave` is unset.
    CannotLeave = 32, "cannot leave component instance";
    /// An instance of a component was entered, or returned to, after a failure had locked it.
    CannotEnter = 33, "cannot enter component instance";
    /// A pointer of a guest that is not aligned to its type.
    UnalignedPointer = 34, "unaligned pointer";
    /// A list whose bytes do not all lie in its memory.
    ListOutOfBounds = 35, "list content out-of-bounds";
    /// A list of more than 2^28-1 bytes.
    ListTooLong = 36, "list byte length exceeds the maximum of 2^28-1";
    /// A string whose bytes do not all lie in its memory.
    StringOutOfBounds = 37, "string content out-of-bounds";
    /// A string of more than 2^28-1 bytes.
    StringTooLong = 38, "string byte length exceeds the maximum of 2^28-1";
    /// A tuple of parameters or a result in memory that does not lie in it.
    PointerOutOfBounds = 39, "pointer out of bounds of memory";
    /// An integer that is no `char`.
    InvalidChar = 40, "invalid `char` bit pattern";
    /// A discriminant that names no case.
    InvalidDiscriminant = 41, "invalid variant discriminant";
    /// Bytes that are not UTF-8.
    InvalidUtf8 = 42, "invalid utf-8 encoding";
    /// Bytes that end within a UTF-8 sequence.
    IncompleteUtf8 = 43, "incomplete utf-8 byte sequence";
    /// Code units that are not UTF-16.
    InvalidUtf16 = 44, "invalid utf-16 encoding";
    /// What `realloc` returned is not aligned as asked for.
    ReallocUnaligned = 45, "realloc return: result not aligned";
    /// What `realloc` returned does not lie in the memory.
    ReallocOutOfBounds = 46, "realloc return: beyond end of memory";
    /// A string or list pointer and length outside the memory, found by the host.
    StringPointerOutOfBounds = 47, "string pointer/length out of bounds of memory";
    /// The same for a list.
    ListPointerOutOfBounds = 48, "list pointer/length out of bounds of memory";
}

impl std::fmt::Display for TrapCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.message())
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
}
