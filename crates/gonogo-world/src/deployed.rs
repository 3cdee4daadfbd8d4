//! Something that runs in production and tells its revision over HTTP.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::serve::Faults;
use crate::serve::{
    Answer, Ask, Background, Fault, Faulty, Manners, Record, Reply, Stand, any_port, serve, with_faults,
};

/// It answers on 127.0.0.1 until it is dropped, at every path alike.
#[derive(Debug)]
pub struct Deployed {
    shared: Arc<Shared>,
    server: Background,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    says: String,
    record: Record,
    faults: Vec<Fault>,
}

impl Deployed {
    /// It says this.
    pub fn saying(text: &str) -> Self {
        let state = State { says: text.to_owned(), record: Record::default(), faults: Vec::new() };
        let shared = Arc::new(Shared { state: Mutex::new(state) });
        let stand: Arc<dyn Stand> = Arc::clone(&shared) as _;
        let server =
            Background::start("world-deployed", any_port(), move |stream| serve(Arc::clone(&stand), None, stream));
        Self { shared, server }
    }

    /// From now on it says something else.
    pub fn says(&self, text: &str) -> &Self {
        text.clone_into(&mut self.shared.state().says);
        self
    }

    pub fn url(&self) -> String {
        format!("http://{}/revision", self.server.address())
    }

    /// Something goes wrong.
    pub fn faults(&self) -> Faults<'_> {
        Faults::new(self)
    }

    /// Nothing goes wrong any more.
    pub fn heals(&self) -> &Self {
        self.shared.state().faults.clear();
        self
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.shared.state().record.all().len()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stand for Shared {
    fn ask(&self, ask: Ask) -> (usize, Reply) {
        let mut state = self.state();
        let number = state.record.note(&ask);
        let right = |state: &mut State| Answer::raw_json(200, &state.says);
        (number, with_faults(&mut *state, |state| &mut state.faults, &ask, right))
    }

    fn answered(&self, number: usize, status: Option<u16>) {
        self.state().record.answered(number, status);
    }
}

impl Faulty for Deployed {
    fn change_faults(&self, change: &mut dyn FnMut(&mut Vec<Fault>)) {
        change(&mut self.shared.state().faults);
    }
}

impl Manners for State {
    fn error(&self, status: u16, message: &str) -> Answer {
        Answer::html(status, message)
    }

    fn login_page(&self) -> String {
        "https://login.example.com/".to_owned()
    }

    fn odd_json(&self) -> &'static str {
        r#"{"status":"ok"}"#
    }
}
