//! One notice through one channel.

use std::fmt;
use std::io;
use std::time::Duration;

use axum::http::StatusCode;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::log_file::{self, Rotation};
use crate::alerts::{Channel, Notice};
use crate::config::{Alerts, SmtpSecurity};
use crate::serve::outbound::{Method, Outbound, OutboundError, Reach, Target};

/// How long is waited after the first failed try; four times as long after each further one.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest wait between two tries.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Why a notice was not sent.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum SendError {
    /// There is no such channel.
    Unconfigured {
        /// The channel.
        channel: Channel,
    },
    /// The log file cannot be written.
    File {
        /// Why.
        error: io::Error,
    },
    /// The webhook cannot be reached.
    Outbound(OutboundError),
    /// The webhook refuses.
    Refused {
        /// Its status.
        status: StatusCode,
    },
    /// The mail server cannot be used, or refuses.
    Smtp {
        /// Why.
        error: lettre::transport::smtp::Error,
    },
    /// The mail cannot be written.
    Mail {
        /// Why.
        error: lettre::error::Error,
    },
    /// It was not sent in time.
    TooLate {
        /// The time.
        within: Duration,
    },
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unconfigured { channel } => {
                let key = match channel {
                    Channel::Log => "alerts.log_file",
                    Channel::Webhook => "alerts.webhook_url",
                    Channel::Smtp => "alerts.smtp_server",
                };
                write!(f, "the channel {} is not configured; see the key {key}", channel.name())
            }
            Self::File { error } => {
                write!(f, "alerts.log_file cannot be written ({error}); check its folder")
            }
            Self::Outbound(error @ OutboundError::Private { .. }) => {
                write!(
                    f,
                    "the webhook cannot be reached: {error}; see alerts.webhook_allow_private"
                )
            }
            Self::Outbound(error) => write!(f, "the webhook cannot be reached: {error}"),
            Self::Refused { status } => write!(f, "the webhook refuses ({status}); check its URL"),
            Self::Smtp { error } => write!(f, "the mail server does not take it ({error})"),
            Self::Mail { error } => write!(f, "the mail cannot be written ({error})"),
            Self::TooLate { within } => {
                write!(f, "there was no answer within {within:?}; see alerts.send_time")
            }
        }
    }
}

impl std::error::Error for SendError {}

impl SendError {
    /// Whether another try may help.
    fn may_pass(&self) -> bool {
        match self {
            Self::Unconfigured { .. } | Self::Mail { .. } => false,
            Self::Outbound(error) => {
                !matches!(error, OutboundError::Private { .. } | OutboundError::Redirected { .. })
            }
            Self::Refused { status } => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            Self::Smtp { error } => !error.is_permanent(),
            Self::File { .. } | Self::TooLate { .. } => true,
        }
    }
}

/// Whether notices can go through `channel`.
pub(crate) const fn is_configured(channel: Channel, config: &Alerts) -> bool {
    match channel {
        Channel::Log => config.log_file.is_some(),
        Channel::Webhook => !config.webhook_url.is_empty(),
        Channel::Smtp => !config.smtp_server.is_empty(),
    }
}

/// Sends, with as many tries as `config` says, as long as another may help.
///
/// # Errors
/// [`SendError`] of the last try.
pub(crate) async fn send(
    channel: Channel,
    notice: &Notice,
    config: &Alerts,
    outbound: &Outbound,
) -> Result<(), SendError> {
    let mut pause = PAUSE;
    let mut tries = 1;
    loop {
        match send_once(channel, notice, config, outbound).await {
            Err(error) if tries < config.attempts && error.may_pass() => {
                let name = channel.name();
                tracing::debug!(channel = name, tries, %error, "a notice will be tried again");
            }
            other => return other,
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 4).min(PAUSE_MAX);
        tries += 1;
    }
}

/// Tries once, within the time that `config` says.
///
/// # Errors
/// [`SendError`].
async fn send_once(
    channel: Channel,
    notice: &Notice,
    config: &Alerts,
    outbound: &Outbound,
) -> Result<(), SendError> {
    if !is_configured(channel, config) {
        return Err(SendError::Unconfigured { channel });
    }
    let within = config.send_time;
    let sent = async {
        match channel {
            Channel::Log => log(notice, config).await,
            Channel::Webhook => webhook(notice, config, outbound).await,
            Channel::Smtp => mail(notice, config).await,
        }
    };
    tokio::time::timeout(within, sent).await.unwrap_or(Err(SendError::TooLate { within }))
}

async fn log(notice: &Notice, config: &Alerts) -> Result<(), SendError> {
    let unconfigured = SendError::Unconfigured { channel: Channel::Log };
    let path = config.log_file.clone().ok_or(unconfigured)?;
    let rotation = Rotation { size: config.log_size, files: config.log_files };
    let line = notice.shown().to_string();
    let written = tokio::task::spawn_blocking(move || log_file::append(&path, &line, rotation));
    let written = written.await.unwrap_or_else(|error| Err(io::Error::other(error)));
    written.map_err(|error| SendError::File { error })
}

async fn webhook(notice: &Notice, config: &Alerts, outbound: &Outbound) -> Result<(), SendError> {
    // The configuration was refused where this is no URL.
    let unconfigured = |_| SendError::Unconfigured { channel: Channel::Webhook };
    let target = Target::parse(&config.webhook_url).map_err(unconfigured)?;
    let body = Method::Post(notice.body().to_string());
    let reach = Reach::allowing(config.webhook_allow_private);
    let answered = outbound.ask(&target, body, reach).await.map_err(SendError::Outbound)?;
    let status = answered.status;
    if status.is_success() { Ok(()) } else { Err(SendError::Refused { status }) }
}

async fn mail(notice: &Notice, config: &Alerts) -> Result<(), SendError> {
    let failed = |error| SendError::Smtp { error };
    // The configuration was refused where one of these is no address.
    let unconfigured = |_| SendError::Unconfigured { channel: Channel::Smtp };
    let mailbox = |text: &String| text.parse::<Mailbox>().map_err(unconfigured);
    let mut message = Message::builder()
        .from(mailbox(&config.smtp_from)?)
        .subject(notice.subject())
        .header(ContentType::TEXT_PLAIN);
    for to in &config.smtp_to {
        message = message.to(mailbox(to)?);
    }
    let message = message.body(notice.mail()).map_err(|error| SendError::Mail { error })?;

    let unconfigured = || SendError::Unconfigured { channel: Channel::Smtp };
    let (host, port) = config.smtp_server.rsplit_once(':').ok_or_else(unconfigured)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let parameters = || TlsParameters::new(host.to_owned()).map_err(failed);
    let tls = match config.smtp_security {
        SmtpSecurity::StartTls => Tls::Required(parameters()?),
        SmtpSecurity::Tls => Tls::Wrapper(parameters()?),
        SmtpSecurity::Clear => Tls::None,
    };
    // Nothing is sent unprotected but where `tls` says so: the name speaks of the default.
    let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
        .port(port.parse().map_err(|_| unconfigured())?)
        .tls(tls)
        .timeout(Some(config.send_time));
    if !config.smtp_user.is_empty() {
        let (user, password) = (config.smtp_user.clone(), config.smtp_password.clone());
        transport = transport.credentials(Credentials::new(user, password));
    }
    transport.build().send(message).await.map(drop).map_err(failed)
}
