//! Index types that more than one crate speaks of, and the macro that makes such types.

/// Defines index types for [`Arena`](crate::Arena): a `u32` each, ordered, hashable, serialisable.
#[macro_export]
macro_rules! define_index {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, ::serde::Serialize, ::serde::Deserialize)]
        pub struct $name(u32);

        impl $name {
            /// The index with this number.
            pub const fn from_u32(index: u32) -> Self {
                $name(index)
            }
            /// The number.
            pub const fn as_u32(self) -> u32 {
                self.0
            }
        }

        impl $crate::ArenaIndex for $name {
            fn from_usize(index: usize) -> Self {
                $name(u32::try_from(index).expect("an arena holds at most 2^32 entries"))
            }
            fn as_usize(self) -> usize {
                self.0 as usize
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

define_index! {
    /// A structural type in [`Types`](crate::Types).
    DefinedTypeIndex;
    /// A component function type in [`Types`](crate::Types).
    FuncTypeIndex;
    /// A resource type, one for each `(type (resource ..))` of each component instance, and one for each that is imported.
    ResourceTypeIndex;
    /// A component instance of the flattened tree.
    ComponentInstanceIndex;
    /// A core definition (a core function, memory, table or global of some core instance, or a trampoline) that canonical
    /// options and adapters refer to without saying what it is.
    CoreDefIndex;
}
