//! What administrators did, or were not let do: kept, and appended to a file.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::journal::seconds;
use super::locked::Locked;
use crate::config::Config;

#[derive(Debug, Default)]
struct Acts {
    enabled: bool,
    keep: usize,
    kept: VecDeque<Value>,
    last: u64,
    path: Option<PathBuf>,
    file: Option<File>,
}

/// The record of acts.
#[derive(Debug, Default)]
pub(crate) struct Audit(Locked<Acts>);

impl Audit {
    /// An empty record, whose file is open.
    ///
    /// # Errors
    /// What opening the file gives.
    pub(crate) fn new(config: &Config) -> std::io::Result<Self> {
        let audit = Self::default();
        audit.set(config)?;
        Ok(audit)
    }

    /// Goes by `config` from now on. The file is opened again, so that one that was moved away is
    /// let go.
    ///
    /// # Errors
    /// What opening the file gives; nothing has changed then.
    pub(crate) fn set(&self, config: &Config) -> std::io::Result<()> {
        let options = &config.audit;
        let path = options.file.clone().filter(|_| options.enabled);
        let open = |path: &PathBuf| OpenOptions::new().create(true).append(true).open(path);
        let file = path.as_ref().map(open).transpose()?;
        self.0.with(|acts| {
            acts.enabled = options.enabled;
            acts.keep = options.keep;
            acts.file = file;
            acts.path = path;
        });
        Ok(())
    }

    /// Records that `caller` asked for `act` and got `status`.
    pub(crate) fn add(&self, caller: &str, from: &str, act: &str, status: u16, trace: &str) {
        self.0.with(|acts| {
            if !acts.enabled {
                return;
            }
            acts.last += 1;
            let act = json!({
                "id": acts.last,
                "time_s": seconds(SystemTime::now()),
                "caller": caller,
                "from": from,
                "act": act,
                "status": status,
                "trace": trace,
            });
            let written =
                acts.file.as_mut().map(|file| file.write_all(format!("{act}\n").as_bytes()));
            if let Some(Err(error)) = written {
                let file = acts.path.as_ref().map(|path| path.display().to_string());
                tracing::error!(file, %error, "an act cannot be written to the audit file");
            }
            acts.kept.push_back(act);
            while acts.kept.len() > acts.keep {
                acts.kept.pop_front();
            }
        });
    }

    /// The last `most` acts, the latest last.
    pub(crate) fn acts(&self, most: usize) -> Vec<Value> {
        self.0.with(|acts| {
            let skipped = acts.kept.len().saturating_sub(most);
            acts.kept.iter().skip(skipped).cloned().collect()
        })
    }

    /// Waits until all that was written to the file is on the disk.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn flush(&self) -> std::io::Result<()> {
        self.0.with(|acts| acts.file.as_ref().map_or(Ok(()), File::sync_all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_are_kept_and_written() {
        let path = std::env::temp_dir().join(format!("emanate-audit-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let mut config = Config::default();
        config.audit.file = Some(path.clone());
        config.audit.keep = 2;
        let audit = Audit::new(&config).unwrap();
        for status in [200, 401, 403] {
            audit.add("who", "127.0.0.1:1", "POST /v1/reload\n", status, "t");
        }
        let kept: Vec<Value> = audit.acts(9).iter().map(|act| act["status"].clone()).collect();
        assert_eq!(kept, [401, 403]);
        assert_eq!(audit.acts(1).len(), 1);
        audit.flush().unwrap();
        let written = std::fs::read_to_string(&path).unwrap();
        assert_eq!(written.lines().count(), 3, "{written}");
        config.audit.enabled = false;
        audit.set(&config).unwrap();
        audit.add("who", "127.0.0.1:1", "GET /", 200, "t");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), written);
        config.audit.enabled = true;
        config.audit.file = Some(path.join("below"));
        assert!(audit.set(&config).is_err());
        std::fs::remove_file(path).unwrap();
    }
}
