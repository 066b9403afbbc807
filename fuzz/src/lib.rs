//! What the fuzz targets run: functions that take bytes and panic when Gusset is wrong.

use gusset::Engine;
use std::sync::LazyLock;

static ENGINE: LazyLock<Engine> = LazyLock::new(gusset_oracle::engine);

/// Arbitrary bytes as a component: an error or a component, nothing else.
///
/// # Panics
///
/// When Gusset does.
pub fn component(bytes: &[u8]) {
    gusset_oracle::compile_anything(&ENGINE, bytes);
}

/// A generated type, composition and values: adapters and the host's lift and lower must agree.
///
/// # Panics
///
/// When they do not.
pub fn adapters(bytes: &[u8]) {
    if let Err(difference) = gusset_oracle::check(&ENGINE, bytes) {
        panic!("{difference}");
    }
}
