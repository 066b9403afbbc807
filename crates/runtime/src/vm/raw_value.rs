//! [`RawValue`]: a core value without its type, as entries and host stubs pass it.

use gusset_artifact::RAW_VALUE_SIZE;

/// A core value without its type: a number, or a reference as compiled code holds it. Smaller values stand at the
/// start, zero-extended.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C, align(16))]
pub(crate) struct RawValue(u128);

const _: () = assert!(size_of::<RawValue>() == RAW_VALUE_SIZE as usize && align_of::<RawValue>() == 16);

impl RawValue {
    pub(crate) const fn from_i32(value: i32) -> RawValue {
        RawValue(value as u32 as u128)
    }
    pub(crate) const fn from_u32(value: u32) -> RawValue {
        RawValue(value as u128)
    }
    pub(crate) const fn from_i64(value: i64) -> RawValue {
        RawValue(value as u64 as u128)
    }
    pub(crate) const fn from_u64(value: u64) -> RawValue {
        RawValue(value as u128)
    }
    pub(crate) const fn from_f32_bits(bits: u32) -> RawValue {
        RawValue(bits as u128)
    }
    pub(crate) const fn from_f64_bits(bits: u64) -> RawValue {
        RawValue(bits as u128)
    }
    pub(crate) const fn from_v128(value: u128) -> RawValue {
        RawValue(value)
    }
    pub(crate) const fn i32(self) -> i32 {
        self.0 as i32
    }
    pub(crate) const fn u32(self) -> u32 {
        self.0 as u32
    }
    pub(crate) const fn i64(self) -> i64 {
        self.0 as i64
    }
    pub(crate) const fn u64(self) -> u64 {
        self.0 as u64
    }
    pub(crate) const fn f32_bits(self) -> u32 {
        self.0 as u32
    }
    pub(crate) const fn f64_bits(self) -> u64 {
        self.0 as u64
    }
    pub(crate) const fn v128(self) -> u128 {
        self.0
    }
}
