//! Who somebody in Slack is with us.

use crate::commands::slack_join::SLACK;
use crate::serving::Serving;
use gonogo_core::person::Person;
use gonogo_store::StoreError;
use jiff::SignedDuration;

/// What a system that people sign in with said of them counts no longer: it
/// cannot be asked again without their browser.
const WORD_COUNTS: SignedDuration = SignedDuration::from_mins(15);

pub(super) enum Who {
    Person(Person),
    /// They come in by another system alone, which said too long ago that they may.
    TooLongAgo,
    Nobody,
}

pub(super) async fn who(serving: &Serving, member: &str) -> Result<Who, StoreError> {
    let now = (serving.clock)();
    let since = now.saturating_sub(WORD_COUNTS).unwrap_or(now);
    let found = serving.store.person_elsewhere(SLACK, member, since, now).await?;
    Ok(match found {
        None => Who::Nobody,
        Some(found) if found.has_password || found.has_word => Who::Person(found.person),
        Some(_) => Who::TooLongAgo,
    })
}
