//! TLS by rustls: whom guests trust, and which word of the interface stands for what goes wrong.

use super::types::{HttpErrorCode, TlsAlertReceivedPayload};
use gusset::{Context, Result};
use std::io;
use std::sync::Arc;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

/// Protocols that a server may choose from.
const HTTP_2: &[u8] = b"h2";
const HTTP_1_1: &[u8] = b"http/1.1";

pub(super) fn web_roots() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

pub(super) fn own_roots(certificates: impl Iterator<Item = Vec<u8>>) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for (at, certificate) in certificates.enumerate() {
        roots.add(certificate.into()).with_context(|| format!("root certificate {at} is not one"))?;
    }
    Ok(roots)
}

pub(super) fn client_config(roots: RootCertStore) -> Result<Arc<ClientConfig>> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("TLS cannot be set up")?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![HTTP_2.to_vec(), HTTP_1_1.to_vec()];
    Ok(Arc::new(config))
}

/// Whether HTTP/2 was agreed upon.
pub(super) fn speaks_http_2(connection: &rustls::ClientConnection) -> bool {
    connection.alpn_protocol() == Some(HTTP_2)
}

/// Why there is no TLS.
pub(super) fn failure(error: &io::Error) -> HttpErrorCode {
    match error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented) => {
            HttpErrorCode::TlsCertificateError
        }
        Some(rustls::Error::AlertReceived(alert)) => HttpErrorCode::TlsAlertReceived(TlsAlertReceivedPayload {
            alert_id: Some(u8::from(*alert)),
            alert_message: Some(format!("{alert:?}")),
        }),
        Some(_) => HttpErrorCode::TlsProtocolError,
        None => HttpErrorCode::ConnectionTerminated,
    }
}
