//! Whose token it is, and what that may do.

use super::state::State;
use crate::serve::Ask;

/// A bot's token, with its scopes.
#[derive(Debug, Clone)]
pub(super) struct Bot {
    pub(super) token: String,
    pub(super) scopes: Vec<String>,
}

impl Default for Bot {
    fn default() -> Self {
        let scopes = [
            "chat:write",
            "channels:read",
            "channels:history",
            "groups:read",
            "groups:history",
            "links:read",
            "links:write",
        ];
        Self { token: "xoxb-world".to_owned(), scopes: scopes.map(str::to_owned).to_vec() }
    }
}

/// Why there is no answer to this caller.
#[derive(Debug)]
pub(super) enum Stranger {
    NotAuthed,
    InvalidAuth,
}

impl State {
    /// The token stands in the header, or in a form's body; it is never read
    /// from an address, which ends up in logs.
    pub(super) fn let_in(&self, ask: &Ask, in_body: Option<&str>) -> Result<(), Stranger> {
        let token = token_of(ask, in_body)?;
        if token == self.bot.token { Ok(()) } else { Err(Stranger::InvalidAuth) }
    }

    /// The same of the app itself, where Socket Mode is switched on.
    pub(super) fn let_app_in(&self, ask: &Ask, in_body: Option<&str>) -> Result<(), Stranger> {
        let token = token_of(ask, in_body)?;
        if self.lines.token.as_deref() == Some(token) { Ok(()) } else { Err(Stranger::InvalidAuth) }
    }

    pub(super) fn has_scope(&self, scope: &str) -> bool {
        self.bot.scopes.iter().any(|known| known == scope)
    }
}

fn token_of<'a>(ask: &'a Ask, in_body: Option<&'a str>) -> Result<&'a str, Stranger> {
    let in_header = ask.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    in_header.or(in_body).ok_or(Stranger::NotAuthed)
}
