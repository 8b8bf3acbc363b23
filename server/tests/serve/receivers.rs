//! What notices are sent to: small servers that note what they hear.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use serde_json::Value;

use crate::support::LONG;

/// A server on this machine that hands over what it hears.
pub(crate) struct Heard {
    pub(crate) address: SocketAddr,
    heard: Receiver<String>,
}

impl Heard {
    /// Serves each connection by `serve`, on a thread of its own.
    pub(crate) fn serving(
        serve: impl Fn(TcpStream, &Sender<String>) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (send, heard) = channel();
        let serve = std::sync::Arc::new(serve);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (send, serve) = (send.clone(), std::sync::Arc::clone(&serve));
                std::thread::spawn(move || serve(stream, &send));
            }
        });
        Self { address, heard }
    }

    /// A webhook that answers with this head, such as `200 OK`.
    pub(crate) fn webhook(head: impl Into<String>) -> Self {
        let head = head.into();
        Self::serving(move |mut stream, send| {
            let Some(body) = body(&stream) else { return };
            // That nobody listens any more is the end of a test.
            let _ = send.send(body);
            let answer = format!("HTTP/1.1 {head}\r\nContent-Length: 2\r\n\r\nok");
            let _ = stream.write_all(answer.as_bytes());
        })
    }

    /// A webhook that takes what comes and never answers.
    pub(crate) fn hanging() -> Self {
        Self::serving(|mut stream, send| {
            let Some(body) = body(&stream) else { return };
            let _ = send.send(body);
            // Until the other side goes.
            let _ = stream.read(&mut [0; 1]);
        })
    }

    /// The next thing that is heard.
    #[track_caller]
    pub(crate) fn text(&self) -> String {
        self.heard.recv_timeout(LONG).expect("something is heard")
    }

    /// The next thing that is heard, as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text()).expect("JSON")
    }

    /// Fails where something was heard.
    #[track_caller]
    pub(crate) fn nothing(&self) {
        let heard = self.heard.recv_timeout(Duration::ZERO);
        assert_eq!(heard, Err(RecvTimeoutError::Timeout));
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook?key=secret", self.address)
    }
}

/// The body of a request.
fn body(stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    String::from_utf8(body).ok()
}
