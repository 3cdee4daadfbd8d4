//! Who asks, and what they may.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::repository::Repository;
use super::state::State;
use crate::serve::Ask;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Read,
    Write,
}

impl Level {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// By GitHub's name of the permission, such as `pull_requests`.
pub(super) type Rights = BTreeMap<String, Level>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A personal token with the scope `repo`.
    Classic,
    /// A personal token with chosen rights.
    FineGrained,
    /// Of the App's installation with this id.
    Installation(u64),
    /// Of a person who signed in to the App with this id.
    SignedIn(u64),
}

#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) value: String,
    pub(super) kind: Kind,
    /// The login of a person; of the App's bot for an installation.
    pub(super) owner: String,
    pub(super) rights: Rights,
    /// All, or those with these ids.
    pub(super) repositories: Option<Vec<u64>>,
    pub(super) expires: Option<Timestamp>,
    pub(super) is_revoked: bool,
}

impl Token {
    pub(super) fn classic(value: &str, owner: &str) -> Self {
        Self {
            value: value.to_owned(),
            kind: Kind::Classic,
            owner: owner.to_owned(),
            rights: Rights::new(),
            repositories: None,
            expires: None,
            is_revoked: false,
        }
    }

    pub(super) fn may(&self, permission: &str, level: Level) -> bool {
        match self.kind {
            Kind::Classic => true,
            _ => self.rights.get(permission).is_some_and(|held| *held >= level),
        }
    }
}

/// Whom a request comes from.
#[derive(Debug, Clone)]
pub(super) enum Caller {
    Anonymous,
    Holder(Token),
    /// An App by itself, by its id.
    App(u64),
}

impl Caller {
    pub(super) fn token(&self) -> Option<&Token> {
        match self {
            Self::Holder(token) => Some(token),
            _ => None,
        }
    }

    /// Whether this caller's rights reach so far here; who merely looks at
    /// something public needs none.
    pub(super) fn may(&self, repository: &Repository, permission: &str, level: Level) -> bool {
        if level == Level::Read && !repository.is_private {
            return true;
        }
        let Some(token) = self.token() else {
            return false;
        };
        let is_person = !matches!(token.kind, Kind::Installation(_));
        let role = repository.role_of(&token.owner);
        let role_allows = match (level, permission) {
            (Level::Read, _) => role != "none",
            (Level::Write, "administration" | "repository_hooks") => role == "admin",
            (Level::Write, _) => role == "admin" || role == "write",
        };
        token.may(permission, level) && (!is_person || role_allows)
    }

    /// The App that acts, by itself or through an installation.
    pub(super) fn installation(&self) -> Option<u64> {
        match self.token()?.kind {
            Kind::Installation(id) => Some(id),
            _ => None,
        }
    }
}

/// Why somebody is not let in, in GitHub's words.
pub(super) struct Unknown(pub(super) String);

impl State {
    /// Reads `Authorization`: a token as Bearer, token or Basic, or an App's JWT.
    pub(super) fn caller(&self, ask: &Ask) -> Result<Caller, Unknown> {
        let Some(header) = ask.header("authorization") else {
            return Ok(Caller::Anonymous);
        };
        let bad = || Unknown("Bad credentials".to_owned());
        let (scheme, value) = header.split_once(' ').ok_or_else(bad)?;
        let value = value.trim();
        let secret = match scheme.to_ascii_lowercase().as_str() {
            "bearer" if value.matches('.').count() == 2 => return self.app_of(value).map(Caller::App).map_err(Unknown),
            "bearer" | "token" => value.to_owned(),
            "basic" => password(value).ok_or_else(bad)?,
            _ => return Err(bad()),
        };
        let token = self.tokens.iter().find(|token| token.value == secret).ok_or_else(bad)?;
        let now = self.clock.now();
        let is_over = token.is_revoked || token.expires.is_some_and(|end| end <= now);
        let is_suspended = self.known_account(&token.owner).is_some_and(|account| account.is_suspended);
        if is_over || is_suspended { Err(bad()) } else { Ok(Caller::Holder(token.clone())) }
    }

    pub(super) fn may_see(&self, caller: &Caller, repository: &Repository) -> bool {
        let is_among = |ids: &Option<Vec<u64>>| ids.as_ref().is_none_or(|ids| ids.contains(&repository.id));
        match caller {
            Caller::Holder(token) if is_among(&token.repositories) => match token.kind {
                Kind::Installation(id) => {
                    self.installation(id).is_some_and(|(_, installation)| is_among(&installation.repositories))
                }
                Kind::SignedIn(app) => {
                    let app = self.apps.iter().find(|known| known.id == app);
                    let reaches = app.is_some_and(|app| app.installation_of(repository).is_some());
                    reaches && repository.role_of(&token.owner) != "none"
                }
                _ => repository.role_of(&token.owner) != "none",
            },
            _ => !repository.is_private,
        }
    }
}

fn password(basic: &str) -> Option<String> {
    let pair = STANDARD.decode(basic).ok()?;
    let pair = String::from_utf8(pair).ok()?;
    let (user, password) = pair.split_once(':')?;
    // git asks with the token in either place.
    Some(if password.is_empty() || password == "x-oauth-basic" { user } else { password }.to_owned())
}
