//! TLS.

use std::io::Write;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::support::{Answer, PETS, Service, command, file};

/// Writes a certificate for this machine and its key; gives the certificate.
pub(crate) fn pair(name: &str) -> CertificateDer<'static> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).expect("names of this machine");
    file(&format!("{name}.crt"), made.cert.pem());
    file(&format!("{name}.key"), made.signing_key.serialize_pem());
    made.cert.der().clone()
}

pub(crate) fn flags(name: &str) -> [String; 2] {
    let path = |end: &str| crate::support::path(&format!("{name}.{end}")).display().to_string();
    [format!("server.tls_certificate={}", path("crt")), format!("server.tls_key={}", path("key"))]
}

/// Asks for `/livez` of who has `certificate`.
fn ask(service: &Service, certificate: &CertificateDer<'static>) -> std::io::Result<Answer> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("the configuration fits");
    let mut stream = StreamOwned::new(connection, service.connect());
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    Ok(Answer::read(&mut stream))
}

#[test]
fn tls_is_spoken_and_its_certificate_rotated() {
    let old = pair("tls");
    let [certificate, key] = flags("tls");
    let service = Service::start("tls", PETS, &["--set", &certificate, "--set", &key]);
    assert_eq!(ask(&service, &old).unwrap().json()["state"], "alive");
    let new = pair("tls");
    service.signal("-HUP");
    service.hears("the configuration was read again");
    assert_eq!(ask(&service, &new).unwrap().json()["state"], "alive");
    assert!(ask(&service, &old).is_err(), "the old certificate is still shown");
    // A certificate that is none changes nothing.
    file("tls.crt", "no certificate");
    service.signal("-HUP");
    service.hears("the configuration was not changed");
    assert_eq!(ask(&service, &new).unwrap().status, 200);
    // Who speaks plainly is let go.
    let mut plain = service.connect();
    plain.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut said = Vec::new();
    let _ = std::io::Read::read_to_end(&mut plain, &mut said);
    assert!(!said.starts_with(b"HTTP"), "{said:?}");
}

#[test]
fn what_does_not_fit_is_refused() {
    pair("tls-one");
    pair("tls-two");
    let [certificate, _] = flags("tls-one");
    let [_, key] = flags("tls-two");
    let graph = file("tls-misfit.tsv", PETS);
    let graph = graph.to_str().unwrap();
    let arguments = ["serve", "--graph", graph, "--set", &certificate, "--set", &key];
    let output = command(arguments).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("does not fit server.tls_certificate"), "{said}");
}
