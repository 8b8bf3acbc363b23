//! From `--seed` and `--relation` to nodes and relations of a graph.
//!
//! Labels are arbitrary text, so `a=1` may be a label. The graph decides: an argument that is a
//! label as a whole is that node; only else is a number split from its end.

use std::fmt;
use std::path::{Path, PathBuf};

use emanate::graph::{DamagedBlock, Generation};
use emanate::spread::{Seed, UnknownSeeds};
use emanate::terms::{Key, Label, NodeId};

use crate::lines::{Lines, LinesError};
use crate::output::text::{cut, given};
use crate::suggest::{self, DidYouMean};

/// Where an argument was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On the command line.
    Flag,
    /// In a file, at a line counted from 1.
    Line(PathBuf, usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => Ok(()),
            Self::Line(file, line) => write!(f, "{}:{line}: ", file.display()),
        }
    }
}

/// Why seeds, relations or retentions do not fit the graph.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NameError {
    /// The graph has no node of this name.
    UnknownNode {
        /// Where it was named.
        place: Place,
        /// The name.
        label: String,
        /// Nodes it has.
        meant: DidYouMean,
    },
    /// Unknown seeds are to be left out, and no seed would remain.
    NoKnownSeed {
        /// The first seed.
        label: String,
        /// Nodes the graph has.
        meant: DidYouMean,
    },
    /// The argument is `@` and no label.
    NoSeedFile,
    /// The argument begins with `@` and is no label, and the file it names cannot be used.
    SeedFile(LinesError),
    /// A seed's activation is not finite and above 0.
    Activation {
        /// Where it was given.
        place: Place,
        /// The seed.
        label: String,
        /// What was given.
        activation: f64,
    },
    /// A seed's time is not a step.
    Time {
        /// Where it was given.
        place: Place,
        /// The seed.
        label: String,
        /// What was given.
        time: f64,
    },
    /// The graph has no relation of this name.
    UnknownRelation {
        /// The name.
        name: String,
        /// Relations it has.
        meant: DidYouMean,
    },
    /// A relation's weight is not finite.
    RelationWeight {
        /// The relation.
        name: String,
        /// What was given.
        weight: f64,
    },
    /// A line of the retention file is not a label, a tab and a number from 0 to 1.
    Retention {
        /// The line.
        place: Place,
    },
    /// The retention file cannot be used.
    RetentionFile(LinesError),
    /// Names could not be read from the graph's file.
    Damaged(DamagedBlock),
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownNode { place, label, meant } => {
                write!(f, "{place}the graph has no node {:?}; ", cut(label))?;
                meant.write(f, "correct it, or leave unknown seeds out with --skip-unknown")
            }
            Self::NoKnownSeed { label, meant } => {
                write!(f, "no seed names a node of the graph, the first is {:?}; ", cut(label))?;
                meant.write(f, "name at least one node that it has")
            }
            Self::NoSeedFile => {
                f.write_str("--seed @ names no file; write --seed @FILE, or the label of a node")
            }
            Self::SeedFile(error) => write!(f, "--seed @FILE: {error}"),
            Self::Activation { place, label, activation } => write!(
                f,
                "{place}the activation of seed {:?} is {}, but must be finite and above \
                 0",
                cut(label),
                given(*activation)
            ),
            Self::Time { place, label, time } => write!(
                f,
                "{place}the time of seed {:?} is {}, but must be a whole number of steps from \
                 0 to 4294967295",
                cut(label),
                given(*time)
            ),
            Self::UnknownRelation { name, meant } => {
                write!(f, "the graph has no relation {:?}; ", cut(name))?;
                meant.write(f, "see its relations with `emanate info`")
            }
            Self::RelationWeight { name, weight } => write!(
                f,
                "the weight of --relation {:?} is {}, but must be a finite number",
                cut(name),
                given(*weight)
            ),
            Self::Retention { place } => write!(
                f,
                "{place}the line is not a label, a tab and a number from 0 to 1; correct it"
            ),
            Self::RetentionFile(error) => write!(f, "--retention-file: {error}"),
            Self::Damaged(block) => write!(f, "{block}"),
        }
    }
}

impl std::error::Error for NameError {}

