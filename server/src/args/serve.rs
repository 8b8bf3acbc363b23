//! Flags of `serve` and `config`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Flags of `serve`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ServeArgs {
    /// The graph that routes without a name mean: an edge list or a native file
    #[arg(long, value_name = "GRAPH", long_help = super::graph_help())]
    pub(crate) graph: Option<PathBuf>,
    /// The directory that keeps the graph and its changes; where it is empty, --graph fills it
    #[arg(long, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// When changes reach the disk: always, every:DURATION or never [default: always]
    #[arg(long, value_name = "POLICY")]
    pub(crate) flush: Option<String>,
    /// The configuration, a TOML file; read again when it changes and at SIGHUP
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Address and port to listen on [default: 127.0.0.1:7700]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Sets a key of the configuration, over file and environment; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

impl ServeArgs {
    /// All flags but the file, as `KEY=VALUE`; the last wins.
    pub(crate) fn settings(&self) -> Vec<String> {
        let mut settings = self.set.clone();
        settings.extend(self.listen.map(|listen| format!("server.listen={listen}")));
        let graph = self.graph.as_ref().map(|graph| graph.display());
        settings.extend(graph.map(|graph| format!("graphs.default={graph}")));
        let store = self.store.as_ref().map(|store| store.display());
        settings.extend(store.map(|store| format!("store.directory={store}")));
        settings.extend(self.flush.as_ref().map(|flush| format!("store.flush={flush}")));
        settings
    }
}

/// Where a configuration is read from.
#[derive(Args, Clone, Debug)]
pub(crate) struct ConfigArgs {
    /// The configuration, a TOML file [default: none, so that the defaults hold]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Sets a key, over file and environment; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

/// What to do with the configuration.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every key with its meaning, its range, its default and the value in force, as a file
    /// that can be used again
    Print(ConfigArgs),
    /// Report every mistake and do nothing else
    Check(ConfigArgs),
}

/// What to send, and by which configuration.
#[derive(Args, Clone, Debug)]
pub(crate) struct AlertsTestArgs {
    /// The channel: log, webhook or smtp
    #[arg(long, value_name = "NAME")]
    pub(crate) channel: String,
    /// The configuration, a TOML file [default: none, so that the defaults hold]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Sets a key, over file and environment; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

/// What to do with alerts.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum AlertsCommand {
    /// Send a notice that says that it is a test; exit with 1 where the channel does not take it
    Test(AlertsTestArgs),
}
