//! One request, or one connection, out of the service.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use axum::http::{Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use super::target::{Target, is_public};
use crate::serve::locked::Locked;

/// Most bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Which addresses may be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Those of the public net.
    Public,
    /// All.
    Any,
}

impl Reach {
    /// All, where `private` ones are allowed.
    pub(crate) const fn allowing(private: bool) -> Self {
        if private { Self::Any } else { Self::Public }
    }

    fn allows(self, address: SocketAddr) -> bool {
        self == Self::Any || is_public(address.ip())
    }
}

/// Why nothing came of it.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum OutboundError {
    /// The name leads nowhere.
    Unknown {
        /// What looking it up gave.
        error: io::Error,
    },
    /// The name leads only where it may not.
    Private {
        /// The first address.
        address: SocketAddr,
    },
    /// No address accepts a connection.
    Connect {
        /// What the last one gave.
        error: io::Error,
    },
    /// There are no certificates to trust, or TLS fails.
    Tls {
        /// Why.
        error: io::Error,
    },
    /// What is there does not speak HTTP, or stopped in the middle.
    Http {
        /// Why.
        error: hyper::Error,
    },
    /// The answer leads elsewhere.
    Redirected {
        /// The status.
        status: StatusCode,
    },
    /// The request cannot be written.
    Request {
        /// Why.
        error: axum::http::Error,
    },
}

impl fmt::Display for OutboundError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { error } => write!(f, "the name leads to no address ({error})"),
            Self::Private { address } => write!(
                f,
                "{} is an address of this machine or a private network, which is not allowed",
                address.ip()
            ),
            Self::Connect { error } => write!(f, "no connection is accepted ({error})"),
            Self::Tls { error } => write!(f, "TLS fails ({error})"),
            Self::Http { error } => write!(f, "what is there does not answer ({error})"),
            Self::Redirected { status } => {
                write!(f, "the answer leads elsewhere ({status}), which is not followed")
            }
            Self::Request { error } => write!(f, "the request cannot be written ({error})"),
        }
    }
}

impl std::error::Error for OutboundError {}

/// What a request does.
#[derive(Clone, Debug)]
pub(crate) enum Method {
    /// Asks.
    Get,
    /// Posts JSON.
    Post(String),
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    /// The beginning of the body.
    pub(crate) body: Bytes,
}

/// What all requests share: the certificates that are trusted, read when they are first needed.
#[derive(Debug, Default)]
pub(crate) struct Outbound(Locked<Option<Arc<ClientConfig>>>);

impl Outbound {
    /// Connects to `host`. Whoever wants a bound in time sets one around it.
    ///
    /// # Errors
    /// [`OutboundError`].
    pub(crate) async fn connect(
        host: &str,
        port: u16,
        reach: Reach,
    ) -> Result<TcpStream, OutboundError> {
        let found = tokio::net::lookup_host((host, port)).await;
        let found: Vec<SocketAddr> =
            found.map_err(|error| OutboundError::Unknown { error })?.collect();
        let mut last = None;
        for address in found.iter().filter(|address| reach.allows(**address)) {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = Some(error),
            }
        }
        match (last, found.first()) {
            (Some(error), _) => Err(OutboundError::Connect { error }),
            (None, Some(address)) => Err(OutboundError::Private { address: *address }),
            (None, None) => Err(OutboundError::Unknown { error: io::ErrorKind::NotFound.into() }),
        }
    }

    /// Sends one request and reads the answer, of any status but those that lead elsewhere.
    ///
    /// # Errors
    /// [`OutboundError`].
    pub(crate) async fn ask(
        &self,
        target: &Target,
        method: Method,
        reach: Reach,
    ) -> Result<Answered, OutboundError> {
        let stream = Self::connect(&target.host, target.port, reach).await?;
        let request = request(target, method)?;
        let answered = if target.tls {
            let failed = |error| OutboundError::Tls { error };
            let name = ServerName::try_from(target.host.clone());
            let name = name.map_err(|error| failed(io::Error::other(error)))?;
            let connector = TlsConnector::from(self.tls().await.map_err(failed)?);
            exchange(connector.connect(name, stream).await.map_err(failed)?, request).await?
        } else {
            exchange(stream, request).await?
        };
        if answered.status.is_redirection() {
            return Err(OutboundError::Redirected { status: answered.status });
        }
        Ok(answered)
    }

    /// How TLS is spoken: by the certificates that this machine trusts.
    async fn tls(&self) -> io::Result<Arc<ClientConfig>> {
        if let Some(held) = self.0.with(|held| held.clone()) {
            return Ok(held);
        }
        let made = tokio::task::spawn_blocking(trusting).await.map_err(io::Error::other)??;
        self.0.with(|held| *held = Some(Arc::clone(&made)));
        Ok(made)
    }
}

fn trusting() -> io::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let said = "this machine trusts no certificate; install ca-certificates";
        return Err(io::Error::new(io::ErrorKind::NotFound, said));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(client))
}

fn request(target: &Target, method: Method) -> Result<Request<Full<Bytes>>, OutboundError> {
    let request = Request::builder()
        .uri(&target.path)
        .header(HOST, &target.authority)
        .header(USER_AGENT, concat!("emanate/", env!("CARGO_PKG_VERSION")));
    let request = match method {
        Method::Get => request.method("GET").body(Full::default()),
        Method::Post(body) => {
            let json = "application/json; charset=utf-8";
            request.method("POST").header(CONTENT_TYPE, json).body(Full::from(body))
        }
    };
    request.map_err(|error| OutboundError::Request { error })
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Answered, OutboundError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let failed = |error| OutboundError::Http { error };
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    // Dropped, and with it the connection, when whoever waits for the answer goes.
    let mut tasks = JoinSet::new();
    tasks.spawn(connection);
    let answer = sender.send_request(request).await.map_err(failed)?;
    let status = answer.status();
    // What is too long or stops in the middle has said its status all the same.
    let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
    let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    Ok(Answered { status, body })
}
