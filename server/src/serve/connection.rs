//! One connection, from handshake to close.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tower::ServiceExt;

use super::front::Peer;
use super::paced::Paced;
use super::service::{App, Stage};

/// Most bytes of a request's head.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// Most headers of a request.
const HEADERS_MAX: usize = 100;

/// Serves `stream` until its client is done, breaks a bound, or the service stops.
pub(crate) async fn serve(service: App, router: Router, stream: TcpStream, peer: SocketAddr) {
    let live = service.live();
    // Answers are written whole; waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    let stream = Paced::new(stream, service.first.limits.write_time);
    let result = match &live.tls {
        None => speak(&service, router, stream, peer).await,
        Some(acceptor) => {
            let limit = service.first.limits.header_time;
            match tokio::time::timeout(limit, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => speak(&service, router, stream, peer).await,
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err("the handshake took too long".to_owned()),
            }
        }
    };
    if let Err(error) = result {
        tracing::debug!(%peer, error, "the connection ended early");
    }
}

/// Speaks HTTP/1.1 over `stream`.
async fn speak(
    service: &App,
    router: Router,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
) -> Result<(), String> {
    let answer = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(service.first.limits.header_time)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = pin!(connection);
    let mut stages = service.stages();
    tokio::select! {
        result = connection.as_mut() => return result.map_err(|error| error.to_string()),
        _ = stages.wait_for(|stage| *stage >= Stage::Stopping) => {}
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        result = connection => result.map_err(|error| error.to_string()),
        _ = stages.wait_for(|stage| *stage >= Stage::Cancelling) => Ok(()),
    }
}

/// How long to wait after a failed accept: what failed is most often the number of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Whether an error of `accept` concerns only the connection that was to be accepted.
fn is_of_the_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

/// Waits before the next accept where `error` would only happen again.
pub(crate) async fn pause_after(error: &io::Error) {
    if !is_of_the_client(error) {
        tracing::error!(%error, "no connection can be accepted; is a limit too low?");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}
