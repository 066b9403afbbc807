//! A whole parameter list or result, flat or through memory: `lift_flat_values` and `lower_flat_values`.

use super::budget::LiftBudget;
use super::context::{FlatReader, FlatWriter, LiftContext, LowerContext};
use super::guest::{NoMemory, ResolvedOptions};
use super::lift::{Offsets, lift_flat, load};
use super::lower::{lower_flat, store};
use super::{CanonError, CanonResult};
use crate::type_scope::TypeScope;
use crate::val::Val;
use crate::vm::RawValue;
use gusset_types::{
    FlatSignature, FuncType, FuncTypeIndex, Layout, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, Param, PointerWidth, Types,
    ValType, cut_name,
};
use std::ops::Deref;

/// The types of values that are passed together.
#[derive(Clone, Copy)]
pub enum TypeList<'a> {
    /// Of parameters.
    Params(&'a [Param]),
    /// Of a result, or of none.
    Result(Option<ValType>),
    /// Of the items of a tuple.
    Tuple(&'a [ValType]),
}

impl<'a> TypeList<'a> {
    /// The parameters of a function.
    #[inline]
    pub(crate) fn params_of(types: &'a Types, func: FuncTypeIndex) -> TypeList<'a> {
        debug_assert!(types.find_func(func).is_some(), "the index is of these types");
        TypeList::Params(types.find_func(func).map_or(&[], |ty| &ty.params))
    }

    /// The result of a function.
    #[inline]
    pub(crate) fn result_of(types: &'a Types, func: FuncTypeIndex) -> TypeList<'a> {
        debug_assert!(types.find_func(func).is_some(), "the index is of these types");
        TypeList::Result(types.find_func(func).and_then(|ty| ty.result))
    }

    #[inline]
    pub(crate) fn len(self) -> usize {
        match self {
            TypeList::Params(params) => params.len(),
            TypeList::Result(result) => usize::from(result.is_some()),
            TypeList::Tuple(types) => types.len(),
        }
    }

    /// The type at `i`, which is less than the length. It does not panic, so that nothing is left of it where nobody looks at the type:
    /// numbers do not.
    #[inline]
    pub(crate) fn get(self, i: usize) -> ValType {
        let ty = match self {
            TypeList::Params(params) => params.get(i).map(|param| param.ty),
            TypeList::Result(result) => result,
            TypeList::Tuple(types) => types.get(i).copied(),
        };
        ty.unwrap_or(ValType::Bool)
    }

    #[inline]
    pub(crate) fn iter(self) -> impl ExactSizeIterator<Item = ValType> {
        (0..self.len()).map(move |i| self.get(i))
    }

    /// The segment of a path for the value at `i`.
    pub(crate) fn segment(self, i: usize) -> String {
        match self {
            TypeList::Params(params) => format!("param {:?}", cut_name(&params[i].name)),
            TypeList::Result(_) => "result".into(),
            TypeList::Tuple(_) => format!(".{i}"),
        }
    }

    #[inline]
    fn whole(self) -> &'static str {
        match self {
            TypeList::Params(_) => "params",
            TypeList::Result(_) => "result",
            TypeList::Tuple(_) => "",
        }
    }

    /// How they lie in memory, as a tuple.
    pub(crate) fn layout(self, types: &Types, width: PointerWidth) -> Layout {
        Layout::record(self.iter().map(|ty| types.layout(ty, width)))
    }

    #[cold]
    pub(crate) fn at(self, i: usize, error: CanonError) -> CanonError {
        error.within(self.segment(i))
    }
}

/// Values that can be lifted together.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no tuple of values that can be read out of a guest",
    label = "a tuple of values is wanted here",
    note = "parameters and results are a tuple each, also where there is one, `(u32,)`, or none, `()`"
)]
pub trait LiftList: Sized {
    /// How many core values they are, if they are all of types that pass as such and need neither memory nor handles, unless there are too
    /// many.
    const SCALARS: Option<usize>;
    /// Whether their types are known at run time only.
    const DYNAMIC: bool = false;
    /// Reads them from core values.
    fn lift_flat(cx: &mut LiftContext<'_>, types: TypeList<'_>, flat: &mut FlatReader<'_>) -> CanonResult<Self>;
    /// Reads them from memory, as a tuple at `at`.
    fn load(cx: &mut LiftContext<'_>, types: TypeList<'_>, at: u64) -> CanonResult<Self>;
}

/// Values that can be lowered together.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no tuple of values that can be written into a guest",
    label = "a tuple of values is wanted here",
    note = "parameters and results are a tuple each, also where there is one, `(u32,)`, or none, `()`"
)]
pub trait LowerList {
    /// How many core values they are, if they are all of types that pass as such and need neither memory nor handles, unless there are too
    /// many.
    const SCALARS: Option<usize>;
    /// Whether their types are known at run time only.
    const DYNAMIC: bool = false;
    /// Writes them as core values.
    fn lower_flat(&self, cx: &mut LowerContext<'_>, types: TypeList<'_>, flat: &mut FlatWriter<'_>) -> CanonResult<()>;
    /// Writes them to memory, as a tuple at `at`.
    fn store(&self, cx: &mut LowerContext<'_>, types: TypeList<'_>, at: u64) -> CanonResult<()>;
}

/// Dynamic values, as many as there are types.
pub(crate) struct Vals<'a>(pub(crate) &'a [Val]);

