//! The token endpoint: what a code, or a refresh token, is exchanged for.

use super::discovery::{Authentication, Metadata};
use super::id_token::{Claims, Expected, Parts};
use super::{NotBelieved, OidcError, Provider, has_to_ask};
use crate::http::Ask;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use form_urlencoded::{Serializer, byte_serialize};
use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

const WHAT: &str = "the token request";

/// What came of an exchange.
#[derive(Debug)]
pub struct Tokens {
    pub access: SecretString,
    /// How long that counts, where it is said.
    pub seconds: Option<i64>,
    /// Instead of the one before, where there was one.
    pub refresh: Option<SecretString>,
    /// A renewal may come without one. Where it could not be checked, or is not
    /// believed, the refresh token of before is used up all the same.
    pub id: Result<Option<IdToken>, OidcError>,
}

/// An ID token that is believed.
#[derive(Debug)]
pub struct IdToken {
    pub raw: SecretString,
    pub claims: Claims,
}

impl Provider {
    /// The tokens for a code, which is good once. `nonce` is that of the sign-in.
    pub async fn exchange(
        &self,
        code: &str,
        verifier: &SecretString,
        redirect: &str,
        nonce: &str,
        now: Timestamp,
    ) -> Result<Tokens, OidcError> {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect),
            ("code_verifier", verifier.expose_secret()),
        ];
        self.tokens(&pairs, Some(nonce), now).await
    }

    /// The same for a refresh token; what comes is about `subject`, or nothing.
    pub async fn refresh(&self, token: &SecretString, subject: &str, now: Timestamp) -> Result<Tokens, OidcError> {
        let pairs = [("grant_type", "refresh_token"), ("refresh_token", token.expose_secret())];
        let tokens = self.tokens(&pairs, None, now).await?;
        let id = tokens.id.and_then(|id| match id {
            Some(id) if id.claims.subject() != subject => Err(NotBelieved::OtherSubject.into()),
            id => Ok(id),
        });
        Ok(Tokens { id, ..tokens })
    }

    async fn tokens(&self, pairs: &[(&str, &str)], nonce: Option<&str>, now: Timestamp) -> Result<Tokens, OidcError> {
        let metadata = self.metadata(now).await?;
        let (ask, authorization) = self.token_request(&metadata, pairs)?;
        let answer = self.send(ask, authorization).await?;
        if !answer.status.is_success() {
            return Err(refused(&answer.body, answer.status.as_u16()));
        }
        let text = |name: &str| answer.body.get(name).and_then(Value::as_str);
        let secret = |name: &str| text(name).map(|text| SecretString::from(text.to_owned()));
        let id = match text("id_token") {
            Some(raw) => self.believed(raw, nonce, now).await.map(Some),
            None if nonce.is_some() => Err(NotBelieved::NoToken.into()),
            None => Ok(None),
        };
        let access = secret("access_token").ok_or_else(|| OidcError::odd(WHAT, "no access token"))?;
        let seconds = answer.body.get("expires_in").and_then(Value::as_i64);
        Ok(Tokens { access, seconds, refresh: secret("refresh_token"), id })
    }

    /// The request, with our id and secret in the header or in the form.
    fn token_request(
        &self,
        metadata: &Metadata,
        pairs: &[(&str, &str)],
    ) -> Result<(Ask<'static>, Option<HeaderValue>), OidcError> {
        let secret = self.client_secret.now();
        let mut form = Serializer::new(String::new());
        form.extend_pairs(pairs);
        let authorization = match metadata.authentication {
            Authentication::Basic => Some(self.basic(&secret)?),
            Authentication::Post => {
                form.append_pair("client_id", &self.client_id).append_pair("client_secret", secret.expose_secret());
                None
            }
        };
        let form = Some(SecretString::from(form.finish()));
        Ok((Ask { form, ..Ask::new(Method::POST, metadata.token_endpoint.clone(), None) }, authorization))
    }

    /// <https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1>: both are escaped first.
    fn basic(&self, secret: &SecretString) -> Result<HeaderValue, OidcError> {
        let escaped = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", escaped(&self.client_id), escaped(secret.expose_secret()));
        let header = HeaderValue::from_str(&format!("Basic {}", BASE64_STANDARD.encode(pair)));
        header.map_err(|_| OidcError::Client("it has characters that no header takes".to_owned()))
    }

    async fn believed(&self, raw: &str, nonce: Option<&str>, now: Timestamp) -> Result<IdToken, OidcError> {
        let parts = Parts::of(raw)?;
        let keys = self.keys_for(parts.key_id.as_deref(), parts.algorithm, now).await?;
        let expected = Expected { issuer: &self.issuer, client_id: &self.client_id, nonce, now };
        let claims = parts.believed(&keys, &expected)?;
        Ok(IdToken { raw: SecretString::from(raw.to_owned()), claims })
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6749#section-5.2>
fn refused(body: &Value, status: u16) -> OidcError {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let described = [text("error"), text("error_description")];
    let said: Vec<&str> = described.into_iter().filter(|text| !text.is_empty()).collect();
    let said: String = said.join(": ").chars().take(200).collect();
    match text("error") {
        "invalid_client" | "unauthorized_client" => OidcError::Client(said),
        "" => OidcError::odd(WHAT, format!("status {status}")),
        "invalid_grant" => OidcError::Refused(said),
        // To who is not there to be asked that is a no.
        error if has_to_ask(error) => OidcError::Refused(said),
        _ => OidcError::odd(WHAT, said),
    }
}
