//! What clap says about the command line, in one sentence.

use std::fmt;
use std::io::{self, Write};

use clap::error::{ContextValue, ErrorKind};
use clap::{CommandFactory, Error};

use crate::args::Cli;
use crate::exit::{Failure, Printed};
use crate::output::text::cut;

/// What is offered to who typed nothing.
const FIRST_COMMANDS: &str = "spread, import, info or replay";

/// The command line cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UsageError {
    /// What is wrong.
    sentence: String,
    /// The command whose help says more; none for emanate itself.
    command: Option<String>,
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; see `emanate ", self.sentence)?;
        if let Some(command) = &self.command {
            write!(f, "{command} ")?;
        }
        f.write_str("--help`")
    }
}

impl std::error::Error for UsageError {}

/// Prints help or version where they were asked for; else what is wrong with the command line.
///
/// # Errors
/// [`Failure::Usage`], or [`Failure::Output`] where help cannot be printed.
pub(crate) fn report(error: &Error) -> Result<Printed, Failure> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            error.print()?;
            io::stdout().flush()?;
            Ok(Printed)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            let command = command();
            let choice = match command.as_deref() {
                Some("tune") => "tick, simulate or run",
                Some("config") => "print or check",
                Some("alerts") => "test",
                _ => FIRST_COMMANDS,
            };
            let sentence = format!("no command was given; choose {choice}");
            Err(UsageError { sentence, command }.into())
        }
        _ => Err(UsageError { sentence: sentence(error), command: command() }.into()),
    }
}

/// The first paragraph of clap's message and its tips, on one line.
fn sentence(error: &Error) -> String {
    let mut text = error.render().to_string();
    for (_, value) in error.context() {
        if let ContextValue::String(typed) = value
            && cut(typed) != typed.as_str()
        {
            text = text.replace(typed, &cut(typed));
        }
    }
    let mut sentence = String::new();
    for paragraph in text.split("\n\n") {
        let first = paragraph.trim_start();
        if first.starts_with("Usage:") || first.starts_with("For more information") {
            continue;
        }
        let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
        let line = line.trim_start_matches("error: ").replace(" tip: ", "; ");
        if !sentence.is_empty() {
            sentence.push_str("; ");
        }
        sentence.push_str(line.trim_start_matches("tip: ").trim_end_matches(['.', ':']));
    }
    sentence
}

/// The command that was typed, if it is one.
fn command() -> Option<String> {
    let typed = std::env::args_os().nth(1)?.into_string().ok()?;
    Cli::command().find_subcommand(&typed).map(|command| command.get_name().to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn said(arguments: &[&str]) -> String {
        sentence(&Cli::try_parse_from(arguments).unwrap_err())
    }

    #[test]
    fn each_mistake_is_one_sentence() {
        let flag = said(&["emanate", "spread", "--graph", "g", "--seed", "a", "--hopps", "3"]);
        assert!(flag.contains("'--hopps'") && flag.contains("'--hops'"), "{flag}");
        let value = said(&["emanate", "spread", "--graph", "g", "--seed", "a", "--decay", "x"]);
        assert!(value.contains("--decay") && value.contains("give a finite number"), "{value}");
        let rule = said(&["emanate", "spread", "--graph", "g", "--seed", "a", "--rule", "x"]);
        assert!(rule.contains("possible values: linear"), "{rule}");
        let missing = said(&["emanate", "spread", "--seed", "a"]);
        assert!(missing.contains("--graph <GRAPH>"), "{missing}");
        for text in [flag, value, rule, missing] {
            assert!(!text.contains('\n') && !text.contains("error:") && !text.contains("Usage"));
        }
    }
}
