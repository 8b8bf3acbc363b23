//! A guide taken apart.

use std::fs;
use std::path::Path;

/// Begins the comment before a block that is not run.
const NOT_RUN: &str = "<!-- not run: ";

/// Units of a time; what stands before one differs from run to run.
const UNITS: [&str; 4] = ["ns", "µs", "ms", "s"];

/// Commands of a guide.
#[derive(Debug)]
pub(crate) struct Block {
    /// Where it begins, counted from 1.
    pub(crate) line: usize,
    pub(crate) commands: String,
    /// What they print, where the guide says so.
    pub(crate) expected: Option<String>,
    /// Why they are not run.
    not_run: Option<String>,
}

/// All commands of a guide.
#[derive(Debug)]
pub(crate) struct Guide(Vec<Block>);

impl Guide {
    /// The guide in the file at `path`.
    pub(crate) fn read(path: &Path) -> Self {
        Self::of(&fs::read_to_string(path).unwrap_or_else(|error| panic!("{path:?}: {error}")))
    }

    fn of(text: &str) -> Self {
        let mut blocks: Vec<Block> = Vec::new();
        let mut not_run = None;
        // Whether the fenced block before this one held commands.
        let mut commands = false;
        let mut lines = (1..).zip(text.lines());
        while let Some((line, text)) = lines.next() {
            let Some(language) = text.strip_prefix("```") else {
                let why = text.strip_prefix(NOT_RUN).and_then(|why| why.strip_suffix(" -->"));
                if why.is_some() || !text.trim().is_empty() {
                    not_run = why.map(str::to_owned);
                }
                continue;
            };
            let content = lines.by_ref().map(|(_, text)| text).take_while(|text| *text != "```");
            let content: String = content.flat_map(|line| [line, "\n"]).collect();
            match language {
                "sh" => {
                    let not_run = not_run.take();
                    blocks.push(Block { line, commands: content, expected: None, not_run });
                }
                "text" if commands => {
                    let last = blocks.last_mut().expect("there were commands before");
                    last.expected = Some(content);
                }
                _ => {}
            }
            commands = language == "sh";
            not_run = None;
        }
        Self(blocks)
    }

    /// Blocks that are run.
    pub(crate) fn run(&self) -> impl Iterator<Item = &Block> {
        self.0.iter().filter(|block| block.not_run.is_none())
    }

    /// Blocks that are not, with the reason.
    pub(crate) fn skipped(&self) -> impl Iterator<Item = (usize, &str)> {
        self.0.iter().filter_map(|block| Some((block.line, block.not_run.as_deref()?)))
    }

    pub(crate) const fn has_commands(&self) -> bool {
        !self.0.is_empty()
    }
}

/// `line` with `_` for each number that a unit of time follows, and for the unit.
fn timeless(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let is_number = |word: &str| word.replace(',', "").parse::<f64>().is_ok();
    let unit = |word: &str| UNITS.contains(&word.trim_end_matches([',', ';', '.']));
    let is_time = |place: usize| {
        is_number(words[place]) && words.get(place + 1).is_some_and(|next| unit(next))
    };
    let word = |(place, word): (usize, &&str)| {
        let own = is_time(place) || (place > 0 && is_time(place - 1));
        if own { "_".to_owned() } else { (*word).to_owned() }
    };
    let words: Vec<String> = words.iter().enumerate().map(word).collect();
    words.join(" ").trim_end().to_owned()
}

/// Whether `printed` is what `expected` says.
pub(crate) fn compare(expected: &str, printed: &str) -> Result<(), String> {
    let mut printed = printed.lines().map(timeless);
    let mut any = false;
    for line in expected.lines() {
        if line == "..." {
            any = true;
            continue;
        }
        let wanted = timeless(line);
        let found = if any { printed.find(|line| *line == wanted) } else { printed.next() };
        if found.as_ref() != Some(&wanted) {
            return Err(format!("{wanted:?} was not printed, but {found:?}"));
        }
        any = false;
    }
    match printed.next() {
        Some(more) if !any => Err(format!("{more:?} was printed, too")),
        _ => Ok(()),
    }
}

#[test]
fn guides_are_taken_apart() {
    let text = "a\n```sh\none\ntwo\n```\nprints\n```text\n1\n```\n```text\nnot that\n```\n\
                <!-- not run: it needs root -->\n\n```sh\nthree\n```\n```rust\n```\n\
                ```text\nx\n```\n\
                <!-- not run: far away -->\nb\n```sh\nfour\n```\n";
    let guide = Guide::of(text);
    let found: Vec<(&str, Option<&str>)> =
        guide.run().map(|block| (&*block.commands, block.expected.as_deref())).collect();
    assert_eq!(found, [("one\ntwo\n", Some("1\n")), ("four\n", None)]);
    assert_eq!(guide.skipped().collect::<Vec<_>>(), [(15, "it needs root")]);
}

#[test]
fn only_times_may_differ() {
    let same = |one, other| compare(one, other).is_ok();
    assert!(same("5 hops and 933.0 µs; done", "5 hops and 1.2 ms; done"));
    assert!(!same("5 hops and 933.0 µs; done", "6 hops and 933.0 µs; done"));
    assert!(!same("a 0.5 b", "a 0.6 b"));
    assert!(same("a\n...\nd\n", "a\nb\nc\nd\n") && same("a\n...\n", "a\nb\n"));
    assert!(!same("a\n", "a\nb\n") && !same("a\nb\n", "a\n") && !same("a\n...\nx\n", "a\nb\n"));
}
