//! The code of an adapter module, as far as its text wants to know it: which function calls which, and what each call of a trap function
//! says.

use gusset::AdapterSource;
use std::collections::{HashMap, HashSet};
use wasmparser::{ExternalKind, FunctionBody, Operator, Parser, Payload, Result, TypeRef};

/// What the trap functions are imported from.
const TRAP: &str = "trap";

/// What the functions of a module do.
#[derive(Default)]
pub(super) struct AdapterCode {
    /// How many functions the module imports.
    pub(super) imported: u32,
    /// The function of each adapter, in order.
    pub(super) adapters: Vec<u32>,
    /// Where calls stand.
    pub(super) calls: HashSet<u64>,
    /// What the calls of trap functions say, by where they stand.
    pub(super) traps: HashMap<u64, String>,
    /// How many parameters each imported trap function has.
    trap_functions: HashMap<u32, usize>,
    /// Of each function that is defined: which it calls, and its size.
    functions: Vec<(Vec<u32>, usize)>,
}

impl AdapterCode {
    /// Reads a module.
    pub(super) fn read(module: &AdapterSource) -> Result<AdapterCode> {
        let (mut code, mut parameters) = (AdapterCode::default(), Vec::new());
        for payload in Parser::new(0).parse_all(&module.wasm) {
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
                Payload::CodeSectionEntry(body) => code.function(module, &body)?,
                _ => {}
            }
        }
        Ok(code)
    }

    fn function(&mut self, module: &AdapterSource, body: &FunctionBody<'_>) -> Result<()> {
        let mut callees = Vec::new();
        let mut operators = Vec::new();
        for operator in body.get_operators_reader()?.into_iter_with_offsets() {
            let (operator, offset) = operator?;
            if let Operator::Call { function_index } = operator {
                callees.push(function_index);
                self.calls.insert(offset);
                if let Some(parameters) = self.trap_functions.get(&function_index)
                    && let Some(text) = trap_text(module, &operators, *parameters)
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
    pub(super) fn size(&self, function: u32) -> usize {
        self.defined(function).map_or(0, |(_, size)| *size)
    }

    /// These functions, and those that they call.
    pub(super) fn with_callees(&self, functions: impl Iterator<Item = u32>) -> HashSet<u32> {
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
fn trap_text(module: &AdapterSource, operators: &[Operator<'_>], parameters: usize) -> Option<String> {
    let mut end = operators.len();
    for _ in 2..parameters {
        end = start_of_value(operators, end)?;
    }
    let Operator::I32Const { value: code } = operators.get(end.checked_sub(1)?)? else { return None };
    let code = *code as u32;
    match operators.get(..end - 1)? {
        [.., Operator::I32Const { value }] => module.trap_text(Some(*value as u32), code),
        // One of several cases, or the site that a caller has passed.
        [.., Operator::I32Const { value }, Operator::I32Add] => {
            Some(format!("{}, or so in another case", module.trap_text(Some(*value as u32), code)?))
        }
        [.., Operator::LocalGet { .. }] => module.trap_text(None, code),
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