impl From<DamagedBlock> for NameError {
    fn from(block: DamagedBlock) -> Self {
        Self::Damaged(block)
    }
}

/// `X` or `X@T` after the last `=` of an argument.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Amount {
    activation: f64,
    time: Option<f64>,
}

impl Amount {
    fn parse(text: &str) -> Option<Self> {
        // NaN and infinity count as numbers here, so that they are refused as such.
        if let Ok(activation) = text.parse() {
            return Some(Self { activation, time: None });
        }
        let (activation, time) = text.rsplit_once('@')?;
        Some(Self { activation: activation.parse().ok()?, time: Some(time.parse().ok()?) })
    }
}

/// `name=amount` at the last `=` that an amount follows.
fn split<T>(argument: &str, parse: impl Fn(&str) -> Option<T>) -> Option<(&str, T)> {
    argument
        .rmatch_indices('=')
        .find_map(|(at, _)| parse(&argument[at + 1..]).map(|amount| (&argument[..at], amount)))
}

/// The seeds that `arguments` name in `graph`, in their order. Unknown ones are refused, or, where
/// `unknown` says so and there are others, kept for the spread to skip and count.
///
/// # Errors
/// [`NameError`].
pub(crate) fn seeds(
    graph: &Generation,
    arguments: &[String],
    unknown: UnknownSeeds,
) -> Result<Vec<Seed>, NameError> {
    let mut seeds = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let Some(file) = seed_file(graph, argument)? else {
            seeds.push(seed(graph, argument, Place::Flag, unknown)?);
            continue;
        };
        let lines = Lines::read(file).map_err(NameError::SeedFile)?;
        for (line, text) in lines.numbered().map_err(NameError::SeedFile)? {
            let place = Place::Line(file.to_path_buf(), line);
            seeds.push(seed(graph, text, place, unknown)?);
        }
    }
    refuse_all_unknown(graph, &seeds)?;
    Ok(seeds)
}

/// Refuses seeds none of which is in `graph`, with a name close to the first.
///
/// # Errors
/// [`NameError::NoKnownSeed`], or [`NameError::Damaged`].
fn refuse_all_unknown(graph: &Generation, seeds: &[Seed]) -> Result<(), NameError> {
    for seed in seeds {
        if graph.find_key(&seed.node)?.is_some() {
            return Ok(());
        }
    }
    // That there is no seed at all is the spread's to say.
    let Some(first) = seeds.first() else { return Ok(()) };
    let label = match &first.node {
        Key::Label(label) => label.to_string(),
        other => other.to_string(),
    };
    let meant = suggest::labels(graph, &label)?;
    Err(NameError::NoKnownSeed { label, meant })
}

/// The file that `argument` names; `None` where it is, or begins with, a label.
///
/// # Errors
/// [`NameError::NoSeedFile`], or [`NameError::Damaged`].
fn seed_file<'a>(graph: &Generation, argument: &'a str) -> Result<Option<&'a Path>, NameError> {
    let Some(file) = argument.strip_prefix('@') else { return Ok(None) };
    let label = split(argument, Amount::parse).map_or(argument, |(label, _)| label);
    let is_node = find(graph, argument)?.is_some() || find(graph, label)?.is_some();
    match file {
        _ if is_node => Ok(None),
        "" => Err(NameError::NoSeedFile),
        _ => Ok(Some(Path::new(file))),
    }
}

fn seed(
    graph: &Generation,
    argument: &str,
    place: Place,
    unknown: UnknownSeeds,
) -> Result<Seed, NameError> {
    if find(graph, argument)?.is_some() {
        return Ok(Seed { node: key(graph, argument)?, activation: 1.0, time: 0 });
    }
    let (label, amount) = split(argument, Amount::parse)
        .unwrap_or((argument, Amount { activation: 1.0, time: None }));
    if unknown == UnknownSeeds::Refuse && find(graph, label)?.is_none() {
        let meant = suggest::labels(graph, label)?;
        return Err(NameError::UnknownNode { place, label: label.into(), meant });
    }
    let activation = amount.activation;
    if !(activation.is_finite() && activation > 0.0) {
        return Err(NameError::Activation { place, label: label.into(), activation });
    }
    let time = amount.time.unwrap_or(0.0);
    let Some(time) = whole(time) else {
        return Err(NameError::Time { place, label: label.into(), time });
    };
    Ok(Seed { node: key(graph, label)?, activation, time })
}

