//! What the tests share.

use gusset_component::{TranslateError, Translation};
use gusset_types::ComponentFeatures;

/// Translates a component that uses what is on by default.
pub fn translate(bytes: &[u8]) -> Result<Translation<'_>, TranslateError> {
    gusset_component::translate(bytes, ComponentFeatures::default())
}
