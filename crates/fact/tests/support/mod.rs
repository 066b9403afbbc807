//! What the tests of this crate share: types in few words, and specs of two components named `app` and `lib`.
#![allow(dead_code, reason = "each test program uses its part")]

use gusset_fact::{AdapterModule, AdapterSpec, BuiltinSpec, FunctionSpec};
use gusset_types::{
    AdapterName, Arena, CanonBuiltin, CanonOptions, Case, ComponentInstanceIndex, CoreDefIndex, DefinedType, Field,
    FuncType, Param, PointerWidth, ResourceType, ResourceTypeIndex, ResultType, StringEncoding, Types, ValType,
};

/// Types that are made by calls.
#[derive(Default)]
pub struct Maker {
    pub types: Types,
    pub resources: Arena<ResourceTypeIndex, ResourceType>,
    /// How many specs were made: each has a callee of its own.
    specs: u32,
}

impl Maker {
    pub fn list(&mut self, element: ValType) -> ValType {
        self.types.intern(DefinedType::List(element))
    }

    pub fn map(&mut self, key: ValType, value: ValType) -> ValType {
        self.types.intern(DefinedType::Map(key, value))
    }

    pub fn fixed(&mut self, element: ValType, length: u32) -> ValType {
        self.types.intern(DefinedType::FixedLengthList(element, length))
    }

    pub fn tuple(&mut self, types: &[ValType]) -> ValType {
        self.types.intern(DefinedType::Tuple(types.into()))
    }

    pub fn record(&mut self, fields: &[(&str, ValType)]) -> ValType {
        let fields = fields.iter().map(|&(name, ty)| Field { name: name.into(), ty }).collect();
        self.types.intern(DefinedType::Record(fields))
    }

    pub fn variant(&mut self, cases: &[(&str, Option<ValType>)]) -> ValType {
        let cases = cases.iter().map(|&(name, ty)| Case { name: name.into(), ty }).collect();
        self.types.intern(DefinedType::Variant(cases))
    }

    pub fn option(&mut self, some: ValType) -> ValType {
        self.types.intern(DefinedType::Option(some))
    }

    pub fn result(&mut self, ok: Option<ValType>, err: Option<ValType>) -> ValType {
        self.types.intern(DefinedType::Result(ResultType { ok, err }))
    }

    pub fn enumeration(&mut self, cases: usize) -> ValType {
        self.types.intern(DefinedType::Enum((0..cases).map(|i| format!("e{i}").into()).collect()))
    }

    pub fn flags(&mut self, labels: usize) -> ValType {
        self.types.intern(DefinedType::Flags((0..labels).map(|i| format!("f{i}").into()).collect()))
    }

    /// A resource type that `app` (0), `lib` (1) or another instance defines, or that the root imports.
    pub fn resource(&mut self, name: &str, instance: Option<u32>, dtor: Option<u32>) -> ResourceTypeIndex {
        let instance = instance.map(ComponentInstanceIndex::from_u32);
        self.resources.push(ResourceType { name: name.into(), instance, dtor: dtor.map(CoreDefIndex::from_u32) })
    }

    pub fn own(&mut self, resource: ResourceTypeIndex) -> ValType {
        self.types.intern(DefinedType::Own(resource))
    }

    pub fn borrow(&mut self, resource: ResourceTypeIndex) -> ValType {
        self.types.intern(DefinedType::Borrow(resource))
    }

    /// A built-in of `app`.
    pub fn builtin(&self, builtin: CanonBuiltin, check_may_leave: bool) -> FunctionSpec {
        let (CanonBuiltin::ResourceNew(resource)
        | CanonBuiltin::ResourceRep(resource)
        | CanonBuiltin::ResourceDrop(resource)) = builtin;
        let function = format!("{} {}", builtin.name(), self.resources[resource].name).into();
        let name = AdapterName { caller: "app".into(), callee: "canon".into(), function };
        let instance = ComponentInstanceIndex::from_u32(0);
        FunctionSpec::Builtin(BuiltinSpec { name, builtin, instance, check_may_leave })
    }

    /// A spec of a function of these parameters and this result, with every check and toggle left out.
    pub fn spec(&mut self, params: &[(&str, ValType)], result: Option<ValType>) -> AdapterSpec {
        let params = params.iter().map(|&(name, ty)| Param { name: name.into(), ty }).collect();
        let own = 5 + 2 * self.specs;
        self.specs += 1;
        let ty = self.types.intern_func(FuncType { async_: false, params, result });
        AdapterSpec {
            name: AdapterName { caller: "app".into(), callee: "lib".into(), function: "ns:pkg/iface#func".into() },
            lower: options(0, 1, 2, None),
            lift: options(1, 3, 4, Some(own)),
            lower_type: ty,
            lift_type: ty,
            callee: CoreDefIndex::from_u32(own + 1),
            check_may_leave: false,
            toggle_caller: false,
            toggle_callee: false,
            fuel: false,
            canonical_nans: false,
        }
    }
}

fn options(instance: u32, memory: u32, realloc: u32, post_return: Option<u32>) -> CanonOptions {
    CanonOptions {
        instance: ComponentInstanceIndex::from_u32(instance),
        string_encoding: StringEncoding::Utf8,
        memory: Some(CoreDefIndex::from_u32(memory)),
        pointer_width: PointerWidth::Memory32,
        page_size_log2: 16,
        realloc: Some(CoreDefIndex::from_u32(realloc)),
        post_return: post_return.map(CoreDefIndex::from_u32),
        async_: false,
        callback: None,
    }
}

pub const ENCODINGS: [StringEncoding; 3] = [StringEncoding::Utf8, StringEncoding::Utf16, StringEncoding::Latin1Utf16];
pub const WIDTHS: [PointerWidth; 2] = [PointerWidth::Memory32, PointerWidth::Memory64];

/// Compiles adapters, and checks what must hold of every adapter module.
pub fn compile_valid(maker: &Maker, specs: &[AdapterSpec]) -> AdapterModule {
    let functions: Vec<_> = specs.iter().cloned().map(FunctionSpec::Call).collect();
    compile_functions(maker, &functions)
}

/// Compiles, and checks what must hold of every adapter module.
pub fn compile_functions(maker: &Maker, specs: &[FunctionSpec]) -> AdapterModule {
    let module = gusset_fact::compile(&maker.types, &maker.resources, specs);
    let mut features = wasmparser::WasmFeatures::WASM2;
    features |= wasmparser::WasmFeatures::MULTI_MEMORY | wasmparser::WasmFeatures::MEMORY64;
    if let Err(error) = wasmparser::Validator::new_with_features(features).validate_all(&module.wasm) {
        panic!("{error}\n{}", wasmprinter::print_bytes(&module.wasm).unwrap_or_default());
    }
    let mut imports = 0;
    let mut exported = Vec::new();
    for payload in wasmparser::Parser::new(0).parse_all(&module.wasm) {
        match payload.expect("it is valid") {
            wasmparser::Payload::ImportSection(section) => {
                imports += section.into_imports().count();
            }
            wasmparser::Payload::ExportSection(section) => {
                exported.extend(section.into_iter().map(|export| export.expect("it is valid").index));
            }
            _ => {}
        }
    }
    assert_eq!(imports, module.imports.len());
    assert_eq!(exported, module.functions.iter().map(|functions| functions.call).collect::<Vec<_>>());
    assert!(module.sites.iter().all(|site| (site.adapter as usize) < specs.len()));
    module
}
