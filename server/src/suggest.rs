//! "Did you mean": names close to one that does not exist.
//!
//! A name is close where it is the same but for case, underscores, hyphens and spaces, or one
//! letter away, or begins with what was typed, or two letters away: in that order. Letters away
//! are counted as in the optimal string alignment distance: one to insert, drop or change a letter
//! or to swap two neighbours. Of names equally far, those with the same letters come first, then
//! those with the same first letter.

use std::fmt;

use emanate::graph::{DamagedBlock, Generation};
use emanate::terms::NodeId;

use crate::output::text::cut;

/// Most names suggested.
pub(crate) const SUGGESTIONS_MAX: usize = 3;

/// Most labels looked at, so that a mistyped seed costs little on any graph. The lowest ids, those
/// of the nodes most edges point to, are looked at first.
const LABELS_MAX: u32 = 1_000_000;

/// Longest name, in letters, that distances are counted for.
const LETTERS_MAX: usize = 64;

/// Up to [`SUGGESTIONS_MAX`] names, the closest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DidYouMean(pub(crate) Vec<String>);

impl DidYouMean {
    /// `did you mean "a", "b" or "c"?`, or `otherwise` where there is nothing to suggest.
    pub(crate) fn write(&self, f: &mut fmt::Formatter<'_>, otherwise: &str) -> fmt::Result {
        let Some((last, first)) = self.0.split_last() else { return f.write_str(otherwise) };
        f.write_str("did you mean ")?;
        for (position, name) in first.iter().enumerate() {
            write!(f, "{}{:?}", if position == 0 { "" } else { ", " }, cut(name))?;
        }
        write!(f, "{}{:?}?", if first.is_empty() { "" } else { " or " }, cut(last))
    }
}

/// Labels of `graph` close to `typed`. Costs one pass over at most [`LABELS_MAX`] labels.
///
/// # Errors
/// [`DamagedBlock`] where labels had to be read from a file and could not be.
pub(crate) fn labels(graph: &Generation, typed: &str) -> Result<DidYouMean, DamagedBlock> {
    let mut search = Search::new(typed);
    let count = u32::try_from(graph.node_count()).unwrap_or(u32::MAX);
    for number in 0..count.min(LABELS_MAX) {
        if let Some(label) = graph.label(NodeId::new(number))?.as_text() {
            search.look_at(label);
        }
    }
    Ok(search.found())
}

/// Relations of `graph` close to `typed`.
pub(crate) fn relations(graph: &Generation, typed: &str) -> DidYouMean {
    among(graph.relation_names(), typed)
}

/// Those of `names` close to `typed`.
pub(crate) fn among<'a>(names: impl IntoIterator<Item = &'a str>, typed: &str) -> DidYouMean {
    let mut search = Search::new(typed);
    for name in names {
        search.look_at(name);
    }
    search.found()
}

/// How close a name is; less is closer. Among equals the first one looked at wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    Spelling,
    OneAway(Likeness),
    /// With the number of letters that follow.
    Prefix(usize),
    TwoAway(Likeness),
}

/// How much two names have in common beside most of their letters; less is more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    SameLetters,
    SameBeginning,
    Other,
}

impl Likeness {
    fn of(a: &[char], b: &[char]) -> Self {
        let sorted = |letters: &[char]| {
            let mut letters = letters.to_vec();
            letters.sort_unstable();
            letters
        };
        if a.len() == b.len() && sorted(a) == sorted(b) {
            Self::SameLetters
        } else if a.first() == b.first() {
            Self::SameBeginning
        } else {
            Self::Other
        }
    }
}

struct Search {
    typed: Vec<char>,
    letters: Vec<char>,
    distance: Distance,
    /// Ascending by closeness, at most [`SUGGESTIONS_MAX`].
    best: Vec<(Closeness, String)>,
}

impl Search {
    fn new(typed: &str) -> Self {
        let mut letters = Vec::new();
        normalise(typed, &mut letters);
        Self {
            typed: letters,
            letters: Vec::new(),
            distance: Distance::default(),
            best: Vec::with_capacity(SUGGESTIONS_MAX + 1),
        }
    }

    fn look_at(&mut self, name: &str) {
        // A name has at least as many bytes as letters.
        if self.typed.is_empty() || name.len() < self.typed.len().saturating_sub(2) {
            return;
        }
        normalise(name, &mut self.letters);
        let Some(closeness) = self.closeness() else { return };
        let place = self.best.partition_point(|(held, _)| *held <= closeness);
        if place < SUGGESTIONS_MAX {
            self.best.insert(place, (closeness, name.to_owned()));
            self.best.truncate(SUGGESTIONS_MAX);
        }
    }

    fn closeness(&mut self) -> Option<Closeness> {
        let (typed, letters) = (&self.typed[..], &self.letters[..]);
        if letters == typed {
            return Some(Closeness::Spelling);
        }
        // Short words have too many neighbours.
        let most = match typed.len() {
            0..=1 => 0,
            2..=4 => 1,
            _ => 2,
        };
        let apart = if letters.len().max(typed.len()) <= LETTERS_MAX {
            self.distance.within(typed, letters, most)
        } else {
            None
        };
        if apart == Some(1) {
            return Some(Closeness::OneAway(Likeness::of(typed, letters)));
        }
        if letters.starts_with(typed) {
            return Some(Closeness::Prefix(letters.len() - typed.len()));
        }
        apart.map(|_| Closeness::TwoAway(Likeness::of(typed, letters)))
    }

