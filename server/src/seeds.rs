//! From the seeds and relations of a query to nodes and relations of a graph.
//!
//! Labels are arbitrary text, so `a=1` may be a label. The graph decides: an argument that is a
//! label as a whole is that node; only else is a number split from its end. JSON keeps names and
//! numbers apart, so what comes from there is never split.

mod error;
#[cfg(test)]
mod tests;

use std::path::Path;

use emanate::graph::{DamagedBlock, Generation};
use emanate::spread::{Seed, UnknownSeeds};
use emanate::terms::{Key, Label, NodeId};

use crate::lines::Lines;
use crate::suggest::{self, DidYouMean};

pub(crate) use error::{NameError, Place};

/// A seed as it was given.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SeedArg {
    /// The argument of `--seed`: `LABEL[=X[@T]]`, or `@FILE`.
    Typed(String),
    /// A label with its amount.
    Exact {
        /// The label, or the digits of a host's key.
        label: String,
        /// Its activation.
        activation: f64,
        /// The step in which it is injected.
        time: f64,
    },
}

impl From<String> for SeedArg {
    fn from(argument: String) -> Self {
        Self::Typed(argument)
    }
}

/// A relation as it was given.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RelationArg {
    /// The argument of `--relation`: `NAME[=WEIGHT]`.
    Typed(String),
    /// A name with its factor.
    Exact {
        /// The name.
        name: String,
        /// The factor.
        weight: f64,
    },
}

impl From<String> for RelationArg {
    fn from(argument: String) -> Self {
        Self::Typed(argument)
    }
}

/// Whether an unknown name is worth a search for close ones, which reads up to a million labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suggestions {
    /// It is: a person reads the answer.
    Wanted,
    /// It is not: there may be thousands.
    Omitted,
}

/// `X` or `X@T` after the last `=` of an argument.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Amount {
    activation: f64,
    time: f64,
}

impl Amount {
    fn parse(text: &str) -> Option<Self> {
        // NaN and infinity count as numbers here, so that they are refused as such.
        if let Ok(activation) = text.parse() {
            return Some(Self { activation, time: 0.0 });
        }
        let (activation, time) = text.rsplit_once('@')?;
        Some(Self { activation: activation.parse().ok()?, time: time.parse().ok()? })
    }
}

/// `name=amount` at the last `=` that an amount follows.
fn split<T>(argument: &str, parse: impl Fn(&str) -> Option<T>) -> Option<(&str, T)> {
    argument
        .rmatch_indices('=')
        .find_map(|(at, _)| parse(&argument[at + 1..]).map(|amount| (&argument[..at], amount)))
}

/// The names of a graph.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'a> {
    /// The graph.
    pub(crate) graph: &'a Generation,
    /// Whether close names are searched for.
    pub(crate) suggestions: Suggestions,
}

