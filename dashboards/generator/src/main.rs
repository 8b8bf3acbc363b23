//! Writes every dashboard into the folder that Grafana is provisioned from.
//!
//! ```sh
//! cargo run -p emanate-dashboards
//! ```
#![forbid(unsafe_code)]

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../grafana/dashboards");
    for board in emanate_dashboards::all() {
        let path = folder.join(board.file_name());
        if let Err(error) = std::fs::write(&path, board.text()) {
            eprintln!("{} cannot be written: {error}", path.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
