//! The component side of a script: the host that components import, and their instances, each in a store of its own, so that
//! a trap in one leaves the others alone.

use crate::component_host;
use crate::component_value;
use crate::meter;
use crate::outcome::{Mismatch, mismatch, no_export};
use gusset::types::{ComponentFunc, ComponentItem, Type};
use gusset::{Component, Engine, Instance, Linker, Printable, Store, Val};
use wast::WastArg;

/// The component instances of a script.
pub(crate) struct ComponentScript {
    engine: Engine,
    linker: Linker<()>,
    instances: Vec<RunningComponent>,
}

/// A component instance.
struct RunningComponent {
    component: Component,
    store: Store<()>,
    instance: Instance,
}

impl ComponentScript {
    pub(crate) fn new(engine: &Engine) -> gusset::Result<ComponentScript> {
        let mut linker = Linker::new(engine);
        // Scripts give names again, and mean the latest.
        linker.allow_shadowing(true);
        component_host::link(&mut linker)?;
        Ok(ComponentScript { engine: engine.clone(), linker, instances: Vec::new() })
    }

    /// Instantiates `component` and returns the instance's number.
    pub(crate) fn instantiate(&mut self, component: &Component) -> gusset::Result<usize> {
        let mut store = Store::new(&self.engine, ());
        meter::unlimited(&mut store);
        let instance = self.linker.instantiate(&mut store, component)?;
        self.instances.push(RunningComponent { component: component.clone(), store, instance });
        Ok(self.instances.len() - 1)
    }

    /// The fuel that all have used since this was asked last, where it is counted.
    pub(crate) fn take_fuel(&mut self) -> Option<u64> {
        self.instances.iter_mut().map(|running| meter::take_fuel(&mut running.store)).sum()
    }

    /// Makes an instance of the modules and resource types that the instance with this number exports importable as `name`. Of what
    /// else it exports nothing can be: each instance has a store of its own.
    pub(crate) fn share(&mut self, name: &str, instance: usize) -> gusset::Result<()> {
        let RunningComponent { component, store, instance } = &mut self.instances[instance];
        let mut shared = self.linker.instance(name)?;
        for (export, _) in component.exports() {
            // The names in an array: one may have a `#` in it.
            if let Some(module) = instance.get_module(&*store, [export]) {
                shared.module(export, &module)?;
            }
            if let Some(resource) = instance.get_resource(&mut *store, [export]) {
                shared.resource(export, resource, |_, _| Ok(()))?;
            }
        }
        Ok(())
    }

    /// What the instance with this number was made of.
    pub(crate) fn component(&self, instance: usize) -> &Component {
        &self.instances[instance].component
    }

    /// Calls an export of the instance with this number. The outer error is the script's, the inner one the guest's.
    pub(crate) fn call(
        &mut self,
        instance: usize,
        name: &str,
        arguments: &[WastArg<'_>],
    ) -> Result<gusset::Result<Option<Val>>, Mismatch> {
        let RunningComponent { component, store, instance } = &mut self.instances[instance];
        // The very names: a script says what it calls, and an export that is missing is a failure.
        let path: Vec<&str> = name.split('#').collect();
        let Some(func) = instance.get_func(&mut *store, &path) else {
            let funcs = component.exports().filter(|(_, item)| matches!(item, ComponentItem::Func(_)));
            return no_export("function", name, &funcs.map(|(name, _)| name).collect::<Vec<_>>());
        };
        let ty = func.ty(&*store);
        let arguments = values(&ty, arguments)?;
        let mut results = vec![Val::Bool(false); usize::from(ty.result().is_some())];
        let outcome = func.call(&mut *store, &arguments, &mut results);
        Ok(outcome.map(|()| results.pop()))
    }
}

/// The values of arguments. A script that passes wrong ones must not pass for a guest that traps.
fn values(ty: &ComponentFunc, arguments: &[WastArg<'_>]) -> Result<Vec<Val>, Mismatch> {
    if ty.params().len() != arguments.len() {
        let (count, plural) = (arguments.len(), if arguments.len() == 1 { "" } else { "s" });
        return mismatch(format!("arguments for {ty}"), format!("{count} argument{plural}"));
    }
    let value = |((name, ty), argument): ((&str, Type), &WastArg<'_>)| {
        let expected = || {
            format!(
                "{} for the parameter {:?} of type {ty}",
                component_value::form(&ty),
                Printable::name(name).to_string()
            )
        };
        let value = match component_value::argument(argument) {
            Ok(value) => value,
            Err(text) => return mismatch(expected(), format!("{text}, a core value")),
        };
        match value.check(&ty) {
            Ok(()) => Ok(value),
            Err(error) => mismatch(expected(), format!("{}: {error}", component_value::text(&value))),
        }
    };
    ty.params().zip(arguments).map(value).collect()
}
