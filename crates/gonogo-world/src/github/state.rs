//! Everything a GitHub holds: a plain structure behind one lock.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use super::access::Token;
use super::accounts::Account;
use super::apps::StoredApp;
use super::clock::Clock;
use super::exchange::Exchange;
use super::hooks::{Delivery, Mischief, Outbox, Parcel};
use super::limits::Limits;
use super::repository::Repository;
use super::sign_in::SignIn;
use crate::serve::{Fault, Record};

#[derive(Debug)]
pub(super) struct State {
    pub(super) is_enterprise: bool,
    /// `http://127.0.0.1:PORT`, where people and git go.
    pub(super) web_url: String,
    /// Where the tour is that pages lead back to.
    pub(super) tour: Option<String>,
    /// Where repositories are kept; each in a temporary folder of its own without it.
    pub(super) folder: Option<PathBuf>,
    pub(super) clock: Clock,
    pub(super) accounts: Vec<Account>,
    pub(super) tokens: Vec<Token>,
    pub(super) apps: Vec<StoredApp>,
    pub(super) repositories: Vec<Repository>,
    pub(super) sign_in: SignIn,
    pub(super) limits: Limits,
    pub(super) outbox: Outbox,
    pub(super) deliveries: Vec<Delivery>,
    /// What the next deliveries will suffer.
    pub(super) mischief: VecDeque<Mischief>,
    /// Kept back until the test releases them; none while nothing is held.
    pub(super) held: Option<Vec<Parcel>>,
    /// How long a receiver may take.
    pub(super) outgoing_patience: Duration,
    /// How many deliveries are on their way.
    pub(super) on_the_way: usize,
    /// Nothing answers, and no hook is told.
    pub(super) is_down: bool,
    next_id: u64,
    pub(super) faults: Vec<Fault>,
    pub(super) record: Record,
    /// What was asked of the API, with the right answers.
    pub(super) exchanges: Vec<Exchange>,
    pub(super) unexpected: Vec<String>,
    pub(super) expects_trouble: bool,
}

impl State {
    pub(super) fn new(is_enterprise: bool, outbox: Outbox) -> Self {
        let mut state = Self {
            is_enterprise,
            web_url: String::new(),
            tour: None,
            folder: None,
            clock: Clock::default(),
            accounts: Vec::new(),
            tokens: Vec::new(),
            apps: Vec::new(),
            repositories: Vec::new(),
            sign_in: SignIn::default(),
            limits: Limits::default(),
            outbox,
            deliveries: Vec::new(),
            mischief: VecDeque::new(),
            held: None,
            outgoing_patience: Duration::from_secs(10),
            on_the_way: 0,
            is_down: false,
            next_id: 1_000,
            faults: Vec::new(),
            record: Record::default(),
            exchanges: Vec::new(),
            unexpected: Vec::new(),
            expects_trouble: false,
        };
        state.account("robin", false);
        state.tokens.push(Token::classic("ghp_world", "robin"));
        state
    }

    /// Where programs go, without a slash at its end.
    pub(super) fn api_url(&self) -> String {
        let prefix = if self.is_enterprise { "/api/v3" } else { "" };
        format!("{}{prefix}", self.web_url)
    }

    /// No id from here to this one is given again.
    pub(super) fn begin_ids_after(&mut self, id: u64) {
        self.next_id = self.next_id.max(id);
    }

    pub(super) fn next_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// The account with this login, made if need be.
    pub(super) fn account(&mut self, login: &str, is_organization: bool) -> &mut Account {
        let known = self.accounts.iter().position(|account| account.login == login);
        let index = known.unwrap_or_else(|| {
            let id = self.next_id();
            self.accounts.push(Account::new(id, login, is_organization));
            self.accounts.len() - 1
        });
        self.accounts.get_mut(index).expect("it was found or made")
    }

    /// The account with this login has another from now on, everywhere.
    pub(super) fn rename_account(&mut self, old: &str, new: &str) {
        let rename = |login: &mut String| {
            if login == old {
                new.clone_into(login);
            }
        };
        for account in &mut self.accounts {
            rename(&mut account.login);
            account.members.iter_mut().for_each(rename);
            account.teams.iter_mut().for_each(|(_, login)| rename(login));
        }
        self.tokens.iter_mut().for_each(|token| rename(&mut token.owner));
        for repository in &mut self.repositories {
            if let Some(role) = repository.roles.remove(old) {
                repository.roles.insert(new.to_owned(), role);
            }
        }
    }

    pub(super) fn known_account(&self, login: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.login.eq_ignore_ascii_case(login))
    }

    pub(super) fn repository(&self, id: u64) -> &Repository {
        self.repositories.iter().find(|repository| repository.id == id).expect("repositories are never deleted")
    }

    pub(super) fn repository_mut(&mut self, id: u64) -> &mut Repository {
        self.repositories.iter_mut().find(|repository| repository.id == id).expect("repositories are never deleted")
    }

    /// The repository that has this full name now.
    pub(super) fn repository_named(&self, full_name: &str) -> Option<&Repository> {
        self.repositories.iter().find(|repository| repository.full_name().eq_ignore_ascii_case(full_name))
    }

    /// The repository that had this full name once.
    pub(super) fn repository_once_named(&self, full_name: &str) -> Option<&Repository> {
        let is_old = |old: &String| old.eq_ignore_ascii_case(full_name);
        self.repositories.iter().find(|repository| repository.old_names.iter().any(is_old))
    }

    /// Notes what no test should have led to.
    pub(super) fn unexpected(&mut self, what: String) {
        self.unexpected.push(what);
    }
}
