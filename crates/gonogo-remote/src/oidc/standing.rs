//! Whether a provider takes us, for who sets it up. Nobody is signed in by it.

use super::{Going, OidcError, Provider, has_to_ask};
use crate::http::Ask;
use jiff::Timestamp;
use reqwest::header::LOCATION;
use reqwest::{Method, Url};
use secrecy::SecretString;
use std::collections::HashMap;

/// What the provider does with somebody whom we send there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendsBack {
    Yes,
    /// It does not know the address that they come back to.
    NotThere {
        status: u16,
    },
    /// It sends them back, and says that what we ask for is wrong.
    With(String),
    /// It shows a page that only a person could read.
    NotTold,
}

impl Provider {
    /// Whether our id and secret are taken: by a code that is worth nothing.
    pub async fn takes_secret(&self, redirect: &str, now: Timestamp) -> Result<(), OidcError> {
        let verifier = SecretString::from("0".repeat(64));
        match self.exchange("gonogo-doctor", &verifier, redirect, "", now).await {
            Ok(_) | Err(OidcError::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Whether who is sent there comes back: nobody is signed in without a cookie,
    /// and nobody is asked.
    pub async fn sends_back(&self, going: &Going<'_>, now: Timestamp) -> Result<SendsBack, OidcError> {
        let url = self.address(going, now).await?;
        let mut ask = Ask::new(Method::GET, url, None);
        ask.sees = |status| !status.is_server_error();
        let answer = self.send_once(ask, None).await?;
        let location = answer.headers.get(LOCATION).and_then(|to| to.to_str().ok()).and_then(|to| to.parse().ok());
        Ok(match location {
            Some(to) => came_to(&to, going.redirect),
            None if answer.status.is_client_error() => SendsBack::NotThere { status: answer.status.as_u16() },
            None => SendsBack::NotTold,
        })
    }
}

fn came_to(to: &Url, redirect: &str) -> SendsBack {
    if !to.as_str().starts_with(redirect) {
        return SendsBack::NotTold;
    }
    let said: HashMap<_, _> = to.query_pairs().collect();
    match said.get("error").map(AsRef::as_ref) {
        None => SendsBack::Yes,
        Some(error) if has_to_ask(error) => SendsBack::Yes,
        Some(error) => SendsBack::With(error.chars().take(100).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_back_says_whether_we_are_known() {
        const BACK: &str = "https://gonogo.example.com/sign-in/oidc/callback";
        let came = |to: &str| came_to(&to.parse().unwrap(), BACK);
        assert_eq!(came(&format!("{BACK}?error=login_required&state=x")), SendsBack::Yes);
        let wrong = SendsBack::With("invalid_scope".to_owned());
        assert_eq!(came(&format!("{BACK}?state=x&error=invalid_scope")), wrong);
        assert_eq!(came("https://login.example.com/login"), SendsBack::NotTold);
    }
}
