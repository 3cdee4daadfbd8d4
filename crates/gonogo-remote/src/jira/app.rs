//! A Jira in which people let us act under their own name: OAuth 2.0 with the
//! authorization code.
//! Cloud: <https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/>
//! Data Center, from 8.22: <https://confluence.atlassian.com/adminjiraserver/jira-oauth-2-0-provider-api-1115659070.html>

use super::Base;
use super::persons::PersonsJira;
use crate::http::{Again, Answer, Ask, Connections, Http, HttpError, HttpSettings, Method, StatusCode, Url};
use crate::secret::Secret;
use form_urlencoded::Serializer;
use gonogo_core::policy::{Tracker as TrackerPolicy, TrackerKind};
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use thiserror::Error;

/// What is asked for on Cloud: no more than acting needs, and that it lasts.
const CLOUD_SCOPES: &str = "read:jira-work write:jira-work read:jira-user offline_access";
const DATA_CENTER_SCOPE: &str = "WRITE";

/// Our app at one tracker.
#[derive(Debug)]
pub struct JiraApp {
    kind: TrackerKind,
    /// The tracker's address, without a slash at the end.
    tracker: String,
    client_id: String,
    client_secret: Secret,
    /// Where people of Cloud are asked, and where its API is.
    auth: Url,
    api: Url,
    connections: Connections,
}

/// Where our app is; the addresses are of Cloud alone.
#[derive(Debug)]
pub struct AppAt {
    pub kind: TrackerKind,
    pub tracker: String,
    pub auth: Url,
    pub api: Url,
}

/// What a browser is sent there with.
#[derive(Clone, Copy, Debug)]
pub struct GoingToJira<'a> {
    pub redirect: &'a str,
    pub state: &'a str,
    /// PKCE's, by S256; Cloud knows none.
    pub challenge: &'a str,
}

/// What a code, or a refresh token, was exchanged for.
#[derive(Debug)]
pub struct JiraTokens {
    pub access: SecretString,
    /// How long that counts, where it is said.
    pub seconds: Option<i64>,
    /// Instead of the one before, where there was one.
    pub refresh: Option<SecretString>,
}

/// Why there is no acting in somebody's name.
#[derive(Debug, Error)]
pub enum JiraAppError {
    #[error(transparent)]
    Http(HttpError),
    /// Our own credentials.
    #[error("it does not take our client id and secret ({0})")]
    Client(String),
    /// The code, or the refresh token, is worth nothing, or no more.
    #[error("it refuses ({0})")]
    Refused(String),
    #[error("what it was allowed is for {seen}, and not for {wanted}")]
    OtherSite { seen: String, wanted: String },
    #[error("its answer to {what} could not be read: {said}")]
    Odd { what: &'static str, said: String },
}

impl JiraAppError {
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Http(error) if error.is_away())
    }

    /// What mends it.
    pub fn fix(&self) -> &'static str {
        match self {
            Self::Http(_) | Self::Odd { .. } => "try again later; if it stays, an admin looks at [jira_accounts]",
            Self::Client(_) => "an admin looks at [jira_accounts] client_id and GONOGO_JIRA_CLIENT_SECRET",
            Self::Refused(_) => "join your Jira account anew",
            Self::OtherSite { .. } => "join it anew, and choose that site where Atlassian asks",
        }
    }
}

impl JiraApp {
    pub fn new(
        at: AppAt,
        client_id: String,
        client_secret: Secret,
        settings: &HttpSettings,
    ) -> Result<Self, HttpError> {
        let AppAt { kind, tracker, auth, api } = at;
        let tracker = tracker.trim_end_matches('/').to_owned();
        let connections = Connections::new(settings)?.of("jira");
        Ok(Self { kind, tracker, client_id, client_secret, auth, api, connections })
    }

    /// Of which tracker it is.
    pub fn tracker(&self) -> &str {
        &self.tracker
    }

    pub fn kind(&self) -> TrackerKind {
        self.kind
    }

