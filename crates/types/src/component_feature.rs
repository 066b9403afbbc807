//! The parts of the component model that a host can switch on and off. What is refused without them is the business of the
//! crate that reads components.

use serde::{Deserialize, Serialize};

/// A part of the component model that is not in everybody's version of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum ComponentFeature {
    /// Async lifts and lowers, streams and futures.
    Async,
    /// Maps.
    Map,
    /// Names that say which interface an instance implements, and external identifiers.
    Implements,
    /// Values as imports and exports, and start functions.
    Values,
    /// Names in several namespaces.
    NestedNames,
    /// Async lifts without a callback.
    AsyncStackful,
    /// Built-ins for async, beyond the first ones.
    MoreAsyncBuiltins,
    /// Built-ins for threads that take turns.
    Threading,
    /// Contexts of errors.
    ErrorContext,
    /// Lists whose length is part of their type.
    FixedLengthLists,
    /// Memories and tables of 64 bits in canonical options.
    Memory64,
    /// Version suffixes of names.
    CanonNames,
    /// Built-ins that join a stream or future to another.
    Forward,
    /// Names of getters and setters.
    Accessors,
    /// Values of the core GC proposal in place of linear memory.
    Gc,
}

impl ComponentFeature {
    /// All of them.
    pub const ALL: &[ComponentFeature] = &[
        ComponentFeature::Async,
        ComponentFeature::Map,
        ComponentFeature::Implements,
        ComponentFeature::Values,
        ComponentFeature::NestedNames,
        ComponentFeature::AsyncStackful,
        ComponentFeature::MoreAsyncBuiltins,
        ComponentFeature::Threading,
        ComponentFeature::ErrorContext,
        ComponentFeature::FixedLengthLists,
        ComponentFeature::Memory64,
        ComponentFeature::CanonNames,
        ComponentFeature::Forward,
        ComponentFeature::Accessors,
        ComponentFeature::Gc,
    ];

    /// Whether Gusset can run what uses it, once it is on.
    pub fn is_supported(self) -> bool {
        match self {
            ComponentFeature::Map
            | ComponentFeature::Implements
            | ComponentFeature::NestedNames
            | ComponentFeature::FixedLengthLists
            | ComponentFeature::CanonNames
            | ComponentFeature::Accessors => true,
            ComponentFeature::Async
            | ComponentFeature::Values
            | ComponentFeature::AsyncStackful
            | ComponentFeature::MoreAsyncBuiltins
            | ComponentFeature::Threading
            | ComponentFeature::ErrorContext
            | ComponentFeature::Memory64
            | ComponentFeature::Forward
            | ComponentFeature::Gc => false,
        }
    }

    /// Those that are on unless somebody says otherwise: what a released version of the component model has.
    const ON: &[ComponentFeature] = &[ComponentFeature::Async, ComponentFeature::Map, ComponentFeature::Implements];

    /// The name that tools of the field give it, such as `component_model_map`.
    pub fn name(self) -> &'static str {
        match self {
            ComponentFeature::Async => "component_model_async",
            ComponentFeature::Map => "component_model_map",
            ComponentFeature::Implements => "component_model_implements",
            ComponentFeature::Values => "component_model_values",
            ComponentFeature::NestedNames => "component_model_nested_names",
            ComponentFeature::AsyncStackful => "component_model_async_stackful",
            ComponentFeature::MoreAsyncBuiltins => "component_model_more_async_builtins",
            ComponentFeature::Threading => "component_model_threading",
            ComponentFeature::ErrorContext => "component_model_error_context",
            ComponentFeature::FixedLengthLists => "component_model_fixed_length_lists",
            ComponentFeature::Memory64 => "component_model_memory64",
            ComponentFeature::CanonNames => "component_model_canon_names",
            ComponentFeature::Forward => "component_model_forward",
            ComponentFeature::Accessors => "component_model_accessors",
            ComponentFeature::Gc => "component_model_gc",
        }
    }

    /// What it is called, for people: the words in which an error says that it is not supported. The parser's own messages say that
    /// something is not enabled, which sounds as if it could be.
    ///
    /// ```
    /// assert_eq!(gusset_types::ComponentFeature::Values.words(), "values as imports and exports");
    /// ```
    pub fn words(self) -> &'static str {
        match self {
            ComponentFeature::Async => "async functions, streams and futures",
            ComponentFeature::Map => "maps",
            ComponentFeature::Implements => "names that say which interface an instance implements",
            ComponentFeature::Values => "values as imports and exports",
            ComponentFeature::NestedNames => "names in several namespaces",
            ComponentFeature::AsyncStackful => "async functions without a callback",
            ComponentFeature::MoreAsyncBuiltins => "further built-ins for async",
            ComponentFeature::Threading => "built-ins for threads",
            ComponentFeature::ErrorContext => "error contexts",
            ComponentFeature::FixedLengthLists => "lists of fixed length",
            ComponentFeature::Memory64 => "memories and tables of 64 bits in canonical options",
            ComponentFeature::CanonNames => "version suffixes of names",
            ComponentFeature::Forward => "built-ins that join streams or futures",
            ComponentFeature::Accessors => "getters and setters",
            ComponentFeature::Gc => "values of core GC in canonical options",
        }
    }

    /// The one with this [`name`](ComponentFeature::name).
    pub fn from_name(name: &str) -> Option<ComponentFeature> {
        ComponentFeature::ALL.iter().copied().find(|feature| feature.name() == name)
    }

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// Which [`ComponentFeature`]s are on. By default those of the released versions of the component model: async, maps and
/// `implements`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct ComponentFeatures {
    /// A bit for each feature that is on.
    on: u32,
}

impl Default for ComponentFeatures {
    fn default() -> ComponentFeatures {
        ComponentFeatures { on: ComponentFeature::ON.iter().fold(0, |on, feature| on | feature.bit()) }
    }
}

impl ComponentFeatures {
    /// All that the specification has, released or not.
    pub fn specified() -> ComponentFeatures {
        let specified = ComponentFeature::ALL.iter().filter(|&&feature| feature != ComponentFeature::Gc);
        ComponentFeatures { on: specified.fold(0, |on, feature| on | feature.bit()) }
    }

    /// Whether `feature` is on.
    pub fn has(self, feature: ComponentFeature) -> bool {
        self.on & feature.bit() != 0
    }

    /// Switches `feature` on or off.
    pub fn set(&mut self, feature: ComponentFeature, enabled: bool) {
        if enabled {
            self.on |= feature.bit();
        } else {
            self.on &= !feature.bit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_feature_has_a_switch_and_a_name_of_its_own() {
        for &feature in ComponentFeature::ALL {
            assert_eq!(ComponentFeature::from_name(feature.name()), Some(feature));
            let mut features = ComponentFeatures::default();
            let on = features.has(feature);
            features.set(feature, !on);
            let differ = |&&other: &&ComponentFeature| features.has(other) != ComponentFeatures::default().has(other);
            assert_eq!(ComponentFeature::ALL.iter().filter(differ).collect::<Vec<_>>(), [&feature]);
            features.set(feature, on);
            assert_eq!(features, ComponentFeatures::default());
        }
        assert_eq!(ComponentFeature::from_name("component_model"), None);
        let specified = ComponentFeature::ALL.iter().filter(|&&feature| ComponentFeatures::specified().has(feature));
        assert_eq!(specified.count(), ComponentFeature::ALL.len() - 1);
    }
}
