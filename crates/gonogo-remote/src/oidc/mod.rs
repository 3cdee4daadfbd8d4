//! An OpenID Connect provider, as a client that people sign in to: where they go,
//! what their code is exchanged for, and what the provider says of them later.
//! <https://openid.net/specs/openid-connect-core-1_0.html>

mod discovery;
mod error;
mod id_token;
mod keys;
mod standing;
mod tokens;

pub use discovery::{Metadata, is_safe};
pub use error::{NotBelieved, OidcError};
pub use id_token::Claims;
pub use standing::SendsBack;
pub use tokens::{IdToken, Tokens};

use crate::http::{Again, Answer, Ask, Connections, Http};
use crate::secret::Secret;
use jiff::{SignedDuration, Timestamp};
use keys::Keys;
use reqwest::header::HeaderValue;
use reqwest::{Method, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// What the provider says of itself and its keys is asked for anew after this.
const FRESH_FOR: SignedDuration = SignedDuration::from_hours(1);
/// Wanted where the configuration names none: of the last two what there is.
const SCOPES: [&str; 2] = ["openid", "profile"];
const SCOPES_WHERE_OFFERED: [&str; 2] = ["groups", "offline_access"];

/// Whether a provider's error says that it would have to ask the person something.
pub fn has_to_ask(error: &str) -> bool {
    ["login_required", "interaction_required", "consent_required", "account_selection_required"].contains(&error)
}

/// One provider, and who we are to it.
#[derive(Debug)]
pub struct Provider {
    /// As it is configured, and as every ID token has to name it.
    issuer: String,
    client_id: String,
    client_secret: Secret,
    /// Where they are configured.
    scopes: Option<Vec<String>>,
    connections: Connections,
    known: Mutex<Option<(Arc<Metadata>, Timestamp)>>,
    keys: Keys,
}

/// What a browser is sent to the provider with.
#[derive(Clone, Copy, Debug)]
pub struct Going<'a> {
    pub redirect: &'a str,
    pub state: &'a str,
    pub nonce: &'a str,
    /// PKCE's, by S256.
    pub challenge: &'a str,
    /// Nobody is asked anything: who is not signed in there comes back with an error.
    pub is_silent: bool,
}

impl Provider {
    pub fn new(
        issuer: String,
        client_id: String,
        client_secret: Secret,
        scopes: Option<Vec<String>>,
        connections: Connections,
    ) -> Self {
        let connections = connections.of("oidc");
        Self { issuer, client_id, client_secret, scopes, connections, known: Mutex::default(), keys: Keys::default() }
    }

    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where a browser is sent.
    pub async fn address(&self, going: &Going<'_>, now: Timestamp) -> Result<Url, OidcError> {
        let metadata = self.metadata(now).await?;
        let mut url = metadata.authorization_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", going.redirect)
            .append_pair("scope", &self.scopes_of(&metadata))
            .append_pair("state", going.state)
            .append_pair("nonce", going.nonce)
            .append_pair("code_challenge", going.challenge)
            .append_pair("code_challenge_method", "S256");
        if going.is_silent {
            url.query_pairs_mut().append_pair("prompt", "none");
        }
        Ok(url)
    }

    fn scopes_of(&self, metadata: &Metadata) -> String {
        let offered = SCOPES_WHERE_OFFERED.into_iter().filter(|scope| metadata.scopes.iter().any(|had| had == scope));
        let usual = || SCOPES.into_iter().chain(offered).map(str::to_owned).collect();
        self.scopes.clone().unwrap_or_else(usual).join(" ")
    }

    /// What the provider says of the owner of an access token, who has to be
    /// `subject`; `None` where it has no place to ask.
    pub async fn user_info(
        &self,
        access: &SecretString,
        subject: &str,
        now: Timestamp,
    ) -> Result<Option<Claims>, OidcError> {
        const WHAT: &str = "userinfo";
        let Some(url) = self.metadata(now).await?.userinfo_endpoint.clone() else { return Ok(None) };
        let bearer = HeaderValue::from_str(&format!("Bearer {}", access.expose_secret()))
            .map_err(|_| OidcError::odd(WHAT, "the access token has characters that none has"))?;
        let answer = self.send(Ask::new(Method::GET, url, None), Some(bearer)).await?;
        match answer.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(OidcError::AccessEnded),
            status if status.is_success() => {}
            status => return Err(OidcError::odd(WHAT, format!("status {}", status.as_u16()))),
        }
        let claims = Claims::new(answer.body).ok_or_else(|| OidcError::odd(WHAT, "it names nobody"))?;
        if claims.subject() == subject { Ok(Some(claims)) } else { Err(NotBelieved::OtherSubject.into()) }
    }

    /// Where a browser signs out of the provider too, if there is such a place.
    pub async fn sign_out_address(&self, id_token: &SecretString, now: Timestamp) -> Option<Url> {
        let mut url = self.metadata(now).await.ok()?.end_session_endpoint.clone()?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.client_id)
            .append_pair("id_token_hint", id_token.expose_secret());
        Some(url)
    }

    /// What the provider says of itself; asked for anew after an hour.
    pub async fn metadata(&self, now: Timestamp) -> Result<Arc<Metadata>, OidcError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((metadata, at)) = known
            && now.duration_since(at).abs() < FRESH_FOR
        {
            return Ok(metadata);
        }
        let url = discovery::address(&self.issuer)?;
        let answer = self.get("its description", url).await?;
        let metadata = Arc::new(Metadata::read(&answer, &self.issuer)?);
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((Arc::clone(&metadata), now));
        Ok(metadata)
    }

    /// How many keys it signs with that we can check.
    pub async fn usable_keys(&self, now: Timestamp) -> Result<usize, OidcError> {
        let metadata = self.metadata(now).await?;
        Ok(self.fetch_keys(&metadata, now).await?.len())
    }

    async fn get(&self, what: &'static str, url: Url) -> Result<Value, OidcError> {
        let answer = self.send(Ask::new(Method::GET, url, None), None).await?;
        match answer.status {
            status if status.is_success() => Ok(answer.body),
            status => Err(OidcError::odd(what, format!("status {}", status.as_u16()))),
        }
    }

    /// Sent once: a page waits for it, and a code is good once.
    async fn send(&self, mut ask: Ask<'_>, authorization: Option<HeaderValue>) -> Result<Answer, OidcError> {
        ask.sees = |status| status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS;
        self.send_once(ask, authorization).await
    }

    async fn send_once(&self, mut ask: Ask<'_>, authorization: Option<HeaderValue>) -> Result<Answer, OidcError> {
        ask.again = Again::MustNotCome;
        Http::over(&self.connections, authorization).answer(&ask).await.map_err(OidcError::Http)
    }
}
