//! What can be configured of alerts and of checks made over HTTP, with the defaults.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// How mail is protected on its way to the first server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SmtpSecurity {
    /// Begun in the clear, then switched to TLS, without which nothing is sent.
    StartTls,
    /// TLS from the beginning.
    Tls,
    /// Not at all.
    Clear,
}

impl SmtpSecurity {
    pub(crate) const ALL: [Self; 3] = [Self::StartTls, Self::Tls, Self::Clear];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::StartTls => "starttls",
            Self::Tls => "tls",
            Self::Clear => "none",
        }
    }
}

/// Rules over metrics, and where it is told what they find.
#[derive(Clone, PartialEq)]
pub(crate) struct Alerts {
    pub(crate) enabled: bool,
    pub(crate) period: Duration,
    pub(crate) rules: usize,
    pub(crate) cooldown: Duration,
    pub(crate) keep: usize,
    pub(crate) keep_time: Duration,
    pub(crate) attempts: u32,
    pub(crate) send_time: Duration,
    pub(crate) log_file: Option<PathBuf>,
    pub(crate) log_size: u64,
    pub(crate) log_files: usize,
    /// Empty for none; whoever knows it may post.
    pub(crate) webhook_url: String,
    pub(crate) webhook_allow_private: bool,
    /// Host and port; empty for none.
    pub(crate) smtp_server: String,
    pub(crate) smtp_security: SmtpSecurity,
    pub(crate) smtp_user: String,
    pub(crate) smtp_password: String,
    pub(crate) smtp_from: String,
    pub(crate) smtp_to: Vec<String>,
}

impl Default for Alerts {
    fn default() -> Self {
        Self {
            enabled: true,
            period: Duration::from_secs(5),
            rules: 256,
            cooldown: Duration::from_secs(300),
            keep: 1000,
            keep_time: Duration::from_secs(90 * 24 * 3600),
            attempts: 3,
            send_time: Duration::from_secs(10),
            log_file: None,
            log_size: 8 << 20,
            log_files: 3,
            webhook_url: String::new(),
            webhook_allow_private: false,
            smtp_server: String::new(),
            smtp_security: SmtpSecurity::StartTls,
            smtp_user: String::new(),
            smtp_password: String::new(),
            smtp_from: String::new(),
            smtp_to: Vec::new(),
        }
    }
}

impl fmt::Debug for Alerts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alerts")
            .field("enabled", &self.enabled)
            .field("period", &self.period)
            .field("log_file", &self.log_file)
            .field("webhook", &!self.webhook_url.is_empty())
            .field("smtp_server", &self.smtp_server)
            .finish_non_exhaustive()
    }
}

/// Checks that are made over HTTP.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Checks {
    pub(crate) most: usize,
    pub(crate) allow_private: bool,
}

impl Default for Checks {
    fn default() -> Self {
        Self { most: 32, allow_private: false }
    }
}
