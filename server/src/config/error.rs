//! What is wrong with a configuration.

use std::fmt;
use std::path::PathBuf;

use crate::output::text::cut;
use crate::suggest::DidYouMean;

/// Where a value was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// In this file.
    File(PathBuf),
    /// In this variable of the environment.
    Variable(String),
    /// In a flag.
    Flag,
    /// Nowhere in particular: in the whole.
    Whole,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "{}: ", file.display()),
            Self::Variable(name) => write!(f, "{}: ", cut(name)),
            Self::Flag => f.write_str("--set: "),
            Self::Whole => f.write_str("configuration: "),
        }
    }
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Mistake {
    /// The file cannot be read.
    Unreadable(std::io::ErrorKind),
    /// The file is not TOML.
    Syntax {
        /// Line, from 1.
        line: usize,
        /// What the parser says.
        what: String,
    },
    /// There is no such key.
    Unknown {
        /// The key.
        key: String,
        /// Keys there are.
        meant: DidYouMean,
    },
    /// The value is of another kind than the key takes.
    Kind {
        /// The key.
        key: String,
        /// What it takes.
        takes: &'static str,
    },
    /// The value lies outside the key's range.
    Range {
        /// The key.
        key: &'static str,
        /// What was given.
        given: String,
        /// The range.
        range: &'static str,
    },
    /// A token is too short, or holds what no header can carry.
    Token {
        /// The key.
        key: &'static str,
        /// Its place in the list, from 1.
        place: usize,
    },
    /// A token stands in two lists, so its scope is not clear.
    TokenTwice {
        /// The two keys.
        keys: [&'static str; 2],
    },
    /// A certificate without a key, or a key without a certificate.
    HalfOfTls {
        /// The key that is missing.
        missing: &'static str,
    },
    /// Other machines reach the address, and nobody has to say who they are.
    OpenToAll {
        /// The address.
        listen: std::net::SocketAddr,
    },
    /// A channel that alerts go to lacks something, or cannot be used.
    Channel {
        /// The key.
        key: &'static str,
        /// What is wrong and what to do.
        what: &'static str,
    },
    /// Settings of one breaker do not go together.
    Breaker {
        /// The breaker.
        breaker: &'static str,
        /// What is wrong and what to do.
        what: &'static str,
    },
    /// A graph's name holds letters that a path of a URL would have to escape.
    GraphName {
        /// The name.
        name: String,
    },
    /// A flag of the form `KEY=VALUE` has no `=`.
    NoValue {
        /// The flag's argument.
        argument: String,
    },
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(kind) => {
                write!(f, "it cannot be read ({kind}); check its name and who may read it")
            }
            Self::Syntax { line, what } => {
                write!(f, "line {line} is not TOML ({what}); correct it")
            }
            Self::Unknown { key, meant } => {
                write!(f, "there is no key {:?}; ", cut(key))?;
                meant.write(f, "see all keys with `emanate config print`")
            }
            Self::Kind { key, takes } => {
                write!(f, "{} has a value of another kind; give {takes}", cut(key))
            }
            Self::Range { key, given, range } => {
                write!(f, "{key} is {}, but must be {range}", cut(given))
            }
            Self::Token { key, place } => write!(
                f,
                "{key}: token {place} must have at least 16 letters, all of them visible ASCII; \
                 make one with `openssl rand -hex 32`"
            ),
            Self::TokenTwice { keys: [first, second] } => {
                write!(f, "{first} and {second} hold the same token; give each scope its own")
            }
            Self::HalfOfTls { missing } => write!(
                f,
                "{missing} is missing; TLS needs both server.tls_certificate and server.tls_key"
            ),
            Self::OpenToAll { listen } => write!(
                f,
                "server.listen is {listen}, which other machines may reach, but nobody has to \
                 say who they are; give tokens in [auth], or listen on 127.0.0.1"
            ),
            Self::Channel { key, what } => write!(f, "{key} {what}"),
            Self::Breaker { breaker, what } => write!(f, "breakers.{breaker}: {what}"),
            Self::GraphName { name } => write!(
                f,
                "graphs.{}: the name of a graph is made of a-z, 0-9, - and _; rename it",
                cut(name)
            ),
            Self::NoValue { argument } => {
                write!(f, "{:?} sets nothing; write --set KEY=VALUE", cut(argument))
            }
        }
    }
}

/// All mistakes of a configuration, in the order they were found; at least one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConfigErrors(pub(super) Vec<(Origin, Mistake)>);

impl ConfigErrors {
    /// Adds one.
    pub(super) fn push(&mut self, origin: &Origin, mistake: Mistake) {
        self.0.push((origin.clone(), mistake));
    }

    /// One sentence for each mistake.
    pub(crate) fn sentences(&self) -> Vec<String> {
        self.0.iter().map(|(origin, mistake)| format!("{origin}{mistake}")).collect()
    }
}

/// One line for each mistake.
impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentences().join("\n"))
    }
}

impl std::error::Error for ConfigErrors {}
