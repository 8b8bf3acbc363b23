//! Mail: what a mail server hears, in the clear and over TLS, and what it must never hear.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::receivers::Heard;
use crate::support::{command, path};

/// How a mail server lets itself be spoken to.
pub(crate) enum Wire {
    Plain,
    /// It offers STARTTLS, under the certificate of this name ([`crate::tls::pair`]).
    StartTls(&'static str),
    /// It speaks nothing but TLS.
    Tls(&'static str),
}

/// A mail server that takes every mail and every password. It hands over what it hears as one text
/// at the end of each mail, and what is left at the end of a session.
pub(crate) fn mail_server(wire: Wire) -> Heard {
    let (tls, at_once) = match wire {
        Wire::Plain => (None, false),
        Wire::StartTls(name) => (Some(tls_of(name)), false),
        Wire::Tls(name) => (Some(tls_of(name)), true),
    };
    Heard::serving(move |stream, send| {
        let mut heard = String::new();
        // Whoever does not like the certificate goes away.
        let _ = serve(stream, tls.as_ref(), at_once, &mut heard, send);
        let _ = send.send(heard);
    })
}

fn tls_of(name: &str) -> Arc<ServerConfig> {
    let certificate = crate::tls::pair(name);
    let key = PrivateKeyDer::from_pem_file(path(&format!("{name}.key"))).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key);
    Arc::new(config.expect("the key fits"))
}

fn serve(
    mut stream: TcpStream,
    tls: Option<&Arc<ServerConfig>>,
    at_once: bool,
    heard: &mut String,
    send: &Sender<String>,
) -> io::Result<()> {
    if !at_once {
        stream.write_all(GREETING)?;
        let offers = if tls.is_some() { "STARTTLS" } else { "8BITMIME" };
        if !talk(&mut stream, offers, heard, send)? {
            return Ok(());
        }
    }
    let config = Arc::clone(tls.expect("nothing else was offered"));
    let connection = ServerConnection::new(config).expect("the configuration fits");
    let mut stream = StreamOwned::new(connection, stream);
    if at_once {
        stream.write_all(GREETING)?;
    }
    talk(&mut stream, "AUTH PLAIN", heard, send).map(drop)
}

const GREETING: &[u8] = b"220 stub ready\r\n";

/// Speaks enough SMTP to take mail, until the session ends or, which is `true`, STARTTLS was said.
fn talk(
    stream: &mut (impl Read + Write),
    offers: &str,
    heard: &mut String,
    send: &Sender<String>,
) -> io::Result<bool> {
    let mut in_mail = false;
    loop {
        let line = line(stream)?;
        if line.is_empty() {
            return Ok(false);
        }
        heard.push_str(&line);
        if in_mail {
            if line == ".\r\n" {
                in_mail = false;
                // That nobody listens any more is the end of a test.
                let _ = send.send(std::mem::take(heard));
                stream.write_all(b"250 taken\r\n")?;
            }
            continue;
        }
        let said = match line.split_whitespace().next() {
            Some("EHLO") => format!("250-stub\r\n250 {offers}\r\n"),
            Some("STARTTLS") => "220 go on\r\n".to_owned(),
            Some("AUTH") => "235 welcome\r\n".to_owned(),
            Some("DATA") => "354 go on\r\n".to_owned(),
            Some("QUIT") => "221 bye\r\n".to_owned(),
            _ => "250 fine\r\n".to_owned(),
        };
        stream.write_all(said.as_bytes())?;
        in_mail = line.starts_with("DATA");
        if line.starts_with("STARTTLS") {
            return Ok(true);
        }
    }
}

/// A line, byte by byte: what follows it may be another's to read.
fn line(stream: &mut impl Read) -> io::Result<String> {
    let mut line = Vec::new();
    let mut byte = [0];
    while !line.ends_with(b"\n") && stream.read(&mut byte)? > 0 {
        line.push(byte[0]);
    }
    String::from_utf8(line).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// User and password as AUTH PLAIN sends them: `\0emanate\0not-a-secret-of-anybody`.
const SECRET: &str = "AGVtYW5hdGUAbm90LWEtc2VjcmV0LW9mLWFueWJvZHk=";

/// Sends one notice with a password to `heard` by `security`, trusting the certificate of `name`.
fn try_mail(heard: &Heard, security: &str, name: Option<&str>) -> (Option<i32>, String) {
    let mut command = command(["alerts", "test", "--channel", "smtp"]);
    for setting in [
        format!("alerts.smtp_server={}", heard.address),
        format!("alerts.smtp_security={security}"),
        "alerts.attempts=1".to_owned(),
        "alerts.smtp_from=emanate@example.org".to_owned(),
        "alerts.smtp_to=one@example.org".to_owned(),
        "alerts.smtp_user=emanate".to_owned(),
        "alerts.smtp_password=not-a-secret-of-anybody".to_owned(),
    ] {
        command.args(["--set", &setting]);
    }
    if let Some(name) = name {
        command.env("SSL_CERT_FILE", path(&format!("{name}.crt")));
    }
    let output = command.output().expect("the command runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_password_and_mail_go_over_starttls_and_over_tls() {
    for (security, wire) in
        [("starttls", Wire::StartTls("mail-starttls")), ("tls", Wire::Tls("mail-tls"))]
    {
        let heard = mail_server(wire);
        let name = format!("mail-{security}");
        let (status, said) = try_mail(&heard, security, Some(&name));
        assert_eq!(status, Some(0), "{security}: {said}");
        let mail = heard.text();
        let secret = mail.find(SECRET).unwrap_or_else(|| panic!("no password: {mail}"));
        let begun = mail.find("STARTTLS");
        assert_eq!(begun.is_some(), security == "starttls", "{mail}");
        assert!(begun.is_none_or(|begun| begun < secret), "{mail}");
        assert!(mail.contains("RCPT TO:<one@example.org>"), "{mail}");
        assert!(mail.contains("Subject: [TEST]"), "{mail}");
    }
}

#[test]
fn what_cannot_be_protected_is_not_said() {
    let cases = [
        // Somebody between took the offer out, or it was never made.
        ("starttls", Wire::Plain, None),
        // Not the certificate of anybody who is trusted.
        ("starttls", Wire::StartTls("mail-stranger"), None),
        ("tls", Wire::Tls("mail-stranger-too"), None),
        // No TLS where TLS is expected: what arrives is no line of this protocol.
        ("tls", Wire::Plain, None),
    ];
    for (security, wire, trusted) in cases {
        let heard = mail_server(wire);
        let (status, said) = try_mail(&heard, security, trusted);
        assert_eq!(status, Some(1), "{security}: {said}");
        assert!(said.contains("the mail server does not take it"), "{said}");
        let all = heard.text();
        for secret in [SECRET, "AUTH", "MAIL FROM", "example.org"] {
            assert!(!all.contains(secret), "{security}, {secret}: {all}");
        }
    }
}
