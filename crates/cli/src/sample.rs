//! Sample values as WAVE, for examples of calls that can be pasted into a shell.

use gusset::Val;
use gusset::types::{ComponentFunc, Type, TypeKind};

/// How many parts a sample has before it is no help any more.
const MAX_PARTS: usize = 40;

/// A call of the function with sample values; none where a value has no WAVE, or takes too many words.
pub(crate) fn call(name: &str, ty: &ComponentFunc) -> Option<String> {
    let mut parts = MAX_PARTS;
    let values = ty.params().map(|(_, ty)| value(&ty, &mut parts)?.to_wave().ok()).collect::<Option<Vec<String>>>()?;
    Some(format!("{name}({})", values.join(", ")))
}

/// A value of the type, of so many parts at most; none of a type without WAVE.
fn value(ty: &Type, parts: &mut usize) -> Option<Val> {
    *parts = parts.checked_sub(1)?;
    let mut one = |ty: &Type| value(ty, parts);
    Some(match ty.kind() {
        TypeKind::Bool => Val::Bool(true),
        TypeKind::S8 => Val::S8(1),
        TypeKind::U8 => Val::U8(1),
        TypeKind::S16 => Val::S16(1),
        TypeKind::U16 => Val::U16(1),
        TypeKind::S32 => Val::S32(1),
        TypeKind::U32 => Val::U32(1),
        TypeKind::S64 => Val::S64(1),
        TypeKind::U64 => Val::U64(1),
        TypeKind::F32 => Val::F32(1.5),
        TypeKind::F64 => Val::F64(1.5),
        TypeKind::Char => Val::Char('a'),
        TypeKind::String => Val::String("text".into()),
        TypeKind::List(ty) => Val::List(vec![one(&ty)?]),
        TypeKind::FixedLengthList(ty, length) => Val::List((0..length).map(|_| one(&ty)).collect::<Option<_>>()?),
        TypeKind::Record(fields) => {
            let fields = fields.into_iter().map(|(name, ty)| Some((name, one(&ty)?)));
            Val::Record(fields.collect::<Option<_>>()?)
        }
        TypeKind::Tuple(types) => Val::Tuple(types.iter().map(one).collect::<Option<_>>()?),
        TypeKind::Variant(cases) => match cases.into_iter().next()? {
            (label, Some(ty)) => Val::Variant(label, Some(Box::new(one(&ty)?))),
            (label, None) => Val::Variant(label, None),
        },
        TypeKind::Enum(labels) => Val::Enum(labels.into_iter().next()?),
        TypeKind::Flags(labels) => Val::Flags(labels.into_iter().take(1).collect()),
        TypeKind::Option(ty) => Val::Option(Some(Box::new(one(&ty)?))),
        TypeKind::Result { ok: Some(ty), .. } => Val::Result(Ok(Some(Box::new(one(&ty)?)))),
        TypeKind::Result { .. } => Val::Result(Ok(None)),
        TypeKind::Map(key, of) => Val::Map(vec![(one(&key)?, one(&of)?)]),
        _ => return None,
    })
}
