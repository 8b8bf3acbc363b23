//! A session of a shell.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::guide::Guide;

/// The port that guides write.
const PORT: &str = ":7700";

/// How long one guide may take, in seconds.
const SECONDS_MAX: &str = "300";

/// Stands for `cargo run --release --`: the program is there, as it was built for this test.
const CARGO: &str = "#!/bin/sh\n\
                     [ \"$1 $2 $3\" = 'run --release --' ] || exit 9\n\
                     shift 3\nexec emanate \"$@\"\n";

/// A folder with what guides take for granted: the programs, and the graphs of `bench`.
fn folder(name: &str, root: &Path) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guides").join(name.replace('/', "-"));
    let _ = fs::remove_dir_all(&folder);
    let programs = folder.join("programs");
    fs::create_dir_all(&programs).expect("the directory for tests can be written");
    symlink(env!("CARGO_BIN_EXE_emanate"), programs.join("emanate")).expect("it is new");
    let cargo = programs.join("cargo");
    fs::write(&cargo, CARGO).expect("it is new");
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).expect("it is ours");
    symlink(root.join("bench"), folder.join("bench")).expect("it is new");
    folder
}

/// Runs all blocks of a guide, one after the other, in one shell; what each of them printed.
pub(crate) fn run(name: &str, guide: &Guide, root: &Path) -> Vec<String> {
    if guide.run().next().is_none() {
        return Vec::new();
    }
    let folder = folder(name, root);
    // Services of guides that are followed at the same time must not be one another's.
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = listener.local_addr().expect("it is bound");
    drop(listener);
    let port = address.port().to_string();
    let mut script =
        "set -eu -o pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n".to_owned();
    for (number, block) in guide.run().enumerate() {
        let commands = block.commands.replace(PORT, &format!(":{port}"));
        script.push_str(&format!("printf '\\n@@{number}\\n'\n{commands}"));
    }
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", folder.join("programs").display());
    let output = Command::new("timeout")
        .args([SECONDS_MAX, "bash", "-c", &script])
        .current_dir(&folder)
        .env("PATH", path)
        .env("EMANATE_SERVER_LISTEN", address.to_string())
        .stdin(Stdio::null())
        .output()
        .expect("bash runs");
    let said = String::from_utf8_lossy(&output.stderr);
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    let printed = printed.replace(&format!(":{port}"), PORT);
    let mut blocks = Vec::new();
    let mut rest = printed.as_str();
    for number in 0..guide.run().count() {
        let begin = format!("\n@@{number}\n");
        let next = format!("\n@@{}\n", number + 1);
        let own = rest.split_once(&begin).map_or("", |(_, own)| own);
        blocks.push(own.split_once(&next).map_or(own, |(own, _)| own).to_owned());
        rest = own;
    }
    let begun = printed.lines().filter(|line| line.starts_with("@@")).count();
    let last = guide.run().nth(begun.saturating_sub(1)).map_or(0, |block| block.line);
    assert!(output.status.success(), "{name}:{last}: {}\n{said}\n{printed}", output.status);
    blocks
}
