//! An OpenID Connect provider with state: people with groups, their sessions, and
//! keys that sign. It is as strict as the specifications let one be, notes what
//! no client should have sent, and fails the test with it in the end.

mod api;
mod keys;
mod lies;
mod scenario;
mod state;
mod tokens;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

pub use lies::Lie;
pub use scenario::Person;

use crate::serve::{Answer, Ask, Background, Fault, Faulty, Manners, Reply, Stand, any_port, serve, with_faults};
use state::State;

/// A provider on 127.0.0.1 until it is dropped.
#[derive(Debug)]
pub struct Oidc {
    shared: Arc<Shared>,
    _server: Background,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
}

impl Oidc {
    /// It signs by RS256, tells groups in ID tokens, and gives refresh tokens that
    /// are good once.
    pub fn start() -> Self {
        let shared = Arc::new(Shared { state: Mutex::new(State::new()) });
        let stand: Arc<dyn Stand> = Arc::clone(&shared) as _;
        let server = Background::start("world-oidc", any_port(), move |stream| serve(Arc::clone(&stand), None, stream));
        shared.state().issuer = format!("http://{}/acme", server.address());
        Self { shared, _server: server }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }
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
        (number, with_faults(&mut *state, |state| &mut state.faults, &ask, |state| state.answer(&ask)))
    }

    fn answered(&self, number: usize, status: Option<u16>) {
        self.state().record.answered(number, status);
    }
}

impl Faulty for Oidc {
    fn change_faults(&self, change: &mut dyn FnMut(&mut Vec<Fault>)) {
        change(&mut self.state().faults);
    }
}

impl Manners for State {
    fn error(&self, status: u16, message: &str) -> Answer {
        Answer::html(status, message)
    }

    fn login_page(&self) -> String {
        format!("{}/login", self.issuer)
    }

    fn odd_json(&self) -> &'static str {
        r#"{"status":"ok"}"#
    }
}

impl Drop for Oidc {
    fn drop(&mut self) {
        let state = self.state();
        let unexpected = state.unexpected.clone();
        let is_fine = unexpected.is_empty() || state.expects_trouble;
        drop(state);
        assert!(
            is_fine || thread::panicking(),
            "the provider was asked what it did not expect:\n- {}",
            unexpected.join("\n- ")
        );
    }
}
