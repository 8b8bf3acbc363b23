//! What cannot be seen from one value as it is read: ranges, and values that do not go together.

use std::collections::HashMap;

use super::error::{ConfigErrors, Mistake, Origin};
use super::keys::KEYS;
use super::model::Config;

/// Least letters of a token: 16 hexadecimal digits are 64 bits.
const TOKEN_LETTERS_MIN: usize = 16;

/// Reports values outside their range.
pub(super) fn ranges(config: &Config, errors: &mut ConfigErrors) {
    for key in &KEYS {
        if let Some((within, range)) = key.range
            && !within(config)
        {
            let given = (key.show)(config).to_string();
            errors.push(&Origin::Whole, Mistake::Range { key: key.path, given, range });
        }
    }
}

/// Reports values that do not go together.
pub(super) fn whole(config: &Config, errors: &mut ConfigErrors) {
    let mut push = |mistake| errors.push(&Origin::Whole, mistake);
    let server = &config.server;
    match (&server.tls_certificate, &server.tls_key) {
        (Some(_), None) => push(Mistake::HalfOfTls { missing: "server.tls_key" }),
        (None, Some(_)) => push(Mistake::HalfOfTls { missing: "server.tls_certificate" }),
        _ => {}
    }
    let auth = &config.auth;
    let lists = [
        ("auth.read_tokens", &auth.read_tokens),
        ("auth.write_tokens", &auth.write_tokens),
        ("auth.admin_tokens", &auth.admin_tokens),
    ];
    let mut seen = HashMap::new();
    for (key, tokens) in lists {
        for (place, token) in tokens.iter().enumerate() {
            let visible = token.bytes().all(|byte| byte.is_ascii_graphic());
            if token.len() < TOKEN_LETTERS_MIN || !visible {
                push(Mistake::Token { key, place: place + 1 });
            }
            match seen.insert(token, key) {
                Some(first) if first != key => push(Mistake::TokenTwice { keys: [first, key] }),
                _ => {}
            }
        }
    }
    if auth.is_open() && !server.listen.ip().to_canonical().is_loopback() {
        push(Mistake::OpenToAll { listen: server.listen });
    }
}
