//! Which proposals guests may use: a switch for each, of core modules and of components.

use super::Config;
use gusset_types::{ComponentFeature, CoreFeature};

impl Config {
    /// Switches a feature of core modules on or off (default: all are on).
    ///
    /// A module that needs a feature that is off, alone or within a component, is invalid, and the error names the
    /// feature. What a component only says of modules that it imports is not held to the switches.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::{Config, CoreFeature, Engine, core::Module};
    /// let engine = Engine::new(Config::new().wasm_feature(CoreFeature::MultiMemory, false))?;
    /// let error = Module::new(&engine, "(module (memory 1) (memory 1))").expect_err("it has two memories");
    /// assert!(error.to_string().contains("multi_memory"));
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn wasm_feature(&mut self, feature: CoreFeature, enabled: bool) -> &mut Config {
        self.features.set(feature, enabled);
        self
    }

    /// Whether functions and blocks may have several results, and blocks parameters; as
    /// [`wasm_feature`](Config::wasm_feature).
    pub fn wasm_multi_value(&mut self, enabled: bool) -> &mut Config {
        self.wasm_feature(CoreFeature::MultiValue, enabled)
    }

    /// Whether modules may copy and fill memories and tables and have passive segments; as
    /// [`wasm_feature`](Config::wasm_feature).
    pub fn wasm_bulk_memory(&mut self, enabled: bool) -> &mut Config {
        self.wasm_feature(CoreFeature::BulkMemory, enabled)
    }

    /// Whether references may be values, and modules have several tables; as [`wasm_feature`](Config::wasm_feature).
    pub fn wasm_reference_types(&mut self, enabled: bool) -> &mut Config {
        self.wasm_feature(CoreFeature::ReferenceTypes, enabled)
    }

    /// Whether modules may have several memories; as [`wasm_feature`](Config::wasm_feature).
    pub fn wasm_multi_memory(&mut self, enabled: bool) -> &mut Config {
        self.wasm_feature(CoreFeature::MultiMemory, enabled)
    }

    /// Whether constant expressions may do integer arithmetic; as [`wasm_feature`](Config::wasm_feature).
    pub fn wasm_extended_const(&mut self, enabled: bool) -> &mut Config {
        self.wasm_feature(CoreFeature::ExtendedConst, enabled)
    }

    /// Whether functions may call others in place of returning; as [`wasm_feature`](Config::wasm_feature).
    pub fn wasm_tail_call(&mut self, enabled: bool) -> &mut Config {
        self.wasm_feature(CoreFeature::TailCall, enabled)
    }

    /// Whether references may say which type of function they are to, and that they are never null; as
    /// [`wasm_feature`](Config::wasm_feature).
    pub fn wasm_function_references(&mut self, enabled: bool) -> &mut Config {
        self.wasm_feature(CoreFeature::FunctionReferences, enabled)
    }

    /// Whether functions may throw and catch exceptions, and modules have tags; as [`wasm_feature`](Config::wasm_feature).
    pub fn wasm_exceptions(&mut self, enabled: bool) -> &mut Config {
        self.wasm_feature(CoreFeature::Exceptions, enabled)
    }

    /// Whether functions may throw and catch as the legacy proposal for exceptions had it (default: no); as
    /// [`wasm_feature`](Config::wasm_feature).
    pub fn wasm_legacy_exceptions(&mut self, enabled: bool) -> &mut Config {
        self.wasm_feature(CoreFeature::LegacyExceptions, enabled)
    }

    /// Whether modules may use vectors of 128 bits; as [`wasm_feature`](Config::wasm_feature).
    pub fn wasm_simd(&mut self, enabled: bool) -> &mut Config {
        self.wasm_feature(CoreFeature::Simd, enabled)
    }

    /// Whether modules may use vector instructions whose results depend on the machine within what the specification permits; as
    /// [`wasm_feature`](Config::wasm_feature). [`relaxed_simd_deterministic`](Config::relaxed_simd_deterministic) says whether they do.
    pub fn wasm_relaxed_simd(&mut self, enabled: bool) -> &mut Config {
        self.wasm_feature(CoreFeature::RelaxedSimd, enabled)
    }

    /// Whether modules may have shared memories, and access memories atomically; as [`wasm_feature`](Config::wasm_feature).
    pub fn wasm_threads(&mut self, enabled: bool) -> &mut Config {
        self.wasm_feature(CoreFeature::Threads, enabled)
    }

    /// Whether modules may do integer arithmetic on 128 bits; as [`wasm_feature`](Config::wasm_feature).
    pub fn wasm_wide_arithmetic(&mut self, enabled: bool) -> &mut Config {
        self.wasm_feature(CoreFeature::WideArithmetic, enabled)
    }

    /// Whether memories and tables may have addresses of 64 bits; as [`wasm_feature`](Config::wasm_feature).
    pub fn wasm_memory64(&mut self, enabled: bool) -> &mut Config {
        self.wasm_feature(CoreFeature::Memory64, enabled)
    }

    /// Whether memories may have pages of one byte; as [`wasm_feature`](Config::wasm_feature).
    pub fn wasm_custom_page_sizes(&mut self, enabled: bool) -> &mut Config {
        self.wasm_feature(CoreFeature::CustomPageSizes, enabled)
    }

