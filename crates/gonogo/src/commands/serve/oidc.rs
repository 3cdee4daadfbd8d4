//! `[oidc]`: the provider that people sign in with, and who of them is let in.

use super::config::Config;
use crate::commands::secret;
use anyhow::bail;
use gonogo_core::let_in::{LetIn, Who};
use gonogo_core::person::Role;
use gonogo_engine::{OidcSignIn, Secret, Terms};
use gonogo_remote::http::{Connections, Url};
use gonogo_remote::oidc::{Provider, is_safe};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OidcConfig {
    /// Exactly as the provider calls itself.
    issuer: String,
    client_id: String,
    /// What people call it; without it the issuer's host.
    name: Option<String>,
    /// Instead of the usual ones.
    scopes: Option<Vec<String>>,
    #[serde(default = "groups")]
    groups_claim: String,
    /// After so long the provider is asked again whether a person still may.
    #[serde(default = "five_minutes")]
    ask_again_seconds: i64,
    #[serde(default)]
    sign_in: Vec<WayIn>,
}

/// One way in: who is in the group.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WayIn {
    group: String,
    role: Role,
    /// Where the role holds, instead of everywhere.
    services: Option<Vec<String>>,
}

fn groups() -> String {
    "groups".to_owned()
}

fn five_minutes() -> i64 {
    300
}

impl OidcConfig {
    /// What is wrong with it, if anything is, and in which of its keys.
    pub(super) fn look(&self, config: &Config) -> Result<(), (String, &'static str)> {
        let Some(issuer) = self.url().filter(|url| is_safe(url) && url.query().is_none() && url.fragment().is_none())
        else {
            let said = format!(
                "`{}` is no issuer: write the provider's https address (http only on this machine)",
                self.issuer
            );
            return Err((said, "issuer"));
        };
        if issuer.host_str().is_none() || !issuer.username().is_empty() || issuer.password().is_some() {
            return Err(("an issuer is a host and a path, without a user".to_owned(), "issuer"));
        }
        if self.client_id.trim().is_empty() {
            return Err(("client_id is empty: the provider gives one".to_owned(), "client_id"));
        }
        if self.scopes.as_ref().is_some_and(|scopes| !scopes.iter().any(|scope| scope == "openid")) {
            return Err(("scopes without \"openid\": no provider says who signs in then".to_owned(), "scopes"));
        }
        if !(1..=900).contains(&self.ask_again_seconds) {
            return Err(("[oidc] ask_again_seconds is 1 to 900".to_owned(), "ask_again_seconds"));
        }
        if self.sign_in.is_empty() {
            return Err(("[oidc] lets nobody in: write an [[oidc.sign_in]] with group and role".to_owned(), "issuer"));
        }
        let named = self.sign_in.iter().flat_map(|way| way.services.iter().flatten());
        for name in named {
            if !config.services.iter().any(|service| service.name == *name) {
                return Err((format!("[[oidc.sign_in]] names the service `{name}`, and there is none"), "sign_in"));
            }
        }
        if self.sign_in.iter().any(|way| way.group.is_empty() || way.services.as_ref().is_some_and(Vec::is_empty)) {
            return Err(("each [[oidc.sign_in]] names a group, and services or none".to_owned(), "sign_in"));
        }
        Ok(())
    }

    fn url(&self) -> Option<Url> {
        self.issuer.parse().ok()
    }

    fn ways(&self) -> Vec<LetIn> {
        let of = |way: &WayIn| {
            let places = match &way.services {
                None => vec![None],
                Some(services) => services.iter().cloned().map(Some).collect(),
            };
            let (who, role) = (Who::Member(way.group.clone()), way.role);
            places.into_iter().map(move |service| LetIn { who: who.clone(), role, service })
        };
        self.sign_in.iter().flat_map(of).collect()
    }
}

/// Our secret at the provider.
pub(super) fn client_secret() -> anyhow::Result<Option<Secret>> {
    secret("GONOGO_OIDC_CLIENT_SECRET")
}

pub(super) fn sign_in(
    config: Option<&OidcConfig>,
    secret: Option<Secret>,
    connections: impl FnOnce() -> anyhow::Result<Connections>,
) -> anyhow::Result<Option<OidcSignIn>> {
    let Some(config) = config else { return Ok(None) };
    let Some(secret) = secret else {
        bail!(
            "no GONOGO_OIDC_CLIENT_SECRET\n  → set it, or GONOGO_OIDC_CLIENT_SECRET_FILE to a file with it: [oidc] wants the client's secret"
        );
    };
    let host = config.url().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let (issuer, client_id) = (config.issuer.clone(), config.client_id.trim().to_owned());
    Ok(Some(OidcSignIn {
        provider: Provider::new(issuer, client_id, secret, config.scopes.clone(), connections()?),
        name: config.name.clone().unwrap_or_else(|| host.clone()),
        host,
        groups_claim: config.groups_claim.clone(),
        ways: config.ways(),
        terms: Terms::new(config.ask_again_seconds),
    }))
}