impl LowerList for Vals<'_> {
    const SCALARS: Option<usize> = None;
    const DYNAMIC: bool = true;

    fn lower_flat(&self, cx: &mut LowerContext<'_>, types: TypeList<'_>, flat: &mut FlatWriter<'_>) -> CanonResult<()> {
        for (i, val) in self.0.iter().enumerate() {
            lower_flat(cx, types.get(i), val, flat).map_err(|error| types.at(i, error))?;
        }
        Ok(())
    }

    fn store(&self, cx: &mut LowerContext<'_>, types: TypeList<'_>, at: u64) -> CanonResult<()> {
        let mut offsets = Offsets::at(at);
        for (i, val) in self.0.iter().enumerate() {
            let ty = types.get(i);
            let at = offsets.next(cx.types.layout(ty, cx.width));
            store(cx, ty, val, at).map_err(|error| types.at(i, error))?;
        }
        Ok(())
    }
}

impl LiftList for Vec<Val> {
    const SCALARS: Option<usize> = None;
    const DYNAMIC: bool = true;

    fn lift_flat(cx: &mut LiftContext<'_>, types: TypeList<'_>, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
        let mut vals = cx.vec(types.len())?;
        for (i, ty) in types.iter().enumerate() {
            vals.push(lift_flat(cx, ty, flat).map_err(|error| types.at(i, error))?);
        }
        Ok(vals)
    }

    fn load(cx: &mut LiftContext<'_>, types: TypeList<'_>, at: u64) -> CanonResult<Self> {
        let mut offsets = Offsets::at(at);
        let mut vals = cx.vec(types.len())?;
        for (i, ty) in types.iter().enumerate() {
            let at = offsets.next(cx.types.layout(ty, cx.width));
            vals.push(load(cx, ty, at).map_err(|error| types.at(i, error))?);
        }
        Ok(vals)
    }
}

/// A result, if there is one, without a vector around it.
pub(crate) struct ResultVal(pub(crate) Option<Val>);

impl ResultVal {
    fn lift(
        cx: &mut LiftContext<'_>,
        types: TypeList<'_>,
        lift: impl FnOnce(&mut LiftContext<'_>, ValType) -> CanonResult<Val>,
    ) -> CanonResult<ResultVal> {
        let TypeList::Result(Some(ty)) = types else { return Ok(ResultVal(None)) };
        cx.charge_block(size_of::<Val>() as u64)?;
        lift(cx, ty).map(|val| ResultVal(Some(val))).map_err(|error| types.at(0, error))
    }
}

impl LiftList for ResultVal {
    const SCALARS: Option<usize> = None;
    const DYNAMIC: bool = true;

    fn lift_flat(cx: &mut LiftContext<'_>, types: TypeList<'_>, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
        ResultVal::lift(cx, types, |cx, ty| lift_flat(cx, ty, flat))
    }

    fn load(cx: &mut LiftContext<'_>, types: TypeList<'_>, at: u64) -> CanonResult<Self> {
        ResultVal::lift(cx, types, |cx, ty| load(cx, ty, at))
    }
}

/// As many parameters as are passed without a vector.
const FEW: usize = 4;

/// Dynamic parameters: a few, which stand here, or more. They are lifted into it where it stands.
pub(crate) struct FewVals {
    /// So many of them are parameters, if there are no others.
    few: [Val; FEW],
    count: usize,
    /// All of them, if there are more, or they come from memory.
    many: Vec<Val>,
}

impl FewVals {
    /// None.
    #[inline]
    pub(crate) fn new() -> FewVals {
        FewVals { few: [const { Val::Bool(false) }; FEW], count: 0, many: Vec::new() }
    }