/// `number` as a step; `None` where it is not a whole number that fits.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range and the fraction are tested first"
)]
fn whole(number: f64) -> Option<u32> {
    let fits = (0.0..=f64::from(u32::MAX)).contains(&number) && number.fract() == 0.0;
    fits.then_some(number as u32)
}

/// The relations that `arguments` name in `graph`, each with its factor.
///
/// # Errors
/// [`NameError`].
pub(crate) fn relations(
    graph: &Generation,
    arguments: &[String],
) -> Result<Vec<(String, f64)>, NameError> {
    arguments
        .iter()
        .map(|argument| {
            if graph.relation(argument).is_some() {
                return Ok((argument.clone(), 1.0));
            }
            let (name, weight) =
                split(argument, |text| text.parse().ok()).unwrap_or((argument, 1.0));
            if graph.relation(name).is_none() {
                let meant = suggest::relations(graph, name);
                return Err(NameError::UnknownRelation { name: name.into(), meant });
            }
            if !f64::is_finite(weight) {
                return Err(NameError::RelationWeight { name: name.into(), weight });
            }
            Ok((name.into(), weight))
        })
        .collect()
}

/// The retentions that `file` gives to nodes of `graph`: lines of a label, a tab and a number.
///
/// # Errors
/// [`NameError`].
pub(crate) fn retentions(graph: &Generation, file: &Path) -> Result<Vec<(Key, f64)>, NameError> {
    let lines = Lines::read(file).map_err(NameError::RetentionFile)?;
    let mut retentions = Vec::new();
    for (line, text) in lines.numbered().map_err(NameError::RetentionFile)? {
        let place = Place::Line(file.to_path_buf(), line);
        let parsed = text.rsplit_once('\t').and_then(|(label, number)| {
            let number = number.trim().parse().ok()?;
            (0.0..=1.0).contains(&number).then_some((label, number))
        });
        let Some((label, retention)) = parsed else { return Err(NameError::Retention { place }) };
        if find(graph, label)?.is_none() {
            let meant = suggest::labels(graph, label)?;
            return Err(NameError::UnknownNode { place, label: label.into(), meant });
        }
        retentions.push((key(graph, label)?, retention));
    }
    Ok(retentions)
}

/// The node of this name. In a graph of keys, names are decimal numbers or, where the keys have 16
/// bytes, hexadecimal ones.
fn find(graph: &Generation, name: &str) -> Result<Option<NodeId>, DamagedBlock> {
    graph.find_key(&key(graph, name)?)
}

/// How a request names the node called `name` in `graph`.
fn key(graph: &Generation, name: &str) -> Result<Key, DamagedBlock> {
    if graph.has_labels() || graph.node_count() == 0 {
        return Ok(name.into());
    }
    let parsed = match graph.label(NodeId::new(0))? {
        Label::Text(_) => None,
        Label::Key(_) => name.parse().ok().map(Key::Number),
        Label::WideKey(_) => u128::from_str_radix(name, 16).ok().map(Key::Wide),
    };
    Ok(parsed.unwrap_or_else(|| name.into()))
}

#[cfg(test)]
mod tests {
    use emanate::GraphBuilder;

    use super::*;

    fn graph() -> Generation {
        let mut builder = GraphBuilder::new();
        for label in ["dog", "a=1", "E=mc", "@home", "a=b", "x=1@2", "-v", "nan"] {
            builder.edge("hub", label, 1.0).unwrap();
        }
        builder.build().unwrap()
    }

    fn one(argument: &str) -> Result<(String, f64, u32), NameError> {
        let seeds = seeds(&graph(), &[argument.to_owned()], UnknownSeeds::Refuse)?;
        let Key::Label(label) = &seeds[0].node else { panic!("the graph has labels") };
        Ok((label.to_string(), seeds[0].activation, seeds[0].time))
    }

