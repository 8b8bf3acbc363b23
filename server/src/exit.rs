//! How a run ends: the exit status, and the one sentence that says why.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use emanate::graph::{DamagedBlock, VerifyError, WriteError};

use crate::check::StoreError;
use crate::export::ExportError;
use crate::graph_file::GraphFileError;
use crate::import::ImportError;
use crate::query::{RequestError, Spelling};
use crate::replay::{LogError, ReplayError};
use crate::shell::ShellError;
use crate::tune::TuneError;
use crate::usage::UsageError;

/// Everything asked for was printed. What may follow is only the exit status.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Printed;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line cannot be understood.
    Usage(UsageError),
    /// The flags do not make a spread.
    Request(RequestError),
    /// The graph's file cannot be used.
    GraphFile(GraphFileError),
    /// A part of the graph's file cannot be used.
    Damaged(DamagedBlock),
    /// The graph's file was read in full and is damaged.
    Verify(VerifyError),
    /// The edge list was not imported.
    Import(ImportError),
    /// The queries were not replayed, or not all was written.
    Replay(ReplayError),
    /// The store cannot be used.
    Store(StoreError),
    /// The edge list was not written.
    Export(ExportError),
    /// The tuner was told something that cannot be.
    Tune(TuneError),
    /// There is nothing to print about this command.
    Shell(ShellError),
    /// The configuration has mistakes.
    #[cfg(feature = "serve")]
    Config(crate::config::ConfigErrors),
    /// The service did not start.
    #[cfg(feature = "serve")]
    Serve(crate::serve::ServeError),
    /// No notice was sent.
    #[cfg(feature = "serve")]
    Alerts(crate::serve::AlertsFailure),
    /// Standard output cannot be written.
    Output(io::Error),
}

impl Failure {
    /// 2 where the arguments or the input are wrong, 1 where the work failed.
    fn status(&self) -> u8 {
        match self {
            Self::Output(_) => 1,
            Self::Tune(error) => error.status(),
            Self::Store(error) => error.status(),
            Self::Export(error) => error.status(),
            #[cfg(feature = "serve")]
            Self::Serve(error) => error.status(),
            #[cfg(feature = "serve")]
            Self::Alerts(error) => error.status(),
            Self::Import(ImportError::Write(WriteError::Unwritable { kind, .. }))
            | Self::Replay(ReplayError::Log(LogError::Unwritable { kind, .. })) => status_of(*kind),
            Self::Replay(
                ReplayError::Threads { .. } | ReplayError::Log(LogError::Unfinished { .. }),
            ) => 1,
            _ => 2,
        }
    }
}

/// 2 where another name or other permissions help, 1 where the disk fails.
pub(crate) const fn status_of(kind: io::ErrorKind) -> u8 {
    match kind {
        io::ErrorKind::NotFound
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::IsADirectory
        | io::ErrorKind::AlreadyExists
        | io::ErrorKind::PermissionDenied
        | io::ErrorKind::ReadOnlyFilesystem
        | io::ErrorKind::InvalidFilename => 2,
        _ => 1,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(error) => write!(f, "{error}"),
            Self::Request(error) => write!(f, "{}", error.spelled(Spelling::Flag)),
            Self::GraphFile(error) => write!(f, "{error}"),
            Self::Damaged(block) => write!(f, "{block}"),
            Self::Verify(error) => write!(f, "{error}"),
            Self::Import(error) => write!(f, "{error}"),
            Self::Replay(error) => write!(f, "{error}"),
            Self::Store(error) => write!(f, "{error}"),
            Self::Export(error) => write!(f, "{error}"),
            Self::Tune(error) => write!(f, "{error}"),
            Self::Shell(error) => write!(f, "{error}"),
            #[cfg(feature = "serve")]
            Self::Config(errors) => write!(f, "{errors}"),
            #[cfg(feature = "serve")]
            Self::Serve(error) => write!(f, "{error}"),
            #[cfg(feature = "serve")]
            Self::Alerts(error) => write!(f, "{error}"),
            Self::Output(error) => {
                write!(f, "standard output cannot be written ({error}); check where it goes")
            }
        }
    }
}

impl std::error::Error for Failure {}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

macro_rules! failures {
    ($($variant:ident($error:ty)),+ $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        })+
    };
}

failures! {
    Usage(UsageError),
    Request(RequestError),
    GraphFile(GraphFileError),
    Damaged(DamagedBlock),
    Verify(VerifyError),
    Import(ImportError),
    Replay(ReplayError),
    Store(StoreError),
    Export(ExportError),
    Tune(TuneError),
    Shell(ShellError),
}

#[cfg(feature = "serve")]
failures! {
    Config(crate::config::ConfigErrors),
    Serve(crate::serve::ServeError),
    Alerts(crate::serve::AlertsFailure),
}

/// Says on standard error why a run failed, and turns its end into an exit status. A reader that
/// closed the pipe early has what it wanted; that is no failure.
pub(crate) fn code(end: Result<Printed, Failure>) -> ExitCode {
    match end {
        Ok(Printed) => ExitCode::SUCCESS,
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(failure) => {
            // Only a configuration has more than one mistake, each on a line.
            failure.to_string().lines().for_each(|sentence| say(&sentence));
            ExitCode::from(failure.status())
        }
    }
}

/// Prints one line on standard error.
pub(crate) fn say(sentence: &dyn fmt::Display) {
    // Whoever closed standard error does not want to hear it.
    let _ = writeln!(io::stderr(), "emanate: {sentence}");
}

/// Prints one line on standard error about something that does not keep the work from being done.
pub(crate) fn warn(sentence: &dyn fmt::Display) {
    say(&format_args!("warning: {sentence}"));
}
