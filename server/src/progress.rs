//! A progress bar on a terminal, and nothing in a pipe.

use std::io::{self, IsTerminal};

use emanate::graph::LoadProgress;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};

/// The progress of one load, on standard error. It goes when it is dropped.
#[derive(Debug)]
pub(crate) struct Progress(Option<ProgressBar>);

impl Progress {
    /// A bar where standard error is a terminal.
    pub(crate) fn new() -> Self {
        Self(io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::no_length();
            // What is drawn is a matter of taste; should the template not parse, the default does.
            let style = "{bar:30} {bytes}/{total_bytes}  {msg} edges  {elapsed}";
            bar.with_style(
                ProgressStyle::with_template(style)
                    .unwrap_or_else(|_| ProgressStyle::default_bar()),
            )
        }))
    }

    /// Draws how far the load has come.
    pub(crate) fn tell(&self, progress: LoadProgress) {
        if let Some(bar) = &self.0 {
            if let Some(total) = progress.bytes_total {
                bar.set_length(total);
            }
            bar.set_message(HumanCount(progress.edges).to_string());
            bar.set_position(progress.bytes);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
