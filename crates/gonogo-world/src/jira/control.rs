//! What a test can say of a Jira as a whole, and ask it.

use std::path::Path;

use jiff::SignedDuration;

use super::state::Flavour;
use super::{Category, Faults, FieldKind, Issue, Jira, User};
use crate::serve::{Request, depth_of};

/// What there is.
impl Jira {
    /// The story with this key, made if need be. A key from before a move
    /// leads to the moved issue.
    pub fn story(&self, key: &str) -> Issue<'_> {
        self.issue(key, "Story")
    }

    /// The bug with this key, made if need be.
    pub fn bug(&self, key: &str) -> Issue<'_> {
        self.issue(key, "Bug")
    }

    /// The sub-task with this key, made if need be; say of what with
    /// [`Issue::of`].
    pub fn subtask(&self, key: &str) -> Issue<'_> {
        self.issue(key, "Sub-task")
    }

    /// The issue with this key, made if need be, and of this type from now on.
    pub fn issue(&self, key: &str, issue_type: &str) -> Issue<'_> {
        Issue::new(self, key, issue_type)
    }

    /// The issue that has, or had, this key, whatever its type; it must exist.
    pub fn existing(&self, key: &str) -> Issue<'_> {
        let known = self.state().by_key(key).map(|issue| issue.id);
        Issue::known(self, known.expect("the test has made this issue"))
    }

    /// The user with this short name, made if need be: `maria` is shown as
    /// "Maria", with the address `maria@example.com`.
    pub fn user<'a>(&'a self, name: &'a str) -> User<'a> {
        User::new(self, name)
    }

    /// A new custom field; returns its id, the first being `customfield_10041`.
    pub fn custom_field(&self, name: &str, kind: FieldKind) -> String {
        self.state().add_field(name, kind).id
    }

    /// Two text fields with one name, as happens in the wild; returns their ids.
    pub fn two_fields_named(&self, name: &str) -> (String, String) {
        let first = self.custom_field(name, FieldKind::Text);
        (first, self.custom_field(name, FieldKind::Text))
    }

    /// The category of a status; a new one is in progress.
    pub fn status(&self, name: &str, category: Category) -> &Self {
        self.state().status(name).category = category;
        self
    }

    /// A project without issues.
    pub fn project(&self, key: &str) -> &Self {
        self.state().learn_project(key);
        self
    }

    /// Whoever moves issues from now on, where nobody else is named.
    pub fn as_user(&self, name: &str) -> &Self {
        let mut state = self.state();
        state.person_mut(name);
        name.clone_into(&mut state.author);
        drop(state);
        self
    }

    /// The next change happens at this RFC 3339 instant, the one after it a
    /// minute later.
    pub fn clock(&self, instant: &str) -> &Self {
        self.state().set_clock(instant);
        self
    }
}

/// How it behaves.
impl Jira {
    /// Other credentials: user and token on Cloud; on Data Center the token
    /// alone counts.
    pub fn credentials(&self, user: &str, token: &str) -> &Self {
        let mut state = self.state();
        match state.flavour {
            Flavour::Cloud => state.access.set_basic(user, token),
            Flavour::DataCenter => state.access.set_bearer(token),
        }
        drop(state);
        self
    }

    /// Answers 403 from now on.
    pub fn forbid(&self) -> &Self {
        self.state().access.is_forbidden = true;
        self
    }

    /// The token may log in, but see no project.
    pub fn without_browse_permission(&self) -> &Self {
        self.state().access.may_browse = false;
        self
    }

    /// Treats wrong credentials as none, and whoever has none as a guest who
    /// sees no issue, as many a real Jira does.
    pub fn lets_strangers_in(&self) -> &Self {
        self.state().access.lets_strangers_in = true;
        self
    }

    /// The token may also comment on issues, and move them.
    pub fn may_write(&self) -> &Self {
        self.state().may_write = true;
        self
    }

    /// Nobody can edit this field, by its name or id, from now on.
    pub fn off_the_edit_screen(&self, field: &str) -> &Self {
        let mut state = self.state();
        let id = state.field_for(field, &serde_json::Value::Null).id;
        state.off_screen.push(id);
        drop(state);
        self
    }

    /// A field of options has these, and no others; its id.
    pub fn options(&self, name: &str, kind: FieldKind, options: &[&str]) -> String {
        let id = self.custom_field(name, kind);
        let options = options.iter().map(ToString::to_string).collect();
        self.state().options.insert(id.clone(), options);
        id
    }

    /// Whatever is written into this field is refused with these words.
    pub fn refuses_field(&self, name: &str, said: &str) -> &Self {
        let mut state = self.state();
        let id = state.field_for(name, &serde_json::Value::Null).id;
        state.refuses.push((id, said.to_owned()));
        drop(state);
        self
    }

