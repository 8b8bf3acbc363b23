//! `emanate alerts test`: a notice through one channel, to see whether it arrives.

use std::fmt;
use std::io::{self, Write};

use super::Clock;
use super::send::{SendError, send};
use crate::alerts::{Channel, Notice};
use crate::args::AlertsCommand;
use crate::config::Sources;
use crate::exit::{Failure, Printed};
use crate::output::text::cut;
use crate::serve::outbound::Outbound;

/// Why no notice was sent.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum AlertsFailure {
    /// There is no channel of this name.
    NoChannel {
        /// The name.
        name: String,
    },
    /// The channel did not take it.
    Send(SendError),
    /// The operating system gives no thread.
    Runtime(io::Error),
}

impl AlertsFailure {
    /// 2 where what was given is wrong, 1 where the way is.
    pub(crate) const fn status(&self) -> u8 {
        match self {
            Self::NoChannel { .. } | Self::Send(SendError::Unconfigured { .. }) => 2,
            Self::Send(_) | Self::Runtime(_) => 1,
        }
    }
}

impl fmt::Display for AlertsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoChannel { name } => write!(
                f,
                "--channel {:?} is no channel; give one of log, webhook and smtp",
                cut(name)
            ),
            Self::Send(error) => write!(f, "{error}"),
            Self::Runtime(error) => write!(f, "no thread can be had ({error}); close something"),
        }
    }
}

impl std::error::Error for AlertsFailure {}

/// Sends one notice that says that it is a test.
///
/// # Errors
/// [`Failure::Config`] or [`Failure::Alerts`].
pub(crate) fn run(command: &AlertsCommand) -> Result<Printed, Failure> {
    let AlertsCommand::Test(args) = command;
    let no_channel = || AlertsFailure::NoChannel { name: args.channel.clone() };
    let channel = Channel::named(&args.channel).ok_or_else(no_channel)?;
    let sources = Sources::new(args.config.clone(), std::env::vars_os(), args.set.clone());
    let config = sources.read()?.alerts;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(AlertsFailure::Runtime)?;
    let notice = Notice::test(Clock::new().now());
    let sent = runtime.block_on(send(channel, &notice, &config, &Outbound::default()));
    // A file system that hangs must not hold up the end.
    runtime.shutdown_background();
    sent.map_err(AlertsFailure::Send)?;
    writeln!(io::stdout(), "sent through {}", channel.name())?;
    Ok(Printed)
}
