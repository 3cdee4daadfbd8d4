//! GitHub, as people sign in with it: by the user flow of an App, and what the
//! person's own token says of them.

use super::{Arrived, Back, CameNot, Said, Ticket, callback};
use crate::serving::{GitHubSignIn, Serving};
use futures_util::future::try_join_all;
use gonogo_core::let_in::{Seen, Who, roles};
use gonogo_core::person::Roles;
use gonogo_remote::github::{GitHub, GitHubError, User};
use jiff::Timestamp;
use secrecy::SecretString;

pub(super) const NAME: &str = "GitHub";

fn not_in(error: &GitHubError) -> CameNot {
    CameNot::refused(NAME, error.to_string())
}

pub(super) fn address(serving: &Serving, set: &GitHubSignIn, ticket: &Ticket) -> Result<String, CameNot> {
    let address = set.app.address(&callback(serving, ticket.with), &ticket.state(), &ticket.challenge());
    address.map(Into::into).map_err(|error| not_in(&error))
}

pub(super) async fn arrived(
    serving: &Serving,
    set: &GitHubSignIn,
    ticket: &Ticket,
    back: &Back,
    now: Timestamp,
) -> Result<Arrived, CameNot> {
    let redirect = callback(serving, ticket.with);
    let got = serving.github.exchange(&set.app, &back.code, &ticket.verifier(), &redirect).await;
    let got = got.map_err(|error| not_in(&error))?;
    let github = serving.github.asked_by(got.token.clone());
    let user = github.user(now).await.map_err(|error| not_in(&error))?;
    let roles = look(serving, set, &github, &user, now).await.map_err(|error| not_in(&error))?;
    let (login, subject) = (user.login, user.id.to_string());
    let names = vec![login.clone(), format!("{login}@github"), format!("{login}@github-{subject}")];
    let why_not = "nothing that was configured lets them in".to_owned();
    Ok(Arrived { subject, name: login, names, roles, why_not, secret: got.token, seconds: got.seconds })
}

/// Whether the token's owner still may.
pub(super) async fn asked(serving: &Serving, set: &GitHubSignIn, token: SecretString, now: Timestamp) -> Said {
    let github = serving.github.asked_by(token);
    let asked = async { look(serving, set, &github, &github.user(now).await?, now).await };
    match asked.await {
        Ok(Some(roles)) => Said::May { roles, secret: None },
        Ok(None) | Err(GitHubError::Unauthorized) => Said::MayNoMore("GitHub says so".to_owned()),
        Err(error) => Said::Nothing { is_away: error.is_away(), why: error.to_string(), secret: None },
    }
}

/// What GitHub says of the token's owner, and what follows.
async fn look(
    serving: &Serving,
    set: &GitHubSignIn,
    github: &GitHub,
    user: &User,
    now: Timestamp,
) -> Result<Option<Roles>, GitHubError> {
    let members = set.ways.iter().filter_map(|way| match &way.who {
        Who::Member(of) => Some(of),
        Who::Repository(_) => None,
    });
    let members = try_join_all(members.map(async |of| {
        let is_member = github.is_member(of, &user.login, now).await?;
        Ok(is_member.then(|| of.clone()))
    }));
    let looks_at_repositories = set.ways.iter().any(|way| matches!(way.who, Who::Repository(_)));
    let services = serving.services.iter().filter(|_| looks_at_repositories);
    let permissions = try_join_all(services.map(async |service| {
        let permission = github.own_permission(&service.repository, now).await?;
        Ok(permission.map(|permission| (service.name.clone(), permission)))
    }));
    let (members, permissions) = futures_util::future::try_join(members, permissions).await?;
    let seen = Seen {
        member_of: members.into_iter().flatten().collect(),
        permissions: permissions.into_iter().flatten().collect(),
    };
    Ok(roles(&set.ways, &seen))
}
