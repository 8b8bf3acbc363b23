//! Why the service does not start, or ended by itself.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use emanate::BuildEngineError;

use super::tls::TlsError;
use crate::check::StoreError;
use crate::graph_file::GraphFileError;

/// Why the service does not start.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum ServeError {
    /// No graph is configured at all.
    NoGraph,
    /// A graph's file cannot be used.
    Graph(GraphFileError),
    /// The store cannot be used.
    Store(StoreError),
    /// The engine's options contradict each other or the graphs.
    Engine(BuildEngineError),
    /// The address cannot be listened on.
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// Certificate or key cannot be used.
    Tls(TlsError),
    /// The audit file cannot be opened.
    Audit {
        /// The file.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The operating system gives no threads or signals.
    Runtime(io::Error),
}

impl ServeError {
    /// 2 where what was given is wrong, 1 where the machine is.
    pub(crate) fn status(&self) -> u8 {
        match self {
            Self::Listen { .. } | Self::Runtime(_) => 1,
            Self::Store(error) => error.status(),
            _ => 2,
        }
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoGraph => f.write_str(
                "there is no graph to serve; give one with --graph or --store, or name some in \
                 [graphs]",
            ),
            Self::Graph(error) => write!(f, "{error}"),
            Self::Store(error) => write!(f, "{error}"),
            Self::Engine(error) => write!(f, "{error} (see [engine] of the configuration)"),
            Self::Listen { address, error } => {
                write!(f, "cannot listen on {address} ({error}); choose another with --listen")
            }
            Self::Tls(error) => write!(f, "{error}"),
            Self::Audit { file, error } => write!(
                f,
                "the audit file {} cannot be opened ({error}); check audit.file",
                file.display()
            ),
            Self::Runtime(error) => {
                write!(f, "the system gives no threads or signals ({error}); check its limits")
            }
        }
    }
}

impl std::error::Error for ServeError {}

impl From<GraphFileError> for ServeError {
    fn from(error: GraphFileError) -> Self {
        Self::Graph(error)
    }
}

impl From<StoreError> for ServeError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<TlsError> for ServeError {
    fn from(error: TlsError) -> Self {
        Self::Tls(error)
    }
}
