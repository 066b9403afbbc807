//! Tables whose elements are known: only active segments write them, and only modules of the unit have them. So a call through one at a
//! constant index is a call of a known function, once the element is there.

use crate::inline_plan::UnitFunction;
use crate::module_env::{Body, ModuleEnv, UnitEnv};
use gusset_artifact::{ConstExpr, ConstOp, ElementItems, FuncIndex, ImportLink, ModuleIndex, SegmentMode, TableIndex};
use std::collections::HashMap;
use wasmparser::Operator;

/// A table of a unit, by the module that defines it.
type UnitTable = (ModuleIndex, TableIndex);

/// Bytes of bodies that are read to find out whether they write a table: those of all modules that have it.
const MAX_READ_FOR_A_TABLE: usize = 256 << 10;

/// The elements of a table that segments write, by index: there are as many as segments have, however large the table is. `None` where nothing is
/// known of one.
type KnownElements = HashMap<u64, Option<UnitFunction>>;

/// What is known of the tables of a unit.
#[derive(Clone, Default)]
pub(crate) struct KnownTables(HashMap<UnitTable, KnownElements>);

impl KnownTables {
    /// The tables of a unit, whose bodies are in order.
    pub(crate) fn of(env: &UnitEnv, bodies: &[Body<'_>]) -> KnownTables {
        let links = env.modules.iter().flat_map(|(module, env)| {
            let links = env.table_links.iter().copied().enumerate();
            links.filter_map(move |(import, table)| Some((table?, (module, TableIndex::from_u32(import as u32)))))
        });
        let mut known: HashMap<UnitTable, Vec<UnitTable>> = HashMap::new();
        links.for_each(|(table, import)| known.entry(table).or_insert_with(|| vec![table]).push(import));
        let contents = known.into_iter().filter_map(|(table, names)| {
            let written_by_segments = names.iter().all(|&name| is_written_by_segments(env, bodies, name));
            let elements = written_by_segments.then(|| elements_of(env, &names))??;
            Some((table, elements))
        });
        KnownTables(contents.collect())
    }

    /// The function that stands in a table of a module at an index, if anything does.
    pub(crate) fn element(&self, env: &UnitEnv, table: UnitTable, index: u64) -> Option<UnitFunction> {
        if self.0.is_empty() {
            return None;
        }
        let links = &env.modules[table.0].table_links;
        let defined = links.get(table.1.as_u32() as usize).map_or(Some(table), |link| *link)?;
        *self.0.get(&defined)?.get(&index)?
    }
}

/// Whether a module that knows a table by a name writes it by nothing but active segments.
fn is_written_by_segments(env: &UnitEnv, bodies: &[Body<'_>], (module, table): UnitTable) -> bool {
    let first = bodies.partition_point(|body| body.module < module);
    let bodies = bodies[first..].iter().take_while(|body| body.module == module);
    let mut left = MAX_READ_FOR_A_TABLE;
    for body in bodies {
        let bytes = body.body.as_bytes().len();
        let Some(less) = left.checked_sub(bytes) else { return false };
        left = less;
        let Ok(operators) = body.body.get_operators_reader() else { return false };
        for operator in operators {
            match operator {
                Ok(operator) if !writes(&operator, table) => {}
                _ => return false,
            }
        }
    }
    let declared = &env.modules[module].module;
    let own = table.as_u32().checked_sub(declared.imported_tables);
    own.is_none_or(|own| declared.table_inits[own as usize].is_none())
}

/// Whether an operator may write a table, or make it larger.
fn writes(operator: &Operator<'_>, written: TableIndex) -> bool {
    match *operator {
        Operator::TableSet { table }
        | Operator::TableGrow { table }
        | Operator::TableFill { table }
        | Operator::TableInit { table, .. }
        | Operator::TableCopy { dst_table: table, .. } => table == written.as_u32(),
        _ => false,
    }
}

/// What the active segments of all modules write to a table that these names are of. Where two of them write the same element, nothing is known of
/// it; one that is outside of the table is never found there.
fn elements_of(env: &UnitEnv, names: &[UnitTable]) -> Option<KnownElements> {
    let mut elements = KnownElements::new();
    for &(module, name) in names {
        let env = &env.modules[module];
        for segment in env.module.elements.values() {
            let SegmentMode::Active { target, offset } = &segment.mode else { continue };
            if *target != name {
                continue;
            }
            let ElementItems::Functions(functions) = &segment.items else { return None };
            for (at, func) in (constant(offset)?..).zip(functions.iter()) {
                elements.entry(at).and_modify(|known| *known = None).or_insert_with(|| defined(env, module, func));
            }
        }
    }
    Some(elements)
}

/// The offset of a segment, where it is a constant.
fn constant(offset: &ConstExpr) -> Option<u64> {
    match *offset.ops {
        [ConstOp::I32Const(offset)] => Some(u64::from(offset as u32)),
        [ConstOp::I64Const(offset)] => Some(offset as u64),
        _ => None,
    }
}

/// The function of the unit that a function of a module's index space is, if it is known.
pub(crate) fn defined(env: &ModuleEnv, module: ModuleIndex, func: FuncIndex) -> Option<UnitFunction> {
    match env.links.get(func.as_u32() as usize) {
        Some(&ImportLink::Func { module, func }) => Some((module, func)),
        Some(_) => None,
        None => Some((module, func)),
    }
}
