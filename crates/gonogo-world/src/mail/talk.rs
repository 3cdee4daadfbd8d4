//! What is said over one connection, in the order that RFC 5321 has.

use std::io::{Error, ErrorKind, Result};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::{At, Fault, Received, State};

/// RFC 5321, 4.5.3.1: a command, a line of text, each with its end.
const MOST_COMMAND: usize = 512;
const MOST_LINE: usize = 1_000;
const MOST_MESSAGE: usize = 10 << 20;

pub(super) struct Talk<S> {
    stream: S,
    /// What was read and not looked at yet.
    ahead: Vec<u8>,
    is_secured: bool,
    offers_tls: bool,
    is_greeted: bool,
    user: Option<String>,
    from: Option<String>,
    to: Vec<String>,
}

pub(super) enum Ended {
    Closed,
    WantsTls,
}

/// A line without its end.
enum Line {
    Text(Vec<u8>),
    TooLong,
    /// One that ends by LF alone, which no client may send.
    Bare,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Talk<S> {
    pub(super) fn new(stream: S, is_secured: bool, offers_tls: bool) -> Self {
        Self {
            stream,
            ahead: Vec::new(),
            is_secured,
            offers_tls,
            is_greeted: false,
            user: None,
            from: None,
            to: Vec::new(),
        }
    }

    pub(super) fn into_stream(self) -> S {
        self.stream
    }

    pub(super) async fn greets(&mut self, state: &State) -> Result<()> {
        self.answer(state, At::Greeting, "220 mail.world ESMTP").await.map(drop)
    }

    pub(super) async fn goes_on(&mut self, state: &State) -> Result<Ended> {
        loop {
            let line = match self.line(MOST_COMMAND).await? {
                Line::Text(line) => String::from_utf8_lossy(&line).into_owned(),
                Line::TooLong | Line::Bare => {
                    self.say("500 5.5.2 no command of SMTP").await?;
                    continue;
                }
            };
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" if !rest.is_empty() => self.ehlo(state).await?,
                "HELO" if !rest.is_empty() => {
                    self.is_greeted = true;
                    self.say("250 mail.world").await?;
                }
                "STARTTLS" if self.offers_tls => {
                    // RFC 3207: what came before TLS is of nobody known.
                    if !self.ahead.is_empty() {
                        return Err(Error::from(ErrorKind::InvalidData));
                    }
                    self.say("220 2.0.0 go ahead").await?;
                    return Ok(Ended::WantsTls);
                }
                "AUTH" => self.auth(state, rest).await?,
                "MAIL" => self.mail(state, rest).await?,
                "RCPT" => self.rcpt(state, rest).await?,
                "DATA" => self.data(state).await?,
                "NOOP" => self.say("250 2.0.0 fine").await?,
                "RSET" => {
                    self.forget();
                    self.say("250 2.0.0 forgotten").await?;
                }
                "QUIT" => {
                    self.say("221 2.0.0 bye").await?;
                    return Ok(Ended::Closed);
                }
                _ => self.say("500 5.5.1 no command that is known here").await?,
            }
        }
    }

    async fn ehlo(&mut self, state: &State) -> Result<()> {
        self.is_greeted = true;
        self.forget();
        let mut lines = vec!["mail.world".to_owned(), "ENHANCEDSTATUSCODES".to_owned(), format!("SIZE {MOST_MESSAGE}")];
        lines.extend(self.offers_tls.then(|| "STARTTLS".to_owned()));
        let may_sign_in = self.is_secured || !self.offers_tls;
        lines.extend((may_sign_in && state.inner().wants.is_some()).then(|| "AUTH PLAIN LOGIN".to_owned()));
        let last = lines.len() - 1;
        let all: Vec<String> = lines
            .iter()
            .enumerate()
            .map(|(number, line)| format!("250{}{line}", if number == last { ' ' } else { '-' }))
            .collect();
        self.say(&all.join("\r\n")).await
    }

