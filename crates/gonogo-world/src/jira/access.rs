//! Who may ask.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::state::Flavour;
use crate::serve::Ask;

#[derive(Debug, Clone)]
pub(super) struct Access {
    /// The `Authorization` header that opens the door.
    authorization: String,
    pub(super) is_forbidden: bool,
    pub(super) may_browse: bool,
    pub(super) lets_strangers_in: bool,
}

/// What a request's credentials are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Known,
    /// No credentials, or wrong ones.
    Stranger,
    /// The right ones, but not enough.
    Forbidden,
}

impl Access {
    pub(super) fn default_of(flavour: Flavour) -> Self {
        let mut access =
            Self { authorization: String::new(), is_forbidden: false, may_browse: true, lets_strangers_in: false };
        match flavour {
            Flavour::Cloud => access.set_basic("bot@example.com", "jira-token"),
            Flavour::DataCenter => access.set_bearer("jira-pat"),
        }
        access
    }

    pub(super) fn set_basic(&mut self, user: &str, token: &str) {
        let pair = STANDARD.encode(format!("{user}:{token}"));
        self.authorization = format!("Basic {pair}");
    }

    pub(super) fn set_bearer(&mut self, token: &str) {
        self.authorization = format!("Bearer {token}");
    }

    pub(super) fn standing(&self, ask: &Ask) -> Standing {
        if ask.header("authorization") != Some(self.authorization.as_str()) {
            Standing::Stranger
        } else if self.is_forbidden {
            Standing::Forbidden
        } else {
            Standing::Known
        }
    }
}
