//! Webhooks: what is told to whom, how it is signed, what becomes of it.

mod by_hand;
mod control;
mod courier;
mod delivery;
mod events;
mod send;

use jiff::Timestamp;

pub use by_hand::RawDelivery;
pub use control::Hooks;
pub(super) use courier::{Courier, Outbox, Parcel, outbox};
pub use delivery::Delivery;
pub(super) use delivery::Mischief;
use delivery::Trick;
pub(super) use events::{hex, node};

/// Says by whom a delivery is.
const SIGNATURE: &str = "X-Hub-Signature-256";

/// An address that wants to be told.
#[derive(Debug, Clone)]
pub(super) struct Hook {
    pub(super) id: u64,
    pub(super) url: String,
    pub(super) secret: String,
    pub(super) is_active: bool,
    /// It sends `application/x-www-form-urlencoded`.
    pub(super) is_form: bool,
    /// All, or those by these names.
    pub(super) events: Option<Vec<String>>,
    pub(super) created: Timestamp,
}

impl Hook {
    pub(super) fn new(id: u64, url: &str, secret: &str, created: Timestamp) -> Self {
        Self {
            id,
            url: url.to_owned(),
            secret: secret.to_owned(),
            is_active: true,
            is_form: false,
            events: None,
            created,
        }
    }

    fn wants(&self, event: &str) -> bool {
        let is_chosen = |events: &Vec<String>| events.iter().any(|known| known == event);
        self.is_active && (event == "ping" || self.events.as_ref().is_none_or(is_chosen))
    }
}

/// Whose hook it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    App(u64),
    /// A repository's hook, by its own id.
    Repository(u64),
}
