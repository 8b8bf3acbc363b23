//! What is measured of alerts; nothing where they are switched off.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntCounterVec, IntGaugeVec, Opts};

use crate::alerts::{Channel, Severity};

/// What is measured of alerts.
#[derive(Clone, Debug)]
pub(crate) struct AlertFigures {
    firing: IntGaugeVec,
    notices: IntCounterVec,
    on: Arc<AtomicBool>,
}

impl AlertFigures {
    /// Every series, as 0.
    pub(crate) fn new() -> Self {
        let own = "the name is valid";
        let firing = Opts::new("emanate_alerts_firing", "Alerts that fire, by severity.");
        let firing = IntGaugeVec::new(firing, &["severity"]).expect(own);
        let help = "Notices of alerts: sent, or given up.";
        let notices = Opts::new("emanate_alert_notices_total", help);
        let notices = IntCounterVec::new(notices, &["channel", "result"]).expect(own);
        for severity in Severity::ALL {
            firing.with_label_values(&[severity.name()]);
        }
        for channel in Channel::ALL {
            for result in ["sent", "failed"] {
                notices.with_label_values(&[channel.name(), result]);
            }
        }
        Self { firing, notices, on: Arc::default() }
    }

    /// Counts a notice.
    pub(crate) fn told(&self, channel: Channel, sent: bool) {
        let result = if sent { "sent" } else { "failed" };
        self.notices.with_label_values(&[channel.name(), result]).inc();
    }

    /// Says how many fire, by severity as in [`Severity::ALL`].
    pub(crate) fn firing(&self, counts: [usize; Severity::ALL.len()]) {
        for (severity, count) in Severity::ALL.into_iter().zip(counts) {
            let gauge = self.firing.with_label_values(&[severity.name()]);
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// Whether there is anything to be seen.
    pub(crate) fn switch(&self, on: bool) {
        // Relaxed: it guards no data; who collects a moment later sees it then.
        self.on.store(on, Ordering::Relaxed);
    }
}

impl Collector for AlertFigures {
    fn desc(&self) -> Vec<&Desc> {
        [self.firing.desc(), self.notices.desc()].concat()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        // Relaxed: as in `switch`.
        if !self.on.load(Ordering::Relaxed) {
            return Vec::new();
        }
        [self.firing.collect(), self.notices.collect()].concat()
    }
}
