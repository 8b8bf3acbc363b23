//! What cannot be seen from one value as it is read: ranges, and values that do not go together.

use std::collections::HashMap;

use lettre::message::Mailbox;

use super::alerting::{Alerts, SmtpSecurity};
use super::breakers;
use super::error::{ConfigErrors, Mistake, Origin};
use super::keys::KEYS;
use super::model::Config;
use crate::serve::Target;

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
    for (key, what) in channels(&config.alerts) {
        push(Mistake::Channel { key, what });
    }
    for (breaker, what) in breakers::contradictions(&config.breakers) {
        push(Mistake::Breaker { breaker, what });
    }
    if auth.is_open() && !server.listen.ip().to_canonical().is_loopback() {
        push(Mistake::OpenToAll { listen: server.listen });
    }
}

/// What is wrong with the channels that alerts go to.
fn channels(alerts: &Alerts) -> Vec<(&'static str, &'static str)> {
    let mut wrong = Vec::new();
    let url = &alerts.webhook_url;
    if !url.is_empty() && Target::parse(url).is_err() {
        wrong.push(("alerts.webhook_url", "is no http or https URL without a user; correct it"));
    }
    let server = &alerts.smtp_server;
    if server.is_empty() {
        return wrong;
    }
    let port = server.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    if !port.is_some_and(|(_, port)| port.parse::<u16>().is_ok_and(|port| port > 0)) {
        wrong.push(("alerts.smtp_server", "is no host and port; write mail.example.org:587"));
    }
    if alerts.smtp_from.parse::<Mailbox>().is_err() {
        wrong.push(("alerts.smtp_from", "is no address; alerts.smtp_server needs one"));
    }
    let to = &alerts.smtp_to;
    if to.is_empty() || to.iter().any(|to| to.parse::<Mailbox>().is_err()) {
        wrong.push(("alerts.smtp_to", "is no list of addresses; alerts.smtp_server needs one"));
    }
    if alerts.smtp_user.is_empty() != alerts.smtp_password.is_empty() {
        wrong.push(("alerts.smtp_user", "and alerts.smtp_password go together; give both"));
    }
    if !alerts.smtp_password.is_empty() && alerts.smtp_security == SmtpSecurity::Clear {
        wrong.push(("alerts.smtp_security", "must be starttls or tls where there is a password"));
    }
    wrong
}
