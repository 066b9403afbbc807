//! What a call borrows: whether it needs a scope, and what stands at its begin and at its end (`Task.num_borrows`,
//! `Subtask.lenders`).

use crate::emit::Translator;
use crate::handle_table::{TableFunc, state_field};
use crate::helper::MAX_INLINE_WEIGHT;
use crate::module::ModuleBuilder;
use crate::place::Amount;
use gusset_types::{BORROW_SCOPE, ComponentInstanceIndex, DefinedType, DefinedTypeIndex, FlatType, TrapCode, ValType};
use std::collections::HashSet;

/// Parameters that weigh more in all may become a function so long that it outlines values.
const SHORT_WEIGHT: u32 = 1024;

/// What the parameters of a call borrow.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct BorrowUse {
    /// The callee gets borrow handles, since it does not define the type.
    pub(crate) makes_handles: bool,
    /// A handle may be lent at a place that is none of a fixed number: in a list, or in a function that adapters share.
    pub(crate) in_chain: bool,
}

impl BorrowUse {
    pub(crate) fn needs_scope(self) -> bool {
        self.makes_handles || self.in_chain
    }
}

/// A walk over the types of parameters.
struct Walk<'a, 't> {
    module: &'a mut ModuleBuilder<'t>,
    callee: ComponentInstanceIndex,
    seen: HashSet<(DefinedTypeIndex, bool)>,
    found: BorrowUse,
}

impl ModuleBuilder<'_> {
    /// What parameters of these types, as the callee has them, borrow.
    pub(crate) fn borrow_use(
        &mut self,
        params: impl Iterator<Item = ValType> + Clone,
        callee: ComponentInstanceIndex,
    ) -> BorrowUse {
        let types = self.types;
        if !params.clone().any(|ty| self.facts.holds_borrow(types, ty)) {
            return BorrowUse::default();
        }
        let weights = params.clone().map(|ty| self.facts.weight(types, ty, MAX_INLINE_WEIGHT));
        let in_chain = weights.fold(0, u32::saturating_add) > SHORT_WEIGHT;
        let found = BorrowUse { makes_handles: false, in_chain };
        let mut walk = Walk { module: self, callee, seen: HashSet::new(), found };
        params.for_each(|ty| walk.visit(ty, false));
        walk.found
    }
}

impl Walk<'_, '_> {
    fn visit(&mut self, ty: ValType, in_chain: bool) {
        let types = self.module.types;
        let ValType::Defined(index) = ty else { return };
        if !self.module.facts.holds_borrow(types, ty) || !self.seen.insert((index, in_chain)) {
            return;
        }
        let heavy = self.module.facts.weight(types, ty, MAX_INLINE_WEIGHT) > MAX_INLINE_WEIGHT;
        let defined = types.defined(index);
        let list = matches!(defined, DefinedType::List(_) | DefinedType::Map(..) | DefinedType::FixedLengthList(..));
        let in_chain = in_chain || heavy || list;
        if let DefinedType::Borrow(resource) = defined {
            self.found.in_chain |= in_chain;
            self.found.makes_handles |= self.module.resources[*resource].instance != Some(self.callee);
        }
        defined.each_child(|child| self.visit(child, in_chain));
    }
}

impl Translator<'_, '_> {
    /// Makes the scope of a call, if it needs one. `caller` is whose call it is.
    pub(crate) fn begin_borrows(&mut self, needed: BorrowUse, caller: ComponentInstanceIndex) {
        if needed.needs_scope() {
            let scope = self.body.local(FlatType::I32);
            self.path.set("params");
            self.call_table_func(TableFunc::NewScope);
            self.ins().local_tee(scope).i32_eqz();
            self.trap_if_full(caller);
            self.borrows.scope = Some(scope);
        }
    }

    /// Traps if the callee has kept a handle that it was lent (`Task.return_`).
    pub(crate) fn check_borrows(&mut self, needed: BorrowUse) {
        if let Some(scope) = self.borrows.scope.filter(|_| needed.makes_handles) {
            let count = self.body.local(FlatType::I32);
            let field = state_field(self.module.import_state(), BORROW_SCOPE.count);
            self.path.set("");
            self.ins().local_get(scope).i32_load(field).local_tee(count);
            self.trap_if(TrapCode::BorrowsRemain, [Amount::of(count, FlatType::I32), Amount::Const(0)]);
            self.body.release(count);
        }
    }

    /// Takes back what the caller has lent (`Subtask.deliver_resolve`).
    pub(crate) fn end_borrows(&mut self, caller: ComponentInstanceIndex) {
        for lender in std::mem::take(&mut self.borrows.lenders) {
            self.push_record(caller);
            self.ins().local_get(lender);
            self.call_table_func(TableFunc::EndLend);
            self.body.release(lender);
        }
        if let Some(scope) = self.borrows.scope.take() {
            self.push_record(caller);
            self.ins().local_get(scope);
            self.call_table_func(TableFunc::EndScope);
            self.body.release(scope);
        }
    }
}
