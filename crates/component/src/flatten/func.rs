//! `canon lift`, `canon lower` and the built-ins.

use super::Flattener;
use crate::body::{Canon, OptionRefs};
use crate::builtin_name::builtin_name;
use crate::error::TranslateError;
use crate::scope::{CanonLift, CoreItem, FuncItem, LabelledFunc, LiftIndex};
use gusset_artifact::{ImportIndex, Trampoline};
use gusset_fact::{AdapterSpec, FunctionSpec};
use gusset_types::{
    AdapterName, CanonBuiltin, CanonOptions, ComponentInstanceIndex, CoreDefIndex, DefinedType, FuncTypeIndex,
    PAGE_SIZE_LOG2, PointerWidth, ValType, cut_name, join_names,
};
use std::sync::Arc;
use wasmparser::{CanonicalFunction, ExternalKind};

impl Flattener<'_, '_> {
    pub(super) fn canon(&mut self, at: ComponentInstanceIndex, canon: &Canon) -> Result<(), TranslateError> {
        match canon {
            Canon::Lift { func, ty, options } => self.lift(at, *func, *ty, options),
            Canon::Lower { func, options } => self.lower(at, *func, options),
            Canon::Builtin(builtin) => self.builtin(at, builtin),
        }
    }

    fn builtin(&mut self, at: ComponentInstanceIndex, builtin: &CanonicalFunction) -> Result<(), TranslateError> {
        let (resource, make): (_, fn(_) -> _) = match *builtin {
            CanonicalFunction::ResourceNew { resource } => (resource, CanonBuiltin::ResourceNew),
            CanonicalFunction::ResourceRep { resource } => (resource, CanonBuiltin::ResourceRep),
            CanonicalFunction::ResourceDrop { resource } => (resource, CanonBuiltin::ResourceDrop),
            _ => {
                let (name, feature) = builtin_name(builtin);
                return Err(TranslateError::unsupported(feature, format_args!("canon {name}")));
            }
        };
        let resource = self.resource_at(at, resource);
        self.resource_builtin(at, make(resource), resource)
    }

    fn lift(
        &mut self,
        at: ComponentInstanceIndex,
        func: u32,
        ty: u32,
        options: &OptionRefs,
    ) -> Result<(), TranslateError> {
        let body = self.body_of(at);
        let index = self.scopes[at].funcs.len() as u32;
        let name = || {
            let name = body.uses.funcs.get(&index).or_else(|| body.names.funcs.get(&index));
            name.map_or_else(|| format!("function {index}"), |name| cut_name(name).into())
        };
        if options.async_ {
            return Err(TranslateError::unsupported("async", "canon lift with async").of("function", name));
        }
        let ty = body.types.as_ref().component_any_type_at(ty).unwrap_func();
        let ty = self.func_type(at, ty)?;
        self.check_runs(ty).map_err(|error| error.of("function", name))?;
        let func = self.core_func(at, func).map_err(|error| error.of("function", name))?;
        let options = self.options(at, options).map_err(|error| error.of("function", name))?;
        let lift = self.lifts.push(CanonLift { func, ty, options, name: None });
        self.scopes[at].funcs.push(LabelledFunc { item: FuncItem::Lifted(lift), label: None });
        Ok(())
    }

    fn lower(&mut self, at: ComponentInstanceIndex, func: u32, options: &OptionRefs) -> Result<(), TranslateError> {
        if options.async_ {
            let error = TranslateError::unsupported("async", "canon lower with async");
            return Err(error.of("function", || self.name_here(at, func)));
        }
        let ty = self.body_of(at).types.as_ref().component_function_at(func);
        let ty = self.func_type(at, ty)?;
        self.check_runs(ty).map_err(|error| error.of("function", || self.name_here(at, func)))?;
        let options = self.options(at, options).map_err(|error| error.of("function", || self.name_here(at, func)))?;
        let item = match self.scopes[at].funcs[func as usize].item {
            FuncItem::Imported(import) => self.lower_import(import, ty, options),
            FuncItem::Lifted(lift) => self.lower_lifted(at, func, lift, ty, options)?,
        };
        self.scopes[at].push_core(ExternalKind::Func, item);
        Ok(())
    }

    fn lower_import(&mut self, import: ImportIndex, ty: FuncTypeIndex, options: CanonOptions) -> CoreItem {
        CoreItem::Def(self.trampoline(Trampoline::LowerImport { import, ty, options }))
    }

