//! What the tests share.

use gusset_component::{TranslateError, TranslateSettings, Translation};

/// Translates a component that uses what is on by default.
pub fn translate(bytes: &[u8]) -> Result<Translation<'_>, TranslateError> {
    gusset_component::translate(bytes, &TranslateSettings::default())
}
