//! [`Fields`]: headers and trailers, and what a guest may write there.

use super::super::WasiHttpCtxView;
use crate::error::WasiResult;
use crate::p2::stop;
use gusset::{ComponentType, Lower, Resource};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use std::sync::Arc;

/// What a field takes beside its name and value.
const FIELD_COST: usize = 32;

/// What is between two neighbours, not of the message: the host's own affair.
const FORBIDDEN: [HeaderName; 9] = [
    header::CONNECTION,
    header::HOST,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("http2-settings"),
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// The resource `fields` of `wasi:http/types`.
///
/// ```
/// use gusset_wasi::http::Fields;
/// let mut headers = http::HeaderMap::new();
/// headers.insert("x-answer", http::HeaderValue::from_static("42"));
/// headers.insert("connection", http::HeaderValue::from_static("close"));
/// assert_eq!(Fields::received(headers).headers().len(), 1);
/// ```
#[derive(Clone, Default)]
pub struct Fields {
    map: Arc<HeaderMap>,
    size: usize,
    is_immutable: bool,
}

/// `header-error`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ComponentType, Lower)]
#[component(variant)]
pub(crate) enum HeaderError {
    InvalidSyntax,
    Forbidden,
    Immutable,
}

impl Fields {
    /// What somebody sent, which a guest cannot change; without what is between two neighbours alone.
    pub fn received(mut headers: HeaderMap) -> Fields {
        for name in &FORBIDDEN {
            headers.remove(name);
        }
        Fields { size: size_of(&headers), map: Arc::new(headers), is_immutable: true }
    }

    /// The fields.
    pub fn headers(&self) -> &HeaderMap {
        &self.map
    }

    /// To be sent.
    pub(in crate::http) fn into_headers(self) -> HeaderMap {
        Arc::unwrap_or_clone(self.map)
    }

    /// The same, of a message that has been made of them.
    pub(in crate::http) fn immutable(self) -> Fields {
        Fields { is_immutable: true, ..self }
    }

    /// How long the body is that goes with them, where that is said.
    pub(in crate::http) fn content_length(&self) -> Result<Option<u64>, ()> {
        let mut lengths = self.map.get_all(header::CONTENT_LENGTH).iter();
        let Some(length) = lengths.next() else { return Ok(None) };
        let is_one = lengths.all(|other| other == length) && length.as_bytes().iter().all(u8::is_ascii_digit);
        length.to_str().ok().filter(|_| is_one).and_then(|digits| digits.parse().ok()).map(Some).ok_or(())
    }

    fn name_to_change(&self, name: &str) -> Result<HeaderName, HeaderError> {
        if self.is_immutable {
            return Err(HeaderError::Immutable);
        }
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| HeaderError::InvalidSyntax)?;
        if FORBIDDEN.contains(&name) { Err(HeaderError::Forbidden) } else { Ok(name) }
    }

    fn append(&mut self, name: &str, value: &[u8], max: usize) -> Changed {
        let parsed = self.name_to_change(name).and_then(|name| Ok((name, parse_value(value)?)));
        let (name, value) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => return Ok(Err(error)),
        };
        let size = self.size + cost(&name, &value);
        if size > max || Arc::make_mut(&mut self.map).try_append(name, value).is_err() {
            return Err(stop(format!("the fields of a message may take {max} bytes at most, and these are more")));
        }
        self.size = size;
        Ok(Ok(()))
    }

    /// Takes the values of a name away.
    fn remove(&mut self, name: &HeaderName) {
        let header::Entry::Occupied(values) = Arc::make_mut(&mut self.map).entry(name) else { return };
        self.size -= values.remove_entry_mult().1.map(|value| cost(name, &value)).sum::<usize>();
    }
}

/// Names with values, as they are sent.
type Entries = Vec<(String, Vec<u8>)>;

/// The outcome of a change: `header-error` is told, and more than there may be ends the guest.
type Changed = WasiResult<Result<(), HeaderError>>;

fn cost(name: &HeaderName, value: &HeaderValue) -> usize {
    name.as_str().len() + value.len() + FIELD_COST
}

/// What fields take, as limits count them.
pub(in crate::http) fn size_of(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| cost(name, value)).sum()
}

fn parse_value(value: &[u8]) -> Result<HeaderValue, HeaderError> {
    HeaderValue::from_bytes(value).map_err(|_| HeaderError::InvalidSyntax)
}

type View<'a, 'b> = &'a mut WasiHttpCtxView<'b>;

pub(super) fn new(view: View<'_, '_>, (): ()) -> WasiResult<(Resource<Fields>,)> {
    Ok((view.table.push(Fields::default())?,))
}

pub(super) fn from_list(
    view: View<'_, '_>,
    (entries,): (Entries,),
) -> WasiResult<(Result<Resource<Fields>, HeaderError>,)> {
    let mut fields = Fields::default();
    for (name, value) in entries {
        if let Err(error) = fields.append(&name, &value, view.http.config.max_fields_size)? {
            return Ok((Err(error),));
        }
    }
    Ok((Ok(view.table.push(fields)?),))
}

pub(super) fn get(view: View<'_, '_>, (fields, name): (Resource<Fields>, String)) -> WasiResult<(Vec<Vec<u8>>,)> {
    let values = view.table.get(&fields)?.map.get_all(name.as_str()).iter();
    Ok((values.map(|value| value.as_bytes().to_vec()).collect(),))
}

pub(super) fn has(view: View<'_, '_>, (fields, name): (Resource<Fields>, String)) -> WasiResult<(bool,)> {
    Ok((view.table.get(&fields)?.map.contains_key(name.as_str()),))
}

pub(super) fn set(
    view: View<'_, '_>,
    (fields, name, values): (Resource<Fields>, String, Vec<Vec<u8>>),
) -> WasiResult<(Result<(), HeaderError>,)> {
    let max = view.http.config.max_fields_size;
    let fields = view.table.get_mut(&fields)?;
    // Nothing changes where something is wrong.
    let checked = fields.name_to_change(&name).and_then(|parsed| {
        values.iter().try_for_each(|value| parse_value(value).map(drop))?;
        Ok(parsed)
    });
    let parsed = match checked {
        Ok(parsed) => parsed,
        Err(error) => return Ok((Err(error),)),
    };
    fields.remove(&parsed);
    for value in values {
        if let Err(error) = fields.append(&name, &value, max)? {
            return Ok((Err(error),));
        }
    }
    Ok((Ok(()),))
}

pub(super) fn delete(
    view: View<'_, '_>,
    (fields, name): (Resource<Fields>, String),
) -> WasiResult<(Result<(), HeaderError>,)> {
    let fields = view.table.get_mut(&fields)?;
    let name = fields.name_to_change(&name);
    Ok((name.map(|name| fields.remove(&name)),))
}

pub(super) fn append(
    view: View<'_, '_>,
    (fields, name, value): (Resource<Fields>, String, Vec<u8>),
) -> WasiResult<(Result<(), HeaderError>,)> {
    Ok((view.table.get_mut(&fields)?.append(&name, &value, view.http.config.max_fields_size)?,))
}

pub(super) fn entries(view: View<'_, '_>, (fields,): (Resource<Fields>,)) -> WasiResult<(Entries,)> {
    let entries = view.table.get(&fields)?.map.iter();
    Ok((entries.map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect(),))
}

pub(super) fn clone(view: View<'_, '_>, (fields,): (Resource<Fields>,)) -> WasiResult<(Resource<Fields>,)> {
    let cloned = Fields { is_immutable: false, ..view.table.get(&fields)?.clone() };
    Ok((view.table.push(cloned)?,))
}
