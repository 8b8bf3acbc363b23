//! The glossary's banned words in identifiers.

use std::collections::BTreeSet;

use crate::source::{Finding, Source};

/// Words that have a better one in the glossary, and that one. A word of several parts is banned
/// where its parts follow each other. What the glossary rejects in one sense only, and is an
/// ordinary word in others (`cost`, `layer`, `queue`, `record`, `view`), is left to the reader.
const BANNED: [(&str, &str); 43] = [
    ("accumulator", "ledger"),
    ("active_set", "frontier"),
    ("adaptive", "what it does"),
    ("branching", "fan_out"),
    ("bulk", "batch or lanes"),
    ("cooldown", "open_wait"),
    ("cool_down", "open_wait"),
    ("cue", "seed"),
    ("cutoff", "report_threshold"),
    ("decay_rate", "hop_decay or time_decay"),
    ("depth", "hop"),
    ("energy", "activation"),
    ("enhanced", "what it does"),
    ("epoch", "generation"),
    ("error_ratio", "failure_rate"),
    ("fuse", "breaker"),
    ("handler", "what it does"),
    ("inertia", "retention"),
    ("iteration", "hop"),
    ("knob", "setting"),
    ("lambda", "hop_decay"),
    ("level", "activation, hop or tier"),
    ("link_strength", "edge weight"),
    ("manager", "what it does"),
    ("max_neighbors", "fan_out_limit"),
    ("max_neighbours", "fan_out_limit"),
    ("min_score", "report_threshold"),
    ("mutation_list", "change_set"),
    ("normalisation", "share"),
    ("normalization", "share"),
    ("optimized", "what it does"),
    ("out_degree", "fan_out"),
    ("outdegree", "fan_out"),
    ("percentile", "quantile"),
    ("recall", "spread"),
    ("recommendation", "proposal"),
    ("sampler", "recorder"),
    ("score", "activation"),
    ("similarity", "weight"),
    ("smart", "what it does"),
    ("timeout", "deadline or budget"),
    ("traversal", "spread"),
    ("wave", "pulse"),
];

/// Identifiers that hold a banned word and are right nevertheless, each with the reason.
const RIGHT_NEVERTHELESS: [(&str, &str); 9] = [
    ("base_level", "ACT-R's own name for the part of an activation that no seed gives"),
    ("iterations_max", "power iteration is the method's published name; the flag says so too"),
    ("DEFAULT_ITERATIONS_MAX", "as `iterations_max`"),
    ("recall", "recall@k, the published measure of how much of an answer is kept"),
    ("RecallFell", "as `recall`"),
    ("recall_of", "as `recall`"),
    ("DEFAULT_RECALL_AT", "as `recall`"),
    ("Adaptive", "the strategy's name on the command line"),
    ("park_timeout", "the standard library's function"),
];

/// The parts of an identifier, in lower case: `HopDecay` and `HOP_DECAY` are `hop`, `decay`.
fn parts(identifier: &str) -> Vec<String> {
    let chars: Vec<char> = identifier.chars().collect();
    let mut parts = vec![String::new()];
    for (at, &c) in chars.iter().enumerate() {
        let after_lower = at > 0 && chars[at - 1].is_lowercase();
        let before_lower = chars.get(at + 1).is_some_and(|next| next.is_lowercase());
        let after_upper = at > 0 && chars[at - 1].is_uppercase();
        if c == '_' || (c.is_uppercase() && (after_lower || (after_upper && before_lower))) {
            parts.push(String::new());
        }
        if c != '_' {
            parts.last_mut().expect("never empty").extend(c.to_lowercase());
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// The banned word in `identifier`, and the word to use.
fn banned_in(identifier: &str) -> Option<(&'static str, &'static str)> {
    let parts = parts(identifier);
    let same = |part: &str, word: &str| part == word || part.strip_suffix('s') == Some(word);
    let holds = |word: &str| {
        let wanted: Vec<&str> = word.split('_').collect();
        parts.windows(wanted.len()).any(|here| here.iter().zip(&wanted).all(|(p, w)| same(p, w)))
    };
    BANNED.into_iter().find(|(word, _)| holds(word))
}

/// Identifiers of the libraries that hold a banned word, except those in `right`.
fn banned_except(source: &Source, right: &[(&str, &str)]) -> Vec<Finding> {
    let library = ["engine/src/", "tuner/src/"].iter().any(|at| source.path.starts_with(at));
    let words = source.tokens.iter().filter(|token| library && token.is_word());
    let mut found = Vec::new();
    for token in words.filter(|token| !right.iter().any(|(name, _)| *name == token.text)) {
        if let Some((word, instead)) = banned_in(&token.text) {
            let name = &token.text;
            let rule = format!("`{name}` says `{word}`; the glossary's word is {instead}");
            found.push(source.finding(token.line, rule));
        }
    }
    found
}

/// Identifiers of the libraries that hold a banned word.
pub(crate) fn banned(source: &Source) -> Vec<Finding> {
    banned_except(source, &RIGHT_NEVERTHELESS)
}

/// Exceptions that no file needs any more.
pub(crate) fn idle_exceptions(sources: &[Source]) -> Vec<Finding> {
    idle(sources, &RIGHT_NEVERTHELESS)
}

fn idle(sources: &[Source], right: &[(&str, &str)]) -> Vec<Finding> {
    let libraries = sources.iter().filter(|s| !s.path.starts_with("tests/"));
    let used: BTreeSet<&str> =
        libraries.flat_map(|source| &source.tokens).map(|token| token.text.as_str()).collect();
    let idle = right.iter().filter(|(name, _)| !used.contains(name));
    idle.map(|(name, _)| Finding {
        file: "tests/tidy/names.rs".to_owned(),
        line: 0,
        rule: format!("nothing is called `{name}` any more; remove the exception"),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::{banned, banned_except, idle, parts};
    use crate::source::Source;

    #[test]
    fn identifiers_come_apart() {
        assert_eq!(parts("HopDecay"), ["hop", "decay"]);
        assert_eq!(parts("HTTPServer_2x"), ["http", "server", "2x"]);
        assert_eq!(parts("DEFAULT_HOPS__MAX"), ["default", "hops", "max"]);
    }

    #[test]
    fn banned_words_are_found() {
        let find = |path: &str, text: &str| banned(&Source::new(path, text)).len();
        let text = "struct ActivationLevels { max_depth: u32, decayRates: f64 } fn score() {}";
        assert_eq!(find("engine/src/x.rs", text), 4);
        assert_eq!(find("tuner/src/x.rs", text), 4);
        assert_eq!(find("server/src/x.rs", text), 0);
        let ordinary = "struct ScoredRecallable; fn decay() { rate } // depth\n\"level\"";
        assert_eq!(find("engine/src/x.rs", ordinary), 0);
    }

    #[test]
    fn exceptions_are_exact_and_needed() {
        let source = Source::new("engine/src/x.rs", "fn base_level() {} fn base_levels() {}");
        assert_eq!(banned_except(&source, &[("base_level", "why")]).len(), 1);
        assert_eq!(idle(&[source], &[("base_level", "why"), ("wave", "why")]).len(), 1);
    }
}
