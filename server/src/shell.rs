//! What a shell and `man` want to know about the command line.

use std::fmt;
use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::exit::{Failure, Printed};
use crate::output::text::cut;

/// There is no such command to describe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShellError {
    command: String,
}

impl fmt::Display for ShellError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "emanate has no command {:?}; see `emanate --help`", cut(&self.command))
    }
}

impl std::error::Error for ShellError {}

/// Prints the completion script for `shell`.
///
/// # Errors
/// [`Failure::Output`].
pub(crate) fn completions(shell: Shell) -> Result<Printed, Failure> {
    // The generator panics where its writer fails, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "emanate", &mut script);
    print(&script)
}

/// Prints the manual page of `command`, or of all of emanate.
///
/// # Errors
/// [`Failure::Shell`] where there is no such command, or [`Failure::Output`].
pub(crate) fn manual(command: Option<&str>) -> Result<Printed, Failure> {
    let mut all = Cli::command();
    all.build();
    let described = match command {
        None => all,
        Some(name) => {
            let found = all.find_subcommand(name).cloned();
            found.ok_or_else(|| ShellError { command: name.to_owned() })?
        }
    };
    let name = described.get_display_name().unwrap_or("emanate");
    let version = env!("CARGO_PKG_VERSION");
    // The generator writes no version for a command of emanate, and leaves an empty date out, so
    // that what follows would be read as the date.
    let title = format!(".TH {name} 1 \"\" \"emanate {version}\"\n");
    let mut page = Vec::new();
    clap_mangen::Man::new(described).render(&mut page)?;
    let lines = page.split_inclusive(|byte| *byte == b'\n');
    let lines = lines.map(|line| if line.starts_with(b".TH ") { title.as_bytes() } else { line });
    print(&lines.collect::<Vec<_>>().concat())
}

fn print(text: &[u8]) -> Result<Printed, Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text)?;
    out.flush()?;
    Ok(Printed)
}
