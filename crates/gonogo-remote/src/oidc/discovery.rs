//! What a provider says of itself.
//! <https://openid.net/specs/openid-connect-discovery-1_0.html>

use super::OidcError;
use reqwest::Url;
use serde_json::Value;
use std::net::IpAddr;

/// Where the provider is asked what, and how.
#[derive(Debug)]
pub struct Metadata {
    pub authorization_endpoint: Url,
    pub(super) token_endpoint: Url,
    pub(super) jwks_uri: Url,
    pub userinfo_endpoint: Option<Url>,
    pub end_session_endpoint: Option<Url>,
    pub(super) authentication: Authentication,
    /// What may be asked for, as far as it says.
    pub(super) scopes: Vec<String>,
}

/// How our secret is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Authentication {
    Basic,
    Post,
}

/// Where the description of an issuer is.
pub(super) fn address(issuer: &str) -> Result<Url, OidcError> {
    let text = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    text.parse().map_err(|_| OidcError::Metadata(format!("`{issuer}` is no address")))
}

/// Whether secrets may go there: by TLS, or not out of this machine.
pub fn is_safe(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_here = host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}

impl Metadata {
    pub(super) fn read(answer: &Value, issuer: &str) -> Result<Self, OidcError> {
        let named = answer.get("issuer").and_then(Value::as_str).unwrap_or_default();
        if named != issuer {
            let named: String = named.chars().take(200).collect();
            return Err(OidcError::OtherIssuer { configured: issuer.to_owned(), named });
        }
        let wanted = |name: &str| {
            let missing = || OidcError::Metadata(format!("it names no `{name}`"));
            endpoint(answer, name)?.ok_or_else(missing)
        };
        Ok(Self {
            authorization_endpoint: wanted("authorization_endpoint")?,
            token_endpoint: wanted("token_endpoint")?,
            jwks_uri: wanted("jwks_uri")?,
            userinfo_endpoint: endpoint(answer, "userinfo_endpoint")?,
            end_session_endpoint: endpoint(answer, "end_session_endpoint")?,
            authentication: authentication(answer)?,
            scopes: words(answer, "scopes_supported").unwrap_or_default(),
        })
    }
}

fn endpoint(answer: &Value, name: &str) -> Result<Option<Url>, OidcError> {
    let Some(text) = answer.get(name).and_then(Value::as_str) else { return Ok(None) };
    let url = text.parse().ok().filter(is_safe);
    url.map(Some).ok_or_else(|| OidcError::Metadata(format!("its `{name}` is no https address")))
}

fn authentication(answer: &Value) -> Result<Authentication, OidcError> {
    // The default of the specification.
    let Some(methods) = words(answer, "token_endpoint_auth_methods_supported") else {
        return Ok(Authentication::Basic);
    };
    let ours = [("client_secret_basic", Authentication::Basic), ("client_secret_post", Authentication::Post)];
    let found = ours.into_iter().find(|(word, _)| methods.iter().any(|method| method == word));
    found.map(|(_, how)| how).ok_or_else(|| {
        OidcError::Metadata("its token endpoint takes neither client_secret_basic nor client_secret_post".to_owned())
    })
}

fn words(answer: &Value, name: &str) -> Option<Vec<String>> {
    let all = answer.get(name)?.as_array()?;
    Some(all.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ISSUER: &str = "https://login.example.com/acme";

    fn read(change: &Value) -> Result<Metadata, String> {
        let mut answer = json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://login.example.com/authorize",
            "token_endpoint": "https://login.example.com/token",
            "jwks_uri": "https://login.example.com/keys",
        });
        answer.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        Metadata::read(&answer, ISSUER).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_wrong_with_a_description_is_said() {
        assert_eq!(address(ISSUER).unwrap().as_str(), format!("{ISSUER}/.well-known/openid-configuration"));
        assert_eq!(read(&json!({})).unwrap().authentication, Authentication::Basic);
        let post = json!({"token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_post"]});
        assert_eq!(read(&post).unwrap().authentication, Authentication::Post);
        for (change, said) in [
            (json!({"issuer": "https://login.example.com/acme/"}), "it calls itself `https://login.example.com/acme/`"),
            (json!({"token_endpoint": null}), "it names no `token_endpoint`"),
            (json!({"jwks_uri": "http://login.example.com/keys"}), "its `jwks_uri` is no https address"),
            (json!({"userinfo_endpoint": "file:///etc/passwd"}), "its `userinfo_endpoint` is no https address"),
            (json!({"token_endpoint_auth_methods_supported": ["private_key_jwt"]}), "takes neither"),
        ] {
            let error = read(&change).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn secrets_go_by_tls_or_stay_on_this_machine() {
        for (url, safe) in [
            ("https://x.example", true),
            ("http://127.0.0.1:8080", true),
            ("http://[::1]/x", true),
            ("http://localhost", true),
            ("http://x.example", false),
            ("http://localhost.x.example", false),
            ("ftp://localhost", false),
        ] {
            assert_eq!(is_safe(&url.parse().unwrap()), safe, "{url}");
        }
    }
}
