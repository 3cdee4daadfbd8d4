//! An OpenID Connect provider, as people sign in with it: its groups are roles
//! here. What it is asked again with is sealed by the session's cookie.

use super::{Arrived, Back, CameNot, PATIENCE, Said, Ticket, callback};
use crate::seal;
use crate::serving::{OidcSignIn, Serving};
use gonogo_core::let_in::{Seen, roles};
use gonogo_core::person::Roles;
use gonogo_core::say;
use gonogo_remote::oidc::{Claims, Going, IdToken, OidcError, Tokens};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A person's name here is bounded; the provider's may be anything.
const MOST_NAME: usize = 40;

/// What is kept of the provider's word, to ask it again.
#[derive(Deserialize)]
struct Kept {
    /// Another provider's tokens are shown to nobody.
    issuer: String,
    subject: String,
    /// `None` where it gives none.
    refresh: Option<SecretString>,
    /// Where that is what it is asked with.
    access: Option<SecretString>,
    /// When that ends, in seconds, where it was said.
    access_ends: Option<i64>,
    groups_in: GroupsIn,
    /// What the provider knows the session by when it is to end there too.
    id_token: SecretString,
}

/// Where the provider tells groups.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum GroupsIn {
    IdToken,
    UserInfo,
}

impl Kept {
    fn read(secret: &SecretString) -> Option<Self> {
        serde_json::from_str(secret.expose_secret()).ok()
    }

    fn secret(&self) -> SecretString {
        let plain = |secret: &Option<SecretString>| secret.as_ref().map(|secret| secret.expose_secret().to_owned());
        let kept = json!({
            "issuer": self.issuer,
            "subject": self.subject,
            "refresh": plain(&self.refresh),
            "access": plain(&self.access),
            "access_ends": self.access_ends,
            "groups_in": self.groups_in,
            "id_token": self.id_token.expose_secret(),
        });
        SecretString::from(kept.to_string())
    }
}

fn not_in(set: &OidcSignIn, error: &OidcError) -> CameNot {
    let name = &set.name;
    match error {
        OidcError::NotBelieved(_) | OidcError::OtherIssuer { .. } => {
            tracing::warn!(with = %name, %error, "a sign-in is not believed");
            CameNot::NotBelieved { name: name.clone() }
        }
        _ => {
            tracing::warn!(with = %name, %error, "a sign-in failed");
            CameNot::refused(name, error.to_string())
        }
    }
}

pub(super) async fn address(
    serving: &Serving,
    set: &OidcSignIn,
    ticket: &Ticket,
    is_silent: bool,
) -> Result<String, CameNot> {
    let now = (serving.clock)();
    if set.terms.silent.is_left_alone(now) {
        return Err(CameNot::refused(&set.name, "it did not answer a moment ago"));
    }
    let (redirect, state, nonce) = (callback(serving, ticket.with), ticket.state(), ticket.echo());
    let challenge = ticket.challenge();
    let going = Going { redirect: &redirect, state: &state, nonce: &nonce, challenge: &challenge, is_silent };
    let Ok(answer) = tokio::time::timeout(PATIENCE, set.provider.address(&going, now)).await else {
        let said = format!("no answer within {} s", PATIENCE.as_secs());
        set.terms.silent.set(now, &said);
        return Err(CameNot::refused(&set.name, said));
    };
    if let Some(error) = answer.as_ref().err().filter(|error| error.is_away()) {
        set.terms.silent.set(now, &error.to_string());
    }
    answer.map(Into::into).map_err(|error| not_in(set, &error))
}

