//! Looks at everything in rounds, and so finds what no hook told: as far apart
//! as configured, or further where what that costs asks for it.

use super::changed::Trackers;
use super::lost::Lost;
use super::pace::Round;
use super::{look_soon, reminders, settle, told};
use crate::serving::Serving;
use gonogo_remote::github::polling;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;

pub(super) async fn poll_services(serving: Arc<Serving>, mut stop: watch::Receiver<bool>) {
    let (mut round, mut lost, mut trackers) = (Round::default(), Lost::default(), Trackers::default());
    while !*stop.borrow() {
        round.begins(&serving.github.allowances());
        tokio::select! {
            () = polling(true, begin(&serving, &mut lost, &mut trackers)) => {}
            _ = stop.changed() => {}
        }
        until_next(&serving, &round, &mut stop).await;
    }
}

async fn begin(serving: &Serving, lost: &mut Lost, trackers: &mut Trackers) {
    for repository in serving.repositories() {
        look_soon(serving, repository).await.unwrap_or(()); // the next round asks again
    }
    if let Err(error) = settle::abandoned(serving).await {
        told::nothing_is_settled(&error); // so does it
    }
    lost.find(serving).await;
    trackers.find(serving).await;
    if let Err(error) = reminders::tell(serving).await {
        told::nobody_is_reminded(&error); // the next round does it
    }
}

/// What a round costs shows while it is under way.
async fn until_next(serving: &Serving, round: &Round, stop: &mut watch::Receiver<bool>) {
    let begun = Instant::now();
    while !*stop.borrow() {
        let configured = serving.rounds.configured();
        let every = round.every(configured, &serving.github.allowances(), (serving.clock)());
        serving.rounds.set(every);
        let left = every.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(left.min(configured)) => {}
            _ = stop.changed() => {}
        }
    }
}