    /// Records an adapter. A function may be lowered by any instance: the one that lifts it, one around or inside it, or
    /// another.
    fn lower_lifted(
        &mut self,
        at: ComponentInstanceIndex,
        func: u32,
        lift: LiftIndex,
        lower_type: FuncTypeIndex,
        lower: CanonOptions,
    ) -> Result<CoreItem, TranslateError> {
        let lifted = &self.lifts[lift];
        let (callee, lift_type, options) = (lifted.func, lifted.ty, lifted.options.clone());
        let name = AdapterName {
            caller: self.plan.component_instances[at].name.clone(),
            callee: self.plan.component_instances[options.instance].name.clone(),
            function: self.function_name(at, func, lift),
        };
        // Where both sides have the same table of handles, the order of lifting and lowering shows in the indices.
        let no_adapter = self.settings.calls_through_host || options.instance == at && self.passes_handles(lower_type);
        if no_adapter && !self.plan.types.func(lower_type).async_ {
            let lowered = Trampoline::LowerLifted { func: callee, lift: options, lift_type, lower, lower_type, name };
            return Ok(CoreItem::Def(self.trampoline(lowered)));
        }
        let nodes = self.converter.weight(&self.plan.types, lower_type);
        self.adapters.spend(nodes)?;
        // Both types have the same structure.
        if let Some(feature) = gusset_fact::unsupported(&self.plan.types, lower_type) {
            return Err(TranslateError::unsupported(feature, format_args!("the call {name}")));
        }
        let keep_flags = self.settings.keep_flags;
        let (caller_body, callee_body) = (self.body_of(at), self.body_of(options.instance));
        let spec = AdapterSpec {
            name,
            lower,
            lift: options,
            lower_type,
            lift_type,
            callee,
            check_may_leave: keep_flags || caller_body.clears_may_leave,
            toggle_caller: keep_flags || caller_body.clears_may_leave,
            toggle_callee: keep_flags || callee_body.clears_may_leave,
            fuel: self.settings.fuel,
            canonical_nans: self.settings.canonical_nans,
        };
        Ok(CoreItem::Adapter(self.adapters.record(FunctionSpec::Call(spec))))
    }

    /// Refuses a function that passes what can only be declared yet.
    fn check_runs(&self, ty: FuncTypeIndex) -> Result<(), TranslateError> {
        let types = &self.plan.types;
        let func = types.func(ty);
        let Some(mut ty) = func.param_types().chain(func.result).find(|ty| types.holds_async(*ty)) else {
            return Ok(());
        };
        let (feature, what) = loop {
            let ValType::Defined(index) = ty else { break ("error-context", "the type error-context") };
            match types.defined(index) {
                DefinedType::Stream(_) => break ("async", "the type stream"),
                DefinedType::Future(_) => break ("async", "the type future"),
                other => other.each_child(|child| {
                    if types.holds_async(child) {
                        ty = child;
                    }
                }),
            }
        };
        Err(TranslateError::unsupported(feature, what))
    }

    fn passes_handles(&self, ty: FuncTypeIndex) -> bool {
        let types = &self.plan.types;
        let func = types.func(ty);
        func.param_types().chain(func.result).any(|ty| types.holds_handles(ty))
    }

    /// The name of a function for people: as its instance exports it, else as the caller imports it.
    fn function_name(&self, at: ComponentInstanceIndex, func: u32, lift: LiftIndex) -> Arc<str> {
        match &self.lifts[lift].name {
            Some(name) => name.clone(),
            None => self.name_here(at, func).into(),
        }
    }

    /// The name of a function for people, as the component imports it or its name section has it.
    fn name_here(&self, at: ComponentInstanceIndex, func: u32) -> String {
        match self.scopes[at].funcs[func as usize].label {
            Some((Some(instance), name)) => join_names(&[instance, name]),
            Some((None, name)) => cut_name(name).into(),
            None => match self.body_of(at).names.funcs.get(&func) {
                Some(name) => cut_name(name).into(),
                None => format!("function {func}"),
            },
        }
    }

    fn options(&mut self, at: ComponentInstanceIndex, options: &OptionRefs) -> Result<CanonOptions, TranslateError> {
        if options.gc {
            return Err(TranslateError::unsupported("gc", "a canonical option of the GC proposal"));
        }
        let (mut pointer_width, mut page_size_log2) = (PointerWidth::Memory32, PAGE_SIZE_LOG2);
        let memory = match options.memory {
            Some(memory) => {
                let ty = self.body_of(at).types.as_ref().memory_at(memory);
                if ty.memory64 {
                    pointer_width = PointerWidth::Memory64;
                }
                if let Some(log2) = ty.page_size_log2 {
                    page_size_log2 = log2 as u8;
                }
                let item = self.scopes[at].core_item(ExternalKind::Memory, memory);
                Some(self.require(item)?)
            }
            None => None,
        };
        Ok(CanonOptions {
            instance: at,
            string_encoding: options.string_encoding,
            memory,
            pointer_width,
            page_size_log2,
            realloc: options.realloc.map(|func| self.core_func(at, func)).transpose()?,
            post_return: options.post_return.map(|func| self.core_func(at, func)).transpose()?,
            async_: options.async_,
            callback: options.callback.map(|func| self.core_func(at, func)).transpose()?,
        })
    }

    pub(super) fn core_func(&mut self, at: ComponentInstanceIndex, func: u32) -> Result<CoreDefIndex, TranslateError> {
        let item = self.scopes[at].core_item(ExternalKind::Func, func);
        self.require(item)
    }
}
