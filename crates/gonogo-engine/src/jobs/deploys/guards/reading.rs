//! What one guard reads of a metrics server.

use crate::metrics::MetricsRoom;
use crate::serving::Serving;
use futures_util::future::try_join_all;
use gonogo_core::deploy::Deploys;
use gonogo_core::fact::{Fact, Why};
use gonogo_core::guard::{Gaps, Guard, Measure, Mode, Sample, Series, Watch};
use jiff::{SignedDuration, Timestamp};

/// Why a guard could not watch a deploy that began now.
#[derive(Debug)]
pub(in crate::jobs::deploys) enum Unwatched {
    /// That could not be read.
    Away(Why),
    /// It was read, and there is nothing to go by.
    Nothing(Why),
}

/// Whether each guard that may halt a deploy has something to compare with.
pub(in crate::jobs::deploys) async fn watchable(
    room: &MetricsRoom,
    guards: &[Guard],
    watch: &Watch,
    now: Timestamp,
) -> Result<(), Unwatched> {
    let from = now - SignedDuration::from_mins(watch.before_minutes.into());
    let halting = guards.iter().filter(|guard| guard.mode == Mode::Halt);
    let each = halting.map(async |guard| {
        let read = read(room, guard, &guard.query, guard.of.as_deref(), from, now).await;
        let series = read.map_err(|why| Unwatched::Away(of_guard(guard, why)))?;
        // What never happened has no series where gaps are zeros; trials prove that it is counted.
        let proof = match (guard.measures, guard.gaps) {
            (Measure::Rate, Gaps::Zero) => vec![&series.trials],
            (Measure::Rate, Gaps::Missing) => vec![&series.trials, &series.samples],
            (Measure::Count | Measure::Value, _) => vec![&series.samples],
        };
        if proof.iter().all(|samples| samples.iter().any(|sample| sample.value.is_some())) {
            return Ok(());
        }
        let said = format!("{} has no points of the last {} min", guard.from.word(), watch.before_minutes);
        let fix = "look at its query, or let it observe alone (mode = \"observe\")";
        Err(Unwatched::Nothing(of_guard(guard, Why::new(said, fix))))
    });
    try_join_all(each).await.map(|_| ())
}

/// Why the guards of a policy could not watch a deploy that began now.
pub(crate) async fn guards_read(serving: &Serving, section: &Deploys) -> Result<(), Why> {
    let now = (serving.clock)();
    watchable(&serving.metrics, &section.guards, &section.watch, now).await.map_err(|unwatched| match unwatched {
        Unwatched::Away(why) | Unwatched::Nothing(why) => why,
    })
}

fn of_guard(guard: &Guard, why: Why) -> Why {
    Why { said: format!("the guard {}: {}", guard.name, why.said), ..why }
}

/// The points of one series, and of what it is of.
pub(super) async fn read(
    room: &MetricsRoom,
    guard: &Guard,
    query: &str,
    of: Option<&str>,
    from: Timestamp,
    until: Timestamp,
) -> Result<Series, Why> {
    let server = room.of(guard.from)?;
    let points = async |query: Option<&str>| {
        let Some(query) = query else { return Ok(Vec::new()) };
        match server.samples(query, from, until, guard.resolution_seconds).await {
            Fact::Known(samples) => Ok(samples),
            // No series: the judge calls that no data.
            Fact::Absent => Ok(Vec::new()),
            Fact::Unknown(why) => Err(why),
        }
    };
    let (samples, trials) = tokio::try_join!(points(Some(query)), points(of))?;
    Ok(Series { samples, trials })
}

/// Puts what was read anew, from a moment on, in the place of what was read before.
pub(super) fn renew(series: &mut Series, newer: Series, from: Timestamp) {
    let renew = |samples: &mut Vec<Sample>, newer: Vec<Sample>| {
        samples.retain(|sample| sample.at < from);
        samples.extend(newer);
    };
    renew(&mut series.samples, newer.samples);
    renew(&mut series.trials, newer.trials);
}
