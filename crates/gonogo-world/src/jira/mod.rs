//! A Jira with state: Cloud (REST v3) or Data Center (REST v2).
//!
//! It answers what it understands as the real one would, and what it does not
//! understand with the real one's kind of error. The latter it also notes, and
//! fails the test with it in the end, unless the test said that it
//! [expects trouble](Jira::expects_trouble).

mod access;
mod api;
mod comments;
mod control;
mod fields;
mod hook;
mod jql;
mod kept;
mod oauth;
mod pages;
mod people;
mod scenario;
mod state;
mod statuses;
mod versions;

use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

pub use fields::FieldKind;
pub use people::User;
pub use scenario::Issue;
pub use statuses::Category;

pub use crate::serve::Faults;
use crate::serve::{
    Answer, Ask, Background, Certificates, Fault, Faulty, Manners, Reply, Stand, any_port, serve, with_faults,
};
use state::{Flavour, State};

/// A Jira on 127.0.0.1 until it is dropped.
#[derive(Debug)]
pub struct Jira {
    shared: Arc<Shared>,
    certificates: Option<Certificates>,
    server: Background,
}

#[derive(Debug)]
struct Shared(Mutex<State>);

impl Jira {
    /// Jira Cloud; the token is `jira-token` of `bot@example.com`.
    pub fn cloud() -> Self {
        Self::start(Flavour::Cloud, any_port())
    }

    /// The same, where this listens.
    pub fn cloud_at(listener: TcpListener) -> Self {
        Self::start(Flavour::Cloud, listener)
    }

    /// Jira Data Center; the personal access token is `jira-pat`.
    pub fn data_center() -> Self {
        Self::start(Flavour::DataCenter, any_port())
    }

    fn start(flavour: Flavour, listener: TcpListener) -> Self {
        let shared = Arc::new(Shared(Mutex::new(State::new(flavour))));
        let server = listen(&shared, None, listener);
        let jira = Self { shared, certificates: None, server };
        jira.learn_address();
        jira
    }

    /// Puts everything below this path, as in `https://company.example/jira`.
    #[must_use]
    pub fn at(self, context: &str) -> Self {
        context.trim_end_matches('/').clone_into(&mut self.state().context);
        self.learn_address();
        self
    }

    /// Speaks TLS, with a certificate of an authority that nobody knows yet:
    /// [`Jira::ca_file`].
    #[must_use]
    pub fn tls(mut self) -> Self {
        let certificates = Certificates::issue();
        self.server = listen(&self.shared, Some(&certificates), any_port());
        self.certificates = Some(certificates);
        self.learn_address();
        self
    }

    /// The address to configure, without a slash at its end.
    pub fn url(&self) -> String {
        self.state().base_url.clone()
    }

    fn learn_address(&self) {
        let scheme = match self.certificates {
            None => "http",
            Some(_) => "https",
        };
        let mut state = self.state();
        state.base_url = format!("{scheme}://{}{}", self.server.address(), state.context);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }
}

fn listen(shared: &Arc<Shared>, certificates: Option<&Certificates>, listener: TcpListener) -> Background {
    let stand: Arc<dyn Stand> = Arc::clone(shared) as _;
    let acceptor = certificates.map(Certificates::acceptor);
    Background::start("world-jira", listener, move |stream| serve(Arc::clone(&stand), acceptor.clone(), stream))
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // A test that panicked in between has left nothing half-done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stand for Shared {
    fn ask(&self, ask: Ask) -> (usize, Reply) {
        let mut state = self.state();
        let number = state.record.note(&ask);
        let reply = with_faults(&mut *state, |state| &mut state.faults, &ask, |state| state.answer(&ask));
        (number, reply)
    }

    fn answered(&self, number: usize, status: Option<u16>) {
        self.state().record.answered(number, status);
    }
}

impl Faulty for Jira {
    fn change_faults(&self, change: &mut dyn FnMut(&mut Vec<Fault>)) {
        change(&mut self.state().faults);
    }
}

impl Manners for State {
    fn error(&self, status: u16, message: &str) -> Answer {
        api::error(status, &[message.to_owned()])
    }

    fn login_page(&self) -> String {
        format!("{}/login.jsp?permissionViolation=true", self.base_url)
    }

    fn odd_json(&self) -> &'static str {
        r#"{"message":"Jira is being restored from a backup"}"#
    }
}

impl Drop for Jira {
    fn drop(&mut self) {
        let state = self.state();
        let unexpected = state.unexpected.clone();
        let is_fine = unexpected.is_empty() || state.expects_trouble;
        drop(state);
        assert!(
            is_fine || thread::panicking(),
            "Jira was asked what it did not expect:\n- {}",
            unexpected.join("\n- ")
        );
    }
}
