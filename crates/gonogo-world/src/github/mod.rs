//! A GitHub with state: repositories that git clones and pushes, the REST API,
//! webhooks, Apps, sign-in; as github.com or as an Enterprise Server.
//!
//! It answers what it understands as the real one would, and what it does not
//! understand with the real one's kind of error. The latter it also notes, and
//! fails the test with it in the end, unless the test said that it
//! [expects trouble](GitHub::expects_trouble).

mod access;
mod accounts;
mod api;
mod apps;
mod clock;
mod control;
#[cfg(feature = "description")]
mod description;
mod exchange;
mod git;
mod hooks;
mod kept;
mod limits;
mod pages;
mod render;
mod repository;
mod scenario;
mod sign_in;
mod state;

use std::net::TcpListener;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

pub(crate) use apps::private_key_der;
pub use apps::{App, PRIVATE_KEY_PEM};
pub use hooks::{Delivery, Hooks, RawDelivery};
pub use repository::{PostedCheckRun, PostedDeployment, PostedStatus};
pub use scenario::{PullRequest, Repository, StatusOf, Token, User};

pub use crate::serve::Faults;
use crate::serve::{
    Answer, Ask, Background, Certificates, Fault, Faulty, Manners, Program, Reply, Stand, any_port, serve, with_faults,
};
use hooks::Courier;
use state::State;

/// A GitHub on 127.0.0.1 until it is dropped.
#[derive(Debug)]
pub struct GitHub {
    shared: Arc<Shared>,
    certificates: Option<Certificates>,
    server: Background,
    /// Held for its end.
    _courier: Courier,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Something was asked, or a delivery has ended.
    changed: Condvar,
}

impl GitHub {
    /// As github.com, its API at the root; the classic personal token
    /// `ghp_world` of `robin` may do everything but what wants an App.
    pub fn start() -> Self {
        Self::new(false, any_port())
    }

    /// The same, where this listens.
    pub fn start_at(listener: TcpListener) -> Self {
        Self::new(false, listener)
    }

    /// As an Enterprise Server: the API is below `/api/v3`.
    pub fn enterprise() -> Self {
        Self::new(true, any_port())
    }

    fn new(is_enterprise: bool, listener: TcpListener) -> Self {
        let (outbox, parcels) = hooks::outbox();
        let state = Mutex::new(State::new(is_enterprise, outbox));
        let shared = Arc::new(Shared { state, changed: Condvar::new() });
        let courier = Courier::start(&shared, parcels);
        let server = listen(&shared, None, listener);
        let github = Self { shared, certificates: None, server, _courier: courier };
        github.learn_address();
        github
    }

    /// Speaks TLS, with a certificate of an authority that nobody knows yet:
    /// [`GitHub::ca_file`].
    #[must_use]
    pub fn tls(mut self) -> Self {
        let certificates = Certificates::issue();
        self.server = listen(&self.shared, Some(&certificates), any_port());
        self.certificates = Some(certificates);
        self.learn_address();
        self
    }

    fn learn_address(&self) {
        let scheme = if self.certificates.is_some() { "https" } else { "http" };
        self.state().web_url = format!("{scheme}://{}", self.server.address());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }
}

fn listen(shared: &Arc<Shared>, certificates: Option<&Certificates>, listener: TcpListener) -> Background {
    let stand: Arc<dyn Stand> = Arc::clone(shared) as _;
    let acceptor = certificates.map(Certificates::acceptor);
    Background::start("world-github", listener, move |stream| serve(Arc::clone(&stand), acceptor.clone(), stream))
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // A test that panicked in between has left nothing half-done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stand for Shared {
    fn ask(&self, ask: Ask) -> (usize, Reply) {
        let mut state = self.state();
        let number = state.record.note(&ask);
        let reply = with_faults(&mut *state, |state| &mut state.faults, &ask, |state| state.answer(&ask));
        drop(state);
        self.changed.notify_all();
        (number, reply)
    }

    fn answered(&self, number: usize, status: Option<u16>) {
        self.state().record.answered(number, status);
    }

    fn program(&self, head: &Ask) -> Option<Program> {
        self.state().git_program(head)
    }

    fn program_ended(&self, head: &Ask) {
        self.state().git_ended(head);
    }
}

impl Faulty for GitHub {
    fn change_faults(&self, change: &mut dyn FnMut(&mut Vec<Fault>)) {
        change(&mut self.state().faults);
    }
}

impl Manners for State {
    fn error(&self, status: u16, message: &str) -> Answer {
        api::error(status, message)
    }

    fn login_page(&self) -> String {
        format!("{}/login", self.web_url)
    }

    fn odd_json(&self) -> &'static str {
        r#"{"status":"ok","note":"this is a page of a proxy"}"#
    }
}

impl Drop for GitHub {
    fn drop(&mut self) {
        let state = self.state();
        let unexpected = state.unexpected.clone();
        let is_fine = unexpected.is_empty() || state.expects_trouble;
        drop(state);
        assert!(
            is_fine || thread::panicking(),
            "GitHub was asked what it did not expect:\n- {}",
            unexpected.join("\n- ")
        );
    }
}
