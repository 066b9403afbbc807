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
        LocalTypes::read_with(
            params,
            types,
            reader,
            |offset, count, ty| Ok(validator.define_locals(offset, count, ty)?),
        )
    }

    /// Reads them where they are known to be valid.
    pub(crate) fn read_valid(
        params: &'a [CoreValType],
        types: &ModuleTypes,
        reader: &mut BinaryReader<'_>,
    ) -> Result<LocalTypes<'a>, CodegenError> {
        LocalTypes::read_with(params, types, reader, |_, _, _| Ok(()))
    }

    fn read_with(
        params: &'a [CoreValType],
        types: &ModuleTypes,
        reader: &mut BinaryReader<'_>,
        mut define: impl FnMut(u64, u32, wasmparser::ValType) -> Result<(), CodegenError>,
    ) -> Result<LocalTypes<'a>, CodegenError> {
        let mut locals = LocalTypes { params, runs: Vec::new() };
        for _ in 0..reader.read_var_u32()? {
            let offset = reader.original_position();
            let count = reader.read_var_u32()?;
            let ty = reader.read()?;
            define(offset, count, ty)?;
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

    /// The type of a local, which exists.
    pub(crate) fn get(&self, local: u32) -> CoreValType {
        match self.params.get(local as usize) {
            Some(&ty) => ty,
            None => self.runs[self.runs.partition_point(|&(end, _)| end <= local)].1,
        }
    }
}
