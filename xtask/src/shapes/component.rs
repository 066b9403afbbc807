//! What all shapes are made of: a core module with a function `f`, in a component that lifts it as `f: func(x: u32) -> u32`.

use wasm_encoder::{
    CodeSection, ComponentBuilder, ComponentExportKind, ComponentTypeRef, ConstExpr, ExportKind, ExportSection,
    Function, FunctionSection, GlobalSection, GlobalType, InstructionSink, Module, PrimitiveValType, TagKind,
    TagSection, TagType, TypeSection, ValType,
};

/// The name of the function that is called.
pub(super) const ENTRY: &str = "f";

/// A core module that is being written. It has a mutable global, so that what is read is used.
pub(super) struct ShapeModule {
    types: TypeSection,
    functions: FunctionSection,
    tags: TagSection,
    code: CodeSection,
}

impl ShapeModule {
    pub(super) fn new() -> ShapeModule {
        let (functions, code) = (FunctionSection::new(), CodeSection::new());
        ShapeModule { types: TypeSection::new(), functions, tags: TagSection::new(), code }
    }

    /// A tag whose exceptions have these values; returns its index.
    pub(super) fn tag(&mut self, values: Vec<ValType>) -> u32 {
        let func_type_idx = self.ty(values, []);
        self.tags.tag(TagType { kind: TagKind::Exception, func_type_idx });
        self.tags.len() - 1
    }

    /// A function type; returns its index.
    pub(super) fn ty<P, R>(&mut self, params: P, results: R) -> u32
    where
        P: IntoIterator<Item = ValType, IntoIter: ExactSizeIterator>,
        R: IntoIterator<Item = ValType, IntoIter: ExactSizeIterator>,
    {
        self.types.ty().function(params, results);
        self.types.len() - 1
    }

    /// A function with locals of one type; returns its index.
    pub(super) fn func(&mut self, ty: u32, locals: (u32, ValType), body: impl FnOnce(&mut InstructionSink<'_>)) -> u32 {
        let mut function = Function::new((locals.0 > 0).then_some(locals));
        body(&mut function.instructions());
        function.instructions().end();
        self.functions.function(ty);
        self.code.function(&function);
        self.functions.len() - 1
    }

    /// The module, with the function that is called: it does `body`, which leaves nothing, and returns its parameter, which
    /// is local 0. The other locals follow.
    pub(super) fn module(mut self, locals: (u32, ValType), body: impl FnOnce(&mut InstructionSink<'_>)) -> Module {
        let ty = self.ty(i32s(1), i32s(1));
        let entry = self.func(ty, locals, |code| {
            body(code);
            code.local_get(0);
        });
        let mut globals = GlobalSection::new();
        let global = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        globals.global(global, &ConstExpr::i32_const(0));
        let mut exports = ExportSection::new();
        exports.export(ENTRY, ExportKind::Func, entry);
        let mut module = Module::new();
        module.section(&self.types).section(&self.functions);
        if !self.tags.is_empty() {
            module.section(&self.tags);
        }
        module.section(&globals).section(&exports).section(&self.code);
        module
    }

    /// The component with this module.
    pub(super) fn component(self, locals: (u32, ValType), body: impl FnOnce(&mut InstructionSink<'_>)) -> Vec<u8> {
        let mut component = ComponentBuilder::default();
        let func = lift(&mut component, &self.module(locals, body));
        export(&mut component, ENTRY, ComponentExportKind::Func, func, None);
        component.finish()
    }
}

/// A component whose module has just the function that is called, with so many locals beside its parameter.
pub(super) fn function(locals: u32, body: impl FnOnce(&mut InstructionSink<'_>)) -> Vec<u8> {
    ShapeModule::new().component((locals, ValType::I32), body)
}

/// Instantiates the module and lifts its function; returns the index of the lifted one.
pub(super) fn lift(component: &mut ComponentBuilder, module: &Module) -> u32 {
    let module = component.core_module(None, module);
    let instance = component.core_instantiate(None, module, []);
    let func = component.core_alias_export(None, instance, ENTRY, ExportKind::Func);
    let (ty, mut encoder) = component.type_function(None);
    encoder.params([("x", PrimitiveValType::U32)]).result(Some(PrimitiveValType::U32.into()));
    component.lift_func(None, func, ty, [])
}

/// A component of so many copies of one, all of which are instantiated; the function of the first is called.
pub(super) fn copies(one: &[u8], count: u32) -> Vec<u8> {
    let mut component = ComponentBuilder::default();
    for _ in 0..count {
        let copy = component.component_raw(None, one);
        component.instantiate::<_, &str>(None, copy, []);
    }
    let func = component.alias_export(0, ENTRY, ComponentExportKind::Func);
    export(&mut component, ENTRY, ComponentExportKind::Func, func, None);
    component.finish()
}

/// Exports a definition of the component.
pub(super) fn export(
    component: &mut ComponentBuilder,
    name: &str,
    kind: ComponentExportKind,
    index: u32,
    ty: Option<ComponentTypeRef>,
) -> u32 {
    component.export(name, kind, index, ty)
}

/// So many `i32`.
pub(super) fn i32s(count: u32) -> Vec<ValType> {
    vec![ValType::I32; count as usize]
}

/// Reads a local.
pub(super) fn read(code: &mut InstructionSink<'_>, local: u32) {
    code.local_get(local);
    keep(code);
}

/// Uses the value on top of the stack.
pub(super) fn keep(code: &mut InstructionSink<'_>) {
    code.global_set(0);
}

/// Adds one to a local.
pub(super) fn change(code: &mut InstructionSink<'_>, local: u32) {
    code.local_get(local).i32_const(1).i32_add().local_set(local);
}

/// A conditional branch that is not taken in a call with 0.
pub(super) fn branch(code: &mut InstructionSink<'_>) {
    code.local_get(0).br_if(0);
}
