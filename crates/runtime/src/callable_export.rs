//! [`CallableExport`]: a function that a component exports, as it is listed and looked up before there is an instance.

use crate::component::Component;
use crate::error::Result;
use crate::export_name::{FUNCS, MAX_TYPE, each_export, find_export};
use crate::export_path::ExportPath;
use crate::types::ComponentFunc;
use gusset_artifact::FuncExportIndex;
use gusset_types::{Printable, cut_text};
use std::fmt;
use std::sync::Arc;

/// A function that a [`Component`] exports, at its root or in an instance. It is an [`ExportPath`], so that
/// [`Instance::get_func`](crate::Instance::get_func) takes it. `Display` writes name and type; what is long is cut.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CallableExport {
    /// The names that lead to it, outermost first.
    pub path: Vec<Arc<str>>,
    /// Its type.
    pub ty: ComponentFunc,
}

impl CallableExport {
    /// The names that lead to it, with `#` between.
    pub fn name(&self) -> String {
        self.path.join("#")
    }

    fn new(component: &Component, path: &[&str], index: FuncExportIndex) -> CallableExport {
        let ty = component.plan().exported_funcs[index].ty;
        let path = path.iter().map(|name| (*name).into()).collect();
        CallableExport { path, ty: ComponentFunc::new(component.tables(), ty) }
    }
}

impl ExportPath for CallableExport {
    fn names(&self) -> Vec<&str> {
        self.path.names()
    }
}

impl fmt::Display for CallableExport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, ty) = (self.name(), self.ty.to_string());
        write!(f, "{}: {}", Printable::name(&name), cut_text(&ty, MAX_TYPE))
    }
}

impl Component {
    /// All functions that it exports, those of exported instances too, in order.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// # use gusset::{Component, Engine};
    /// let component = Component::new(&Engine::default(), r#"(component
    ///     (core module $m (func (export "f")))
    ///     (core instance $i (instantiate $m))
    ///     (func $f (canon lift (core func $i "f")))
    ///     (instance $calc (export "reset" (func $f)))
    ///     (export "docs:calc/memory@1.0.0" (instance $calc)))"#)?;
    /// let funcs: Vec<String> = component.funcs().map(|func| func.to_string()).collect();
    /// assert_eq!(funcs, ["docs:calc/memory@1.0.0#reset: func()"]);
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn funcs(&self) -> impl ExactSizeIterator<Item = CallableExport> + use<> {
        let mut funcs = Vec::new();
        each_export(self.plan(), &FUNCS, |path, index| funcs.push(CallableExport::new(self, path, index)));
        funcs.into_iter()
    }

    /// The exported function that `path` means; it is looked for as [`Instance::get_func`](crate::Instance::get_func) does.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// # use gusset::{Component, Engine};
    /// let component = Component::new(&Engine::default(), r#"(component
    ///     (core module $m (func (export "f")))
    ///     (core instance $i (instantiate $m))
    ///     (func $f (canon lift (core func $i "f")))
    ///     (instance $calc (export "reset" (func $f)))
    ///     (export "docs:calc/memory@1.0.0" (instance $calc)))"#)?;
    /// for name in ["docs:calc/memory@1.0.0#reset", "docs:calc/memory#reset", "memory.reset", "reset"] {
    ///     assert_eq!(component.find_func(name)?.name(), "docs:calc/memory@1.0.0#reset");
    /// }
    /// let error = component.find_func("resets").expect_err("it has no such function");
    /// assert_eq!(
    ///     error.to_string(),
    ///     "no exported function is called `resets` (did you mean `docs:calc/memory@1.0.0#reset`?); the component exports\n  \
    ///      docs:calc/memory@1.0.0#reset: func()"
    /// );
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When there is no such function, or the name can mean several: the error lists those that there are, with their types,
    /// the nearest first.
    pub fn find_func(&self, path: impl ExportPath) -> Result<CallableExport> {
        let found = find_export(self.plan(), &path, FUNCS).map_err(|none| none.into_error(&path))?;
        Ok(CallableExport::new(self, &found.path, found.item))
    }
}
