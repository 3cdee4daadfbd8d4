//! A client that keeps its connection, and takes as little of the machine as it can.

use anyhow::{Context, bail};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

pub(super) struct Client {
    address: String,
    stream: BufReader<TcpStream>,
}

pub(super) struct Answer {
    pub status: u16,
    /// Lines as they came.
    pub headers: Vec<String>,
    pub body: Vec<u8>,
}

impl Client {
    pub(super) fn to(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("{address} does not answer"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self { address: address.to_owned(), stream: BufReader::new(stream) })
    }

    pub(super) fn ask(&mut self, method: &str, path: &str, headers: &[String], body: &[u8]) -> anyhow::Result<Answer> {
        self.send(method, path, headers, body)?;
        let (status, headers) = self.head()?;
        let length = headers.iter().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        self.stream.read_exact(&mut body)?;
        Ok(Answer { status, headers, body })
    }

    /// A stream of events: its head is read, the rest stays open.
    pub(super) fn follow(mut self, path: &str, headers: &[String]) -> anyhow::Result<Self> {
        self.send("GET", path, headers, b"")?;
        match self.head()?.0 {
            200 => Ok(self),
            status => bail!("{path} answered {status}"),
        }
    }

    fn send(&mut self, method: &str, path: &str, headers: &[String], body: &[u8]) -> anyhow::Result<()> {
        let mut ask =
            format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n", self.address, body.len());
        for header in headers {
            ask.push_str(header);
            ask.push_str("\r\n");
        }
        ask.push_str("\r\n");
        let bytes = [ask.as_bytes(), body].concat();
        Ok(self.stream.get_mut().write_all(&bytes)?)
    }

    fn head(&mut self) -> anyhow::Result<(u16, Vec<String>)> {
        let mut line = || {
            let mut line = String::new();
            match self.stream.read_line(&mut line)? {
                0 => bail!("the connection was closed"),
                _ => Ok(line.trim_end().to_owned()),
            }
        };
        let first = line()?;
        let status = first.split(' ').nth(1).and_then(|word| word.parse().ok()).with_context(|| first.clone())?;
        let mut headers = Vec::new();
        loop {
            let line = line()?;
            if line.is_empty() {
                return Ok((status, headers));
            }
            headers.push(line);
        }
    }
}
