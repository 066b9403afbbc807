//! The engine of `gusset run` and `gusset adapters`: the program's settings, its cache, and the bar that shows how far compiling is.

use crate::cache;
use crate::progress::CompileBar;
use anyhow::{Context, Result};
use gusset::{Config, Engine};
use gusset_wast::FeatureList;

/// An engine for a command, and what is seen while it compiles.
pub(crate) struct CommandEngine {
    pub(crate) engine: Engine,
    bar: CompileBar,
}

impl CommandEngine {
    /// An engine of these settings.
    pub(crate) fn new(mut config: Config) -> Result<CommandEngine> {
        let bar = CompileBar::new(&mut config);
        let engine = Engine::new(&config).context("this machine cannot run the engine")?;
        Ok(CommandEngine { engine, bar })
    }

    /// The engine, when everything is compiled: nothing is seen of that any more.
    pub(crate) fn compiled(self) -> Engine {
        drop(self.bar);
        self.engine
    }
}

/// The program's settings, with these of features.
pub(crate) fn config(features: &[FeatureList]) -> Config {
    let mut config = Config::new();
    features.iter().for_each(|list| list.apply(&mut config));
    config
}

/// The same, with the program's cache. Where there is none, things are compiled.
pub(crate) fn cached_config(features: &[FeatureList]) -> Config {
    let mut config = config(features);
    config.cache(cache::configured().ok());
    config
}