    /// Switches a feature of components on or off (default: async, maps and `implements` are on, as in the released versions of
    /// the component model).
    ///
    /// A component that needs a feature that is off is invalid, and the error names the feature. That one is on does not say
    /// that it can be run: what cannot is refused where it is used.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::{Component, ComponentFeature, Config, Engine};
    /// let text = r#"(component (type (list u8 4)))"#;
    /// let error = Component::new(&Engine::default(), text).expect_err("it is off");
    /// assert!(error.to_string().contains("component_model_fixed_length_lists"));
    /// let engine = Engine::new(Config::new().component_feature(ComponentFeature::FixedLengthLists, true))?;
    /// Component::new(&engine, text)?;
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn component_feature(&mut self, feature: ComponentFeature, enabled: bool) -> &mut Config {
        self.component_features.set(feature, enabled);
        self
    }

    /// Whether components may use async lifts and lowers, streams and futures (default: yes); as
    /// [`component_feature`](Config::component_feature).
    pub fn wasm_component_model_async(&mut self, enabled: bool) -> &mut Config {
        self.component_feature(ComponentFeature::Async, enabled)
    }

    /// Whether components may use more built-ins for async (default: no); as
    /// [`component_feature`](Config::component_feature).
    pub fn wasm_component_model_more_async_builtins(&mut self, enabled: bool) -> &mut Config {
        self.component_feature(ComponentFeature::MoreAsyncBuiltins, enabled)
    }

    /// Whether components may use async lifts without a callback (default: no); as
    /// [`component_feature`](Config::component_feature).
    pub fn wasm_component_model_async_stackful(&mut self, enabled: bool) -> &mut Config {
        self.component_feature(ComponentFeature::AsyncStackful, enabled)
    }

    /// Whether components may use built-ins for threads that take turns (default: no); as
    /// [`component_feature`](Config::component_feature).
    pub fn wasm_component_model_threading(&mut self, enabled: bool) -> &mut Config {
        self.component_feature(ComponentFeature::Threading, enabled)
    }

    /// Whether components may use contexts of errors (default: no); as
    /// [`component_feature`](Config::component_feature).
    pub fn wasm_component_model_error_context(&mut self, enabled: bool) -> &mut Config {
        self.component_feature(ComponentFeature::ErrorContext, enabled)
    }

    /// Whether components may use maps (default: yes); as
    /// [`component_feature`](Config::component_feature).
    pub fn wasm_component_model_map(&mut self, enabled: bool) -> &mut Config {
        self.component_feature(ComponentFeature::Map, enabled)
    }

    /// Whether components may use memories of 64 bits in canonical options (default: no); as
    /// [`component_feature`](Config::component_feature).
    pub fn wasm_component_model_memory64(&mut self, enabled: bool) -> &mut Config {
        self.component_feature(ComponentFeature::Memory64, enabled)
    }

    /// Whether components may use lists whose length is part of their type (default: no); as
    /// [`component_feature`](Config::component_feature).
    pub fn wasm_component_model_fixed_length_lists(&mut self, enabled: bool) -> &mut Config {
        self.component_feature(ComponentFeature::FixedLengthLists, enabled)
    }

    /// Whether components may use names that say which interface an instance implements, and external identifiers (default: yes); as
    /// [`component_feature`](Config::component_feature).
    pub fn wasm_component_model_implements(&mut self, enabled: bool) -> &mut Config {
        self.component_feature(ComponentFeature::Implements, enabled)
    }

    /// Whether components may use values as imports and exports, and start functions (default: no); as
    /// [`component_feature`](Config::component_feature).
    pub fn wasm_component_model_values(&mut self, enabled: bool) -> &mut Config {
        self.component_feature(ComponentFeature::Values, enabled)
    }

    /// Whether components may use names in several namespaces (default: no); as
    /// [`component_feature`](Config::component_feature).
    pub fn wasm_component_model_nested_names(&mut self, enabled: bool) -> &mut Config {
        self.component_feature(ComponentFeature::NestedNames, enabled)
    }

    /// Whether components may use version suffixes of names (default: no); as
    /// [`component_feature`](Config::component_feature).
    pub fn wasm_component_model_canon_names(&mut self, enabled: bool) -> &mut Config {
        self.component_feature(ComponentFeature::CanonNames, enabled)
    }

    /// Whether components may use built-ins that join a stream or future to another (default: no); as
    /// [`component_feature`](Config::component_feature).
    pub fn wasm_component_model_forward(&mut self, enabled: bool) -> &mut Config {
        self.component_feature(ComponentFeature::Forward, enabled)
    }

    /// Whether components may use names of getters and setters (default: no); as
    /// [`component_feature`](Config::component_feature).
    pub fn wasm_component_model_accessors(&mut self, enabled: bool) -> &mut Config {
        self.component_feature(ComponentFeature::Accessors, enabled)
    }

    /// Whether components may use values of the core GC proposal in place of linear memory (default: no); as
    /// [`component_feature`](Config::component_feature).
    pub fn wasm_component_model_gc(&mut self, enabled: bool) -> &mut Config {
        self.component_feature(ComponentFeature::Gc, enabled)
    }
}
