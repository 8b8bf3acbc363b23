//! How many cases a test ran, and how many it could not.

use std::io::Write;

/// Counts the cases of one test and says so, past the test harness's capture, when it is dropped.
#[derive(Debug)]
pub struct Tally {
    name: &'static str,
    ran: usize,
    skipped: usize,
}

impl Tally {
    /// A tally that has counted nothing.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, ran: 0, skipped: 0 }
    }

    /// Counts one case that ran.
    pub const fn ran(&mut self) {
        self.ran += 1;
    }

    /// Counts one case that could not run, and says why.
    pub fn skip(&mut self, case: &str, why: &str) {
        self.skipped += 1;
        say(&format!("SKIPPED: {case}: {why}"));
    }

    /// Cases that ran.
    #[must_use]
    pub const fn ran_count(&self) -> usize {
        self.ran
    }

    /// Cases that could not run.
    #[must_use]
    pub const fn skipped_count(&self) -> usize {
        self.skipped
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        say(&format!("{}: {} cases ran, {} skipped", self.name, self.ran, self.skipped));
    }
}

/// Writes a line where `cargo test` shows it although the test passes.
fn say(line: &str) {
    // A closed stream is no reason to fail: the count is for people.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