    /// Who moves an issue to this status has to fill in this field with it.
    pub fn asks_on_the_way(&self, status: &str, field: &str) -> &Self {
        let mut state = self.state();
        let id = state.field_for(field, &serde_json::Value::Null).id;
        state.asked_on_the_way.push((status.to_owned(), id));
        drop(state);
        self
    }

    /// No transition leads to this status.
    pub fn leads_nowhere_near(&self, status: &str) -> &Self {
        self.state().without_way.push(status.to_owned());
        self
    }

    /// An app is registered that sends people back to this address: its id and secret.
    pub fn app(&self, redirect: &str) -> (String, String) {
        self.state().register(redirect)
    }

    /// Where people of Cloud are asked, and where its API is: other hosts than the site.
    pub fn app_urls(&self) -> (String, String) {
        let base = self.state().base_url.clone();
        (format!("{base}/auth.atlassian.com"), format!("{base}/api.atlassian.com"))
    }

    /// In the one browser there is, this person is signed in from now on.
    pub fn signs_in(&self, name: &str) -> &Self {
        let mut state = self.state();
        state.person_mut(name);
        state.oauth.here = Some(name.to_owned());
        drop(state);
        self
    }

    /// What people give an app is good for so many seconds from now on.
    pub fn access_lasts(&self, seconds: i64) -> &Self {
        self.state().oauth.access_seconds = seconds;
        self
    }

    /// What people's apps have is over; what it is renewed with is not.
    pub fn access_ends(&self) -> &Self {
        for token in &mut self.state().oauth.tokens {
            token.is_over |= token.ends.is_some();
        }
        self
    }

    /// People give apps access to another site than this one.
    pub fn gives_other_site(&self) -> &Self {
        self.state().oauth.gives_other_site = true;
        self
    }

    /// The app has this secret from now on.
    pub fn app_has_secret(&self, secret: &str) -> &Self {
        if let Some(client) = &mut self.state().oauth.client {
            secret.clone_into(&mut client.secret);
        }
        self
    }

    /// The server's clock is ahead (or with a negative number behind).
    pub fn clock_ahead_by(&self, seconds: i64) -> &Self {
        self.state().skew = SignedDuration::from_secs(seconds);
        self
    }

    /// At most so many issues a page; 100 on Cloud, 1000 on Data Center.
    pub fn page_limit(&self, issues: usize) -> &Self {
        self.state().page_limit = issues;
        self
    }

    /// At most so many entries of history within an issue on Cloud; 100.
    pub fn changelog_limit(&self, entries: usize) -> &Self {
        self.state().changelog_limit = entries;
        self
    }

    /// An admin's webhook with a secret: what happens to issues is told there, one
    /// by one, and each has been answered when the test goes on.
    pub fn hooked_to(&self, url: &str, secret: &str) -> &Self {
        self.state().hook = Some(super::hook::Hook { url: url.to_owned(), secret: secret.to_owned(), told: 0.into() });
        self
    }

    /// Is a part of this tour: its pages lead back there, and of what was asked
    /// little is kept, so that it can run for days.
    pub fn joins(&self, tour: &str) -> &Self {
        self.state().tour = Some(tour.to_owned());
        self.state().record.keep_little();
        self
    }

    /// A fault, to be described.
    pub fn faults(&self) -> Faults<'_> {
        Faults::new(self)
    }

    /// No fault happens any more.
    pub fn heals(&self) -> &Self {
        self.state().faults.clear();
        self
    }
}

/// What came of it.
impl Jira {
    /// The PEM file of the authority, after [`Jira::tls`].
    pub fn ca_file(&self) -> &Path {
        let certificates = self.certificates.as_ref();
        certificates.expect("this Jira speaks TLS").ca_file()
    }

    /// What was asked so far.
    pub fn requests(&self) -> Vec<Request> {
        self.state().record.all()
    }

    /// Of those, the ones whose path contains this.
    pub fn requests_to(&self, part_of_path: &str) -> Vec<Request> {
        let mut requests = self.requests();
        requests.retain(|request| request.path.contains(part_of_path));
        requests
    }

    /// How many requests were made one after the other.
    pub fn depth(&self) -> usize {
        depth_of(&self.requests())
    }

    /// Forgets the requests so far, to look at those of the next step alone.
    pub fn forget_requests(&self) -> &Self {
        self.state().record.forget();
        self
    }

    /// Any request to another path than these (without the context path) fails
    /// the test in the end.
    pub fn expect_only(&self, paths: &[&str]) -> &Self {
        let paths = paths.iter().map(ToString::to_string).collect();
        self.state().only = Some(paths);
        self
    }

    /// Requests that it does not understand are part of this test, and do not
    /// fail it.
    pub fn expects_trouble(&self) -> &Self {
        self.state().expects_trouble = true;
        self
    }

    /// What would fail the test in the end.
    pub fn unexpected(&self) -> Vec<String> {
        self.state().unexpected.clone()
    }
}
