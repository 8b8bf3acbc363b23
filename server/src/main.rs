//! The `emanate` command line.

#[cfg(feature = "serve")]
mod alerts;
mod args;
mod backup;
mod check;
#[cfg(feature = "serve")]
mod config;
mod exit;
mod export;
mod graph_file;
mod import;
mod info;
mod lines;
mod output;
mod progress;
mod query;
mod replay;
mod rules;
mod seeds;
#[cfg(feature = "serve")]
mod serve;
mod shell;
mod spread;
mod suggest;
mod survey;
mod tune;
mod usage;
mod values;

use std::process::ExitCode;

use args::{Cli, Command};
use clap::Parser;
use exit::{Failure, Printed};

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => exit::code(run(cli.command)),
        Err(error) => exit::code(usage::report(&error)),
    }
}

fn run(command: Command) -> Result<Printed, Failure> {
    match command {
        Command::Spread(args) => spread::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Info(args) => info::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Tune(command) => tune::run(&command),
        #[cfg(feature = "serve")]
        Command::Serve(args) => serve::run(&args),
        #[cfg(feature = "serve")]
        Command::Config(command) => config::run(&command),
        #[cfg(feature = "serve")]
        Command::Alerts(command) => serve::alerts(&command),
        Command::Completions(args) => shell::completions(args.shell),
        Command::Man(args) => shell::manual(args.command.as_deref()),
    }
}
