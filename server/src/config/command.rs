//! `emanate config`: print the configuration, or check it.

use std::io::{self, Write};

use super::print::print;
use super::sources::Sources;
use crate::args::ConfigCommand;
use crate::exit::{Failure, Printed};

/// Does what `command` says.
///
/// # Errors
/// [`Failure::Config`] with every mistake, or [`Failure::Output`].
pub(crate) fn run(command: &ConfigCommand) -> Result<Printed, Failure> {
    let (ConfigCommand::Print(args) | ConfigCommand::Check(args)) = command;
    let sources = Sources::new(args.config.clone(), std::env::vars_os(), args.set.clone());
    let config = sources.read()?;
    let mut out = io::stdout().lock();
    match command {
        ConfigCommand::Print(_) => out.write_all(print(&config).as_bytes())?,
        ConfigCommand::Check(_) => writeln!(out, "the configuration is right")?,
    }
    out.flush()?;
    Ok(Printed)
}
