//! One Rust file as the rules read it.

use std::fmt;
use std::ops::Range;

use crate::lexer::{Comment, Token, lex};

/// A rule that was broken, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) file: String,
    /// Line, from 1; 0 where the whole file is meant.
    pub(crate) line: usize,
    pub(crate) rule: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.rule)
    }
}

/// One Rust file.
#[derive(Debug)]
pub(crate) struct Source {
    /// Path from the repository's root, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) tokens: Vec<Token>,
    pub(crate) comments: Vec<Comment>,
    /// Whether the file as a whole is compiled for tests only.
    pub(crate) test_only: bool,
    test_tokens: Vec<Range<usize>>,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let lexed = lex(text);
        let mut source = Self {
            path: path.to_owned(),
            text: text.to_owned(),
            tokens: lexed.tokens,
            comments: lexed.comments,
            test_only: in_test_folder(path),
            test_tokens: Vec::new(),
        };
        source.find_test_items();
        source
    }

    pub(crate) fn finding(&self, line: usize, rule: impl Into<String>) -> Finding {
        Finding { file: self.path.clone(), line, rule: rule.into() }
    }

    /// Whether the token at `position` is compiled for tests only.
    pub(crate) fn in_test(&self, position: usize) -> bool {
        self.test_only || self.test_tokens.iter().any(|range| range.contains(&position))
    }

    pub(crate) fn is_at(&self, position: usize, text: &str) -> bool {
        self.tokens.get(position).is_some_and(|token| token.is(text))
    }

    /// Position of the mark that closes the one at `open`; the end of the file if none does.
    pub(crate) fn closing(&self, open: usize) -> usize {
        let mut nested = 0_usize;
        for (position, token) in self.tokens.iter().enumerate().skip(open) {
            match token.text.as_str() {
                "{" | "(" | "[" => nested += 1,
                "}" | ")" | "]" => nested = nested.saturating_sub(1),
                _ => {}
            }
            if nested == 0 {
                return position;
            }
        }
        self.tokens.len().saturating_sub(1)
    }

    /// Every attribute: the tokens between its brackets.
    pub(crate) fn attributes(&self) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        for position in 0..self.tokens.len() {
            if !self.is_at(position, "#") {
                continue;
            }
            let open = position + 1 + usize::from(self.is_at(position + 1, "!"));
            if self.is_at(open, "[") {
                found.push(open + 1..self.closing(open));
            }
        }
        found
    }

    /// Position after the item that begins at `position`: its block, or its semicolon.
    fn item_end(&self, mut position: usize) -> usize {
        while let Some(token) = self.tokens.get(position) {
            match token.text.as_str() {
                "{" => return self.closing(position) + 1,
                ";" => return position + 1,
                "(" | "[" => position = self.closing(position) + 1,
                _ => position += 1,
            }
        }
        position
    }

    fn find_test_items(&mut self) {
        for attribute in self.attributes() {
            let says = |word: &str| self.tokens[attribute.clone()].iter().any(|t| t.is(word));
            let for_tests = says("cfg") && says("test") && !says("not") && !says("any");
            if !for_tests {
                continue;
            }
            let inner = attribute.start >= 2 && self.is_at(attribute.start - 2, "!");
            if inner {
                self.test_only = true;
            } else {
                let end = self.item_end(attribute.end + 1);
                self.test_tokens.push(attribute.start..end);
            }
        }
    }

    /// Files and folders that this file declares as modules for tests only, without extension.
    pub(crate) fn test_modules(&self) -> Vec<String> {
        let folder = match self.path.rsplit_once('/') {
            Some((folder, "mod.rs" | "lib.rs" | "main.rs")) => folder,
            _ => self.path.strip_suffix(".rs").unwrap_or(&self.path),
        };
        let mut found = Vec::new();
        for range in &self.test_tokens {
            for position in range.clone() {
                if self.is_at(position, "mod") && self.is_at(position + 2, ";") {
                    found.push(format!("{folder}/{}", self.tokens[position + 1].text));
                }
            }
        }
        found
    }

    /// Modules written inside this file: their tokens and names, outer before inner.
    pub(crate) fn inline_modules(&self) -> Vec<(Range<usize>, &str)> {
        let mut found = Vec::new();
        for position in 0..self.tokens.len() {
            if self.is_at(position, "mod") && self.is_at(position + 2, "{") {
                let end = self.closing(position + 2);
                found.push((position..end, self.tokens[position + 1].text.as_str()));
            }
        }
        found
    }
}

/// Whether `path` is in the packages of the tests or of the fuzz targets, or in a package's own
/// folder of tests or benches.
fn in_test_folder(path: &str) -> bool {
    let mut folders = path.split('/');
    let package = folders.next().unwrap_or_default();
    matches!(package, "tests" | "fuzz") || matches!(folders.next(), Some("tests" | "benches"))
}

/// Marks the files that others declare as modules for tests only.
pub(crate) fn mark_test_modules(sources: &mut [Source]) {
    let modules: Vec<String> = sources.iter().flat_map(Source::test_modules).collect();
    for source in sources {
        source.test_only |= modules.iter().any(|module| {
            source
                .path
                .strip_prefix(module.as_str())
                .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Source, mark_test_modules};

    fn tested(text: &str) -> Vec<String> {
        let source = Source::new("engine/src/x.rs", text);
        let words = source.tokens.iter().enumerate().filter(|(_, t)| t.is_word());
        words.filter(|(at, _)| source.in_test(*at)).map(|(_, t)| t.text.clone()).collect()
    }

    #[test]
    fn a_test_item_ends_with_its_block() {
        let found = tested("fn a() {} #[cfg(test)] #[x] fn b(c: [u8; 2]) { d } fn e() {}");
        assert_eq!(found, ["cfg", "test", "x", "fn", "b", "c", "u8", "d"]);
        assert_eq!(tested("#[cfg(test)] mod b; fn e() {}"), ["cfg", "test", "mod", "b"]);
        assert_eq!(tested("#[cfg(not(test))] fn e() {}"), Vec::<String>::new());
        assert_eq!(tested("#![cfg(test)] fn e() {}").len(), 4);
    }

    #[test]
    fn a_test_module_in_its_own_file_is_known() {
        let mut sources = [
            Source::new("engine/src/graph/mod.rs", "#[cfg(test)] mod laws;"),
            Source::new("engine/src/graph/laws.rs", ""),
            Source::new("engine/src/graph/laws/more.rs", ""),
            Source::new("engine/src/graph/lawsuit.rs", ""),
        ];
        mark_test_modules(&mut sources);
        let marked: Vec<bool> = sources.iter().map(|source| source.test_only).collect();
        assert_eq!(marked, [false, true, true, false]);
    }

    #[test]
    fn tests_are_told_by_their_folder() {
        assert!(Source::new("tests/laws.rs", "").test_only);
        assert!(Source::new("server/tests/cli/seeds.rs", "").test_only);
        assert!(!Source::new("engine/src/tests_of.rs", "").test_only);
        assert!(!Source::new("engine/src/tests/of.rs", "").test_only);
    }
}
