//! The parts of the service that can be switched off, each alone.

use crate::config::Config;

/// One part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feature {
    /// Who asks has to say who that is.
    Auth,
    /// TLS is spoken.
    Tls,
    /// Requests of one address are limited in number.
    Rate,
    /// Figures for Prometheus.
    Metrics,
    /// Checks are run, and probes go by them.
    Health,
    /// Batch size and hop limit are steered.
    Tuner,
    /// Breakers are asked before work is let in.
    Breakers,
    /// Recent log records.
    Logs,
    /// The page for a browser.
    Page,
    /// Server-sent events.
    Events,
    /// The record of what administrators did.
    Audit,
    /// A changed configuration file is noticed.
    Watch,
    /// Recent points and quantiles are kept.
    Points,
    /// Rules over metrics are looked at.
    Alerts,
    /// Traces are sent.
    Telemetry,
}

impl Feature {
    /// All of them.
    pub(crate) const ALL: [Self; 15] = [
        Self::Auth,
        Self::Tls,
        Self::Rate,
        Self::Metrics,
        Self::Health,
        Self::Tuner,
        Self::Breakers,
        Self::Logs,
        Self::Page,
        Self::Events,
        Self::Audit,
        Self::Watch,
        Self::Points,
        Self::Alerts,
        Self::Telemetry,
    ];

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Tls => "tls",
            Self::Rate => "rate",
            Self::Metrics => "metrics",
            Self::Health => "health",
            Self::Tuner => "tuner",
            Self::Breakers => "breakers",
            Self::Logs => "logs",
            Self::Page => "page",
            Self::Events => "events",
            Self::Audit => "audit",
            Self::Watch => "watch",
            Self::Points => "points",
            Self::Alerts => "alerts",
            Self::Telemetry => "telemetry",
        }
    }

    /// The key that switches it.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Auth => "auth.read_tokens",
            Self::Tls => "server.tls_certificate",
            Self::Rate => "rate.enabled",
            Self::Metrics => "metrics.enabled",
            Self::Health => "health.enabled",
            Self::Tuner => "tuner.enabled",
            Self::Breakers => "breakers.enabled",
            Self::Logs => "logs.enabled",
            Self::Page => "page.enabled",
            Self::Events => "events.enabled",
            Self::Audit => "audit.enabled",
            Self::Watch => "reload.watch",
            Self::Points => "points.enabled",
            Self::Alerts => "alerts.enabled",
            Self::Telemetry => "telemetry.endpoint",
        }
    }

    /// Whether it is on.
    pub(crate) const fn is_on(self, config: &Config) -> bool {
        match self {
            Self::Auth => !config.auth.is_open(),
            Self::Tls => config.server.tls_certificate.is_some(),
            Self::Rate => config.rate.enabled,
            Self::Metrics => config.metrics.enabled,
            Self::Health => config.health.enabled,
            Self::Tuner => config.tuner.enabled,
            Self::Breakers => config.breakers.enabled,
            Self::Logs => config.logs.enabled,
            Self::Page => config.page.enabled,
            Self::Events => config.events.enabled,
            Self::Audit => config.audit.enabled,
            Self::Watch => !config.reload.watch.is_zero(),
            Self::Points => config.points.enabled,
            Self::Alerts => config.alerts.enabled,
            Self::Telemetry => config.telemetry.is_on(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Feature;
    use crate::config::KEYS;

    #[test]
    fn every_switch_is_a_key() {
        for feature in Feature::ALL {
            assert!(KEYS.iter().any(|key| key.path == feature.key()), "{}", feature.name());
        }
    }
}
