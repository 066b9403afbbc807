//! Fields: what may be written there, and by whom.

use super::guest::{HeaderRefusal, HttpGuest};
use gusset::Resource;
use gusset_wasi::Network;
use gusset_wasi::http::{Fields, HttpConfig, OutgoingRequest};

type Changed = Result<(), HeaderRefusal>;

fn values(guest: &mut HttpGuest, fields: &Resource<Fields>, name: &str) -> Vec<String> {
    let values: Vec<Vec<u8>> = guest.method("fields.get", (fields, name));
    let has: bool = guest.method("fields.has", (fields, name));
    assert_eq!(has, !values.is_empty());
    values.into_iter().map(|value| String::from_utf8(value).unwrap()).collect()
}

#[test]
fn fields_have_several_values_and_names_without_case() {
    let mut guest = HttpGuest::new();
    let fields: Resource<Fields> = guest.call("types#[constructor]fields", ());
    let append = |guest: &mut HttpGuest, name: &str, value: &str| -> Changed {
        guest.method("fields.append", (&fields, name, value.as_bytes()))
    };
    append(&mut guest, "Accept", "text/html").unwrap();
    append(&mut guest, "accept", "*/*").unwrap();
    append(&mut guest, "x-empty", "").unwrap();
    assert_eq!(values(&mut guest, &fields, "ACCEPT"), ["text/html", "*/*"]);
    assert_eq!(values(&mut guest, &fields, "x-empty"), [""]);
    assert_eq!(values(&mut guest, &fields, "none"), [""; 0]);
    let set: Changed = guest.method("fields.set", (&fields, "accept", [b"a".as_slice(), b"b"].as_slice()));
    set.unwrap();
    assert_eq!(values(&mut guest, &fields, "accept"), ["a", "b"]);
    let none: [&[u8]; 0] = [];
    let set: Changed = guest.method("fields.set", (&fields, "accept", none.as_slice()));
    set.unwrap();
    assert_eq!(values(&mut guest, &fields, "accept"), [""; 0]);
    let deleted: [Changed; 2] = [(); 2].map(|()| guest.method("fields.delete", (&fields, "x-empty")));
    assert_eq!(deleted, [Ok(()); 2]);
    assert!(guest.entries(fields).is_empty());
}

#[test]
fn what_is_no_field_or_not_the_guests_is_refused() {
    let mut guest = HttpGuest::new();
    let fields = guest.fields(&[("x-kept", "1")]);
    let cases: [(&str, &[u8], HeaderRefusal); 8] = [
        ("", b"x", HeaderRefusal::InvalidSyntax),
        ("a b", b"x", HeaderRefusal::InvalidSyntax),
        ("naïve", b"x", HeaderRefusal::InvalidSyntax),
        ("x-a", b"a\r\nx-b: c", HeaderRefusal::InvalidSyntax),
        ("x-a", b"\0", HeaderRefusal::InvalidSyntax),
        ("Connection", b"close", HeaderRefusal::Forbidden),
        ("transfer-encoding", b"chunked", HeaderRefusal::Forbidden),
        ("Host", b"elsewhere", HeaderRefusal::Forbidden),
    ];
    for (name, value, error) in cases {
        let appended: Changed = guest.method("fields.append", (&fields, name, value));
        let set: Changed = guest.method("fields.set", (&fields, name, [b"good".as_slice(), value].as_slice()));
        let made: Result<Resource<Fields>, HeaderRefusal> =
            guest.call("types#[static]fields.from-list", ([("x-first", b"1".as_slice()), (name, value)].as_slice(),));
        assert_eq!((appended, set, made.err()), (Err(error), Err(error), Some(error)), "{name}");
    }
    let deleted: [Changed; 2] = ["a b", "upgrade"].map(|name| guest.method("fields.delete", (&fields, name)));
    assert_eq!(deleted, [Err(HeaderRefusal::InvalidSyntax), Err(HeaderRefusal::Forbidden)]);
    // A name that cannot be is not there.
    assert_eq!(values(&mut guest, &fields, "a b"), [""; 0]);
    assert_eq!(guest.entries(fields), [("x-kept".into(), "1".into())]);
}

#[test]
fn those_of_a_message_cannot_be_changed_but_copied() {
    let mut guest = HttpGuest::new();
    let headers = guest.fields(&[("x-a", "1")]);
    let request: Resource<OutgoingRequest> = guest.call("types#[constructor]outgoing-request", (headers,));
    let headers: Resource<Fields> = guest.method("outgoing-request.headers", (&request,));
    let changed: [Changed; 3] = [
        guest.method("fields.append", (&headers, "x-b", b"2".as_slice())),
        guest.method("fields.set", (&headers, "x-a", [b"2".as_slice()].as_slice())),
        guest.method("fields.delete", (&headers, "x-a")),
    ];
    assert_eq!(changed, [Err(HeaderRefusal::Immutable); 3]);
    let copy: Resource<Fields> = guest.method("fields.clone", (&headers,));
    let appended: Changed = guest.method("fields.append", (&copy, "x-b", b"2".as_slice()));
    appended.unwrap();
    assert_eq!(guest.entries(copy), [("x-a".into(), "1".into()), ("x-b".into(), "2".into())]);
    assert_eq!(guest.entries(headers), [("x-a".into(), "1".into())]);
}

#[test]
fn a_guest_that_makes_too_many_ends() {
    let mut guest = HttpGuest::of(Network::none(), &HttpConfig::new().unwrap().max_fields_size(100));
    let fields = guest.fields(&[("x-a", &"1".repeat(65))]);
    // What is taken away makes room again.
    let set: Changed = guest.method("fields.set", (&fields, "x-a", ["2".repeat(65).as_bytes()].as_slice()));
    set.unwrap();
    let deleted: Changed = guest.method("fields.delete", (&fields, "x-a"));
    deleted.unwrap();
    let appended: Changed = guest.method("fields.append", (&fields, "x-a", "3".repeat(65).as_bytes()));
    appended.unwrap();
    let error = guest.try_call::<_, (Changed,)>("types#[method]fields.append", (&fields, "b", b"".as_slice()));
    assert_eq!(
        error.unwrap_err().to_string(),
        "the fields of a message may take 100 bytes at most, and these are more"
    );
}