    /// Lifts values as [`lift_values`] does.
    #[inline]
    pub(crate) fn lift(
        &mut self,
        cx: &mut LiftContext<'_>,
        types: TypeList<'_>,
        in_memory: Option<Layout>,
        flat: &mut FlatReader<'_>,
    ) -> CanonResult<()> {
        if types.len() > FEW || in_memory.is_some() {
            self.many = lift_values(cx, types, in_memory, flat)?;
            return Ok(());
        }
        let lifted = self.lift_few(cx, types, flat);
        cx.end_arrival(lifted.is_ok());
        lifted
    }

    fn lift_few(
        &mut self,
        cx: &mut LiftContext<'_>,
        types: TypeList<'_>,
        flat: &mut FlatReader<'_>,
    ) -> CanonResult<()> {
        cx.charge_block((types.len() * size_of::<Val>()) as u64)?;
        for (i, (slot, ty)) in self.few.iter_mut().zip(types.iter()).enumerate() {
            *slot = lift_flat(cx, ty, flat).map_err(|error| types.at(i, error))?;
            self.count = i + 1;
        }
        Ok(())
    }
}

impl Deref for FewVals {
    type Target = [Val];

    #[inline]
    fn deref(&self) -> &[Val] {
        if self.many.is_empty() { &self.few[..self.count] } else { &self.many }
    }
}

/// How a parameter list or a result is passed.
#[derive(Clone, Copy)]
pub(crate) struct PassedList {
    /// How it lies in memory, as a tuple, if that is where it is passed.
    pub(crate) layout: Option<Layout>,
    /// Whether it is core values alone, of numbers, `bool`s and `char`s: it needs neither memory nor handles, and nothing of the host's.
    scalars: bool,
}

impl PassedList {
    /// Whether values are scalars, passed as core values, if they are `count` ones or dynamic. Of types that say so themselves nothing need
    /// be looked up.
    #[inline(always)]
    fn passes_scalars(&self, count: Option<usize>, dynamic: bool, most: usize) -> bool {
        match count {
            Some(count) => {
                debug_assert_eq!(self.layout.is_none(), count <= most, "Rust types have been compared");
                count <= most
            }
            None => dynamic && self.scalars,
        }
    }

    fn new(list: TypeList<'_>, in_memory: bool, types: &Types, width: PointerWidth) -> PassedList {
        let is_scalar = |ty| !matches!(ty, ValType::Defined(_) | ValType::String | ValType::ErrorContext);
        let layout = in_memory.then(|| list.layout(types, width));
        PassedList { layout, scalars: !in_memory && list.iter().all(is_scalar) }
    }
}

/// How the values of a function are passed.
#[derive(Clone, Copy)]
pub(crate) struct PassedValues {
    pub(crate) params: PassedList,
    pub(crate) result: PassedList,
}

impl PassedValues {
    /// Of a function of that type and signature.
    pub(crate) fn new(types: &Types, ty: &FuncType, signature: &FlatSignature, width: PointerWidth) -> PassedValues {
        let FlatSignature { params_in_memory, result_in_memory, .. } = *signature;
        PassedValues {
            params: PassedList::new(TypeList::Params(&ty.params), params_in_memory, types, width),
            result: PassedList::new(TypeList::Result(ty.result), result_in_memory, types, width),
        }
    }

    /// Whether parameters that are lowered are scalars, passed as core values.
    #[inline(always)]
    pub(crate) fn lowers_scalar_params<L: LowerList>(&self) -> bool {
        self.params.passes_scalars(L::SCALARS, L::DYNAMIC, MAX_FLAT_PARAMS)
    }

    /// Whether each parameter is one core value, and needs neither memory nor handles.
    #[inline]
    pub(crate) fn has_scalar_params(&self) -> bool {
        self.params.scalars
    }

    /// Whether parameters that are lifted are.
    #[inline(always)]
    pub(crate) fn lifts_scalar_params<L: LiftList>(&self) -> bool {
        self.params.passes_scalars(L::SCALARS, L::DYNAMIC, MAX_FLAT_PARAMS)
    }

