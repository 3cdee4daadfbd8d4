//! Who gave a sign-off, as they are now. Decides nothing.

use crate::commands::sign_in::With;
use gonogo_core::policy::{SignedBy, Signer};
use gonogo_store::{Identity, PersonRow, SignOffRow, Store, StoreError};
use std::collections::BTreeSet;

/// `issuer`: of the OpenID Connect provider that is configured.
pub(crate) async fn signed_by(
    store: &Store,
    issuer: Option<&str>,
    service: &str,
    row: &SignOffRow,
) -> Result<SignedBy, StoreError> {
    let called = store.person(row.by_id).await?.map(|person| names(person, issuer)).unwrap_or_default();
    let role = store.role_known_at(row.by_id, service).await?;
    Ok(SignedBy::Signer(Signer { name: row.by.clone(), called, role }))
}

/// What the `people` of a policy may call a person: nothing that one could have
/// chosen oneself. Whoever comes from another system may have taken the name of
/// somebody here.
pub(crate) fn names(row: PersonRow, issuer: Option<&str>) -> BTreeSet<String> {
    let elsewhere = row.identities.iter().filter_map(|identity| called(identity, issuer));
    let elsewhere: Vec<String> = elsewhere.collect();
    row.has_password.then_some(row.person.name).into_iter().chain(elsewhere).collect()
}

/// `github:LOGIN`, or `oidc:SUB` of the provider that is configured.
fn called(identity: &Identity, issuer: Option<&str>) -> Option<String> {
    let name = match With::of(&identity.source)? {
        With::GitHub => identity.name.as_str(),
        With::Oidc => identity.subject.strip_prefix(issuer?)?.strip_prefix(' ')?,
    };
    Some(format!("{}:{name}", identity.source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_called_by_what_they_cannot_choose() {
        let identity = |source: &str, subject: &str| {
            let (source, subject, name) = (source.to_owned(), subject.to_owned(), "vera".to_owned());
            called(&Identity { source, subject, name }, Some("https://i"))
        };
        assert_eq!(identity("github", "17").as_deref(), Some("github:vera"));
        assert_eq!(identity("oidc", "https://i s-1").as_deref(), Some("oidc:s-1"));
        assert_eq!(identity("oidc", "https://i.evil s-1"), None);
        assert_eq!(identity("slack", "U1"), None);
    }
}