    async fn auth(&mut self, state: &State, rest: &str) -> Result<()> {
        let Some(wanted) = state.inner().wants.clone() else {
            return self.say("502 5.5.1 nobody signs in here").await;
        };
        if !self.is_secured && self.offers_tls {
            return self.say("538 5.7.11 not without TLS").await;
        }
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        let given = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let said = if initial.is_empty() { self.asks("").await? } else { decoded(initial) };
                let mut words = said.split('\0').skip(1).map(str::to_owned);
                words.next().zip(words.next())
            }
            "LOGIN" => {
                let user = if initial.is_empty() { self.asks("Username:").await? } else { decoded(initial) };
                Some((user, self.asks("Password:").await?))
            }
            _ => return self.say("504 5.5.4 no such way to sign in").await,
        };
        if given.as_ref() != Some(&wanted) {
            return self.say("535 5.7.8 wrong user or password").await;
        }
        self.user = given.map(|(user, _)| user);
        self.say("235 2.7.0 welcome").await
    }

    /// What comes to a challenge.
    async fn asks(&mut self, challenge: &str) -> Result<String> {
        self.say(&format!("334 {}", STANDARD.encode(challenge))).await?;
        match self.line(MOST_LINE).await? {
            Line::Text(line) => Ok(decoded(&String::from_utf8_lossy(&line))),
            Line::TooLong | Line::Bare => Err(Error::from(ErrorKind::InvalidData)),
        }
    }

    async fn mail(&mut self, state: &State, rest: &str) -> Result<()> {
        let Some(from) = path(rest, "FROM:") else { return self.say("501 5.5.4 MAIL FROM:<address>").await };
        if !self.is_greeted || self.from.is_some() {
            return self.say("503 5.5.1 not now").await;
        }
        if state.inner().wants.is_some() && self.user.is_none() {
            return self.say("530 5.7.0 sign in first").await;
        }
        if self.answer(state, At::Sender, "250 2.1.0 fine").await? {
            self.from = Some(from);
        }
        Ok(())
    }

    async fn rcpt(&mut self, state: &State, rest: &str) -> Result<()> {
        let Some(to) = path(rest, "TO:").filter(|to| to.contains('@')) else {
            return self.say("501 5.5.4 RCPT TO:<address>").await;
        };
        if self.from.is_none() {
            return self.say("503 5.5.1 not now").await;
        }
        if self.answer(state, At::Recipient, "250 2.1.5 fine").await? {
            self.to.push(to);
        }
        Ok(())
    }

    async fn data(&mut self, state: &State) -> Result<()> {
        if self.to.is_empty() {
            return self.say("503 5.5.1 not now").await;
        }
        if !self.answer(state, At::Data, "354 say it").await? {
            return Ok(());
        }
        let Some(message) = self.message().await? else {
            self.forget();
            return self.say("554 5.6.0 no message of RFC 5322").await;
        };
        let received = Received {
            from: self.from.take().unwrap_or_default(),
            to: std::mem::take(&mut self.to),
            message,
            is_secured: self.is_secured,
            user: self.user.clone(),
        };
        match state.fault(At::Message) {
            Some(Fault::Answer(answer)) => self.say(&answer).await,
            Some(Fault::Drop { keeps }) => {
                if keeps {
                    state.keep(received);
                }
                Err(Error::from(ErrorKind::ConnectionAborted))
            }
            Some(Fault::Hang) => {
                state.keep(received);
                std::future::pending().await
            }
            None => {
                state.keep(received);
                self.say("250 2.0.0 taken as W1").await
            }
        }
    }

    /// Up to the dot that stands alone; `None` where a line is none of a message.
    async fn message(&mut self) -> Result<Option<Vec<u8>>> {
        let (mut message, mut is_right) = (Vec::new(), true);
        loop {
            match self.line(MOST_LINE).await? {
                Line::Text(line) if line == b"." => return Ok(is_right.then_some(message)),
                Line::Text(line) => {
                    // Neither 8BITMIME nor SMTPUTF8 was offered.
                    is_right &= line.is_ascii();
                    message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
                    message.extend_from_slice(b"\r\n");
                }
                Line::TooLong | Line::Bare => is_right = false,
            }
            if message.len() > MOST_MESSAGE {
                return Err(Error::from(ErrorKind::InvalidData));
            }
        }
    }

    fn forget(&mut self) {
        self.from = None;
        self.to.clear();
    }

    /// Whether it answered as usual, and nothing else was wanted there.
    async fn answer(&mut self, state: &State, at: At, usual: &str) -> Result<bool> {
        match state.fault(at) {
            None => self.say(usual).await.map(|()| true),
            Some(Fault::Answer(answer)) => self.say(&answer).await.map(|()| false),
            Some(Fault::Drop { .. }) => Err(Error::from(ErrorKind::ConnectionAborted)),
            Some(Fault::Hang) => std::future::pending().await,
        }
    }

    async fn say(&mut self, text: &str) -> Result<()> {
        self.stream.write_all(format!("{text}\r\n").as_bytes()).await?;
        self.stream.flush().await
    }

    async fn line(&mut self, most: usize) -> Result<Line> {
        let mut is_too_long = false;
        loop {
            if let Some(end) = self.ahead.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.ahead.drain(..=end).collect();
                line.pop();
                if is_too_long || line.len() + 1 > most {
                    return Ok(Line::TooLong);
                }
                if line.pop() != Some(b'\r') || line.contains(&b'\r') {
                    return Ok(Line::Bare);
                }
                return Ok(Line::Text(line));
            }
            if self.ahead.len() > most {
                is_too_long = true;
                self.ahead.clear();
            }
            if self.stream.read_buf(&mut self.ahead).await? == 0 {
                return Err(Error::from(ErrorKind::UnexpectedEof));
            }
        }
    }
}

/// The address of `FROM:<a@b> …`.
fn path(rest: &str, before: &str) -> Option<String> {
    let head = rest.get(..before.len())?;
    let rest = rest[before.len()..].trim_start();
    let (address, _) = rest.strip_prefix('<')?.split_once('>')?;
    head.eq_ignore_ascii_case(before).then(|| address.to_owned())
}

fn decoded(text: &str) -> String {
    let bytes = STANDARD.decode(text.trim()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
