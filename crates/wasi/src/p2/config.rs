//! `wasi:config/store`: settings that the host gives to its guest, as of the draft that there is.

use super::{WasiCtxView, interface};
use crate::error::WasiResult;
use gusset::{ComponentType, Lower};

/// `error`. What the host gives can always be read.
#[derive(ComponentType, Lower)]
#[component(variant)]
enum ConfigError {
    #[allow(dead_code, reason = "nothing is asked of anybody else")]
    Upstream(String),
    #[allow(dead_code, reason = "nothing is read from anywhere")]
    Io(String),
}

interface! { "wasi:config/store@0.2.0-rc.1" {
    function "get": get;
    function "get-all": get_all;
} }

type Found<R> = WasiResult<(Result<R, ConfigError>,)>;

fn get(view: &mut WasiCtxView<'_>, (key,): (String,)) -> Found<Option<String>> {
    let found = view.ctx.config_values().iter().find(|(name, _)| *name == key);
    Ok((Ok(found.map(|(_, value)| value.clone())),))
}

fn get_all(view: &mut WasiCtxView<'_>, (): ()) -> Found<Vec<(String, String)>> {
    Ok((Ok(view.ctx.config_values().to_vec()),))
}
