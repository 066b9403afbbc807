//! One adapter: the function that stands for the `canon lower`. It checks, passes parameters, calls, passes the result back and
//! lets the callee clean up, in the order of the specification.

use crate::aggregate::{split_destination, split_source};
use crate::body::{DefinedFunc, FunctionBody};
use crate::emit::Translator;
use crate::module::ModuleBuilder;
use crate::place::{Amount, Destination, FlatSlot, Lane, MemoryPlace, Pair, Side, Source};
use crate::shape::fields_layout;
use crate::site::Sites;
use crate::spec::AdapterSpec;
use gusset_types::{FlatSignature, FlatType, FuncType, Layout, TrapCode};

/// An adapter while it is written.
struct Call<'a, 't> {
    spec: &'a AdapterSpec,
    lower_type: &'t FuncType,
    lift_type: &'t FuncType,
    lowered: FlatSignature,
    lifted: FlatSignature,
    translator: Translator<'a, 't>,
}

/// Writes the adapter number `adapter` and exports it.
pub(crate) fn define_call(module: &mut ModuleBuilder<'_>, adapter: u32, spec: &AdapterSpec) -> DefinedFunc {
    assert!(!spec.lower.async_ && !spec.lift.async_, "async adapters are not supported");
    let types = module.types;
    let (lower_type, lift_type) = (types.func(spec.lower_type), types.func(spec.lift_type));
    let passes_handles = lift_type.param_types().chain(lift_type.result).any(|ty| types.holds_handles(ty));
    assert!(!passes_handles || spec.lower.instance != spec.lift.instance, "handles are passed between two instances");
    assert_eq!(lower_type.params.len(), lift_type.params.len(), "both sides have the same type");
    let lowered = types.lowered_signature(lower_type, spec.lower.pointer_width);
    let lifted = types.lifted_signature(lift_type, spec.lift.pointer_width);
    let func = module.declare(format!("adapter {}", spec.name), &lowered.params, &lowered.results);
    module.export(format!("{adapter}: {}", spec.name), func);
    let lane =
        Lane { src: Side::source(&spec.lower, spec.fuel), dst: Side::destination(&spec.lift, spec.toggle_callee) };
    let body = FunctionBody::new(&lowered.params);
    let translator = Translator::new(module, body, lane, Sites::Own { adapter });
    let mut call = Call { spec, lower_type, lift_type, lowered, lifted, translator };
    call.write();
    let body = call.translator.body;
    module.define(func, body);
    func
}

impl Call<'_, '_> {
    fn write(&mut self) {
        self.translator.charge_call();
        if self.spec.check_may_leave {
            self.translator.check_may_leave(self.spec.lower.instance);
        }
        let caller = self.spec.lower.instance;
        let params = self.lift_type.param_types();
        let borrows = self.translator.module.borrow_use(params, self.spec.lift.instance);
        self.translator.begin_borrows(borrows, caller);
        self.params();
        self.call_callee();
        // The specification lifts the result, then checks the borrows, then lowers. A result that is lowered to memory is lifted
        // on the way there, when `realloc` of the caller has run: then the check comes first.
        let result_in_memory = self.lowered.result_in_memory;
        if result_in_memory {
            self.translator.check_borrows(borrows);
        }
        let result = self.result();
        if !result_in_memory {
            self.translator.check_borrows(borrows);
        }
        self.post_return(result);
        self.translator.end_borrows(caller);
    }