    fn found(self) -> DidYouMean {
        DidYouMean(self.best.into_iter().map(|(_, name)| name).collect())
    }
}

/// The letters of `name` in lower case, with spaces for underscores and hyphens.
fn normalise(name: &str, letters: &mut Vec<char>) {
    letters.clear();
    letters.extend(name.chars().flat_map(char::to_lowercase).map(|letter| match letter {
        '_' | '-' => ' ',
        letter => letter,
    }));
}

/// Optimal string alignment, with its rows kept for the next pair.
#[derive(Default)]
struct Distance {
    before: Vec<usize>,
    last: Vec<usize>,
    row: Vec<usize>,
}

impl Distance {
    /// The distance of `a` and `b` where it is at most `most`. Costs `len(a) * len(b)` steps, but
    /// far fewer where the names are further apart.
    fn within(&mut self, a: &[char], b: &[char], most: usize) -> Option<usize> {
        if a.len().abs_diff(b.len()) > most {
            return None;
        }
        self.before.clear();
        self.last.clear();
        self.last.extend(0..=b.len());
        for i in 1..=a.len() {
            self.row.clear();
            self.row.push(i);
            for j in 1..=b.len() {
                let changed = self.last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut least = changed.min(self.last[j] + 1).min(self.row[j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least = least.min(self.before[j - 2] + 1);
                }
                self.row.push(least);
            }
            // A swap reaches back two rows, so both must have left the range.
            let gone = |row: &[usize]| row.iter().all(|distance| *distance > most);
            if gone(&self.row) && gone(&self.last) {
                return None;
            }
            std::mem::swap(&mut self.before, &mut self.last);
            std::mem::swap(&mut self.last, &mut self.row);
        }
        let distance = self.last[b.len()];
        (distance <= most).then_some(distance)
    }
}

#[cfg(test)]
mod tests {
    use emanate::GraphBuilder;

    use super::*;

    fn apart(a: &str, b: &str) -> Option<usize> {
        let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
        Distance::default().within(&a, &b, 2)
    }

    #[test]
    fn letters_are_inserted_dropped_changed_or_swapped() {
        assert_eq!(apart("dog", "dog"), Some(0));
        assert_eq!(apart("dog", "dogs"), Some(1));
        assert_eq!(apart("dog", "og"), Some(1));
        assert_eq!(apart("dog", "dig"), Some(1));
        assert_eq!(apart("dog", "dgo"), Some(1));
        assert_eq!(apart("ab", "ba"), Some(1));
        assert_eq!(apart("kitten", "mittens"), Some(2));
        assert_eq!(apart("kitten", "sitting"), None);
        assert_eq!(apart("", "ab"), Some(2));
        assert_eq!(apart("abcdef", "badcef"), Some(2));
    }

    fn suggested(names: &[&str], typed: &str) -> Vec<String> {
        among(names.iter().copied(), typed).0
    }

    #[test]
    fn spelling_comes_first_then_one_letter_then_prefix() {
        let names = ["hot dog stand", "hot dogs", "Hot_Dog", "hot-dog", "hit dogs"];
        assert_eq!(suggested(&names, "hot dog"), ["Hot_Dog", "hot-dog", "hot dogs"]);
        assert_eq!(suggested(&names, "hot dog s"), ["hot dogs", "hot dog stand", "Hot_Dog"]);
        assert_eq!(suggested(&["cat"], "dog"), Vec::<String>::new());
        assert_eq!(suggested(&["cat"], ""), Vec::<String>::new());
    }

    #[test]
    fn short_words_are_not_drowned_in_neighbours() {
        assert_eq!(suggested(&["cat", "dig", "go"], "dog"), ["dig"]);
        assert_eq!(suggested(&["go", "do", "dig", "dog"], "dgo"), ["dog", "do", "go"]);
        assert_eq!(suggested(&["Gasse", "Straße"], "straẞe"), ["Straße"]);
    }

    #[test]
    fn at_most_three_are_named_in_one_sentence() {
        struct Shown(DidYouMean);
        impl fmt::Display for Shown {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.write(f, "nothing")
            }
        }
        let shown = |names: &[&str]| {
            Shown(DidYouMean(names.iter().map(|name| (*name).to_owned()).collect())).to_string()
        };
        assert_eq!(shown(&[]), "nothing");
        assert_eq!(shown(&["a"]), "did you mean \"a\"?");
        assert_eq!(shown(&["a", "b"]), "did you mean \"a\" or \"b\"?");
        assert_eq!(shown(&["a", "b", "c"]), "did you mean \"a\", \"b\" or \"c\"?");
        let many: Vec<String> = (0..9).map(|n| format!("word{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(suggested(&many, "word"), ["word0", "word1", "word2"]);
    }

    #[test]
    fn a_graph_suggests_what_most_edges_point_to() {
        let mut builder = GraphBuilder::new();
        builder.edge("a", "cot", 1.0).unwrap().edge("b", "cot", 1.0).unwrap();
        builder.edge("a", "bat", 1.0).unwrap();
        let graph = builder.build().unwrap();
        assert_eq!(labels(&graph, "cat").unwrap().0, ["cot", "bat"]);
    }
}
