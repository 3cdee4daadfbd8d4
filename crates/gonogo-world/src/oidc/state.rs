//! Everything a provider holds: a plain structure behind one lock.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Lie;
use super::keys::Key;
use crate::serve::{Fault, Record};

#[derive(Debug)]
pub(super) struct State {
    pub(super) issuer: String,
    pub(super) client: Client,
    pub(super) people: Vec<Stored>,
    /// Who is signed in, in the one browser there is.
    pub(super) here: Option<String>,
    pub(super) sessions: Vec<Session>,
    pub(super) codes: Vec<Code>,
    pub(super) tokens: Vec<Token>,
    pub(super) keys: Vec<Key>,
    pub(super) manner: Manner,
    /// What of its description is otherwise.
    pub(super) described: Map<String, Value>,
    pub(super) lie: Option<Lie>,
    numbers: u64,
    pub(super) faults: Vec<Fault>,
    pub(super) record: Record,
    pub(super) unexpected: Vec<String>,
    pub(super) expects_trouble: bool,
}

/// Who may send people here.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) redirects: Vec<String>,
}

/// What providers do one way or another.
#[derive(Debug)]
pub(super) struct Manner {
    pub(super) gives_refresh_tokens: bool,
    pub(super) renews_id_tokens: bool,
    /// Else in ID tokens.
    pub(super) groups_in_userinfo: bool,
    pub(super) access_seconds: i64,
}

#[derive(Debug)]
pub(super) struct Stored {
    pub(super) login: String,
    pub(super) subject: String,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) groups: Vec<String>,
    pub(super) is_disabled: bool,
    /// Instead of new tokens, this error.
    pub(super) refused: Option<&'static str>,
}

/// What a sign-in began.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) subject: String,
    pub(super) has_ended: bool,
}

#[derive(Debug)]
pub(super) struct Code {
    pub(super) value: String,
    pub(super) session: usize,
    pub(super) redirect: String,
    pub(super) challenge: String,
    pub(super) nonce: String,
}

#[derive(Debug)]
pub(super) struct Token {
    pub(super) value: String,
    pub(super) session: usize,
    /// Else it is to refresh with, and good once.
    pub(super) access_ends: Option<Timestamp>,
    pub(super) is_used: bool,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            issuer: String::new(),
            client: Client {
                id: "gonogo".to_owned(),
                // What has to be escaped on its way.
                secret: "s3cret:/+ of gonogo".to_owned(),
                redirects: Vec::new(),
            },
            people: Vec::new(),
            here: None,
            sessions: Vec::new(),
            codes: Vec::new(),
            tokens: Vec::new(),
            keys: vec![Key::new("RS256", 1)],
            manner: Manner {
                gives_refresh_tokens: true,
                renews_id_tokens: true,
                groups_in_userinfo: false,
                access_seconds: 300,
            },
            described: Map::new(),
            lie: None,
            numbers: 1,
            faults: Vec::new(),
            record: Record::default(),
            unexpected: Vec::new(),
            expects_trouble: false,
        }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    pub(super) fn unexpected(&mut self, what: &str) {
        self.unexpected.push(what.to_owned());
    }

    /// The person of this login, made if need be.
    pub(super) fn person(&mut self, login: &str) -> usize {
        let known = self.people.iter().position(|person| person.login == login);
        known.unwrap_or_else(|| {
            let subject = format!("sub-{}", self.next());
            self.people.push(Stored {
                login: login.to_owned(),
                subject,
                name: login.to_owned(),
                email: format!("{login}@example.com"),
                groups: Vec::new(),
                is_disabled: false,
                refused: None,
            });
            self.people.len() - 1
        })
    }

    /// Who a session is of, while it lasts and they may.
    pub(super) fn owner(&self, session: usize) -> Option<&Stored> {
        let session = self.sessions.get(session).filter(|session| !session.has_ended)?;
        self.people.iter().find(|person| person.subject == session.subject && !person.is_disabled)
    }
}

#[expect(clippy::disallowed_methods, reason = "the world outside has a clock of its own")]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}
