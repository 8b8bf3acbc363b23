//! Flags of the commands about stores.

use std::path::PathBuf;

use clap::Args;

use super::InfoFormat;

/// Flags of `check`.
#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    /// The store's directory, which no process has open
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value_t = InfoFormat::Table)]
    pub(crate) format: InfoFormat,
}

/// Flags of `backup`.
#[derive(Args, Debug)]
pub(crate) struct BackupArgs {
    /// The store's directory, which may be in use
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
    /// The directory to copy it to: not there yet, or empty
    #[arg(value_name = "OUT")]
    pub(crate) output: PathBuf,
}

/// Flags of `export`.
#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    /// The graph: a store's directory, which may be in use, a native file or an edge list
    #[arg(value_name = "GRAPH")]
    pub(crate) graph: PathBuf,
    /// The edge list to write, tab-separated, or RFC 4180 where the name has .csv; one that is
    /// there is replaced once the new one is complete [default: standard output]
    #[arg(short = 'o', long, value_name = "EDGES")]
    pub(crate) output: Option<PathBuf>,
}
