//! The functions of WASI 0.2 that are imported, as the canonical ABI lowers them: a file for each package. Addresses are numbers (rule 2), the
//! last one of a function that returns more than a number is where its results go. Of each interface the first version is imported, since
//! hosts of all later ones have what that has.

#[cfg(feature = "filesystem")]
pub(crate) mod cli;
pub(crate) mod clocks;
#[cfg(feature = "filesystem")]
pub(crate) mod filesystem;
pub(crate) mod io;
pub(crate) mod random;
pub(crate) mod stdio;

/// Declares the functions of one interface.
macro_rules! interface {
    ($name:literal { $($(#[$doc:meta])* $import:literal => $function:ident($($parameter:ident: $type:ty),*) $(-> $result:ty)?;)* }) => {
        #[link(wasm_import_module = $name)]
        unsafe extern "C" {
            $(
                $(#[$doc])*
                #[link_name = $import]
                pub(crate) safe fn $function($($parameter: $type),*) $(-> $result)?;
            )*
        }
    };
}

use interface;
