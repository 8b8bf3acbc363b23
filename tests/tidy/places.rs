//! Names of places that mean something on one machine only.

use crate::source::Finding;

/// Folders at a machine's root in which people work.
const FOLDERS: [&str; 4] = ["work", "tmp", "home", "root"];

/// Hosts of package registries, as their two last labels.
const REGISTRIES: [(&str, &str); 9] = [
    ("crates", "io"),
    ("debian", "org"),
    ("docker", "io"),
    ("ghcr", "io"),
    ("npmjs", "com"),
    ("npmjs", "org"),
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("quay", "io"),
];

/// Labels by which hosts that stand in for a registry give themselves away.
const STAND_INS: [&str; 5] = ["artifactory", "mirror", "nexus", "proxy", "registry"];

/// The lock file names where a package comes from; only the public index is the same for all.
pub(crate) const LOCK_FILE: &str = "Cargo.lock";
const LOCKED_SOURCE: &str = concat!("registry+https://github.com/rust-lang/crates", ".io-index");

/// Paths of a machine in a line of text.
fn has_machine_path(line: &str) -> bool {
    FOLDERS.iter().any(|folder| {
        line.match_indices(folder).any(|(at, _)| {
            let Some(before) = line[..at].strip_suffix('/') else { return false };
            let after = line[at + folder.len()..].chars().next();
            let inside = |c: char| c.is_alphanumeric() || "._-~*$/})>]".contains(c);
            let begins = !before.chars().next_back().is_some_and(inside);
            let ends = !after.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-');
            begins && ends
        })
    })
}

/// The host of a package registry in a line of text.
fn registry_host(line: &str) -> Option<String> {
    let hosts = line.split(|c: char| !c.is_alphanumeric() && c != '.' && c != '-');
    let mut hosts = hosts.map(|host| host.trim_matches('.').to_lowercase());
    hosts.find(|host| {
        let labels: Vec<&str> = host.split('.').collect();
        let known = REGISTRIES.iter().any(|&(name, top)| labels.ends_with(&[name, top]));
        let stands_in = line.to_lowercase().contains(&format!("://{host}"))
            && labels.iter().any(|label| STAND_INS.iter().any(|word| label.contains(word)));
        known || stands_in
    })
}

/// Paths and hosts in one file of text.
pub(crate) fn machine_places(file: &str, text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut push = |line: usize, rule: String| {
        found.push(Finding { file: file.to_owned(), line, rule });
    };
    for (at, line) in text.lines().enumerate() {
        if file == LOCK_FILE {
            let source = line.strip_prefix("source = ");
            if source.is_some_and(|source| source.trim_matches('"') != LOCKED_SOURCE) {
                push(at + 1, "locked to a source that is not the public index".to_owned());
            }
            continue;
        }
        if has_machine_path(line) {
            push(at + 1, "names a path of one machine".to_owned());
        }
        if let Some(host) = registry_host(line) {
            push(at + 1, format!("names a package registry's host, `{host}`"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{FOLDERS, LOCK_FILE, LOCKED_SOURCE, STAND_INS, machine_places};

    fn count(text: &str) -> usize {
        machine_places("docs/x.md", text).len()
    }

    #[test]
    fn machine_paths_are_found() {
        for folder in FOLDERS {
            assert_eq!(count(&format!("see /{folder}/x")), 1);
            assert_eq!(count(&format!("cd \"/{folder}\"")), 1);
            assert_eq!(count(&format!("x=/{folder}")), 1);
            assert_eq!(count(&format!("docs/{folder}/x, $HOME/{folder}, ./{folder}/")), 0);
            assert_eq!(count(&format!("/{folder}ing, {folder}/x and {folder}")), 0);
        }
    }

    #[test]
    fn registry_hosts_are_found() {
        let known = ["index.crates", "io"].join(".");
        assert_eq!(count(&format!("https://{known}/x")), 1);
        assert_eq!(count(&format!("from {known}.")), 1);
        for stand_in in STAND_INS {
            assert_eq!(count(&format!("https://{stand_in}.example.org/x")), 1);
            assert_eq!(count(&format!("http://rust-{stand_in}.local:80")), 1);
            assert_eq!(count(&format!("http://example.org/{stand_in}")), 0);
        }
        assert_eq!(count("the crates of a registry; https://docs.rs/x; prometheus::Registry"), 0);
    }

    #[test]
    fn the_lock_file_names_the_public_index_only() {
        let lock = format!("source = \"{LOCKED_SOURCE}\"\n");
        assert_eq!(machine_places(LOCK_FILE, &lock), []);
        let lock = lock.replace("github.com", "example.org");
        assert_eq!(machine_places(LOCK_FILE, &lock).len(), 1);
    }
}
