//! Sign-in in the browser: what is under way.

use jiff::Timestamp;

#[derive(Debug, Default)]
pub(super) struct SignIn {
    /// Who approves without being asked.
    pub(super) approves_as: Option<String>,
    pub(super) codes: Vec<Code>,
    /// Refresh tokens: value, App, login.
    pub(super) refreshes: Vec<(String, u64, String)>,
}

/// What the browser brings back, and is worth a token once.
#[derive(Debug, Clone)]
pub(super) struct Code {
    pub(super) value: String,
    pub(super) app: u64,
    pub(super) login: String,
    pub(super) redirect_uri: Option<String>,
    /// `code_challenge` of PKCE, by S256.
    pub(super) challenge: Option<String>,
    pub(super) expires: Timestamp,
}