    /// Pushes the callee's arguments.
    fn params(&mut self) {
        let types = self.translator.types;
        let Lane { src: from, dst: to } = self.translator.lane;
        let slots: Vec<FlatSlot> = (0..).zip(&self.lowered.params).map(|(local, &ty)| FlatSlot { local, ty }).collect();
        let src_layout = fields_layout(types, self.lower_type.param_types(), from.width);
        let src = if self.lowered.params_in_memory {
            self.check_place("params", from, slots[0].local, src_layout);
            Source::Memory(MemoryPlace::of(slots[0].local))
        } else {
            Source::Flat(&slots)
        };
        let dst_layout = fields_layout(types, self.lift_type.param_types(), to.width);
        let spilled = self.lifted.params_in_memory.then(|| {
            self.translator.path.set("params");
            let size = Amount::Const(dst_layout.size);
            self.translator.allocate(dst_layout.align, size, TrapCode::PointerOutOfBounds)
        });
        let dst = match spilled {
            Some(local) => Destination::Memory(MemoryPlace::of(local)),
            None => Destination::Stack(&self.lifted.params),
        };
        let sources = split_source(types, from.width, self.lower_type.param_types(), src);
        let destinations = split_destination(types, to.width, self.lift_type.param_types(), dst);
        for (i, (src, dst)) in sources.into_iter().zip(destinations).enumerate() {
            let param = &self.lower_type.params[i];
            let pair = Pair { src: param.ty, dst: self.lift_type.params[i].ty };
            self.translator.path.set("param \"");
            let _ = self.translator.path.enter("", &param.name);
            let _ = self.translator.path.enter("\"", "");
            self.translator.value(pair, src, dst);
        }
        if let Some(local) = spilled {
            self.translator.ins().local_get(local);
            self.translator.body.release(local);
        }
    }

    fn call_callee(&mut self) {
        let spec = self.spec;
        let name = format!("{} of {}", spec.name.function, spec.name.callee);
        let signature = (&self.lifted.params[..], &self.lifted.results[..]);
        let callee = self.translator.module.import_func(spec.callee, signature, "callee", name);
        self.translator.ins().call(callee);
    }

    /// Leaves the result where the caller wants it. Returns the local with the callee's flat result, if it has one.
    fn result(&mut self) -> Option<u32> {
        let (src, dst) = self.lower_type.result.zip(self.lift_type.result).map(|(lower, lift)| (lift, lower))?;
        let spec = self.spec;
        self.translator.lane =
            Lane { src: Side::source(&spec.lift, spec.fuel), dst: Side::destination(&spec.lower, spec.toggle_caller) };
        let Lane { src: from, dst: to } = self.translator.lane;
        let types = self.translator.types;
        let ty = self.lifted.results[0];
        let local = self.translator.body.local(ty);
        self.translator.ins().local_set(local);
        let slots = [FlatSlot { local, ty }];
        let source = if self.lifted.result_in_memory {
            self.check_place("result", from, local, types.layout(src, from.width));
            Source::Memory(MemoryPlace::of(local))
        } else {
            Source::Flat(&slots)
        };
        let destination = if self.lowered.result_in_memory {
            let pointer = self.lowered.params.len() as u32 - 1;
            self.check_place("result", to, pointer, types.layout(dst, to.width));
            Destination::Memory(MemoryPlace::of(pointer))
        } else {
            Destination::Stack(&self.lowered.results)
        };
        self.translator.path.set("result");
        self.translator.value(Pair { src, dst }, source, destination);
        Some(local)
    }

    /// Hands the callee's flat result back to it.
    fn post_return(&mut self, result: Option<u32>) {
        let Some(def) = self.spec.lift.post_return else { return };
        let spec = self.spec;
        let translator = &mut self.translator;
        let name = format!("post-return of {} of {}", spec.name.function, spec.name.callee);
        let params: &[FlatType] = &self.lifted.results;
        let func = translator.module.import_func(def, (params, &[]), "post-return", name);
        if spec.toggle_callee {
            translator.clear_may_leave(spec.lift.instance);
        }
        if let Some(local) = result {
            translator.ins().local_get(local);
        }
        translator.ins().call(func);
        if spec.toggle_callee {
            translator.set_may_leave(spec.lift.instance);
        }
    }

    /// Checks the address in `local` of a value of this layout.
    fn check_place(&mut self, path: &str, side: Side, local: u32, layout: Layout) {
        self.translator.path.set(path);
        self.translator.check_aligned(side, local, layout.align);
        self.translator.check_bounds(side, local, Amount::Const(layout.size), TrapCode::PointerOutOfBounds);
    }
}
