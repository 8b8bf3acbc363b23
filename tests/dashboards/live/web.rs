//! As much of HTTP as a test on one machine needs.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

/// The body of an answer with status 200; otherwise what was said, or why nothing was.
pub(crate) fn get(address: SocketAddr, path: &str) -> Result<String, String> {
    // Version 1.0, so that the answer comes in one piece and the connection ends with it.
    ask(address, &format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n"))
}

/// Posts JSON.
pub(crate) fn post(address: SocketAddr, path: &str, body: &str) -> Result<String, String> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.0\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    ask(address, &format!("{head}{body}"))
}

fn ask(address: SocketAddr, request: &str) -> Result<String, String> {
    let said = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(request.as_bytes())?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    };
    let text = said().map_err(|error| format!("{address}: {error}"))?;
    let (head, body) = text.split_once("\r\n\r\n").ok_or("an answer without a head")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status == "200" { Ok(body.to_owned()) } else { Err(format!("{head}\n{body}")) }
}

/// A text as a part of a URL.
pub(crate) fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
