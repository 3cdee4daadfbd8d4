//! People and their tokens.

#![expect(clippy::return_self_not_must_use, reason = "each word takes effect at once; a sentence may end with any")]

use jiff::SignedDuration;

use super::super::GitHub;
use super::super::access::{Kind, Level, Token as Stored};
use super::super::accounts::Account;

/// A person, to say more about.
#[derive(Debug, Clone, Copy)]
pub struct User<'a> {
    github: &'a GitHub,
    login: &'a str,
}

impl<'a> User<'a> {
    pub(in super::super) fn new(github: &'a GitHub, login: &'a str) -> Self {
        github.state().account(login, false);
        Self { github, login }
    }

    /// Is shown under this name.
    pub fn called(self, name: &str) -> Self {
        self.with(|account| name.clone_into(&mut account.name))
    }

    /// Has this address, by which commits are known as theirs.
    pub fn with_email(self, email: &str) -> Self {
        self.with(|account| email.clone_into(&mut account.email))
    }

    /// Holds this classic token, with the scope `repo`.
    pub fn with_token(self, value: &str) -> Self {
        self.github.state().tokens.push(Stored::classic(value, self.login));
        self
    }

    /// Is a member of this organisation.
    pub fn member_of(self, organization: &str) -> Self {
        self.github.state().account(organization, true).members.push(self.login.to_owned());
        self
    }

    /// Is in this team, such as `acme/release`, and so in the organisation.
    pub fn in_team(self, team: &str) -> Self {
        let (organization, slug) = team.split_once('/').expect("a team is named ORGANISATION/TEAM");
        self.github.state().account(organization, true).teams.push((slug.to_owned(), self.login.to_owned()));
        self.member_of(organization)
    }

    /// Is no longer in this team.
    pub fn leaves_team(self, team: &str) -> Self {
        let (organization, slug) = team.split_once('/').expect("a team is named ORGANISATION/TEAM");
        let teams = |account: &mut Account| account.teams.retain(|(of, login)| of != slug || login != self.login);
        teams(self.github.state().account(organization, true));
        self
    }

    /// Has another login from now on; the number stays.
    pub fn is_renamed(self, login: &str) -> Self {
        let mut state = self.github.state();
        state.rename_account(self.login, login);
        drop(state);
        self
    }

    /// Leaves the organisation, and may no longer see its repositories.
    pub fn leaves(self, organization: &str) -> Self {
        let mut state = self.github.state();
        state.account(organization, true).members.retain(|member| member != self.login);
        state.account(organization, true).teams.retain(|(_, login)| login != self.login);
        for repository in state.repositories.iter_mut().filter(|repository| repository.owner == organization) {
            repository.roles.insert(self.login.to_owned(), "none".to_owned());
        }
        drop(state);
        self
    }

    /// Is no longer let in, by any token.
    pub fn suspended(self) -> Self {
        self.with(|account| account.is_suspended = true)
    }

    /// Takes back what was allowed to Apps by signing in.
    pub fn revokes_sign_ins(self) -> Self {
        let mut state = self.github.state();
        let tokens = state.tokens.iter_mut().filter(|token| token.owner == self.login);
        tokens.filter(|token| matches!(token.kind, Kind::SignedIn(_))).for_each(|token| token.is_revoked = true);
        state.sign_in.refreshes.retain(|(_, _, login)| login != self.login);
        drop(state);
        self
    }

    fn with(self, change: impl FnOnce(&mut Account)) -> Self {
        change(self.github.state().account(self.login, false));
        self
    }
}

/// A fine-grained personal token, to say more about; it may nothing at first
/// but see that repositories are there.
#[derive(Debug, Clone, Copy)]
pub struct Token<'a> {
    github: &'a GitHub,
    value: &'a str,
}

impl<'a> Token<'a> {
    pub(in super::super) fn new(github: &'a GitHub, value: &'a str) -> Self {
        let mut state = github.state();
        if !state.tokens.iter().any(|token| token.value == value) {
            let rights = [("metadata".to_owned(), Level::Read)].into();
            state.tokens.push(Stored { kind: Kind::FineGrained, rights, ..Stored::classic(value, "robin") });
        }
        drop(state);
        Self { github, value }
    }

    /// Is this person's.
    pub fn of(self, login: &str) -> Self {
        self.github.state().account(login, false);
        self.with(|token| login.clone_into(&mut token.owner))
    }

    /// May read this, such as `contents` or `pull_requests`.
    pub fn may_read(self, permission: &str) -> Self {
        self.with(|token| _ = token.rights.insert(permission.to_owned(), Level::Read))
    }

    /// May read and write this.
    pub fn may_write(self, permission: &str) -> Self {
        self.with(|token| _ = token.rights.insert(permission.to_owned(), Level::Write))
    }

    /// Sees these repositories alone.
    pub fn only_for(self, repositories: &[&str]) -> Self {
        let state = self.github.state();
        let named = |name: &&str| state.repository_named(name).expect("the test has made this repository").id;
        let ids = repositories.iter().map(named).collect();
        drop(state);
        self.with(|token| token.repositories = Some(ids))
    }

    /// Ends so many seconds from now.
    pub fn expires_in(self, seconds: i64) -> Self {
        let end = self.github.state().clock.now() + SignedDuration::from_secs(seconds);
        self.with(|token| token.expires = Some(end))
    }

    /// Is worth nothing any more.
    pub fn revoked(self) -> Self {
        self.with(|token| token.is_revoked = true)
    }

    fn with(self, change: impl FnOnce(&mut Stored)) -> Self {
        let mut state = self.github.state();
        change(state.tokens.iter_mut().find(|token| token.value == self.value).expect("tokens are never deleted"));
        drop(state);
        self
    }
}
