//! What a test can say of a Slack as a whole, and ask it.

use std::path::Path;
use std::time::Duration;

use super::{Channel, Faults, Slack};
use crate::serve::Request;

/// What there is.
impl Slack {
    /// Where the Web API is, with a slash at its end as Slack's own clients want it.
    pub fn api_url(&self) -> String {
        format!("{}/api/", self.url())
    }

    /// Where people go, without a slash at its end.
    pub fn url(&self) -> String {
        self.state().web_url.clone()
    }

    /// The authority of its certificate, for a client that should trust it.
    pub fn ca_file(&self) -> &Path {
        self.certificates.as_ref().expect("`tls` makes it speak TLS").ca_file()
    }

    /// The channel with this name, such as `#deploys`, made if need be: public,
    /// with the bot in it.
    pub fn channel(&self, name: &str) -> Channel<'_> {
        Channel::new(self, name)
    }

    /// What the bot says to this member alone, whom programs call by their id.
    pub fn member(&self, name: &str) -> Channel<'_> {
        self.state().member(name);
        Channel::new(self, name)
    }
}

/// How it behaves.
impl Slack {
    /// The bot has this token instead.
    pub fn token(&self, value: &str) -> &Self {
        value.clone_into(&mut self.state().bot.token);
        self
    }

    /// The bot lacks this scope.
    pub fn without_scope(&self, scope: &str) -> &Self {
        self.state().bot.scopes.retain(|known| known != scope);
        self
    }

    /// A channel takes one message a second, as Slack has it; more are answered
    /// 429 with `Retry-After`.
    pub fn one_message_a_second(&self) -> &Self {
        self.state().pause = Duration::from_secs(1);
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

    /// Answers 503 to everything.
    pub fn goes_down(&self) -> &Self {
        self.faults().status(503);
        self
    }

    /// Is as before, without any fault.
    pub fn comes_back(&self) -> &Self {
        self.heals()
    }
}

/// What came of it.
impl Slack {
    /// What was asked so far.
    pub fn requests(&self) -> Vec<Request> {
        self.state().record.all()
    }

    /// Of those, the ones to this method, such as `chat.update`.
    pub fn requests_to(&self, method: &str) -> Vec<Request> {
        let mut requests = self.requests();
        requests.retain(|request| request.path.rsplit('/').next() == Some(method));
        requests
    }

    /// Forgets the requests so far, to look at those of the next step alone.
    pub fn forget_requests(&self) -> &Self {
        self.state().record.forget();
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
