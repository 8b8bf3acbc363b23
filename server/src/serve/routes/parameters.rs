//! The query of a URL.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Query};
use axum::http::Uri;
use axum::http::request::Parts;

use crate::config::Config;
use crate::output::text::cut;
use crate::serve::front::Entry;
use crate::serve::problem::Problem;
use crate::serve::service::App;

/// Entries of a list where the client does not say otherwise.
const DEFAULT_LIMIT: usize = 20;

/// Names and values of a URL's query.
#[derive(Clone, Debug)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// The query of `uri`, which may hold only `known` names, each once.
    ///
    /// # Errors
    /// 400 else.
    pub(super) fn of(uri: &Uri, known: &[&str]) -> Result<Self, Problem> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri);
        let Ok(Query(pairs)) = pairs else {
            return Err(Problem::malformed("the query of the URL cannot be read; correct it"));
        };
        for (position, (name, _)) in pairs.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let detail = format!(
                    "there is no parameter {:?} here; give {}",
                    cut(name),
                    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
                );
                return Err(Problem::malformed(detail));
            }
            if pairs[..position].iter().any(|(earlier, _)| earlier == name) {
                let detail = format!("the parameter {name:?} is given twice; keep one");
                return Err(Problem::malformed(detail));
            }
        }
        Ok(Self(pairs))
    }

    /// The value of `name`, where it is given.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value of `name`, where it is given, as `T`.
    ///
    /// # Errors
    /// 400 where it is none; `takes` says what would be one.
    pub(super) fn value<T: FromStr>(&self, name: &str, takes: &str) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let wrong = |_| Problem::malformed(format!("{name} is {:?}; give {takes}", cut(text)));
        text.parse().map(Some).map_err(wrong)
    }

    /// The parameter `limit`.
    ///
    /// # Errors
    /// 400 where it is not a number from 1 to `limits.list`.
    pub(super) fn limit(&self, config: &Config) -> Result<usize, Problem> {
        let most = config.limits.list;
        let takes = format!("a whole number from 1 to {most}");
        let limit = self.value("limit", &takes)?.unwrap_or(DEFAULT_LIMIT.min(most));
        if (1..=most).contains(&limit) {
            return Ok(limit);
        }
        Err(Problem::malformed(format!("limit is {limit}; give {takes}")))
    }
}

/// The query of a URL that has none.
#[derive(Debug)]
pub(super) struct Bare;

impl FromRequestParts<App> for Bare {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        Parameters::of(&parts.uri, &[]).map(|_| Self)
    }
}

/// The query of a URL that may have the parameter `limit` and no other.
#[derive(Debug)]
pub(super) struct Limit(pub(super) usize);

impl FromRequestParts<App> for Limit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &App) -> Result<Self, Problem> {
        let entry = Entry::from_request_parts(parts, service).await?;
        Parameters::of(&parts.uri, &["limit"])?.limit(&entry.live.config).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str, known: &[&str]) -> Result<Parameters, Problem> {
        Parameters::of(&format!("/x?{query}").parse().unwrap(), known)
    }

    #[test]
    fn names_are_known_and_given_once() {
        let given = read("prefix=a%20b%2Fc&limit=7", &["prefix", "limit"]).unwrap();
        assert_eq!(given.text("prefix"), Some("a b/c"));
        assert_eq!(given.limit(&Config::default()), Ok(7));
        assert!(read("prefx=a", &["prefix"]).unwrap_err().detail.contains("give prefix"));
        assert!(read("a=1&a=1", &["a"]).unwrap_err().detail.contains("twice"));
        assert!(read("a", &[]).unwrap_err().detail.contains("give none"));
    }

    #[test]
    fn a_limit_lies_in_its_range() {
        let limit = |query: &str| {
            read(query, &["limit"])
                .unwrap()
                .limit(&Config::default())
                .map_err(|p| p.status.as_u16())
        };
        assert_eq!([limit(""), limit("limit=1"), limit("limit=1000")], [Ok(20), Ok(1), Ok(1000)]);
        for bad in ["limit=0", "limit=1001", "limit=", "limit=-1", "limit=1e3"] {
            assert_eq!(limit(bad), Err(400), "{bad}");
        }
    }
}