impl Names<'_> {
    /// The seeds that `arguments` name, in their order. Unknown ones are refused, or, where
    /// `unknown` says so and there are others, kept for the spread to skip and count.
    ///
    /// # Errors
    /// [`NameError`].
    pub(crate) fn seeds(
        &self,
        arguments: &[SeedArg],
        unknown: UnknownSeeds,
    ) -> Result<Vec<Seed>, NameError> {
        let mut seeds = Vec::with_capacity(arguments.len());
        for argument in arguments {
            match argument {
                SeedArg::Typed(argument) => self.typed_seeds(argument, unknown, &mut seeds)?,
                SeedArg::Exact { label, activation, time } => {
                    let amount = Amount { activation: *activation, time: *time };
                    seeds.push(self.exact_seed(label, amount, Place::Request, unknown)?);
                }
            }
        }
        self.refuse_all_unknown(&seeds)?;
        Ok(seeds)
    }

    /// Adds the seed that `argument` names, or those in the file it names, to `seeds`.
    ///
    /// # Errors
    /// [`NameError`].
    fn typed_seeds(
        &self,
        argument: &str,
        unknown: UnknownSeeds,
        seeds: &mut Vec<Seed>,
    ) -> Result<(), NameError> {
        let Some(file) = self.seed_file(argument)? else {
            seeds.push(self.typed_seed(argument, Place::Request, unknown)?);
            return Ok(());
        };
        let lines = Lines::read(file).map_err(NameError::SeedFile)?;
        for (line, text) in lines.numbered().map_err(NameError::SeedFile)? {
            let place = Place::Line(file.to_path_buf(), line);
            seeds.push(self.typed_seed(text, place, unknown)?);
        }
        Ok(())
    }

    /// Refuses seeds none of which is in the graph, with a name close to the first.
    ///
    /// # Errors
    /// [`NameError::NoKnownSeed`], or [`NameError::Damaged`].
    fn refuse_all_unknown(&self, seeds: &[Seed]) -> Result<(), NameError> {
        for seed in seeds {
            if self.graph.find_key(&seed.node)?.is_some() {
                return Ok(());
            }
        }
        // That there is no seed at all is the spread's to say.
        let Some(first) = seeds.first() else { return Ok(()) };
        let label = match &first.node {
            Key::Label(label) => label.to_string(),
            other => other.to_string(),
        };
        let meant = self.close_to(&label)?;
        Err(NameError::NoKnownSeed { label, meant })
    }

    /// The file that `argument` names; `None` where it is, or begins with, a label.
    ///
    /// # Errors
    /// [`NameError::NoSeedFile`], or [`NameError::Damaged`].
    fn seed_file<'a>(&self, argument: &'a str) -> Result<Option<&'a Path>, NameError> {
        let Some(file) = argument.strip_prefix('@') else { return Ok(None) };
        let label = split(argument, Amount::parse).map_or(argument, |(label, _)| label);
        let is_node = self.find(argument)?.is_some() || self.find(label)?.is_some();
        match file {
            _ if is_node => Ok(None),
            "" => Err(NameError::NoSeedFile),
            _ => Ok(Some(Path::new(file))),
        }
    }

    fn typed_seed(
        &self,
        argument: &str,
        place: Place,
        unknown: UnknownSeeds,
    ) -> Result<Seed, NameError> {
        let one = Amount { activation: 1.0, time: 0.0 };
        let (label, amount) = if self.find(argument)?.is_some() {
            (argument, one)
        } else {
            split(argument, Amount::parse).unwrap_or((argument, one))
        };
        self.exact_seed(label, amount, place, unknown)
    }

    fn exact_seed(
        &self,
        label: &str,
        amount: Amount,
        place: Place,
        unknown: UnknownSeeds,
    ) -> Result<Seed, NameError> {
        if unknown == UnknownSeeds::Refuse && self.find(label)?.is_none() {
            let meant = self.close_to(label)?;
            return Err(NameError::UnknownNode { place, label: label.into(), meant });
        }
        let Amount { activation, time } = amount;
        if !(activation.is_finite() && activation > 0.0) {
            return Err(NameError::Activation { place, label: label.into(), activation });
        }
        let Some(time) = whole(time) else {
            return Err(NameError::Time { place, label: label.into(), time });
        };
        Ok(Seed { node: self.key(label)?, activation, time })
    }

    /// The relations that `arguments` name, each with its factor.
    ///
    /// # Errors
    /// [`NameError`].
    pub(crate) fn relations(
        &self,
        arguments: &[RelationArg],
    ) -> Result<Vec<(String, f64)>, NameError> {
        let is_relation = |name: &str| self.graph.relation(name).is_some();
        let relation = |argument: &RelationArg| {
            let (name, weight) = match argument {
                RelationArg::Exact { name, weight } => (name.as_str(), *weight),
                RelationArg::Typed(argument) if is_relation(argument) => (argument.as_str(), 1.0),
                RelationArg::Typed(argument) => {
                    split(argument, |text| text.parse().ok()).unwrap_or((argument, 1.0))
                }
            };
            if !is_relation(name) {
                let meant = match self.suggestions {
                    Suggestions::Wanted => suggest::relations(self.graph, name),
                    Suggestions::Omitted => DidYouMean::default(),
                };
                return Err(NameError::UnknownRelation { name: name.into(), meant });
            }
            if !f64::is_finite(weight) {
                return Err(NameError::RelationWeight { name: name.into(), weight });
            }
            Ok((name.into(), weight))
        };
        arguments.iter().map(relation).collect()
    }

    /// The retentions that `file` gives to nodes: lines of a label, a tab and a number.
    ///
    /// # Errors
    /// [`NameError`].
    pub(crate) fn retentions(&self, file: &Path) -> Result<Vec<(Key, f64)>, NameError> {
        let lines = Lines::read(file).map_err(NameError::RetentionFile)?;
        let mut retentions = Vec::new();
        for (line, text) in lines.numbered().map_err(NameError::RetentionFile)? {
            let place = Place::Line(file.to_path_buf(), line);
            let parsed = text.rsplit_once('\t').and_then(|(label, number)| {
                let number = number.trim().parse().ok()?;
                (0.0..=1.0).contains(&number).then_some((label, number))
            });
            let Some((label, retention)) = parsed else {
                return Err(NameError::Retention { place });
            };
            if self.find(label)?.is_none() {
                let meant = self.close_to(label)?;
                return Err(NameError::UnknownNode { place, label: label.into(), meant });
            }
            retentions.push((self.key(label)?, retention));
        }
        Ok(retentions)
    }

    fn close_to(&self, label: &str) -> Result<DidYouMean, DamagedBlock> {
        match self.suggestions {
            Suggestions::Wanted => suggest::labels(self.graph, label),
            Suggestions::Omitted => Ok(DidYouMean::default()),
        }
    }

    /// The node of this name. In a graph of keys, names are decimal numbers or, where the keys
    /// have 16 bytes, hexadecimal ones.
    pub(crate) fn find(&self, name: &str) -> Result<Option<NodeId>, DamagedBlock> {
        self.graph.find_key(&self.key(name)?)
    }

    /// How a request names the node called `name`.
    pub(crate) fn key(&self, name: &str) -> Result<Key, DamagedBlock> {
        let graph = self.graph;
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
