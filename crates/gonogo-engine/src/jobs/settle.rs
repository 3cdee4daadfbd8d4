//! Says the last word where people outside see that a verdict is to come, and
//! none will: the candidate was closed.

use super::check_run::{CheckRunWanted, GITHUB_CHECK_RUN};
use super::seen::{self, GITHUB_STATUS};
use crate::serving::Serving;
use gonogo_core::case::Stage;
use gonogo_core::say;
use gonogo_store::{Abandoned, StoreError, Wanted};
use jiff::Timestamp;

/// After each look that may have closed some, and in each round.
pub(super) async fn abandoned(serving: &Serving) -> Result<(), StoreError> {
    let now = (serving.clock)();
    serving.store.settle_abandoned(move |one| last_word(one, now)).await?;
    Ok(())
}

fn last_word(abandoned: &Abandoned, now: Timestamp) -> Option<Wanted> {
    let said = said(abandoned);
    let (kind, wanted) = match abandoned.kind.as_str() {
        GITHUB_STATUS => (GITHUB_STATUS, seen::not_judged(&abandoned.wanted, &said)?),
        GITHUB_CHECK_RUN => (GITHUB_CHECK_RUN, CheckRunWanted::not_judged(&abandoned.wanted, said)?),
        _ => return None,
    };
    Some(Wanted { target: abandoned.target.clone(), kind, wanted, wanted_at: now, awaits: None })
}

/// `not judged any more: main is at 1234567 now`
fn said(Abandoned { candidate, moved_to, .. }: &Abandoned) -> String {
    let what = match candidate.stage {
        Stage::Merge { pull_request, .. } => format!("#{pull_request}"),
        Stage::Deploy => say::printable(&candidate.branch),
    };
    let now = moved_to.map_or_else(|| "is no candidate now".to_owned(), |head| format!("is at {} now", head.short()));
    format!("not judged any more: {what} {now}")
}
