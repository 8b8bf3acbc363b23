//! Who may do what: bearer tokens and their scopes.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::config::Config;

/// What a token allows; each scope holds the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// Anybody, without a token: the probes.
    Open,
    /// Ask.
    Read,
    /// Change graphs.
    Write,
    /// Steer the service and read its records.
    Admin,
}

impl Scope {
    /// The scope's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    const fn of_number(number: u8) -> Self {
        match number {
            0 => Self::Open,
            1 => Self::Read,
            2 => Self::Write,
            _ => Self::Admin,
        }
    }
}

/// Who makes a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// What the caller may do.
    pub(crate) scope: Scope,
    /// The first digits of the token's hash; `anonymous` without one.
    pub(crate) name: String,
}

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No token, or none that is known.
    Unknown,
    /// The token does not allow it.
    Forbidden,
}

type Hash = [u8; SHA256_OUTPUT_LEN];

fn hash(token: &[u8]) -> Hash {
    let mut hash = Hash::default();
    hash.copy_from_slice(digest(&SHA256, token).as_ref());
    hash
}

/// The tokens in force, as hashes.
#[derive(Default)]
pub(crate) struct Access(Vec<(Hash, Scope)>);

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Access").field(&self.0.len()).finish()
    }
}

impl Access {
    /// The tokens of `config`.
    pub(crate) fn of(config: &Config) -> Self {
        let lists = [
            (&config.auth.read_tokens, Scope::Read),
            (&config.auth.write_tokens, Scope::Write),
            (&config.auth.admin_tokens, Scope::Admin),
        ];
        let tokens = lists.into_iter().flat_map(|(tokens, scope)| {
            tokens.iter().map(move |token| (hash(token.as_bytes()), scope))
        });
        Self(tokens.collect())
    }

    /// Whether nobody has to say who they are.
    pub(crate) const fn is_open(&self) -> bool {
        self.0.is_empty()
    }

    /// Who makes a request with these headers, if that scope suffices for `needed`.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(crate) fn check(&self, headers: &HeaderMap, needed: Scope) -> Result<Caller, Refusal> {
        if self.is_open() {
            return Ok(Caller { scope: Scope::Admin, name: "anonymous".to_owned() });
        }
        if needed == Scope::Open {
            return Ok(Caller { scope: Scope::Open, name: "anonymous".to_owned() });
        }
        let caller = bearer(headers).and_then(|token| self.caller(token));
        let caller = caller.ok_or(Refusal::Unknown)?;
        if caller.scope < needed { Err(Refusal::Forbidden) } else { Ok(caller) }
    }

    /// Compares with every token and as many bytes of each, whether one matches or none: how long
    /// it takes tells nothing about how close a guess came.
    fn caller(&self, token: &[u8]) -> Option<Caller> {
        let given = hash(token);
        let mut found = Choice::from(0);
        let mut scope = Scope::Open as u8;
        for (known, known_scope) in &self.0 {
            let same = known.ct_eq(&given);
            scope.conditional_assign(&(*known_scope as u8), same);
            found |= same;
        }
        let name = given[..4].iter().map(|byte| format!("{byte:02x}")).collect();
        bool::from(found).then(|| Caller { scope: Scope::of_number(scope), name })
    }
}

/// The token of `Authorization: Bearer TOKEN`, where there is exactly one such header.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().filter(|_| values.next().is_none())?.as_bytes();
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const READ: &str = "read-read-read-read";
    const WRITE: &str = "write-write-write-1";
    const ADMIN: &str = "admin-admin-admin-2";

    fn access() -> Access {
        let mut config = Config::default();
        config.auth.read_tokens = vec!["another-token-to-read".to_owned(), READ.to_owned()];
        config.auth.write_tokens = vec![WRITE.to_owned()];
        config.auth.admin_tokens = vec![ADMIN.to_owned()];
        Access::of(&config)
    }

    fn check(value: &str, needed: Scope) -> Result<Scope, Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        access().check(&headers, needed).map(|caller| caller.scope)
    }

    #[test]
    fn a_scope_holds_those_before_it() {
        let tokens = [(READ, Scope::Read), (WRITE, Scope::Write), (ADMIN, Scope::Admin)];
        for (token, own) in tokens {
            for needed in [Scope::Read, Scope::Write, Scope::Admin] {
                let expected = if own < needed { Err(Refusal::Forbidden) } else { Ok(own) };
                assert_eq!(check(&format!("Bearer {token}"), needed), expected, "{token}");
            }
        }
    }

    #[test]
    fn what_is_no_token_is_unknown() {
        for value in [
            "",
            "Bearer",
            "Bearer ",
            "Basic cmVhZDpyZWFk",
            "Bearer read-read-read-reae",
            "Bearer read-read-read-rea",
            "Bearer read-read-read-read1",
            "Bearer  read-read-read-read",
        ] {
            assert_eq!(check(value, Scope::Read), Err(Refusal::Unknown), "{value:?}");
            assert_eq!(check(value, Scope::Open), Ok(Scope::Open), "{value:?}");
        }
        assert_eq!(check("bearer read-read-read-read", Scope::Read), Ok(Scope::Read));
        let mut twice = HeaderMap::new();
        twice.append(AUTHORIZATION, HeaderValue::from_static("Bearer read-read-read-read"));
        twice.append(AUTHORIZATION, HeaderValue::from_static("Bearer read-read-read-read"));
        assert_eq!(access().check(&twice, Scope::Read), Err(Refusal::Unknown));
    }

    #[test]
    fn without_tokens_everything_is_allowed() {
        let caller = Access::default().check(&HeaderMap::new(), Scope::Admin).unwrap();
        assert_eq!(caller.scope, Scope::Admin);
    }
}
