//! Notices on their way: a short line for each channel, so that one that hangs holds up nothing but
//! itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::send::{is_configured, send};
use crate::alerts::{Channel, Notice};
use crate::config::Alerts as AlertsConfig;
use crate::serve::locked::Locked;
use crate::serve::service::App;

/// Most notices that wait for one channel. What comes then is given up: who has been told 64 times
/// that something fires and did not listen will not miss it.
const WAITING_MAX: usize = 64;

/// The lines, one for each of [`Channel::ALL`].
#[derive(Debug)]
pub(crate) struct Lines {
    senders: Vec<Sender<Arc<Notice>>>,
    receivers: Locked<Vec<Receiver<Arc<Notice>>>>,
    /// Notices that are neither sent nor given up.
    under_way: AtomicUsize,
}

impl Default for Lines {
    fn default() -> Self {
        let lines = Channel::ALL.map(|_| channel(WAITING_MAX));
        let (senders, receivers): (Vec<_>, Vec<_>) = lines.into_iter().unzip();
        Self { senders, receivers: Locked::new(receivers), under_way: AtomicUsize::new(0) }
    }
}

impl Lines {
    /// Puts a notice into the line of each channel that it goes to; gives those whose line is full.
    pub(crate) fn put(&self, notice: Notice, config: &AlertsConfig) -> Vec<Channel> {
        let notice = Arc::new(notice);
        let mut full = Vec::new();
        for (channel, line) in Channel::ALL.into_iter().zip(&self.senders) {
            if !notice.goes_to(channel) || !is_configured(channel, config) {
                continue;
            }
            // Relaxed: a count that guards no data, as everywhere here. It is raised first, so
            // that it never falls below 0.
            self.under_way.fetch_add(1, Ordering::Relaxed);
            if line.try_send(Arc::clone(&notice)).is_err() {
                self.under_way.fetch_sub(1, Ordering::Relaxed);
                full.push(channel);
            }
        }
        full
    }

    /// Whether nothing is under way.
    pub(crate) fn are_empty(&self) -> bool {
        self.under_way.load(Ordering::Relaxed) == 0
    }
}

/// Sends what is put into the lines, without end.
pub(crate) async fn deliver(service: App) {
    let receivers = service.alerts.lines.receivers.with(std::mem::take);
    let lines = Channel::ALL.into_iter().zip(receivers);
    let tasks = lines.map(|(channel, line)| deliver_one(App::clone(&service), channel, line));
    futures_util::future::join_all(tasks).await;
}

async fn deliver_one(service: App, channel: Channel, mut line: Receiver<Arc<Notice>>) {
    while let Some(notice) = line.recv().await {
        let live = service.live();
        let sent = send(channel, &notice, &live.config.alerts, &service.outbound).await;
        let name = channel.name();
        match &sent {
            Ok(()) => tracing::debug!(channel = name, alert = notice.alert, "a notice was sent"),
            Err(error) => {
                let alert = &notice.alert;
                tracing::error!(channel = name, alert, %error, "a notice was not sent");
            }
        }
        service.alerts.figures.told(channel, sent.is_ok());
        service.alerts.lines.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}
