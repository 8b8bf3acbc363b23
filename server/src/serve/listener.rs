//! Accepting connections, and ending them all.

use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::connection;
use super::service::{App, Stage};

/// Serves connections of `listener` until the service stops, then waits until they have ended: by
/// themselves within `server.stop_within`, or cancelled after it.
pub(crate) async fn serve(service: App, listener: TcpListener) {
    let router = super::app::router(&service);
    let most = service.first.limits.connections.min(Semaphore::MAX_PERMITS);
    let room = Arc::new(Semaphore::new(most));
    accept(&service, &router, listener, &room).await;

    // Each connection holds a place until its end.
    let ended = room.acquire_many(u32::try_from(most).unwrap_or(u32::MAX));
    let mut ended = std::pin::pin!(ended);
    let mut stages = service.stages();
    let within = service.live().config.server.stop_within;
    tokio::select! {
        _ = ended.as_mut() => return,
        () = tokio::time::sleep(within) => {
            tracing::warn!("requests that did not end within {within:?} are cancelled");
        }
        _ = stages.wait_for(|stage| *stage == Stage::Cancelling) => {}
    }
    service.advance(Stage::Cancelling);
    // They are closed at once, so this waits for no client.
    let _ = ended.await;
}

async fn accept(service: &App, router: &Router, listener: TcpListener, room: &Arc<Semaphore>) {
    let mut stages = service.stages();
    loop {
        let next = async {
            let place = Arc::clone(room).acquire_owned().await;
            let place = place.expect("the semaphore is never closed");
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            _ = stages.wait_for(|stage| *stage >= Stage::Stopping) => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (service, router) = (App::clone(service), router.clone());
                tokio::spawn(async move {
                    connection::serve(service, router, stream, peer).await;
                    drop(place);
                });
            }
            Err(error) => connection::pause_after(&error).await,
        }
    }
}
