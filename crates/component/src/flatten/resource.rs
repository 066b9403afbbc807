//! Resource types. They are recognised wherever they stand, and refused here, which is where they will be defined.

use super::Flattener;
use crate::error::TranslateError;

impl Flattener<'_, '_> {
    /// A definition of a resource type.
    pub(super) fn define_resource(&mut self) -> Result<(), TranslateError> {
        Err(TranslateError::unsupported("resources", "the definition of a resource type"))
    }
}