pub(super) async fn arrived(
    serving: &Serving,
    set: &OidcSignIn,
    ticket: &Ticket,
    back: &Back,
    now: Timestamp,
) -> Result<Arrived, CameNot> {
    let issuer = set.provider.issuer();
    // One provider's answer is not taken for another's.
    if let Some(other) = back.issuer.as_deref().filter(|sender| *sender != issuer) {
        let error = OidcError::OtherIssuer { configured: issuer.to_owned(), named: say::cut(other, 200) };
        return Err(not_in(set, &error));
    }
    let redirect = callback(serving, ticket.with);
    let got = set.provider.exchange(&back.code, &ticket.verifier(), &redirect, &ticket.echo(), now).await;
    let Tokens { access, seconds, refresh, id } = got.map_err(|error| not_in(set, &error))?;
    let id = id.map_err(|error| not_in(set, &error))?;
    let Some(IdToken { raw, claims }) = id else { return Err(CameNot::refused(&set.name, "it sent no ID token")) };
    let kept = Kept {
        issuer: issuer.to_owned(),
        subject: claims.subject().to_owned(),
        access: refresh.is_none().then(|| access.clone()),
        refresh,
        access_ends: seconds.and_then(|seconds| now.as_second().checked_add(seconds)),
        groups_in: GroupsIn::IdToken,
        id_token: raw,
    };
    let (groups, kept) = told_first(set, &claims, &access, kept, now).await.map_err(|error| not_in(set, &error))?;
    let why_not = match &groups {
        None => format!("it told no `{}`", set.groups_claim),
        Some(_) => "none of their groups lets them in".to_owned(),
    };
    let (name, subject) = (named(&claims), format!("{issuer} {}", claims.subject()));
    let names = vec![name.clone(), format!("{name}@{}", set.host), format!("{name}@{}-{}", set.host, short(&subject))];
    Ok(Arrived { roles: roles_of(set, groups), why_not, subject, name, names, secret: kept.secret(), seconds: None })
}

/// The groups as they are told at sign-in, and where they will be read again.
/// Without a refresh token no other ID token comes: then rather in userinfo.
async fn told_first(
    set: &OidcSignIn,
    claims: &Claims,
    access: &SecretString,
    kept: Kept,
    now: Timestamp,
) -> Result<(Option<Vec<String>>, Kept), OidcError> {
    let in_token = claims.words(&set.groups_claim);
    if kept.refresh.is_some() && in_token.is_some() {
        return Ok((in_token, kept));
    }
    let info = match set.provider.user_info(access, &kept.subject, now).await {
        Err(error) if in_token.is_none() => return Err(error),
        info => info.ok().flatten(),
    };
    match info.and_then(|info| info.words(&set.groups_claim)) {
        Some(groups) => Ok((Some(groups), Kept { groups_in: GroupsIn::UserInfo, ..kept })),
        None => Ok((in_token, kept)),
    }
}

/// Whether anything is kept that it can be asked with.
pub(super) fn can_be_asked(secret: &SecretString) -> bool {
    Kept::read(secret).is_some_and(|kept| kept.refresh.is_some() || kept.groups_in == GroupsIn::UserInfo)
}

/// Whether the person still may.
pub(super) async fn asked(set: &OidcSignIn, secret: &SecretString, now: Timestamp) -> Said {
    let Some(kept) = Kept::read(secret).filter(|kept| kept.issuer == set.provider.issuer()) else {
        return Said::Ended("another provider is configured now".to_owned());
    };
    match (kept.refresh.clone(), kept.access.clone()) {
        (Some(refresh), _) => refreshed(set, kept, &refresh, now).await,
        (None, Some(access)) => seen_again(set, &kept, &access, now).await,
        (None, None) => Said::AskTheBrowser { secret: None },
    }
}

