//! `emanate backup`: a copy of a store, made while it is in use.

use std::fs;
use std::io::{self, Write};
use std::time::Instant;

use emanate::change::store::{Folder, backup};

use crate::args::BackupArgs;
use crate::check::StoreError;
use crate::exit::{Failure, Printed};
use crate::output::text::grouped;

/// Copies the store named in `args` and prints what was copied.
///
/// # Errors
/// [`Failure`].
pub(crate) fn run(args: &BackupArgs) -> Result<Printed, Failure> {
    let begin = Instant::now();
    let is_new = !args.output.exists();
    let to = Folder::create(&args.output).map_err(|error| StoreError::Directory {
        directory: args.output.clone(),
        kind: error.kind(),
    })?;
    let report = backup(&Folder::at(&args.directory), &to).map_err(|error| {
        if is_new {
            // Nothing in it but what this command has put there.
            let _ = fs::remove_dir_all(&args.output);
        }
        StoreError::from(error)
    })?;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{}: generation {}, {} bytes, {:.2} s",
        args.output.display(),
        grouped(report.generation),
        grouped(report.bytes),
        begin.elapsed().as_secs_f64()
    )?;
    Ok(Printed)
}
