//! Sample values as WAVE, for examples of calls that can be pasted into a shell.

use gusset::types::{ComponentFunc, Type, TypeKind};

/// How many parts a sample has before it is no help any more.
const MAX_PARTS: usize = 40;

/// A call of the function with sample values; none where a value has no WAVE, or takes too many words.
pub(crate) fn call(name: &str, ty: &ComponentFunc) -> Option<String> {
    let mut parts = MAX_PARTS;
    let values = ty.params().map(|(_, ty)| value(&ty, &mut parts)).collect::<Option<Vec<String>>>()?;
    Some(format!("{name}({})", values.join(", ")))
}

fn value(ty: &Type, parts: &mut usize) -> Option<String> {
    *parts = parts.checked_sub(1)?;
    let mut all = |types: &[Type]| types.iter().map(|ty| value(ty, parts)).collect::<Option<Vec<String>>>();
    Some(match ty.kind() {
        TypeKind::Bool => "true".into(),
        TypeKind::S8 | TypeKind::U8 | TypeKind::S16 | TypeKind::U16 | TypeKind::S32 => "1".into(),
        TypeKind::U32 | TypeKind::S64 | TypeKind::U64 => "1".into(),
        TypeKind::F32 | TypeKind::F64 => "1.5".into(),
        TypeKind::Char => "'a'".into(),
        TypeKind::String => "\"text\"".into(),
        TypeKind::List(ty) => format!("[{}]", all(&[ty])?.join(", ")),
        TypeKind::FixedLengthList(ty, length) => {
            let length = usize::try_from(length).ok().filter(|length| *length <= MAX_PARTS)?;
            format!("[{}]", all(&vec![ty; length])?.join(", "))
        }
        TypeKind::Record(fields) => {
            let (names, types): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
            let values = all(&types)?;
            let fields = names.iter().zip(values).map(|(name, value)| format!("{}: {value}", word(name)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        TypeKind::Tuple(types) => format!("({})", all(&types)?.join(", ")),
        TypeKind::Variant(cases) => match cases.into_iter().next()? {
            (label, Some(ty)) => format!("{}({})", word(&label), all(&[ty])?.join("")),
            (label, None) => word(&label),
        },
        TypeKind::Enum(labels) => word(labels.first()?),
        TypeKind::Flags(labels) => format!("{{{}}}", word(labels.first()?)),
        TypeKind::Option(ty) => format!("some({})", all(&[ty])?.join("")),
        TypeKind::Result { ok: Some(ty), .. } => format!("ok({})", all(&[ty])?.join("")),
        TypeKind::Result { .. } => "ok".into(),
        TypeKind::Map(key, of) => format!("{{{}}}", all(&[key, of])?.join(": ")),
        _ => return None,
    })
}

/// A label, with `%` before one that is a word of WAVE's own.
fn word(label: &str) -> String {
    let keyword = ["true", "false", "inf", "nan", "some", "none", "ok", "err"].contains(&label);
    format!("{}{label}", if keyword { "%" } else { "" })
}
