//! TLS: certificate and key from PEM files.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::config::Config;

/// Why certificate or key cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum TlsError {
    /// A file cannot be read, or holds no PEM of the right kind.
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        error: pem::Error,
    },
    /// The key is not the certificate's, or of a kind that is not known.
    Pair {
        /// The key's file.
        key: PathBuf,
        /// Why.
        error: rustls::Error,
    },
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, error } => {
                write!(f, "{} cannot be used for TLS ({error}); give PEM", file.display())
            }
            Self::Pair { key, error } => write!(
                f,
                "{} does not fit server.tls_certificate ({error}); give both of one pair",
                key.display()
            ),
        }
    }
}

impl std::error::Error for TlsError {}

/// What accepts TLS connections as `config` says; `None` where it says nothing of TLS.
///
/// # Errors
/// [`TlsError`].
pub(crate) fn acceptor(config: &Config) -> Result<Option<TlsAcceptor>, TlsError> {
    let (Some(certificate), Some(key)) = (&config.server.tls_certificate, &config.server.tls_key)
    else {
        return Ok(None);
    };
    let at = |file: &Path| {
        let file = file.to_path_buf();
        move |error| TlsError::File { file, error }
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(at(certificate))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(at(key))?;
    let pair = |error| TlsError::Pair { key: key.clone(), error };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(pair)?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(pair)?;
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(server))))
}