    /// Whether a result that is lowered is.
    #[inline(always)]
    pub(crate) fn lowers_scalar_result<L: LowerList>(&self) -> bool {
        self.result.passes_scalars(L::SCALARS, L::DYNAMIC, MAX_FLAT_RESULTS)
    }

    /// Whether a result that is lifted is.
    #[inline(always)]
    pub(crate) fn lifts_scalar_result<L: LiftList>(&self) -> bool {
        self.result.passes_scalars(L::SCALARS, L::DYNAMIC, MAX_FLAT_RESULTS)
    }
}

/// Where values that are lowered go.
#[derive(Clone, Copy)]
pub(crate) enum LowerPlace {
    /// Into core values.
    Flat,
    /// Into new memory, where they lie like that; its address is the one core value.
    Allocated(Layout),
    /// To this address, which the caller gave.
    At(u64, Layout),
}

impl LowerPlace {
    /// For parameters that lie in memory like that, or are core values.
    #[inline]
    pub(crate) fn of_params(layout: Option<Layout>) -> LowerPlace {
        layout.map_or(LowerPlace::Flat, LowerPlace::Allocated)
    }

    /// For a result, of which the caller gives the address as the next core value if it lies in memory.
    #[inline]
    pub(crate) fn of_result(layout: Option<Layout>, flat: &mut FlatReader<'_>, width: PointerWidth) -> LowerPlace {
        layout.map_or(LowerPlace::Flat, |layout| LowerPlace::At(flat.pointer(width), layout))
    }
}

/// Lowers values to `place` (`lower_flat_values`).
#[inline]
pub(crate) fn lower_values(
    cx: &mut LowerContext<'_>,
    values: &impl LowerList,
    types: TypeList<'_>,
    place: LowerPlace,
    flat: &mut FlatWriter<'_>,
) -> CanonResult<()> {
    let at = match place {
        LowerPlace::Flat => return values.lower_flat(cx, types, flat),
        LowerPlace::Allocated(layout) => {
            let at = cx.allocate(layout.align, u64::from(layout.size)).map_err(|error| error.within(types.whole()))?;
            flat.u64(at);
            at
        }
        LowerPlace::At(at, layout) => {
            cx.check_pointer(at, layout).map_err(|error| error.within(types.whole()))?;
            at
        }
    };
    values.store(cx, types, at)
}

/// Lowers values that pass as core values alone.
#[inline]
pub(crate) fn lower_scalars(
    types: TypeScope<'_>,
    options: &ResolvedOptions,
    values: &impl LowerList,
    list: TypeList<'_>,
    flat: &mut [RawValue],
) -> CanonResult<()> {
    let mut guest = NoMemory;
    let mut cx = LowerContext::new(types, &mut guest, options.encoding, options.width);
    values.lower_flat(&mut cx, list, &mut FlatWriter::new(flat))
}

/// Lifts values that pass as core values alone, and take nothing of the host.
#[inline]
pub(crate) fn lift_scalars<L: LiftList>(
    types: TypeScope<'_>,
    options: &ResolvedOptions,
    list: TypeList<'_>,
    flat: &mut FlatReader<'_>,
) -> CanonResult<L> {
    L::lift_flat(&mut scalar_context(types, options), list, flat)
}

/// From where values are lifted that pass as core values alone, and take nothing of the host.
#[inline]
pub(crate) fn scalar_context<'a>(types: TypeScope<'a>, options: &ResolvedOptions) -> LiftContext<'a> {
    LiftContext::new(types, &[], options.encoding, options.width, LiftBudget::unlimited(), None)
}

/// Lifts values from core values, or from the memory that the next one points to, where they lie like that (`lift_flat_values`).
#[inline]
pub(crate) fn lift_values<L: LiftList>(
    cx: &mut LiftContext<'_>,
    types: TypeList<'_>,
    in_memory: Option<Layout>,
    flat: &mut FlatReader<'_>,
) -> CanonResult<L> {
    let lifted = match in_memory {
        Some(layout) => load_values(cx, types, layout, flat),
        None => L::lift_flat(cx, types, flat),
    };
    cx.end_arrival(lifted.is_ok());
    lifted
}

#[inline]
fn load_values<L: LiftList>(
    cx: &mut LiftContext<'_>,
    types: TypeList<'_>,
    layout: Layout,
    flat: &mut FlatReader<'_>,
) -> CanonResult<L> {
    let at = flat.pointer(cx.width);
    cx.check_pointer(at, layout).map_err(|error| error.within(types.whole()))?;
    L::load(cx, types, at)
}
