//! How a parameter's name is written by whoever gave it.

/// Where parameters were given, and so how a sentence about them spells their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// On the command line: `--max-edges`.
    Flag,
    /// In JSON: `"max_edges"`.
    Key,
}

impl Spelling {
    /// The parameter whose key is `key`.
    pub(crate) fn name(self, key: &str) -> String {
        match self {
            Self::Flag => format!("--{}", key.replace('_', "-")),
            Self::Key => format!("{key:?}"),
        }
    }

    /// The same with a word as its value.
    pub(crate) fn with_word(self, key: &str, word: &str) -> String {
        match self {
            Self::Flag => format!("{} {word}", self.name(key)),
            Self::Key => format!("{key:?}: {word:?}"),
        }
    }

    /// The same as a switch that is on.
    pub(crate) fn switch(self, key: &str) -> String {
        match self {
            Self::Flag => self.name(key),
            Self::Key => format!("{key:?}: true"),
        }
    }

    /// What it is called.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Key => "key",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Spelling;

    #[test]
    fn one_name_has_two_spellings() {
        assert_eq!(Spelling::Flag.name("max_edges"), "--max-edges");
        assert_eq!(Spelling::Key.name("max_edges"), "\"max_edges\"");
        assert_eq!(Spelling::Flag.with_word("time", "none"), "--time none");
        assert_eq!(Spelling::Key.with_word("time", "none"), "\"time\": \"none\"");
        assert_eq!(Spelling::Flag.switch("skip_unknown"), "--skip-unknown");
        assert_eq!(Spelling::Key.switch("skip_unknown"), "\"skip_unknown\": true");
    }
}
