//! `GET /v1/events`: server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use futures_util::stream;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use super::answer::{self, Answer};
use super::parameters::Bare;
use crate::serve::events::{Happening, Listener};
use crate::serve::front::Entry;
use crate::serve::problem::Problem;
use crate::serve::service::{App, Stage};

/// How often a silent stream says that it is still there, so that a client that went is noticed.
const SILENCE_MAX: Duration = Duration::from_secs(15);

/// What happens, as it happens.
pub(crate) async fn events(
    State(service): State<App>,
    entry: Entry,
    headers: HeaderMap,
    _: Bare,
) -> Answer {
    let last = headers.get("last-event-id").map(|value| {
        let number = value.to_str().ok().and_then(|text| text.trim().parse().ok());
        number.ok_or_else(|| Problem::malformed("Last-Event-ID is no number; give one, or none"))
    });
    let most = entry.live.config.events.subscribers;
    let listener = service.events.listen(last.transpose()?, most).ok_or_else(|| {
        Problem::busy("as many listen as may; try again", Duration::from_secs(10))
    })?;
    let listening = Listening { listener, stages: service.stages(), greeted: false };
    let frames = stream::unfold(listening, |mut listening| async {
        let frame = listening.next().await?;
        Some((Ok::<_, Infallible>(frame), listening))
    });
    Ok(answer::typed(Body::from_stream(frames), "text/event-stream"))
}

struct Listening {
    listener: Listener,
    stages: watch::Receiver<Stage>,
    greeted: bool,
}

impl Listening {
    /// The next frame; `None` once the service stops.
    async fn next(&mut self) -> Option<String> {
        // Something is sent at once, so that the client knows that it is heard.
        if !std::mem::replace(&mut self.greeted, true) {
            return Some(": listening\n\n".to_owned());
        }
        let frame = |event: Arc<Happening>| Some(event.frame());
        if let Some(event) = self.listener.missed.pop_front() {
            return frame(event);
        }
        tokio::select! {
            // Events come before the end, so that the one that tells of it is heard.
            biased;
            event = self.listener.coming.recv() => match event {
                Ok(event) => frame(event),
                Err(RecvError::Lagged(count)) => Some(format!(": {count} events were missed\n\n")),
                Err(RecvError::Closed) => None,
            },
            _ = self.stages.wait_for(|stage| *stage >= Stage::Stopping) => {
                self.listener.coming.try_recv().ok().and_then(frame)
            }
            () = tokio::time::sleep(SILENCE_MAX) => Some(": still here\n\n".to_owned()),
        }
    }
}
