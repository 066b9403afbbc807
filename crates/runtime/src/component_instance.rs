//! [`ComponentInstanceState`]: what a store keeps of an instance of a component. It has its place before its first core
//! module runs, so that what it imports can name it.

use crate::canon::ResolvedOptions;
use crate::component::Component;
use crate::earlier_failure::EarlierFailure;
use crate::error::Error;
use crate::link::LinkedModule;
use crate::resource::Destructor;
use crate::type_scope::TypeTables;
use crate::vm::FuncHandle;
use gusset_artifact::ImportIndex;
use gusset_types::ComponentInstanceIndex;
use std::any::Any;
use std::sync::Arc;

/// What a store keeps of an instance of a component.
pub(crate) struct ComponentInstanceState {
    pub(crate) component: Component,
    /// The component's types, with the resource types of this instance.
    pub(crate) tables: Arc<TypeTables>,
    /// By the position in [`Component::exported_funcs`]; empty while the instance is being made.
    pub(crate) exports: Box<[ExportTarget]>,
    /// What its resource types are, by [`ResourceTypeIndex`](gusset_types::ResourceTypeIndex).
    pub(crate) resources: Box<[InstanceResource]>,
    /// The functions that the instance imports: an `Arc<[Arc<dyn HostFunction<T>>]>` of the store's `T`.
    pub(crate) imports: Box<dyn Any + Send + Sync>,
    /// The core modules that it imports.
    pub(crate) modules: Arc<[LinkedModule]>,
    locked: bool,
    /// What locked it, if that was an error.
    failure: Option<Arc<EarlierFailure>>,
}

/// What a resource type is in an instance.
#[derive(Clone, Copy)]
pub(crate) struct InstanceResource {
    /// What the tags of handles say of it. Types that are the same have the same number.
    pub(crate) number: u32,
    /// The component instance that defines it; `None` for one that the root imports.
    pub(crate) definer: Option<ComponentInstanceIndex>,
    /// What is called when an own handle is dropped; `None` before the type is defined, and where there is nothing to call.
    pub(crate) destructor: Option<Destructor>,
}

/// Where an exported function leads.
#[derive(Clone, Copy)]
pub(crate) enum ExportTarget {
    /// To a function of a guest.
    Lifted { callee: FuncHandle, options: ResolvedOptions },
    /// To a function that the component itself imports.
    Import(ImportIndex),
}

impl ComponentInstanceState {
    pub(crate) fn new(
        component: Component,
        tables: Arc<TypeTables>,
        resources: Box<[InstanceResource]>,
        imports: Box<dyn Any + Send + Sync>,
        modules: Arc<[LinkedModule]>,
    ) -> ComponentInstanceState {
        ComponentInstanceState {
            component,
            tables,
            exports: Box::default(),
            resources,
            imports,
            modules,
            locked: false,
            failure: None,
        }
    }

    /// Locks the instance for good: nothing unlocks it.
    pub(crate) fn lock(&mut self) {
        self.locked = true;
    }

    /// Says what locks the instance, a failure of `function`. The first one counts.
    #[cold]
    pub(crate) fn explain_lock(&mut self, function: &str, error: &Error) {
        if self.failure.is_none() {
            self.failure = Some(Arc::new(EarlierFailure::new(function, error)));
        }
    }

    #[inline]
    pub(crate) fn is_locked(&self) -> bool {
        self.locked
    }

    /// What locked it, if that was an error.
    pub(crate) fn failure(&self) -> Option<&Arc<EarlierFailure>> {
        self.failure.as_ref()
    }
}
