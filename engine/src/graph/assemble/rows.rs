//! Edges grouped by source, equal ones summed.

use std::ops::Range;

use crate::graph::builder::{EdgeColumns, WeightColumn};
use crate::graph::error::BuildError;
use crate::graph::order::{ascending, descended};

/// Rows under provisional numbers.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) offsets: Vec<usize>,
    pub(crate) targets: Vec<u32>,
    pub(crate) weights: WeightColumn,
    /// Empty where no edge has a relation.
    pub(crate) relations: Vec<u32>,
    /// Empty where no edge has a time.
    pub(crate) times: Vec<f64>,
}

impl Rows {
    pub(crate) fn range(&self, node: usize) -> Range<usize> {
        self.offsets[node]..self.offsets[node + 1]
    }
}

impl WeightColumn {
    pub(crate) fn at(&self, position: usize) -> f64 {
        match self {
            Self::Single(weights) => f64::from(weights[position]),
            Self::Double(weights) => weights[position],
        }
    }

    /// Writes a weight; where single precision does not hold it exactly, widens all of them.
    #[expect(clippy::cast_possible_truncation, reason = "compared with the original just before")]
    pub(in crate::graph) fn set(&mut self, position: usize, weight: f64) {
        match self {
            Self::Double(weights) => weights[position] = weight,
            Self::Single(weights) if Self::fits_single(weight) => {
                weights[position] = weight as f32;
            }
            Self::Single(weights) => {
                let mut wide: Vec<f64> = weights.iter().map(|w| f64::from(*w)).collect();
                wide[position] = weight;
                *self = Self::Double(wide);
            }
        }
    }

    /// Inserts a weight; widens all of them as [`WeightColumn::set`] does.
    #[expect(clippy::cast_possible_truncation, reason = "compared with the original just before")]
    pub(in crate::graph) fn insert(&mut self, position: usize, weight: f64) {
        match self {
            Self::Double(weights) => weights.insert(position, weight),
            Self::Single(weights) if Self::fits_single(weight) => {
                weights.insert(position, weight as f32);
            }
            Self::Single(weights) => {
                let mut wide: Vec<f64> = weights.iter().map(|w| f64::from(*w)).collect();
                wide.insert(position, weight);
                *self = Self::Double(wide);
            }
        }
    }

    /// Removes the weight at `position`.
    pub(in crate::graph) fn remove(&mut self, position: usize) -> f64 {
        match self {
            Self::Single(weights) => f64::from(weights.remove(position)),
            Self::Double(weights) => weights.remove(position),
        }
    }

    fn truncate(&mut self, len: usize) {
        match self {
            Self::Single(weights) => weights.truncate(len),
            Self::Double(weights) => weights.truncate(len),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "compared with the original")]
    fn fits_single(weight: f64) -> bool {
        f64::from(weight as f32) == weight
    }

    #[expect(clippy::cast_possible_truncation, reason = "checked for every weight")]
    fn narrowed(self) -> Self {
        match self {
            Self::Double(weights) if weights.iter().all(|w| Self::fits_single(*w)) => {
                Self::Single(weights.into_iter().map(|w| w as f32).collect())
            }
            weights => weights,
        }
    }
}

/// Groups, sorts and sums.
pub(crate) fn merged(edges: EdgeColumns, nodes: usize) -> Result<Rows, BuildError> {
    merge(grouped(edges, nodes))
}

fn grouped(edges: EdgeColumns, nodes: usize) -> Rows {
    let EdgeColumns { sources, targets, weights, relations, times } = edges;
    let mut offsets = vec![0usize; nodes + 1];
    for &source in &sources {
        offsets[source as usize + 1] += 1;
    }
    for node in 0..nodes {
        offsets[node + 1] += offsets[node];
    }
    // One column after the other, each freed before the next is moved: at no time are there two
    // copies of all edges.
    let mut next = offsets.clone();
    let mut places = Places { sources: &sources, starts: &offsets, next: &mut next };
    let targets = places.moved(targets);
    let weights = match weights {
        WeightColumn::Single(weights) => WeightColumn::Single(places.moved(weights)),
        WeightColumn::Double(weights) => WeightColumn::Double(places.moved(weights)),
    };
    let (relations, times) = (places.moved(relations), places.moved(times));
    Rows { offsets, targets, weights, relations, times }
}

/// Where each edge goes when edges are grouped by source.
struct Places<'a> {
    sources: &'a [u32],
    /// Where each row starts.
    starts: &'a [usize],
    /// Where the next edge of each row goes; of the size of `starts`.
    next: &'a mut [usize],
}

impl Places<'_> {
    /// The values of `column`, each at its edge's place. An empty column stays empty.
    fn moved<T: Copy + Default>(&mut self, column: Vec<T>) -> Vec<T> {
        self.next.copy_from_slice(self.starts);
        let mut moved = vec![T::default(); column.len()];
        for (&source, &value) in self.sources.iter().zip(&column) {
            let next = &mut self.next[source as usize];
            moved[*next] = value;
            *next += 1;
        }
        moved
    }
}

/// One edge of a row, ordered by what makes edges equal, then by weight.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    target: u32,
    relation: u32,
    time: u64,
    weight: u64,
}

/// Sorts every row and sums equal edges in place: what is written never overtakes what is read.
fn merge(mut rows: Rows) -> Result<Rows, BuildError> {
    let nodes = rows.offsets.len() - 1;
    let mut entries: Vec<Entry> = Vec::new();
    let mut end = 0;
    for node in 0..nodes {
        let range = rows.range(node);
        rows.offsets[node] = end;
        entries.clear();
        entries.extend(range.map(|position| Entry {
            target: rows.targets[position],
            relation: rows.relations.get(position).copied().unwrap_or(0),
            time: rows.times.get(position).map_or(0, |time| ascending(*time)),
            weight: ascending(rows.weights.at(position)),
        }));
        entries.sort_unstable();
        for equal in entries
            .chunk_by(|a, b| (a.target, a.relation, a.time) == (b.target, b.relation, b.time))
        {
            let weight: f64 = equal[1..]
                .iter()
                .fold(descended(equal[0].weight), |sum, entry| sum + descended(entry.weight));
            if !weight.is_finite() {
                return Err(BuildError::WeightOverflow);
            }
            rows.targets[end] = equal[0].target;
            rows.weights.set(end, weight);
            if let Some(relation) = rows.relations.get_mut(end) {
                *relation = equal[0].relation;
            }
            if let Some(time) = rows.times.get_mut(end) {
                *time = descended(equal[0].time);
            }
            end += 1;
        }
    }
    rows.offsets[nodes] = end;
    rows.targets.truncate(end);
    rows.weights.truncate(end);
    rows.relations.truncate(end);
    rows.times.truncate(end);
    rows.weights = rows.weights.narrowed();
    Ok(rows)
}
