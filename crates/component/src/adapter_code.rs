//! The code of an adapter module, as far as people want to know it: which function calls which, and what each call of a trap function
//! says.

use crate::error::TranslateError;
use std::collections::{HashMap, HashSet};
use wasmparser::{ExternalKind, FunctionBody, Operator, Parser, Payload, Result, TypeRef};

/// What the trap functions are imported from.
const TRAP: &str = "trap";

/// What a call of a trap function means, by its site and code.
type TrapText<'f> = dyn Fn(Option<u32>, u32) -> Option<String> + 'f;

/// What the functions of an adapter module do. Functions are told by their indices in the module.
#[derive(Clone, Default, Debug)]
#[non_exhaustive]
pub struct AdapterCode {
    /// How many functions the module imports.
    pub imported: u32,
    /// The function of each adapter, in order.
    pub adapters: Vec<u32>,
    /// Where calls stand: offsets in the module, as backtraces have them.
    pub calls: HashSet<u64>,
    /// What the calls of trap functions say, by where they stand: which value is bad, and why.
    pub traps: HashMap<u64, String>,
    /// How many parameters each imported trap function has.
    trap_functions: HashMap<u32, usize>,
    /// Of each function that is defined: which it calls, and its size.
    functions: Vec<(Vec<u32>, usize)>,
}

impl AdapterCode {
    /// Reads a module. `trap_text` says what a call of a trap function means with this site, unless it is the caller's, and this code.
    ///
    /// # Errors
    ///
    /// When the module cannot be read: it is none that was made here.
    pub fn read(
        wasm: &[u8],
        trap_text: impl Fn(Option<u32>, u32) -> Option<String>,
    ) -> std::result::Result<AdapterCode, TranslateError> {
        AdapterCode::parse(wasm, &trap_text).map_err(|error| TranslateError::malformed(&error))
    }

    fn parse(wasm: &[u8], trap_text: &TrapText<'_>) -> Result<AdapterCode> {
        let (mut code, mut parameters) = (AdapterCode::default(), Vec::new());
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::TypeSection(section) => {
                    for ty in section.into_iter_err_on_gc_types() {
                        parameters.push(ty?.params().len());
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        let TypeRef::Func(ty) = import.ty else { continue };
                        if import.module == TRAP {
                            let parameters = parameters.get(ty as usize).copied().unwrap_or(0);
                            code.trap_functions.insert(code.imported, parameters);
                        }
                        code.imported += 1;
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export?;
                        if export.kind == ExternalKind::Func {
                            code.adapters.push(export.index);
                        }
                    }
                }
                Payload::CodeSectionEntry(body) => code.function(trap_text, &body)?,
                _ => {}
            }
        }
        Ok(code)
    }

    fn function(&mut self, trap_text: &TrapText<'_>, body: &FunctionBody<'_>) -> Result<()> {
        let mut callees = Vec::new();
        let mut operators = Vec::new();
        for operator in body.get_operators_reader()?.into_iter_with_offsets() {
            let (operator, offset) = operator?;
            if let Operator::Call { function_index } = operator {
                callees.push(function_index);
                self.calls.insert(offset);
                if let Some(parameters) = self.trap_functions.get(&function_index)
                    && let Some(text) = trap_call(trap_text, &operators, *parameters)
                {
                    self.traps.insert(offset, text);
                }
            }
            operators.push(operator);
        }
        let range = body.range();
        self.functions.push((callees, usize::try_from(range.end - range.start).unwrap_or(usize::MAX)));
        Ok(())
    }

    /// How many bytes a function is.
    pub fn size(&self, function: u32) -> usize {
        self.defined(function).map_or(0, |(_, size)| *size)
    }

    /// These functions, and those that they call.
    pub fn with_callees(&self, functions: impl Iterator<Item = u32>) -> HashSet<u32> {
        let mut open: Vec<u32> = functions.collect();
        let mut all = HashSet::new();
        while let Some(function) = open.pop() {
            if all.insert(function)
                && let Some((callees, _)) = self.defined(function)
            {
                open.extend(callees);
            }
        }
        all
    }

    fn defined(&self, function: u32) -> Option<&(Vec<u32>, usize)> {
        self.functions.get(function.checked_sub(self.imported)? as usize)
    }
}

/// What a call of a trap function says that follows these operators and has so many parameters: the first two are the site and the code.
fn trap_call(trap_text: &TrapText<'_>, operators: &[Operator<'_>], parameters: usize) -> Option<String> {
    let mut end = operators.len();
    for _ in 2..parameters {
        end = start_of_value(operators, end)?;
    }
    let Operator::I32Const { value: code } = operators.get(end.checked_sub(1)?)? else { return None };
    let code = *code as u32;
    match operators.get(..end - 1)? {
        [.., Operator::I32Const { value }] => trap_text(Some(*value as u32), code),
        // One of several cases, or the site that a caller has passed.
        [.., Operator::I32Const { value }, Operator::I32Add] => {
            Some(format!("{}, or so in another case", trap_text(Some(*value as u32), code)?))
        }
        [.., Operator::LocalGet { .. }] => trap_text(None, code),
        _ => None,
    }
}

/// Where the code of the value starts that operators leave on the stack which end at `end`; none if that is not plain.
fn start_of_value(operators: &[Operator<'_>], end: usize) -> Option<usize> {
    let at = end.checked_sub(1)?;
    match operators.get(at)? {
        Operator::I32Const { .. }
        | Operator::I64Const { .. }
        | Operator::LocalGet { .. }
        | Operator::GlobalGet { .. }
        | Operator::MemorySize { .. } => Some(at),
        Operator::I64ExtendI32U
        | Operator::I64ExtendI32S
        | Operator::I32WrapI64
        | Operator::I32Load { .. }
        | Operator::I64Load { .. }
        | Operator::I32Load8U { .. }
        | Operator::I32Load16U { .. }
        | Operator::LocalTee { .. } => start_of_value(operators, at),
        Operator::I32Add
        | Operator::I32Sub
        | Operator::I32Mul
        | Operator::I32And
        | Operator::I32Or
        | Operator::I32ShrU
        | Operator::I32Shl
        | Operator::I64Add
        | Operator::I64Sub
        | Operator::I64Mul
        | Operator::I64Or
        | Operator::I64And
        | Operator::I64ShrU
        | Operator::I64Shl => start_of_value(operators, start_of_value(operators, at)?),
        _ => None,
    }
}
