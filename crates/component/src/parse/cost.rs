//! About what an instance of a core module takes of the host's memory, or of as much time. It need not be exact: it bounds what
//! instantiating a module many times may ask for.

use super::items;
use crate::error::TranslateError;
use wasmparser::{ConstExpr, DataKind, ElementItems, ElementKind, Payload};

/// An instance with nothing in it.
const INSTANCE: u64 = 512;
/// A function, imported or not: the record that references to it point to.
const FUNCTION: u64 = 32;
const GLOBAL: u64 = 64;
/// A table or memory that nothing is written to.
const TABLE: u64 = 256;
const MEMORY: u64 = 512;
/// A segment, and an element of it.
const SEGMENT: u64 = 32;
const ELEMENT: u64 = 16;
/// What one byte that is written to a memory touches.
const PAGE: u64 = 4096;
/// A byte of a constant expression: it is evaluated for each instance.
const EXPRESSION_BYTE: u64 = 8;

/// What a section adds.
pub(super) fn instance_bytes(payload: &Payload<'_>) -> Result<u64, TranslateError> {
    let times = |count: u32, bytes: u64| u64::from(count) * bytes;
    Ok(match payload {
        Payload::Version { .. } => INSTANCE,
        Payload::ImportSection(section) => times(section.count(), FUNCTION),
        Payload::FunctionSection(section) => times(section.count(), FUNCTION),
        Payload::MemorySection(section) => times(section.count(), MEMORY),
        Payload::TableSection(section) => times(section.count(), TABLE),
        Payload::GlobalSection(section) => {
            let mut bytes = times(section.count(), GLOBAL);
            for item in items(section.clone()) {
                bytes += expression(&item?.1.init_expr);
            }
            bytes
        }
        Payload::ElementSection(section) => {
            let mut bytes = times(section.count(), SEGMENT);
            for item in items(section.clone()) {
                let (_, element) = item?;
                let count = match &element.items {
                    ElementItems::Functions(functions) => functions.count(),
                    ElementItems::Expressions(_, expressions) => expressions.count(),
                };
                bytes += times(count, ELEMENT);
                if let ElementKind::Active { offset_expr, .. } = &element.kind {
                    bytes += expression(offset_expr);
                }
            }
            bytes
        }
        Payload::DataSection(section) => {
            let mut bytes = times(section.count(), SEGMENT);
            for item in items(section.clone()) {
                let (_, data) = item?;
                if let (DataKind::Active { offset_expr, .. }, false) = (&data.kind, data.data.is_empty()) {
                    bytes += expression(offset_expr) + (data.data.len() as u64).next_multiple_of(PAGE);
                }
            }
            bytes
        }
        _ => 0,
    })
}

fn expression(expression: &ConstExpr<'_>) -> u64 {
    let range = expression.get_binary_reader().range();
    (range.end - range.start) * EXPRESSION_BYTE
}
