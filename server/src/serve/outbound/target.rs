//! Where a request goes.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::Uri;

/// Longest URL.
const URL_BYTES_MAX: usize = 2048;

/// Why something is no target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum TargetError {
    /// It is no URL, or too long.
    NotAUrl,
    /// It is neither `http` nor `https`.
    Scheme,
    /// It names a user, who would be written to logs.
    User,
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAUrl => {
                "it is no URL of at most 2048 letters; give one such as \
                              \"https://example.org/hook\""
            }
            Self::Scheme => "it begins with neither http:// nor https://; let it",
            Self::User => "it names a user; leave that out",
        })
    }
}

impl std::error::Error for TargetError {}

/// Where a request goes.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(super) tls: bool,
    pub(super) host: String,
    pub(super) port: u16,
    /// Host and port as the URL writes them.
    pub(super) authority: String,
    /// Path and query.
    pub(super) path: String,
}

impl Target {
    /// Where `url` leads.
    ///
    /// # Errors
    /// [`TargetError`].
    pub(crate) fn parse(url: &str) -> Result<Self, TargetError> {
        if url.len() > URL_BYTES_MAX {
            return Err(TargetError::NotAUrl);
        }
        let uri: Uri = url.parse().map_err(|_| TargetError::NotAUrl)?;
        let authority = uri.authority().ok_or(TargetError::NotAUrl)?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(TargetError::Scheme),
        };
        if authority.as_str().contains('@') {
            return Err(TargetError::User);
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        // A port that is there but is none leaves a colon behind.
        let port = authority.port_u16();
        if host.is_empty() || (port.is_none() && authority.as_str().ends_with(':')) {
            return Err(TargetError::NotAUrl);
        }
        Ok(Self {
            tls,
            host: host.to_owned(),
            port: port.unwrap_or(if tls { 443 } else { 80 }),
            authority: authority.as_str().to_owned(),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        })
    }
}

/// Without the path, which may hold what only who knows it may use.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("authority", &self.authority).finish_non_exhaustive()
    }
}

/// Whether an address is one of the public net: none of this machine, of private networks, of the
/// same wire, of many receivers or set aside. An IPv6 address that stands for an IPv4 one is judged
/// as that.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let shared = first == 100 && (64..128).contains(&second);
    let protocols = first == 192 && second == 0 && third == 0;
    let benchmarks = first == 198 && (18..20).contains(&second);
    let relays = first == 192 && second == 88 && third == 99;
    !(first == 0
        || first >= 240
        || shared
        || protocols
        || benchmarks
        || relays
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        // Loopback, unspecified, and the old way to write IPv4 addresses.
        [0, 0, 0, 0, 0, 0, ..] => false,
        // Translation of IPv4 (NAT64), 6to4 and Teredo lead to an IPv4 address.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x64, 0xff9b, ..] => false,
        [0x2002, high, low, ..] => embedded(high, low),
        [0x2001, 0..0x200, ..] => false,
        [0x2001, 0xdb8, ..] | [0x3fff, 0..0x1000, ..] => false,
        [0x100, 0, 0, 0, ..] | [0x5f00, ..] => false,
        // Unique local, link-local, site-local, multicast.
        [0xfc00..=0xfdff | 0xfe80..=0xffff, ..] => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let target = Target::parse("https://example.org/a/b?c=d").unwrap();
        assert!(target.tls && target.host == "example.org" && target.port == 443);
        assert_eq!(target.path, "/a/b?c=d");
        let target = Target::parse("http://[::1]:8080").unwrap();
        assert_eq!((&*target.host, target.port, &*target.path), ("::1", 8080, "/"));
        assert_eq!(target.authority, "[::1]:8080");
    }

    #[test]
    fn what_is_no_url_is_refused() {
        let long = format!("http://example.org/{}", "x".repeat(URL_BYTES_MAX));
        for bad in ["", "/path", "example.org", "http://", "http://a b/", "http://a/\n", &long] {
            assert!(Target::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Target::parse("file:///etc/passwd"), Err(TargetError::NotAUrl));
        assert_eq!(Target::parse("ftp://example.org/"), Err(TargetError::Scheme));
        assert_eq!(Target::parse("http://u:p@example.org/"), Err(TargetError::User));
        let secret = Target::parse("https://example.org/secret").unwrap();
        assert!(!format!("{secret:?}").contains("secret"));
    }

    #[test]
    fn only_addresses_of_the_public_net_are_public() {
        for public in ["8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700::1111", "64:ff9b::808:808"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for other in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.192",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "203.0.113.7",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
        ] {
            assert!(!is_public(other.parse().unwrap()), "{other}");
        }
    }
}