    #[test]
    fn a_whole_label_wins_over_a_split() {
        for label in ["dog", "a=1", "@home", "x=1@2", "-v", "nan"] {
            assert_eq!(one(label), Ok((label.into(), 1.0, 0)), "{label}");
        }
        assert_eq!(one("a=1=0.5"), Ok(("a=1".into(), 0.5, 0)));
        assert_eq!(one("x=1@2=3@4"), Ok(("x=1@2".into(), 3.0, 4)));
        assert_eq!(one("@home=2"), Ok(("@home".into(), 2.0, 0)));
    }

    #[test]
    fn the_last_equals_sign_before_a_number_splits() {
        assert_eq!(one("dog=0.25"), Ok(("dog".into(), 0.25, 0)));
        assert_eq!(one("dog=0.25@7"), Ok(("dog".into(), 0.25, 7)));
        assert_eq!(one("E=mc=2"), Ok(("E=mc".into(), 2.0, 0)));
        assert_eq!(one("a=b=1e-3"), Ok(("a=b".into(), 1e-3, 0)));
        assert_eq!(split("dog=cat", Amount::parse), None);
        assert_eq!(split("=1", Amount::parse).map(|(label, _)| label), Some(""));
    }

    #[test]
    fn wrong_amounts_are_refused() {
        for amount in ["0", "-1", "nan", "inf", "1e999"] {
            let error = one(&format!("dog={amount}")).unwrap_err();
            assert!(matches!(error, NameError::Activation { .. }), "{amount}: {error}");
        }
        for time in ["1.5", "-1", "nan", "4294967296"] {
            let error = one(&format!("dog=1@{time}")).unwrap_err();
            assert!(matches!(error, NameError::Time { .. }), "{time}: {error}");
        }
    }

    #[test]
    fn an_unknown_seed_is_refused_or_kept_for_the_spread_to_skip() {
        let Err(NameError::UnknownNode { label, meant, .. }) = one("dgo=2") else {
            panic!("no such node");
        };
        assert_eq!((label.as_str(), meant), ("dgo", DidYouMean(vec!["dog".into()])));
        let kept = seeds(&graph(), &["dgo=2".into(), "dog".into()], UnknownSeeds::Skip).unwrap();
        assert_eq!(kept[0], Seed { node: "dgo".into(), activation: 2.0, time: 0 });
        assert_eq!(kept.len(), 2);
    }

    #[test]
    fn keys_are_written_as_numbers() {
        let mut builder = GraphBuilder::with_keys();
        builder.edge(7u64, 9u64, 1.0).unwrap();
        let numbered = builder.build().unwrap();
        let named = seeds(&numbered, &["7=2".into()], UnknownSeeds::Refuse).unwrap();
        assert_eq!(named, [Seed { node: Key::Number(7), activation: 2.0, time: 0 }]);
        assert!(seeds(&numbered, &["8".into()], UnknownSeeds::Refuse).is_err());

        let mut builder = GraphBuilder::with_wide_keys();
        builder.edge(0xabu128, 1u128, 1.0).unwrap();
        let wide = builder.build().unwrap();
        let named = seeds(&wide, &["00ab".into()], UnknownSeeds::Refuse).unwrap();
        assert_eq!(named[0].node, Key::Wide(0xab));
    }

    #[test]
    fn relations_split_as_seeds_do() {
        let mut builder = GraphBuilder::new();
        for relation in ["is a", "part=2"] {
            let edge = emanate::Edge {
                source: "a".into(),
                target: "b".into(),
                weight: 1.0,
                relation: Some(relation),
                time: None,
            };
            builder.add(&edge).unwrap();
        }
        let graph = builder.build().unwrap();
        let named = |argument: &str| relations(&graph, &[argument.to_owned()]);
        assert_eq!(named("is a"), Ok(vec![("is a".into(), 1.0)]));
        assert_eq!(named("is a=-2"), Ok(vec![("is a".into(), -2.0)]));
        assert_eq!(named("part=2"), Ok(vec![("part=2".into(), 1.0)]));
        assert_eq!(named("part=2=3"), Ok(vec![("part=2".into(), 3.0)]));
        assert!(matches!(named("is a=nan"), Err(NameError::RelationWeight { .. })));
        let Err(NameError::UnknownRelation { name, meant }) = named("is_a=2") else {
            panic!("no such relation");
        };
        assert_eq!((name.as_str(), meant), ("is_a", DidYouMean(vec!["is a".into()])));
    }
}
