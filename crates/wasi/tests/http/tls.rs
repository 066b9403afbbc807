//! Asking servers over TLS, each with a certificate that the test has made.

use super::guest::HttpGuest;
use super::server::Server;
use gusset::Resource;
use gusset_wasi::Network;
use gusset_wasi::http::{Fields, FutureTrailers, HttpConfig, HttpErrorCode, HttpMethod, HttpScheme, IncomingResponse};
use gusset_wasi::p2::IoPollable;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::sync::Arc;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Who signs.
pub(crate) fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A server that goes by a name, signed by somebody.
pub(crate) fn server_config(
    name: &str,
    issuer: &CertifiedIssuer<'static, KeyPair>,
    protocols: &[&[u8]],
) -> ServerConfig {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, issuer).unwrap();
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    config
}

/// One that trusts them.
pub(crate) fn guest_of(issuer: &CertifiedIssuer<'static, KeyPair>) -> HttpGuest {
    let config = HttpConfig::new().unwrap().root_certificates([issuer.der().to_vec()]).unwrap();
    HttpGuest::of(Network::all(), &config)
}

pub(crate) fn ask(
    guest: &mut HttpGuest,
    server: &Server,
    host: &str,
) -> Result<Resource<IncomingResponse>, HttpErrorCode> {
    let authority = format!("{host}:{}", server.port);
    let request = guest.request(HttpMethod::Get, HttpScheme::Https, &authority, "/a", &[]);
    guest.ask(request)
}

fn text(guest: &mut HttpGuest, response: &Resource<IncomingResponse>) -> String {
    let (_, stream) = guest.body_of(response);
    String::from_utf8(guest.read_all(&stream).0).unwrap()
}

#[test]
fn the_protocol_is_what_the_server_offers() {
    let issuer = authority();
    let mut guest = guest_of(&issuer);
    for (offered, said) in [
        (&[b"h2".as_slice(), b"http/1.1"] as &[&[u8]], "GET /a HTTP/2.0 false"),
        (&[b"http/1.1"], "GET /a HTTP/1.1 true"),
        (&[], "GET /a HTTP/1.1 true"),
    ] {
        let server = Server::secure(&guest.runtime, server_config("localhost", &issuer, offered));
        let response = ask(&mut guest, &server, "localhost").unwrap();
        assert_eq!(text(&mut guest, &response), said);
    }
    let server = Server::secure(&guest.runtime, server_config("127.0.0.1", &issuer, &[]));
    assert!(ask(&mut guest, &server, "127.0.0.1").is_ok(), "an address has certificates too");
}

#[test]
fn bodies_and_trailers_go_both_ways_by_http_2() {
    let issuer = authority();
    let mut guest = guest_of(&issuer);
    let server = Server::secure(&guest.runtime, server_config("localhost", &issuer, &[b"h2"]));
    let authority = format!("localhost:{}", server.port);
    let request = guest.request(HttpMethod::Post, HttpScheme::Https, &authority, "/echo", &[]);
    let (body, sent) = guest.body_for(&request);
    let future = guest.handle(request, None).unwrap();
    let response = guest.response(&future).unwrap();
    let (received_body, received) = guest.body_of(&response);
    for part in [b"first".as_slice(), b"second"] {
        guest.write(&sent, part).unwrap();
        assert_eq!(guest.read(&received), Ok(part.to_vec()));
    }
    guest.finish(body, sent, None).unwrap();
    assert_eq!(guest.read_all(&received), (Vec::new(), None));
    guest.store.data_mut().table.delete(received).map(drop).unwrap();
    let future: Resource<FutureTrailers> = guest.call("types#[static]incoming-body.finish", (received_body,));
    let pollable: Resource<IoPollable> = guest.method("future-trailers.subscribe", (&future,));
    guest.block(pollable);
    type Got = Option<Result<Result<Option<Resource<Fields>>, HttpErrorCode>, ()>>;
    let got: Got = guest.method("future-trailers.get", (&future,));
    let trailers = got.unwrap().unwrap().unwrap().unwrap();
    assert_eq!(guest.entries(trailers), [("x-end".into(), "1".into())]);
}

#[test]
fn a_certificate_that_is_wrong_is_told() {
    let (issuer, stranger) = (authority(), authority());
    let mut guest = guest_of(&issuer);
    // Signed by nobody whom the guest trusts.
    let server = Server::secure(&guest.runtime, server_config("localhost", &stranger, &[]));
    assert_eq!(ask(&mut guest, &server, "localhost").unwrap_err(), HttpErrorCode::TlsCertificateError);
    // For another name.
    let server = Server::secure(&guest.runtime, server_config("elsewhere.example", &issuer, &[]));
    assert_eq!(ask(&mut guest, &server, "localhost").unwrap_err(), HttpErrorCode::TlsCertificateError);
    // The web's own authorities have not signed it either.
    let mut guest = HttpGuest::new();
    let server = Server::secure(&guest.runtime, server_config("localhost", &issuer, &[]));
    assert_eq!(ask(&mut guest, &server, "localhost").unwrap_err(), HttpErrorCode::TlsCertificateError);
}

#[test]
fn what_is_no_tls_is_told() {
    let mut guest = HttpGuest::new();
    let server = Server::plain(&guest.runtime);
    assert_eq!(ask(&mut guest, &server, "localhost").unwrap_err(), HttpErrorCode::TlsProtocolError);
    let server = Server::saying_and_ending(&guest.runtime, b"\x15\x03\x03\x00\x02\x02\x28"); // an alert: the handshake has failed
    let error = ask(&mut guest, &server, "localhost").unwrap_err();
    assert!(matches!(&error, HttpErrorCode::TlsAlertReceived(alert) if alert.alert_id == Some(40)), "{error}");
}

#[test]
fn a_root_that_is_no_certificate_is_refused() {
    let Err(error) = HttpConfig::new().unwrap().root_certificates([b"none".to_vec()]) else { panic!("it is none") };
    assert_eq!(error.to_string(), "root certificate 0 is not one");
}
