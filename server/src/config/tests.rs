//! What a configuration accepts, and what it says to what it does not.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use emanate::gate::{BreakerSettings, HalfOpenEnd, Window};

use super::error::ConfigErrors;
use super::print::print;
use super::{Config, KEYS, Level, Sources, When, restart_keys};

/// A file for one test.
fn file(name: &str, text: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("emanate-config-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn read(
    text: Option<(&str, &str)>,
    variables: &[(&str, &str)],
    flags: &[&str],
) -> Result<Config, ConfigErrors> {
    let file = text.map(|(name, text)| file(name, text));
    let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
    let variables: Vec<(OsString, OsString)> = variables.collect();
    Sources::new(file, variables, flags.iter().map(|flag| (*flag).to_owned()).collect()).read()
}

fn refused(text: &str, name: &str) -> Vec<String> {
    let errors = read(Some((name, text)), &[], &[]).unwrap_err();
    errors
        .sentences()
        .into_iter()
        .map(|sentence| sentence.split_once(": ").expect("says where").1.to_owned())
        .collect()
}

/// That `said` are as many sentences as `expected`, and each of these is in one.
fn say(said: &[String], expected: &[&str]) {
    let all = said.join("\n");
    for expected in expected {
        assert!(all.contains(expected), "{expected}\n{all}");
    }
    assert_eq!(said.len(), expected.len(), "{all}");
}

#[test]
fn what_is_printed_can_be_read_again() {
    let config = read(None, &[], &["server.stop_within=250ms", "graphs.words=w.tsv"]).unwrap();
    let printed = print(&config);
    assert_eq!(read(Some(("printed.toml", &printed)), &[], &[]).unwrap(), config);
    for key in &KEYS {
        let (_, name) = key.parts();
        assert!(printed.contains(&format!("{name} = ")), "{}", key.path);
        assert!(printed.contains(&key.variable()), "{}", key.path);
        assert!(key.help.ends_with('.'), "{}: a sentence ends", key.path);
    }
    assert!(printed.lines().all(|line| line.chars().count() <= 100), "{printed}");
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let file = "[logs]\nlevel = \"warn\"\nkeep = 5\n[limits]\nbody_size = \"2MiB\"\n";
    let variables = [("EMANATE_LOGS_LEVEL", "error"), ("EMANATE_LIMITS_BODY_SIZE", "4096")];
    let config = read(Some(("layers.toml", file)), &variables, &["logs.level=debug"]).unwrap();
    assert_eq!((config.logs.level, config.logs.keep), (Level::Debug, 5));
    assert_eq!(config.limits.body_size, 4096);
    assert_eq!(config.reload.watch, Duration::from_secs(2));
}

#[test]
fn all_mistakes_are_reported_at_once_with_their_keys() {
    let said = refused(
        "typo = 1\n[server]\nlisten = 5\nlistn = \"x\"\n[limits]\nbatch = 0\nheader_time = 3\n\
         [auth]\nread_tokens = [\"short\"]\n[graphs]\n\"A b\" = \"x\"\nempty = \"\"\n[nowhere]\n",
        "many.toml",
    );
    say(
        &said,
        &[
            "there is no key \"typo\"",
            "server.listen has a value of another kind; give an address and a port",
            "there is no key \"server.listn\"; did you mean \"server.listen\"?",
            "limits.batch is 0, but must be at least 1",
            "limits.header_time has a value of another kind; give a time with its unit",
            "auth.read_tokens: token 1 must have at least 16 letters",
            "graphs.A b: the name of a graph is made of",
            "graphs.empty has a value of another kind; give the path of an edge list",
            "there is no key \"nowhere\"",
        ],
    );
}

#[test]
fn a_breaker_has_a_section_of_its_own() {
    let file = "[breakers.spread]\nopen_wait = \"5s\"\nwindow = \"30s\"\nfailure_rate = 0\n\
                [breakers.cold]\nwindow = 50\n";
    let variables = [("EMANATE_BREAKERS_COLD_CONSECUTIVE_FAILURES", "9")];
    let flags = ["breakers.mutation.half_open_end=closed", "breakers.jitter_seed=7"];
    let config = read(Some(("breakers.toml", file)), &variables, &flags).unwrap().breakers;
    let (spread, cold) = (config.settings("spread").unwrap(), config.settings("cold").unwrap());
    assert_eq!((spread.open_wait, spread.failure_rate), (Duration::from_secs(5), None));
    assert!(matches!(spread.window, Window::Time { span, .. } if span.as_secs() == 30));
    assert!(matches!(cold.window, Window::Calls { calls, .. } if calls.get() == 50));
    assert_eq!(cold.consecutive_failures.map(u8::from), Some(9));
    let mutation = config.settings("mutation").unwrap();
    assert_eq!((mutation.half_open_end, mutation.jitter_seed), (HalfOpenEnd::Closed, 7));
    let mut warm = BreakerSettings::storage();
    warm.jitter_seed = 7;
    assert_eq!(config.settings("warm").unwrap(), warm, "the others have their defaults");
}

#[test]
fn the_guide_shows_a_file_that_can_be_used() {
    let guide = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/operator.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let shown = guide.split("```toml\n").skip(1).filter_map(|rest| rest.split_once("```"));
    let mut files = 0;
    for (text, _) in shown {
        files += 1;
        read(Some((&format!("guide-{files}.toml"), text)), &[], &[]).unwrap();
    }
    assert!(files > 0, "the guide shows none");
}

#[test]
fn all_mistakes_of_breakers_are_reported_at_once() {
    let said = refused(
        "[breakers]\ncold = 5\n[breakers.spread]\nfailure_rate = 1.5\nopen_wate = \"1s\"\n\
         open_wait = \"20m\"\nminimum_calls = 101\n[breakers.mutation]\nwindow = \"3ms\"\n\
         success_threshold = 0\nlease = 4\n[breakers.nobody]\nlease = \"1s\"\n\
         [breakers.warm]\nslow_rate = nan\nhalf_open_end = \"ajar\"\n",
        "breakers-wrong.toml",
    );
    say(
        &said,
        &[
            "there is no key \"breakers.cold\"",
            "breakers.spread.failure_rate is 1.5, but must be from 0 to 1",
            "\"breakers.spread.open_wate\"; did you mean \"breakers.spread.open_wait\"",
            "breakers.spread: open_wait_max is shorter than open_wait",
            "breakers.spread: minimum_calls are more than window holds",
            "breakers.mutation: window has less than a call, or a millisecond, for each of",
            "breakers.mutation.success_threshold is 0, but must be from 1 to 127",
            "breakers.mutation.lease has a value of another kind; give a time with its unit",
            "there is no key \"breakers.nobody\"",
            "breakers.warm.slow_rate is nan, but must be from 0 to 1",
            "breakers.warm.half_open_end has a value of another kind; give one of open and closed",
        ],
    );
}

#[test]
fn a_file_that_is_no_toml_is_named_with_its_line() {
    let said = refused("[server]\nlisten = \n", "broken.toml");
    assert!(said.len() == 1 && said[0].starts_with("line 2 is not TOML"), "{said:?}");
    let missing = Sources::new(Some("/nowhere/at/all.toml".into()), [], Vec::new()).read();
    assert!(missing.unwrap_err().to_string().contains("it cannot be read"));
}

#[test]
fn an_unknown_variable_is_an_error_unless_a_cluster_sets_it() {
    let cluster = [("EMANATE_PORT_7700_TCP", "tcp://10.0.0.1"), ("EMANATE_SERVICE_HOST", "h")];
    assert!(read(None, &cluster, &[]).is_ok());
    let said = read(None, &[("EMANATE_LOGS_LEVLE", "info")], &[]).unwrap_err().to_string();
    assert!(said.contains("did you mean \"EMANATE_LOGS_LEVEL\"?"), "{said}");
    let said = read(None, &[], &["logs.level"]).unwrap_err().to_string();
    assert!(said.contains("write --set KEY=VALUE"), "{said}");
}

#[test]
fn an_address_others_reach_needs_tokens() {
    for open in ["0.0.0.0:1", "[::]:1", "192.168.0.1:1", "[::ffff:10.0.0.1]:1"] {
        let flag = format!("server.listen={open}");
        let said = read(None, &[], &[&flag]).unwrap_err().to_string();
        assert!(said.contains("which other machines may reach"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(read(None, &[], &[&flag, "auth.read_tokens=0123456789abcdef"]).is_ok());
    }
    for own in ["127.0.0.1:1", "127.3.2.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
        assert!(read(None, &[], &[&format!("server.listen={own}")]).is_ok(), "{own}");
    }
}

#[test]
fn a_token_has_one_scope_and_is_never_shown() {
    let token = "0123456789abcdefX";
    let twice = [format!("auth.read_tokens={token}"), format!("auth.admin_tokens={token}")];
    let said = read(None, &[], &[&twice[0], &twice[1]]).unwrap_err().to_string();
    assert!(said.contains("hold the same token") && !said.contains(token), "{said}");
    let config = read(None, &[], &[&twice[0]]).unwrap();
    assert!(!print(&config).contains(token) && !format!("{config:?}").contains(token));
}

#[test]
fn half_of_tls_is_refused() {
    let said = read(None, &[], &["server.tls_key=k.pem"]).unwrap_err().to_string();
    assert!(said.contains("server.tls_certificate is missing"), "{said}");
}

#[test]
fn what_needs_a_restart_is_told() {
    let old = Config::default();
    let mut new = old.clone();
    assert_eq!(restart_keys(&old, &new), Vec::<&str>::new());
    new.engine.threads = 7;
    new.limits.batch = 3;
    new.graphs.insert("a".into(), "b".into());
    assert_eq!(restart_keys(&old, &new), ["engine.threads", "graphs"]);
    assert!(KEYS.iter().any(|key| key.when == When::Reload));
}
