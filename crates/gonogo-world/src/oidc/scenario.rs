//! The language in which a test says what is the case at a provider.

#![expect(clippy::return_self_not_must_use, reason = "each word takes effect at once; a sentence may end with any")]

use serde_json::Value;

use super::keys::Key;
use super::state::Stored;
use super::{Lie, Oidc};
use crate::serve::{Faults, Request};

/// What there is.
impl Oidc {
    /// As it calls itself.
    pub fn issuer(&self) -> String {
        self.state().issuer.clone()
    }

    /// The id and secret of the client, which sends people back to this address.
    pub fn client(&self, redirect: &str) -> (String, String) {
        let mut state = self.state();
        state.client.redirects = vec![redirect.to_owned()];
        (state.client.id.clone(), state.client.secret.clone())
    }

    /// The client has this secret from now on.
    pub fn has_secret(&self, secret: &str) -> &Self {
        secret.clone_into(&mut self.state().client.secret);
        self
    }

    /// The person of this login, made if need be.
    pub fn person(&self, login: &str) -> Person<'_> {
        let number = self.state().person(login);
        Person { oidc: self, number }
    }

    /// In the one browser there is, this person is signed in from now on.
    pub fn signs_in(&self, login: &str) -> &Self {
        self.person(login);
        self.state().here = Some(login.to_owned());
        self
    }

    /// Nobody is.
    pub fn signs_out(&self) -> &Self {
        self.state().here = None;
        self
    }
}

/// How it behaves.
impl Oidc {
    /// Signs by a new key for this algorithm; the ones before are published no more.
    pub fn signs_by(&self, algorithm: &'static str) -> &Self {
        let mut state = self.state();
        let number = state.next();
        state.keys = vec![Key::new(algorithm, number)];
        drop(state);
        self
    }

    /// Its ID tokens have this wrong with them from now on.
    pub fn lies(&self, lie: Lie) -> &Self {
        self.state().lie = Some(lie);
        self
    }

    pub fn is_honest(&self) -> &Self {
        self.state().lie = None;
        self
    }

    /// Its description says this instead; null leaves out.
    pub fn describes(&self, name: &str, value: Value) -> &Self {
        self.state().described.insert(name.to_owned(), value);
        self
    }

    pub fn gives_no_refresh_tokens(&self) -> &Self {
        self.state().manner.gives_refresh_tokens = false;
        self
    }

    /// A renewal brings no ID token.
    pub fn renews_no_id_tokens(&self) -> &Self {
        self.state().manner.renews_id_tokens = false;
        self
    }

    /// Groups are told in userinfo, and not in ID tokens.
    pub fn tells_groups_in_userinfo(&self) -> &Self {
        self.state().manner.groups_in_userinfo = true;
        self
    }

    /// Access tokens end after so long.
    pub fn access_ends_after(&self, seconds: i64) -> &Self {
        self.state().manner.access_seconds = seconds;
        self
    }

    pub fn faults(&self) -> Faults<'_> {
        Faults::new(self)
    }

    /// Answers 503 to everything.
    pub fn goes_down(&self) -> &Self {
        self.faults().status(503);
        self
    }

    /// Is as before, without any fault.
    pub fn comes_back(&self) -> &Self {
        self.state().faults.clear();
        self
    }

    /// What no client should send is part of this test, and does not fail it.
    pub fn expects_trouble(&self) -> &Self {
        self.state().expects_trouble = true;
        self
    }

    /// What was asked so far at paths that end so.
    pub fn requests_to(&self, path: &str) -> Vec<Request> {
        let mut requests = self.state().record.all();
        requests.retain(|request| request.path.ends_with(path));
        requests
    }
}

/// Somebody, to say more about; each word takes effect at once.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    oidc: &'a Oidc,
    number: usize,
}

impl Person<'_> {
    pub fn in_group(self, group: &str) -> Self {
        self.is(|person| person.groups.push(group.to_owned()))
    }

    pub fn leaves_group(self, group: &str) -> Self {
        self.is(|person| person.groups.retain(|known| known != group))
    }

    pub fn with_email(self, email: &str) -> Self {
        self.is(|person| email.clone_into(&mut person.email))
    }

    /// Is called otherwise from now on.
    pub fn is_renamed(self, login: &str) -> Self {
        self.is(|person| login.clone_into(&mut person.login))
    }

    /// May sign in nowhere any more.
    pub fn is_disabled(self) -> Self {
        self.is(|person| person.is_disabled = true)
    }

    /// Their refresh tokens come to this error from now on.
    pub fn is_refused(self, error: &'static str) -> Self {
        self.is(|person| person.refused = Some(error))
    }

    /// An admin of the provider ends their sessions.
    pub fn is_signed_out(self) -> Self {
        let mut state = self.oidc.state();
        let subject = state.people.get(self.number).map(|person| person.subject.clone()).unwrap_or_default();
        for session in state.sessions.iter_mut().filter(|session| session.subject == subject) {
            session.has_ended = true;
        }
        drop(state);
        self
    }

    fn is(self, change: impl FnOnce(&mut Stored)) -> Self {
        change(self.oidc.state().people.get_mut(self.number).expect("people stay"));
        self
    }
}
