//! The features that scripts and command lines switch, by their names. A name that is none of them is never taken for one: the
//! nearest is only told.

use gusset::{ComponentFeature, Config, CoreFeature, Printable, nearest};
use std::fmt;

/// Words at the head of scripts that say what a script costs, not what an engine must have.
pub(crate) const REMARKS: &[&str] = &["hogs_memory"];

/// The setting that makes every NaN the canonical one.
const NAN_CANONICALIZATION: &str = "nan_canonicalization";

/// Something that can be switched on or off for a script.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Feature {
    /// A feature of core modules.
    Core(CoreFeature),
    /// A feature of components.
    Component(ComponentFeature),
    /// Whether every NaN that an operator makes is the canonical one.
    NanCanonicalization,
    /// A remark: it switches nothing.
    Remark,
}

impl Feature {
    /// The feature with this name, as heads of scripts have it (`multi_memory`, `component_model_map`) or as command lines do
    /// (`multi-memory`, `cm-map`).
    pub(crate) fn from_name(name: &str) -> Option<Feature> {
        let name = name_in_full(name);
        let remark = || REMARKS.contains(&&*name).then_some(Feature::Remark);
        let component = || ComponentFeature::from_name(&name).map(Feature::Component);
        let nans = || (name == NAN_CANONICALIZATION).then_some(Feature::NanCanonicalization);
        CoreFeature::from_name(&name).map(Feature::Core).or_else(component).or_else(nans).or_else(remark)
    }

    /// Switches it.
    pub(crate) fn set(self, config: &mut Config, enabled: bool) {
        match self {
            Feature::Core(feature) => {
                config.wasm_feature(feature, enabled);
            }
            Feature::Component(feature) => {
                config.component_feature(feature, enabled);
            }
            Feature::NanCanonicalization => {
                config.nan_canonicalization(enabled);
            }
            Feature::Remark => {}
        }
    }

    /// The names of all that switch something.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        let core = CoreFeature::ALL.iter().map(|feature| feature.name());
        let component = ComponentFeature::ALL.iter().map(|feature| feature.name());
        core.chain(component).chain([NAN_CANONICALIZATION])
    }
}

/// A name as heads of scripts have it.
fn name_in_full(name: &str) -> String {
    let name = name.replace('-', "_");
    match name.strip_prefix("cm_") {
        Some(short) => format!("component_model_{short}"),
        None if name == "cm64" => "component_model_memory64".into(),
        None => name,
    }
}

/// Settings of features: names between commas, each for one that is on, or off where `-` stands before it.
///
/// Names are those of scripts' heads, with `-` or `_`, and in short as command lines have them. The last setting of a name counts.
///
/// ```
/// use gusset::Config;
/// use gusset_wast::FeatureList;
///
/// let list: FeatureList = "-multi-memory,extended_const".parse()?;
/// list.apply(&mut Config::new());
/// let error = "multi-memori".parse::<FeatureList>().unwrap_err();
/// assert!(error.to_string().contains("did you mean `multi_memory`?"));
/// # Ok::<(), gusset_wast::FeatureError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct FeatureList(Vec<(Feature, bool)>);

impl FeatureList {
    /// Makes these settings.
    pub fn apply(&self, config: &mut Config) {
        self.0.iter().for_each(|(feature, enabled)| feature.set(config, *enabled));
    }
}

impl std::str::FromStr for FeatureList {
    type Err = FeatureError;

    /// # Errors
    ///
    /// When a name is not known.
    fn from_str(text: &str) -> Result<FeatureList, FeatureError> {
        let setting = |setting: &str| {
            let (name, enabled) = setting.strip_prefix('-').map_or((setting, true), |name| (name, false));
            let feature = Feature::from_name(name).ok_or_else(|| FeatureError(name.to_string()))?;
            Ok((feature, enabled))
        };
        text.split(',').map(|part| setting(part.trim())).collect::<Result<_, _>>().map(FeatureList)
    }
}

/// The name of a feature that there is not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeatureError(String);

impl fmt::Display for FeatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no feature `{}`", Printable::name(&self.0))?;
        match nearest(&name_in_full(&self.0), Feature::names()) {
            Some(name) => write!(f, "; did you mean `{name}`?"),
            None => write!(f, "; there are {}", Feature::names().collect::<Vec<_>>().join(", ")),
        }
    }
}

impl std::error::Error for FeatureError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_in_two_ways() {
        let multi_memory = Some(Feature::Core(CoreFeature::MultiMemory));
        assert_eq!(Feature::from_name("multi_memory"), multi_memory);
        assert_eq!(Feature::from_name("multi-memory"), multi_memory);
        assert_eq!(Feature::from_name("hogs_memory"), Some(Feature::Remark));
        let map = Some(Feature::Component(ComponentFeature::Map));
        assert!(["component_model_map", "component-model-map", "cm-map", "cm_map"].map(Feature::from_name) == [map; 4]);
        assert_eq!(Feature::from_name("cm64"), Some(Feature::Component(ComponentFeature::Memory64)));
        assert_eq!(Feature::from_name("Multi_memory"), None);
        assert_eq!(Feature::from_name(""), None);
    }

    #[test]
    fn a_list_switches_on_and_off() {
        let list: FeatureList = "multi_value, -multi-memory".parse().unwrap();
        let expected = [(CoreFeature::MultiValue, true), (CoreFeature::MultiMemory, false)];
        assert_eq!(list, FeatureList(expected.map(|(feature, enabled)| (Feature::Core(feature), enabled)).into()));
    }

    #[test]
    fn what_is_unknown_is_told_with_the_nearest() {
        for (list, message) in [
            ("multi_value,mutli-value", "there is no feature `mutli-value`; did you mean `multi_value`?"),
            ("extended", "there is no feature `extended`; there are mutable_global, "),
            ("multi_value,", "there is no feature ``; there are "),
            ("cm-fixed-list", "there is no feature `cm-fixed-list`; there are "),
            ("cm-fixed-length-list", "did you mean `component_model_fixed_length_lists`?"),
            ("--multi_value", "did you mean `multi_value`?"),
            ("x\ny", "there is no feature `x\\ny`"),
        ] {
            let error = list.parse::<FeatureList>().unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
        assert!("x".repeat(1 << 20).parse::<FeatureList>().is_err());
    }
}
