//! [`RequestOptions`]: how long a guest is ready to wait.

use super::super::WasiHttpCtxView;
use crate::error::WasiResult;
use gusset::Resource;
use std::time::Duration;

/// The resource `request-options` of `wasi:http/types`.
///
/// ```
/// use gusset_wasi::http::RequestOptions;
/// assert!(RequestOptions::default().connect_timeout.is_none());
/// ```
#[derive(Clone, Copy, Default, Debug)]
pub struct RequestOptions {
    /// For finding a server and connecting to it.
    pub connect_timeout: Option<Duration>,
    /// For the response to begin.
    pub first_byte_timeout: Option<Duration>,
    /// For each further part of it.
    pub between_bytes_timeout: Option<Duration>,
}

type View<'a, 'b> = &'a mut WasiHttpCtxView<'b>;
type Options = (Resource<RequestOptions>,);
type Setting = (Resource<RequestOptions>, Option<u64>);
/// Nanoseconds.
type Got = WasiResult<(Option<u64>,)>;
type Set = WasiResult<(Result<(), ()>,)>;

pub(super) fn new(view: View<'_, '_>, (): ()) -> WasiResult<(Resource<RequestOptions>,)> {
    Ok((view.table.push(RequestOptions::default())?,))
}

pub(super) fn connect_timeout(view: View<'_, '_>, (options,): Options) -> Got {
    Ok((nanoseconds(view.table.get(&options)?.connect_timeout),))
}

pub(super) fn set_connect_timeout(view: View<'_, '_>, (options, timeout): Setting) -> Set {
    view.table.get_mut(&options)?.connect_timeout = timeout.map(Duration::from_nanos);
    Ok((Ok(()),))
}

pub(super) fn first_byte_timeout(view: View<'_, '_>, (options,): Options) -> Got {
    Ok((nanoseconds(view.table.get(&options)?.first_byte_timeout),))
}

pub(super) fn set_first_byte_timeout(view: View<'_, '_>, (options, timeout): Setting) -> Set {
    view.table.get_mut(&options)?.first_byte_timeout = timeout.map(Duration::from_nanos);
    Ok((Ok(()),))
}

pub(super) fn between_bytes_timeout(view: View<'_, '_>, (options,): Options) -> Got {
    Ok((nanoseconds(view.table.get(&options)?.between_bytes_timeout),))
}

pub(super) fn set_between_bytes_timeout(view: View<'_, '_>, (options, timeout): Setting) -> Set {
    view.table.get_mut(&options)?.between_bytes_timeout = timeout.map(Duration::from_nanos);
    Ok((Ok(()),))
}

fn nanoseconds(timeout: Option<Duration>) -> Option<u64> {
    timeout.map(|timeout| u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX))
}