    /// The words that what is kept is sealed by: the first is the one of now.
    pub fn seals(&self) -> Vec<SecretString> {
        self.client_secret.lines()
    }

    fn secret(&self) -> SecretString {
        self.seals().into_iter().next().unwrap_or_default()
    }

    /// Where a browser is sent.
    pub fn address(&self, going: &GoingToJira<'_>) -> Result<Url, JiraAppError> {
        let mut url = match self.kind {
            TrackerKind::JiraCloud => below(&self.auth, "authorize")?,
            TrackerKind::JiraDataCenter => self.own("/rest/oauth2/latest/authorize")?,
        };
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", going.redirect)
            .append_pair("state", going.state);
        match self.kind {
            TrackerKind::JiraCloud => query
                .append_pair("audience", "api.atlassian.com")
                .append_pair("scope", CLOUD_SCOPES)
                .append_pair("prompt", "consent"),
            TrackerKind::JiraDataCenter => query
                .append_pair("scope", DATA_CENTER_SCOPE)
                .append_pair("code_challenge", going.challenge)
                .append_pair("code_challenge_method", "S256"),
        };
        drop(query);
        Ok(url)
    }

    /// The tokens for a code, which is good once.
    pub async fn exchange(
        &self,
        code: &str,
        verifier: &SecretString,
        redirect: &str,
    ) -> Result<JiraTokens, JiraAppError> {
        let verifier = (self.kind == TrackerKind::JiraDataCenter).then(|| ("code_verifier", verifier.expose_secret()));
        let pairs = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect)];
        self.tokens(&pairs.into_iter().chain(verifier).collect::<Vec<_>>()).await
    }

    /// The same for a refresh token, which is good once too.
    pub async fn refresh(&self, token: &SecretString, redirect: &str) -> Result<JiraTokens, JiraAppError> {
        // Data Center's own example has it; Cloud takes none.
        let redirect = (self.kind == TrackerKind::JiraDataCenter).then_some(("redirect_uri", redirect));
        let pairs = [("grant_type", "refresh_token"), ("refresh_token", token.expose_secret())];
        self.tokens(&pairs.into_iter().chain(redirect).collect::<Vec<_>>()).await
    }

    async fn tokens(&self, pairs: &[(&str, &str)]) -> Result<JiraTokens, JiraAppError> {
        const WHAT: &str = "the token request";
        let secret = self.secret();
        let own = [("client_id", self.client_id.as_str()), ("client_secret", secret.expose_secret())];
        let pairs = pairs.iter().copied().chain(own);
        let (body, url);
        let mut ask = match self.kind {
            TrackerKind::JiraCloud => {
                body = Value::Object(pairs.map(|(name, value)| (name.to_owned(), value.into())).collect());
                url = below(&self.auth, "oauth/token")?;
                Ask::new(Method::POST, url, Some(&body))
            }
            TrackerKind::JiraDataCenter => {
                let mut form = Serializer::new(String::new());
                form.extend_pairs(pairs);
                url = self.own("/rest/oauth2/latest/token")?;
                let form = Some(SecretString::from(form.finish()));
                Ask { form, ..Ask::new(Method::POST, url, None) }
            }
        };
        ask.sees = |status| status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS;
        let answer = self.send(ask, None).await?;
        if !answer.status.is_success() {
            return Err(refused(&answer));
        }
        let text = |name: &str| answer.body.get(name).and_then(Value::as_str);
        let secret = |name: &str| text(name).map(|text| SecretString::from(text.to_owned()));
        let odd = || JiraAppError::Odd { what: WHAT, said: "no access token".to_owned() };
        Ok(JiraTokens {
            access: secret("access_token").ok_or_else(odd)?,
            seconds: answer.body.get("expires_in").and_then(Value::as_i64),
            refresh: secret("refresh_token"),
        })
    }

    /// What the tracker is called behind Cloud's API: people say which of their sites
    /// we may see, and it has to be this one. Data Center is asked as it is.
    pub async fn site(&self, access: &SecretString) -> Result<Option<String>, JiraAppError> {
        const WHAT: &str = "which sites we may see";
        if self.kind == TrackerKind::JiraDataCenter {
            return Ok(None);
        }
        let url = below(&self.api, "oauth/token/accessible-resources")?;
        let answer = self.send(Ask::new(Method::GET, url, None), Some(bearer(access)?)).await?;
        let odd = |said: &str| JiraAppError::Odd { what: WHAT, said: said.to_owned() };
        let sites = answer.body.as_array().ok_or_else(|| odd("no list"))?;
        let text = |site: &Value, name: &str| site.get(name).and_then(Value::as_str).map(str::to_owned);
        let is_ours = |site: &&Value| {
            text(site, "url").is_some_and(|url| url.trim_end_matches('/').eq_ignore_ascii_case(&self.tracker))
        };
        let Some(ours) = sites.iter().find(is_ours) else {
            let seen: Vec<String> = sites.iter().filter_map(|site| text(site, "url")).take(5).collect();
            let seen = if seen.is_empty() { "no site".to_owned() } else { seen.join(", ") };
            return Err(JiraAppError::OtherSite { seen, wanted: self.tracker.clone() });
        };
        let is_id = |id: &String| !id.is_empty() && id.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
        text(ours, "id").filter(is_id).map(Some).ok_or_else(|| odd("a site without an id"))
    }

    /// The Jira as the owner of an access token sees it: nobody else's host is ever
    /// shown it.
    pub fn as_person(&self, access: &SecretString, site: Option<&str>) -> Result<PersonsJira, JiraAppError> {
        let url = match (self.kind, site) {
            (TrackerKind::JiraDataCenter, _) => self.tracker.clone(),
            (TrackerKind::JiraCloud, Some(site)) => below(&self.api, &format!("ex/jira/{site}"))?.to_string(),
            (TrackerKind::JiraCloud, None) => {
                return Err(JiraAppError::Odd { what: "which sites we may see", said: "none was kept".to_owned() });
            }
        };
        let http = Http::over(&self.connections, Some(bearer(access)?));
        let odd = |said: String| JiraAppError::Odd { what: "its address", said };
        let base = Base::new(&TrackerPolicy::at(self.kind, url), http).map_err(|why| odd(why.said))?;
        Ok(PersonsJira::new(base, self.kind))
    }

    /// Whether our client is known: nobody's refresh token is refused for what it is
    /// alone.
    pub async fn takes_secret(&self, redirect: &str) -> Result<(), JiraAppError> {
        match self.refresh(&SecretString::from("none"), redirect).await {
            Ok(_) | Err(JiraAppError::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn own(&self, path: &str) -> Result<Url, JiraAppError> {
        address(&format!("{}{path}", self.tracker))
    }

    /// Sent once: a page waits for it, and codes and refresh tokens are good once.
    async fn send(&self, mut ask: Ask<'_>, authorization: Option<HeaderValue>) -> Result<Answer, JiraAppError> {
        ask.again = Again::MustNotCome;
        Http::over(&self.connections, authorization).answer(&ask).await.map_err(JiraAppError::Http)
    }
}

fn below(base: &Url, path: &str) -> Result<Url, JiraAppError> {
    address(&format!("{}/{path}", base.as_str().trim_end_matches('/')))
}

fn address(text: &str) -> Result<Url, JiraAppError> {
    text.parse().map_err(|_| JiraAppError::Odd { what: "its address", said: format!("`{text}` is none") })
}

fn bearer(access: &SecretString) -> Result<HeaderValue, JiraAppError> {
    let odd = |_| JiraAppError::Odd { what: "the token request", said: "a token that no header takes".to_owned() };
    HeaderValue::from_str(&format!("Bearer {}", access.expose_secret())).map_err(odd)
}

/// <https://www.rfc-editor.org/rfc/rfc6749#section-5.2>; Atlassian answers 403 to
/// refresh tokens that are over, and does not always call them a grant.
fn refused(answer: &Answer) -> JiraAppError {
    let text = |name: &str| answer.body.get(name).and_then(Value::as_str).unwrap_or_default();
    let (error, more) = (text("error"), text("error_description"));
    let said = [error, more].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(": ");
    let said: String = said.chars().take(200).collect();
    let is_of_the_token = more.to_lowercase().replace('_', " ").contains("refresh token");
    match error {
        "invalid_grant" => JiraAppError::Refused(said),
        "unauthorized_client" | "access_denied" if is_of_the_token => JiraAppError::Refused(said),
        "invalid_client" | "unauthorized_client" | "access_denied" => JiraAppError::Client(said),
        "" => JiraAppError::Odd { what: "the token request", said: format!("status {}", answer.status.as_u16()) },
        _ => JiraAppError::Odd { what: "the token request", said },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderMap;
    use serde_json::json;

    fn app(kind: TrackerKind, tracker: &str) -> JiraApp {
        let url = |text: &str| text.parse().unwrap();
        let (auth, api) = (url("https://auth.atlassian.com"), url("https://api.atlassian.com/"));
        let at = AppAt { kind, tracker: tracker.to_owned(), auth, api };
        JiraApp::new(at, "us".to_owned(), SecretString::from("hush").into(), &HttpSettings::default()).unwrap()
    }

    #[test]
    fn a_browser_is_sent_where_each_flavour_asks() {
        let going = GoingToJira { redirect: "https://x/back", state: "s", challenge: "c" };
        let cloud = app(TrackerKind::JiraCloud, "https://acme.atlassian.net/").address(&going).unwrap();
        assert!(cloud.as_str().starts_with("https://auth.atlassian.com/authorize?response_type=code&client_id=us"));
        for part in ["audience=api.atlassian.com", "offline_access", "prompt=consent", "state=s"] {
            assert!(cloud.as_str().contains(part), "{cloud}");
        }
        assert!(!cloud.as_str().contains("code_challenge"));
        let own = app(TrackerKind::JiraDataCenter, "https://jira.acme.example/jira").address(&going).unwrap();
        assert!(own.as_str().starts_with("https://jira.acme.example/jira/rest/oauth2/latest/authorize?"));
        assert!(own.as_str().contains("scope=WRITE") && own.as_str().contains("code_challenge=c"));
    }

    #[test]
    fn a_refusal_is_the_tokens_or_ours() {
        let said = |status: u16, error: &str, more: &str| {
            let (status, headers) = (StatusCode::from_u16(status).unwrap(), HeaderMap::new());
            refused(&Answer { status, headers, body: json!({"error": error, "error_description": more}) })
        };
        assert!(matches!(said(403, "invalid_grant", "Unknown or invalid refresh token."), JiraAppError::Refused(_)));
        assert!(matches!(said(403, "unauthorized_client", "refresh_token is invalid"), JiraAppError::Refused(_)));
        assert!(matches!(said(401, "access_denied", "Unauthorized"), JiraAppError::Client(_)));
        assert!(matches!(said(400, "invalid_client", ""), JiraAppError::Client(_)));
        assert!(matches!(said(400, "", ""), JiraAppError::Odd { .. }));
    }

    #[test]
    fn nobodys_token_goes_to_another_host() {
        let access = SecretString::from("t");
        let cloud = app(TrackerKind::JiraCloud, "https://acme.atlassian.net");
        let at = |jira: PersonsJira| jira.address().to_owned();
        assert_eq!(at(cloud.as_person(&access, Some("c-1")).unwrap()), "https://api.atlassian.com/ex/jira/c-1");
        assert!(cloud.as_person(&access, None).is_err());
        let own = app(TrackerKind::JiraDataCenter, "https://jira.acme.example/jira");
        assert_eq!(at(own.as_person(&access, None).unwrap()), "https://jira.acme.example/jira");
    }
}
