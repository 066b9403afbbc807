//! The types of a function's parameters and locals, as they are declared: in runs, for a run of fifty thousand takes four
//! bytes.

use crate::convert::ModuleTypes;
use crate::error::CodegenError;
use gusset_artifact::CoreValType;
use wasmparser::{BinaryReader, FuncValidator, ValidatorResources};

/// The types of all locals of a function, parameters first.
pub(crate) struct LocalTypes<'a> {
    params: &'a [CoreValType],
    /// The index behind each run, and the run's type.
    runs: Vec<(u32, CoreValType)>,
}

impl<'a> LocalTypes<'a> {
    /// Reads and validates the declarations at the start of a body.
    pub(crate) fn read(
        params: &'a [CoreValType],
        types: &ModuleTypes,
        reader: &mut BinaryReader<'_>,
        validator: &mut FuncValidator<ValidatorResources>,
    ) -> Result<LocalTypes<'a>, CodegenError> {
        let mut locals = LocalTypes { params, runs: Vec::new() };
        for _ in 0..reader.read_var_u32()? {
            let offset = reader.original_position();
            let count = reader.read_var_u32()?;
            let ty = reader.read()?;
            validator.define_locals(offset, count, ty)?;
            let ty = types.val_type(ty)?;
            if count > 0 {
                locals.runs.push((locals.len() + count, ty));
            }
        }
        Ok(locals)
    }

    /// How many there are. Validation allows fifty thousand.
    pub(crate) fn len(&self) -> u32 {
        self.runs.last().map_or(self.params.len() as u32, |&(end, _)| end)
    }

    /// Whether a local is a parameter.
    pub(crate) fn is_param(&self, local: u32) -> bool {
        (local as usize) < self.params.len()
    }

    /// The type of a local, which exists.
    pub(crate) fn get(&self, local: u32) -> CoreValType {
        match self.params.get(local as usize) {
            Some(&ty) => ty,
            None => self.runs[self.runs.partition_point(|&(end, _)| end <= local)].1,
        }
    }
}
