//! A Slack with state: the Web API, and channels with the messages in them.
//!
//! It answers what it understands as the real one would, and what it does not
//! understand with the real one's kind of error. The latter it also notes, and
//! fails the test with it in the end, unless the test said that it
//! [expects trouble](Slack::expects_trouble).

mod access;
mod acts;
mod api;
mod channels;
mod control;
mod kept;
mod lines;
mod markup;
mod pages;
mod scenario;
mod state;

use std::net::TcpListener;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;

pub use acts::{Acted, Parcel, Whisper};
pub use channels::PostedMessage;
pub use scenario::Channel;

pub use crate::serve::Faults;
use crate::serve::{
    Answer, Ask, Background, Certificates, Conversation, Fault, Faulty, Manners, Reply, Stand, any_port, serve,
    with_faults,
};
use state::State;

/// A Slack on 127.0.0.1 until it is dropped.
#[derive(Debug)]
pub struct Slack {
    shared: Arc<Shared>,
    certificates: Option<Certificates>,
    server: Background,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Something was asked.
    changed: Condvar,
    /// For what goes on when an answer is given already.
    own: Weak<Shared>,
}

impl Slack {
    /// The bot `gonogo` of the team Acme has the token `xoxb-world`, which may
    /// write to channels, and list and read them.
    pub fn start() -> Self {
        Self::start_at(any_port())
    }

    /// The same, where this listens.
    pub fn start_at(listener: TcpListener) -> Self {
        let shared = Arc::new_cyclic(|own| {
            let (state, changed, own) = (Mutex::new(State::new()), Condvar::new(), Weak::clone(own));
            Shared { state, changed, own }
        });
        let server = listen(&shared, None, listener);
        let slack = Self { shared, certificates: None, server };
        slack.learn_address("http");
        slack
    }

    /// Speaks TLS, with a certificate of an authority that nobody knows yet:
    /// [`Slack::ca_file`].
    #[must_use]
    pub fn tls(mut self) -> Self {
        let certificates = Certificates::issue();
        self.server = listen(&self.shared, Some(&certificates), any_port());
        self.certificates = Some(certificates);
        self.learn_address("https");
        self
    }

    fn learn_address(&self, scheme: &str) {
        let web_url = format!("{scheme}://{}", self.server.address());
        self.state().web_url = web_url;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }
}

fn listen(shared: &Arc<Shared>, certificates: Option<&Certificates>, listener: TcpListener) -> Background {
    let stand: Arc<dyn Stand> = Arc::clone(shared) as _;
    let acceptor = certificates.map(Certificates::acceptor);
    Background::start("world-slack", listener, move |stream| serve(Arc::clone(&stand), acceptor.clone(), stream))
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
        let errands = std::mem::take(&mut state.acts.errands);
        drop(state);
        self.changed.notify_all();
        for payload in errands {
            let own = Weak::clone(&self.own);
            let runs = move || drop(own.upgrade().map(|shared| shared.acts(&payload)));
            // Who presses again where it is lost.
            drop(thread::Builder::new().name("world-slack-act".to_owned()).spawn(runs));
        }
        (number, reply)
    }

    fn conversation(&self, head: &Ask) -> Option<Conversation> {
        let ticket = head.query.iter().find(|(name, _)| name == "ticket").map(|(_, ticket)| ticket)?;
        self.line(ticket)
    }

    fn answered(&self, number: usize, status: Option<u16>) {
        self.state().record.answered(number, status);
    }
}

impl Faulty for Slack {
    fn change_faults(&self, change: &mut dyn FnMut(&mut Vec<Fault>)) {
        change(&mut self.state().faults);
    }
}

impl Manners for State {
    fn error(&self, status: u16, _message: &str) -> Answer {
        api::error(status)
    }

    fn login_page(&self) -> String {
        "https://acme.example.com/sign_in".to_owned()
    }

    fn odd_json(&self) -> &'static str {
        r#"{"status":"ok","note":"this is a page of a proxy"}"#
    }
}

impl Drop for Slack {
    fn drop(&mut self) {
        let state = self.state();
        let unexpected = state.unexpected.clone();
        let is_fine = unexpected.is_empty() || state.expects_trouble;
        drop(state);
        assert!(
            is_fine || thread::panicking(),
            "Slack was asked what it did not expect:\n- {}",
            unexpected.join("\n- ")
        );
    }
}
