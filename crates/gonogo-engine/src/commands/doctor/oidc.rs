//! The provider that people sign in with, as `doctor --server` tries it.

use super::{Line, bad, good, note};
use crate::commands::people::{hash_of, random_word};
use crate::commands::sign_in::{With, callback};
use crate::serving::{OidcSignIn, Serving};
use gonogo_remote::oidc::{Going, OidcError, SendsBack};
use jiff::Timestamp;
use secrecy::ExposeSecret;

const WHAT: &str = "sign-in";

pub(super) async fn oidc(serving: &Serving) -> Vec<Line> {
    let Some(set) = &serving.oidc else { return Vec::new() };
    let (name, now) = (&set.name, (serving.clock)());
    let metadata = match set.provider.metadata(now).await {
        Ok(metadata) => metadata,
        Err(error) => return vec![wrong(name, &error)],
    };
    let redirect = callback(serving, With::Oidc);
    let mut lines = vec![good(WHAT, format!("{name}: {} answers", set.provider.issuer()))];
    lines.push(keys(set, now).await);
    lines.push(match set.provider.takes_secret(&redirect, now).await {
        Ok(()) => good(WHAT, format!("{name}: takes our client id and secret")),
        Err(error) => wrong(name, &error),
    });
    lines.push(comes_back(set, &redirect, now).await);
    if metadata.userinfo_endpoint.is_none() {
        lines.push(note(WHAT, format!("{name}: has no userinfo: groups have to be in its ID tokens")));
    }
    if metadata.end_session_endpoint.is_none() {
        lines.push(note(
            WHAT,
            format!("{name}: has no place to sign out of it: signing out ends the session here alone"),
        ));
    }
    lines
}

fn wrong(name: &str, error: &OidcError) -> Line {
    let why = error.why();
    bad(WHAT, format!("{name}: {}", why.said), why.fix)
}

async fn keys(set: &OidcSignIn, now: Timestamp) -> Line {
    let name = &set.name;
    match set.provider.usable_keys(now).await {
        Ok(0) => bad(
            WHAT,
            format!("{name}: signs with no key that is taken here"),
            "have it sign ID tokens by RS256, PS256, ES256 or EdDSA",
        ),
        Ok(number) => good(WHAT, format!("{name}: {number} of its keys can be checked with")),
        Err(error) => wrong(name, &error),
    }
}

async fn comes_back(set: &OidcSignIn, redirect: &str, now: Timestamp) -> Line {
    let name = &set.name;
    let word = hash_of(random_word().expose_secret());
    // Nobody answers the challenge: no code comes of this.
    let challenge = &word[..43];
    let going = Going { redirect, state: &word, nonce: &word, challenge, is_silent: true };
    let register = format!("register the redirect address {redirect} there; it begins with [server] url");
    match set.provider.sends_back(&going, now).await {
        Ok(SendsBack::Yes) => good(WHAT, format!("{name}: sends people back to {redirect}")),
        Ok(SendsBack::NotThere { status }) => {
            bad(WHAT, format!("{name}: does not send people back to {redirect} (it answers {status})"), register)
        }
        Ok(SendsBack::With(said)) => bad(
            WHAT,
            format!("{name}: refuses what we ask for ({said})"),
            "look at [oidc] scopes, and at the client there",
        ),
        Ok(SendsBack::NotTold) => {
            let line = note(WHAT, format!("{name}: does not tell whether it sends people back to {redirect}"));
            Line { fix: Some(register), ..line }
        }
        Err(error) => wrong(name, &error),
    }
}
