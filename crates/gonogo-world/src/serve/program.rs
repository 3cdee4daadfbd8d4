//! A program that answers a request as CGI (RFC 3875) has it: the head in its
//! environment, the body on its standard input, the answer on its standard
//! output; both streams flow while it runs.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::Response;
use hyper::body::{Bytes, Incoming};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{self, ChildStdin, ChildStdout};
use tokio::sync::mpsc;

use super::body::{HungUp, Outgoing};
use super::http::{Ask, Stand};

/// How many chunks may wait for a slow reader.
const CHUNKS: usize = 16;
const CHUNK_BYTES: usize = 64 * 1024;

/// A program that is to answer, and the number under which the request was
/// recorded.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) command: Command,
    pub(crate) number: usize,
    pub(crate) delay: Duration,
}

impl Program {
    /// Runs it; the answer's head is known when this returns, and its body
    /// follows.
    pub(super) async fn run(
        self,
        stand: Arc<dyn Stand>,
        ask: Ask,
        body: Incoming,
    ) -> Result<Response<Outgoing>, HungUp> {
        tokio::time::sleep(self.delay).await;
        let mut command = process::Command::from(self.command);
        for (name, value) in variables(&ask) {
            command.env(name, value);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().expect("the program can be started");
        let stdin = child.stdin.take().expect("stdin is piped");
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        tokio::spawn(feed(body, stdin));

        let (status, headers) = head(&mut stdout).await?;
        let (sender, chunks) = mpsc::channel(CHUNKS);
        let number = self.number;
        stand.answered(number, Some(status));
        tokio::spawn(async move {
            let last = drain(stdout, &sender).await;
            let _ = child.wait().await;
            stand.program_ended(&ask);
            // Whoever has read the end knows that it is noticed.
            if let Some(last) = last {
                let _ = sender.send(last).await;
            }
        });
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(name, value);
        }
        response.body(Outgoing::Streamed(chunks)).map_err(|_| HungUp)
    }
}

/// The variables of a request that no stand-in decides.
fn variables(ask: &Ask) -> Vec<(&'static str, String)> {
    let query = ask.target.split_once('?').map_or("", |(_, query)| query);
    let mut variables = vec![
        ("GATEWAY_INTERFACE", "CGI/1.1".to_owned()),
        ("SERVER_PROTOCOL", "HTTP/1.1".to_owned()),
        ("REQUEST_METHOD", ask.method.to_string()),
        ("QUERY_STRING", query.to_owned()),
        ("REMOTE_ADDR", "127.0.0.1".to_owned()),
    ];
    let headers = [
        ("CONTENT_TYPE", "content-type"),
        ("CONTENT_LENGTH", "content-length"),
        ("HTTP_CONTENT_ENCODING", "content-encoding"),
        ("HTTP_GIT_PROTOCOL", "git-protocol"),
        ("GIT_PROTOCOL", "git-protocol"),
    ];
    for (variable, header) in headers {
        variables.extend(ask.header(header).map(|value| (variable, value.to_owned())));
    }
    variables
}

async fn feed(mut body: Incoming, mut stdin: ChildStdin) {
    while let Some(Ok(frame)) = body.frame().await {
        if let Ok(bytes) = frame.into_data()
            && stdin.write_all(&bytes).await.is_err()
        {
            return; // It reads no more: its answer says why.
        }
    }
}

async fn head(stdout: &mut BufReader<ChildStdout>) -> Result<(u16, Vec<(String, String)>), HungUp> {
    let (mut status, mut headers) = (200, Vec::new());
    loop {
        let mut line = String::new();
        if stdout.read_line(&mut line).await.map_err(|_| HungUp)? == 0 {
            return Err(HungUp);
        }
        let line = line.trim_end();
        if line.is_empty() {
            return Ok((status, headers));
        }
        match line.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("status") => {
                let code = value.split_whitespace().next();
                status = code.and_then(|code| code.parse().ok()).unwrap_or(500);
            }
            Some((name, value)) => headers.push((name.to_owned(), value.trim().to_owned())),
            None => {}
        }
    }
}

/// Passes all on but the last chunk, which it returns.
async fn drain(mut stdout: BufReader<ChildStdout>, sender: &mpsc::Sender<Bytes>) -> Option<Bytes> {
    let mut last: Option<Bytes> = None;
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        match stdout.read(&mut buffer).await {
            Ok(0) | Err(_) => return last,
            Ok(count) => {
                let chunk = Bytes::copy_from_slice(buffer.get(..count).unwrap_or_default());
                if let Some(ready) = last.replace(chunk)
                    && sender.send(ready).await.is_err()
                {
                    return None;
                }
            }
        }
    }
}
