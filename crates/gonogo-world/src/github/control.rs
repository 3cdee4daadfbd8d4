//! What a test can say of a GitHub as a whole, and ask it.

use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;

#[cfg(feature = "description")]
use super::description::Description;
use super::{App, Faults, GitHub, Hooks, Repository, Token, User};
use crate::serve::{Request, depth_of, width_of};

/// What there is.
impl GitHub {
    /// Where people and git go, without a slash at its end.
    pub fn url(&self) -> String {
        self.state().web_url.clone()
    }

    /// Where programs go, without a slash at its end.
    pub fn api_url(&self) -> String {
        self.state().api_url()
    }

    /// The repository with this full name, such as `acme/web`, made if need be:
    /// private and empty, of an organisation.
    pub fn repository(&self, full_name: &str) -> Repository<'_> {
        Repository::new(self, full_name)
    }

    /// The person with this login, made if need be: `maria` is shown as
    /// "Maria", with the address `maria@example.com`.
    pub fn user<'a>(&'a self, login: &'a str) -> User<'a> {
        User::new(self, login)
    }

    /// The fine-grained personal token with this value, of `robin`.
    pub fn token<'a>(&'a self, value: &'a str) -> Token<'a> {
        Token::new(self, value)
    }

    /// The App with this slug, made if need be.
    pub fn app<'a>(&'a self, slug: &'a str) -> App<'a> {
        App::new(self, slug)
    }

    /// What becomes of the hooks' deliveries.
    pub fn hooks(&self) -> Hooks<'_> {
        Hooks::new(self)
    }

    /// Whoever is sent to sign in is this person, who approves at once;
    /// without it, a page asks.
    pub fn signs_in(&self, login: &str) -> &Self {
        let mut state = self.state();
        state.account(login, false);
        state.sign_in.approves_as = Some(login.to_owned());
        drop(state);
        self
    }
}

/// How it behaves.
impl GitHub {
    /// A fault, to be described; also of git's requests.
    pub fn faults(&self) -> Faults<'_> {
        Faults::new(self)
    }

    /// No fault happens any more.
    pub fn heals(&self) -> &Self {
        self.state().faults.clear();
        self
    }

    /// Answers 503 to everything, also to git, and tells no hook: what happens
    /// meanwhile is lost to them.
    pub fn goes_down(&self) -> &Self {
        self.faults().status(503);
        self.state().is_down = true;
        self
    }

    /// Is as before, without any fault.
    pub fn comes_back(&self) -> &Self {
        self.state().is_down = false;
        self.heals()
    }

    /// Answers so many requests with 403 and `Retry-After`, as whoever asks too
    /// much at once is answered.
    pub fn secondary_limit(&self, requests: usize, retry_after_seconds: u64) -> &Self {
        self.faults().status(403).retry_after(retry_after_seconds).times(requests);
        self
    }

    /// Answers have no tags from now on: what has not changed is told anew, and
    /// counts.
    pub fn tags_nothing(&self) -> &Self {
        self.state().limits.is_untagged = true;
        self
    }

    /// At most so many requests in a window, for each person or installation;
    /// 5,000 an hour at first. It begins anew.
    pub fn rate_limit(&self, requests: u64, window_seconds: i64) -> &Self {
        let mut state = self.state();
        state.limits.with_token = requests;
        state.limits.window = SignedDuration::from_secs(window_seconds);
        state.limits.start_again();
        drop(state);
        self
    }

    /// So much time passes for GitHub alone: tokens end, limits open.
    pub fn passes(&self, time: Duration) -> &Self {
        let time = SignedDuration::try_from(time).expect("no test waits that long");
        self.state().clock.pass(time);
        self
    }

    /// Repositories that are made from now on are kept in this folder, and found
    /// there again.
    pub fn keeps_in(&self, folder: &Path) -> &Self {
        self.state().folder = Some(folder.to_owned());
        self
    }

    /// Is a part of this tour: its pages lead back there, and of what was asked
    /// little is kept, so that it can run for days.
    pub fn joins(&self, tour: &str) -> &Self {
        self.state().tour = Some(tour.to_owned());
        self.state().record.keep_little();
        self
    }

    /// It is this RFC 3339 instant for GitHub, and time goes on from there.
    pub fn clock(&self, instant: &str) -> &Self {
        self.state().clock.set(instant);
        self
    }
}

/// What came of it.
impl GitHub {
    /// The PEM file of the authority, after [`GitHub::tls`].
    pub fn ca_file(&self) -> &Path {
        let certificates = self.certificates.as_ref();
        certificates.expect("this GitHub speaks TLS").ca_file()
    }

    /// What was asked so far, by git too.
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

    /// How many requests were under way at once, at most.
    pub fn width(&self) -> usize {
        width_of(&self.requests())
    }

    /// Forgets the requests so far, to look at those of the next step alone.
    pub fn forget_requests(&self) -> &Self {
        let mut state = self.state();
        state.record.forget();
        state.exchanges.clear();
        drop(state);
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

/// Whether it kept to the rules.
#[cfg(feature = "description")]
impl GitHub {
    /// Where the requests and answers so far depart from GitHub's own `OpenAPI`
    /// description, one line each: names, types and needed parts of queries and
    /// bodies, paths that are not there, answers of another shape.
    pub fn violations(&self) -> Vec<String> {
        let state = self.state();
        let exchanges = state.exchanges.clone();
        let is_enterprise = state.is_enterprise;
        drop(state);
        Description::load(is_enterprise).violations(&exchanges)
    }

    /// Fails if there is any violation of GitHub's description so far.
    #[track_caller]
    pub fn check_requests(&self) {
        let violations = self.violations();
        assert!(violations.is_empty(), "not as GitHub describes it:\n- {}", violations.join("\n- "));
    }
}