async fn refreshed(set: &OidcSignIn, kept: Kept, refresh: &SecretString, now: Timestamp) -> Said {
    let got = match set.provider.refresh(refresh, &kept.subject, now).await {
        Ok(got) => got,
        Err(error) => return no_word(set, &error, None),
    };
    // From here on it is the new one that counts, whatever else comes of it.
    let kept = Kept { refresh: got.refresh.or(kept.refresh), ..kept };
    let id = match got.id {
        Ok(id) => id,
        Err(error) => return no_word(set, &error, Some(kept.secret())),
    };
    let kept = Kept { id_token: id.as_ref().map_or(kept.id_token, |id| id.raw.clone()), ..kept };
    match (id, kept.groups_in) {
        (Some(id), GroupsIn::IdToken) => said(set, id.claims.words(&set.groups_claim), Some(&kept)),
        // It renews nothing that tells groups: it is not asked like this again.
        (None, GroupsIn::IdToken) => Said::AskTheBrowser { secret: Some(Kept { refresh: None, ..kept }.secret()) },
        (_, GroupsIn::UserInfo) => match set.provider.user_info(&got.access, &kept.subject, now).await {
            Ok(info) => said(set, info.and_then(|info| info.words(&set.groups_claim)), Some(&kept)),
            Err(error) => no_word(set, &error, Some(kept.secret())),
        },
    }
}

/// Without a refresh token: what is said to the access token.
async fn seen_again(set: &OidcSignIn, kept: &Kept, access: &SecretString, now: Timestamp) -> Said {
    match set.provider.user_info(access, &kept.subject, now).await {
        Ok(info) => said(set, info.and_then(|info| info.words(&set.groups_claim)), None),
        // It has had its time: that says nothing of the person.
        Err(OidcError::AccessEnded) if kept.access_ends.is_none_or(|end| end <= now.as_second()) => {
            Said::AskTheBrowser { secret: None }
        }
        Err(OidcError::AccessEnded) => Said::Ended("its access token was taken back".to_owned()),
        Err(error) => no_word(set, &error, None),
    }
}

fn no_word(set: &OidcSignIn, error: &OidcError, secret: Option<SecretString>) -> Said {
    match error {
        OidcError::Refused(_) | OidcError::NotBelieved(_) => {
            tracing::warn!(with = %set.name, %error, "a session ends");
            Said::Ended(error.to_string())
        }
        other => Said::Nothing { why: other.to_string(), secret, is_away: other.is_away() },
    }
}

fn said(set: &OidcSignIn, groups: Option<Vec<String>>, kept: Option<&Kept>) -> Said {
    match roles_of(set, groups) {
        Some(roles) => Said::May { roles, secret: kept.map(Kept::secret) },
        None => Said::MayNoMore(format!("{}: none of their groups lets them in", set.name)),
    }
}

fn roles_of(set: &OidcSignIn, groups: Option<Vec<String>>) -> Option<Roles> {
    let member_of = groups.unwrap_or_default().into_iter().collect();
    roles(&set.ways, &Seen { member_of, ..Seen::default() })
}

/// Where the browser of a session from here signs out of the provider too.
pub async fn sign_out_address(serving: &Serving, token: &str) -> Option<String> {
    let (set, now) = (serving.oidc.as_ref()?, (serving.clock)());
    let session = serving.store.session(&super::hash_of(token), now).await.ok()??;
    let outside = session.outside.filter(|outside| outside.source == super::With::Oidc.word())?;
    let kept = Kept::read(&seal::open(token, &outside.sealed)?)?;
    if kept.issuer != set.provider.issuer() || set.terms.silent.is_left_alone(now) {
        return None;
    }
    let address = tokio::time::timeout(PATIENCE, set.provider.sign_out_address(&kept.id_token, now)).await.ok()??;
    Some(address.into())
}

/// What somebody is called here, of letters that a name may have.
fn named(claims: &Claims) -> String {
    let may_stand = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '+');
    let words = claims.name().split(|c| !may_stand(c)).filter(|word| !word.is_empty());
    let name: String = words.collect::<Vec<_>>().join(".").chars().take(MOST_NAME).collect();
    if name.is_empty() { short(claims.subject()) } else { name }
}

/// Tells two apart that are called the same.
fn short(subject: &str) -> String {
    super::hash_of(subject).chars().take(8).collect()
}
