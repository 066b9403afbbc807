//! The component side of a script: the host that components import, and their instances, each in a store of its own, so that
//! a trap in one leaves the others alone.

use crate::outcome::{Mismatch, mismatch};
use crate::spectest;
use gusset::{Component, Engine, Instance, Linker, Printable, Store, Val};

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
        spectest::link_component_host(&mut linker)?;
        Ok(ComponentScript { engine: engine.clone(), linker, instances: Vec::new() })
    }

    /// Instantiates `component` and returns the instance's number.
    pub(crate) fn instantiate(&mut self, component: &Component) -> gusset::Result<usize> {
        let mut store = Store::new(&self.engine, ());
        let instance = self.linker.instantiate(&mut store, component)?;
        self.instances.push(RunningComponent { component: component.clone(), store, instance });
        Ok(self.instances.len() - 1)
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
        arguments: &[Val],
    ) -> Result<gusset::Result<Option<Val>>, Mismatch> {
        let RunningComponent { store, instance, .. } = &mut self.instances[instance];
        let Some(func) = instance.get_func(&mut *store, name) else {
            return mismatch(format!("an exported function `{}`", Printable::name(name)), "there is none");
        };
        let ty = func.ty(&*store);
        if let Err(error) = check_arguments(&ty, arguments) {
            return mismatch(format!("arguments for {ty}"), error);
        }
        let mut results = vec![Val::Bool(false); usize::from(ty.result().is_some())];
        let outcome = func.call(&mut *store, arguments, &mut results);
        Ok(outcome.map(|()| results.pop()))
    }
}

/// A script that passes wrong arguments must not pass for a guest that traps.
fn check_arguments(ty: &gusset::types::ComponentFunc, arguments: &[Val]) -> Result<(), String> {
    if ty.params().len() != arguments.len() {
        return Err(format!("{} arguments", arguments.len()));
    }
    ty.params()
        .zip(arguments)
        .try_for_each(|((name, ty), argument)| argument.check(&ty).map_err(|error| format!("{name}: {error}")))
}
