//! `canon resource.new`, `resource.rep` and `resource.drop`: functions that a component's own modules import.

use crate::body::{DefinedFunc, FunctionBody};
use crate::emit::Translator;
use crate::handle_table::TableFunc;
use crate::module::ModuleBuilder;
use crate::place::{Lane, Side};
use crate::site::Sites;
use crate::spec::BuiltinSpec;
use gusset_types::{CanonBuiltin, FlatType, HandleKind, ResourceTypeIndex};
use wasm_encoder::BlockType;

/// The only parameter of each: a representation, or the index of a handle.
const PARAM: u32 = 0;

/// Writes the built-in number `adapter` and exports it.
pub(crate) fn define_builtin(module: &mut ModuleBuilder<'_>, adapter: u32, spec: &BuiltinSpec) -> DefinedFunc {
    let (params, results) = spec.builtin.signature();
    let func = module.declare(format!("{} {}", spec.name.caller, spec.name.function), params, results);
    module.export(format!("{adapter}: {}", spec.name), func);
    let side = Side::of_instance(spec.instance);
    let lane = Lane { src: side, dst: side };
    let mut translator = Translator::new(module, FunctionBody::new(params), lane, Sites::Own { adapter });
    match spec.builtin {
        CanonBuiltin::ResourceNew(resource) => translator.resource_new(spec, resource),
        CanonBuiltin::ResourceRep(resource) => translator.use_handle(TableFunc::Rep, spec.instance, PARAM, resource),
        CanonBuiltin::ResourceDrop(resource) => translator.resource_drop(spec, resource),
    }
    let body = translator.body;
    module.define(func, body);
    func
}

impl Translator<'_, '_> {
    fn resource_new(&mut self, spec: &BuiltinSpec, resource: ResourceTypeIndex) {
        self.check_builtin(spec);
        self.ins().local_get(PARAM);
        self.push_record(spec.instance);
        self.push_tag(resource, HandleKind::Own);
        self.ins().i32_const(0);
        self.add_handle(TableFunc::Add, spec.instance);
    }

    fn resource_drop(&mut self, spec: &BuiltinSpec, resource: ResourceTypeIndex) {
        self.check_builtin(spec);
        let kind = self.body.local(FlatType::I32);
        self.push_record(spec.instance);
        self.ins().local_get(PARAM);
        self.push_tag(resource, HandleKind::Own);
        self.call_table_func(TableFunc::Drop);
        self.ins().local_tee(kind).i32_eqz();
        self.fail_handle_if(spec.instance, PARAM, resource);
        let rep = self.body.local(FlatType::I32);
        self.ins().local_set(rep);
        if let Some(dtor) = self.module.resources[resource].dtor {
            let name = format!("destructor of {}", self.module.resources[resource].name);
            let dtor = self.module.import_func(dtor, (&[FlatType::I32], &[]), "destructor", name);
            self.ins().local_get(kind).i32_const(HandleKind::Own as i32).i32_eq().if_(BlockType::Empty);
            self.ins().local_get(rep).call(dtor).end();
        }
    }

    fn check_builtin(&mut self, spec: &BuiltinSpec) {
        if spec.check_may_leave {
            self.check_may_leave(spec.instance);
        }
    }
}
