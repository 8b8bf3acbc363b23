//! As much of HTTP/1.1 as it takes to ask one server again and again over one connection.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Whoever waits longer for a byte has no answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// No answer is longer.
const BODY_MAX: usize = 16 << 20;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// A connection that is made when it is needed, and made anew after an error.
#[derive(Debug)]
pub(crate) struct Connection {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

impl Connection {
    pub(crate) const fn to(address: SocketAddr) -> Self {
        Self { address, stream: None }
    }

    /// The answer to a GET.
    pub(crate) fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address))
    }

    /// The answer to a POST of JSON.
    pub(crate) fn post(&mut self, path: &str, body: &str) -> io::Result<Answer> {
        self.ask(&format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        ))
    }

    fn ask(&mut self, request: &str) -> io::Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(self.address)?,
        };
        stream.get_mut().write_all(request.as_bytes())?;
        let (answer, stays_open) = answer(&mut stream)?;
        self.stream = stays_open.then_some(stream);
        Ok(answer)
    }
}

fn connect(address: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(BufReader::new(stream))
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what.to_owned())
}

/// The next answer, and whether the connection stays open after it.
fn answer(stream: &mut impl BufRead) -> io::Result<(Answer, bool)> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    let status = status.ok_or_else(|| match line.as_str() {
        "" => io::Error::from(ErrorKind::UnexpectedEof),
        _ => wrong("no status line"),
    })?;
    let (mut length, mut stays_open) = (None, true);
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or_else(|| wrong("no header"))?;
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse::<usize>().ok().filter(|length| *length <= BODY_MAX);
        } else if name.eq_ignore_ascii_case("connection") {
            stays_open = !value.trim().eq_ignore_ascii_case("close");
        }
    }
    let mut body = vec![0; length.ok_or_else(|| wrong("no length, or one beyond all bounds"))?];
    stream.read_exact(&mut body)?;
    Ok((Answer { status, body }, stays_open))
}

#[cfg(test)]
mod tests {
    use super::answer;

    #[test]
    fn answers_follow_each_other_on_one_connection() {
        let mut bytes = &b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}\
                           HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"[..];
        let (first, stays_open) = answer(&mut bytes).unwrap();
        assert_eq!((first.status, first.body.as_slice(), stays_open), (200, &b"{}"[..], true));
        let (second, stays_open) = answer(&mut bytes).unwrap();
        assert_eq!((second.status, second.body.len(), stays_open), (503, 0, false));
        assert!(answer(&mut bytes).is_err(), "nothing follows");
    }

    #[test]
    fn half_an_answer_is_none() {
        for cut in [
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
            "<html>",
        ] {
            assert!(answer(&mut cut.as_bytes()).is_err(), "{cut}");
        }
    }
}
