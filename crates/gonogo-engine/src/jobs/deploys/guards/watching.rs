//! Guards look at production beside a deploy, for as long as somebody sees to it.

use super::reading::{read, renew};
use crate::serving::Serving;
use futures_util::future::join_all;
use gonogo_core::deploy::{Plan, Watched, moments};
use gonogo_core::fact::Why;
use gonogo_core::guard::{BaselineKind, Guard, Judge, Judgement, Mode, Past, Reading, Series, Watch};
use gonogo_store::{DeployId, GuardSeen, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

/// So many good deploys before are compared with.
const MOST_DEPLOYS: u32 = 10;
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A deploy that takes longer is compared with no more of last week.
const LONGEST: SignedDuration = SignedDuration::from_hours(4);
/// Points older than that do not change any more.
const SETTLED_AFTER: SignedDuration = SignedDuration::from_mins(15);
/// They look no more often, and no more seldom.
const OFTEN: Duration = Duration::from_secs(1);
const SELDOM: Duration = Duration::from_secs(30);

/// The newest look of all guards of a deploy.
#[derive(Clone, Debug)]
pub(in crate::jobs::deploys) struct Looked {
    pub at: Timestamp,
    /// In the plan's order.
    pub guards: Vec<Saw>,
}

/// What one guard saw.
#[derive(Clone, Debug)]
pub(in crate::jobs::deploys) struct Saw {
    pub guard: Guard,
    pub reading: Reading,
    /// Why nothing newer could be read.
    pub trouble: Option<Why>,
    /// From before the deploy on.
    series: Series,
    /// When the deploy began.
    start: Timestamp,
}

impl Saw {
    #[cfg(test)]
    pub(super) fn of(guard: Guard, reading: Reading) -> Self {
        let start = reading.at;
        Self { guard, reading, trouble: None, series: Series::default(), start }
    }

    /// As it is kept, with points or without.
    pub(in crate::jobs::deploys) fn kept(&self, with_points: bool) -> GuardSeen {
        GuardSeen {
            guard: self.guard.name.clone(),
            reads: self.guard.reads(),
            reading: self.reading.clone(),
            trouble: self.trouble.as_ref().map(|why| format!("{}; {}", why.said, why.fix)),
            series: with_points.then(|| self.series.clone()),
            start: self.start,
        }
    }
}

/// They look until this is dropped.
#[derive(Debug)]
pub(in crate::jobs::deploys) struct Watching {
    newest: watch::Receiver<Option<Arc<Looked>>>,
    task: AbortHandle,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Watching {
    /// `news` is told of each look.
    pub(in crate::jobs::deploys) fn begin(
        serving: Arc<Serving>,
        deploy: DeployId,
        plan: Plan,
        watched: Watched,
        news: Arc<Notify>,
    ) -> Self {
        let (tell, newest) = watch::channel(None);
        let task = tokio::spawn(async move {
            let eyes = watched.guards.iter().map(|guard| Eye::new(deploy, guard, &watched));
            let mut eyes: Vec<Eye> = eyes.collect();
            match serving.store.guards_of(deploy).await {
                Ok(seen) => eyes.iter_mut().for_each(|eye| eye.latch(&seen)),
                Err(error) => crate::jobs::told::store_is_away(&error),
            }
            let finest = watched.guards.iter().map(|guard| guard.resolution_seconds).min().unwrap_or_default();
            let mut ticks = tokio::time::interval(Duration::from_secs(finest.into()).clamp(OFTEN, SELDOM));
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                match look(&serving, deploy, &plan, &mut eyes).await {
                    Ok(Some(looked)) => {
                        tell.send_replace(Some(Arc::new(looked)));
                        news.notify_one();
                    }
                    Ok(None) => {}
                    Err(error) => crate::jobs::told::store_is_away(&error),
                }
            }
        });
        Self { newest, task: task.abort_handle() }
    }

    pub(in crate::jobs::deploys) fn newest(&self) -> Option<Arc<Looked>> {
        self.newest.borrow().clone()
    }
}

/// `None` where nothing of the deploy has begun.
async fn look(
    serving: &Serving,
    deploy: DeployId,
    plan: &Plan,
    eyes: &mut [Eye],
) -> Result<Option<Looked>, StoreError> {
    let moments = moments(plan, &serving.store.deploy_journal(deploy).await?);
    if moments.is_empty() {
        return Ok(None);
    }
    let at = (serving.clock)();
    let guards = join_all(eyes.iter_mut().map(|eye| eye.look(serving, &moments, at))).await;
    Ok(Some(Looked { at, guards: guards.into_iter().collect::<Result<_, _>>()? }))
}

/// One guard, with what it has read.
struct Eye {
    deploy: DeployId,
    guard: Guard,
    watch: Watch,
    /// How many guards there are.
    of: usize,
    /// Once all could be read that it compares with.
    judge: Option<Judge>,
    before: Series,
    current: Series,
    rest: Series,
    /// Up to when it was read.
    read_until: Option<Timestamp>,
    /// When it looked first: what was not looked at before is not missing.
    began: Option<Timestamp>,
    /// What an observer would have halted for: later looks do not undo it.
    latched: Option<Reading>,
}

impl Eye {
    fn new(deploy: DeployId, guard: &Guard, watched: &Watched) -> Self {
        Self {
            deploy,
            guard: guard.clone(),
            watch: watched.watch.clone(),
            of: watched.guards.len(),
            judge: None,
            before: Series::default(),
            current: Series::default(),
            rest: Series::default(),
            read_until: None,
            began: None,
            latched: None,
        }
    }

    async fn look(&mut self, serving: &Serving, moments: &[Timestamp], now: Timestamp) -> Result<Saw, StoreError> {
        let start = moments.first().copied().unwrap_or(now);
        let mut trouble = self.compare(serving, start).await?;
        if let Err(why) = self.read(serving, start, now).await {
            trouble = trouble.or(Some(why));
        }
        let rest = self.guard.rest.is_some().then_some(&self.rest);
        let reading = match &self.judge {
            Some(judge) => judge.look(&self.current, rest, moments, now),
            // Nothing is known of what was before: that is no data.
            None => Judge::new(&self.guard, &self.watch, self.of, start, &Series::default(), &[]).look(
                &Series::default(),
                None,
                moments,
                now,
            ),
        };
        let began = *self.began.get_or_insert(now);
        let reading = Reading { no_data_since: reading.no_data_since.map(|since| since.max(began)), ..reading };
        if self.guard.mode == Mode::Observe && reading.judgement == Judgement::Worse && self.latched.is_none() {
            self.latched = Some(reading.clone());
        }
        let mut series = self.before.clone();
        renew(&mut series, self.current.clone(), self.beginning(start));
        let reading = self.latched.clone().unwrap_or(reading);
        Ok(Saw { guard: self.guard.clone(), reading, trouble, series, start })
    }

    /// The bucket in which the deploy began may begin before it.
    fn beginning(&self, start: Timestamp) -> Timestamp {
        start - SignedDuration::from_secs(self.guard.resolution_seconds.into())
    }

    /// Reads what is compared with, once.
    async fn compare(&mut self, serving: &Serving, start: Timestamp) -> Result<Option<Why>, StoreError> {
        if self.judge.is_some() {
            return Ok(None);
        }
        let (guard, room) = (&self.guard, &serving.metrics);
        let earlier = SignedDuration::from_mins(self.watch.before_minutes.into());
        let series = async |from, until| read(room, guard, &guard.query, guard.of.as_deref(), from, until).await;
        self.before = match series(start - earlier, start).await {
            Ok(before) => before,
            Err(why) => return Ok(Some(why)),
        };
        let mut past = Vec::new();
        if guard.baselines.contains(&BaselineKind::LastWeek) {
            let then = start - WEEK;
            match series(then - earlier, then + LONGEST).await {
                Ok(series) => past.push(Past { baseline: BaselineKind::LastWeek, start: then, series }),
                Err(why) => return Ok(Some(why)),
            }
        }
        if guard.baselines.contains(&BaselineKind::Deploys) {
            let (name, reads) = (guard.name.clone(), guard.reads());
            for one in serving.store.guard_before(self.deploy, name, reads, MOST_DEPLOYS).await? {
                past.push(Past { baseline: BaselineKind::Deploys, start: one.start, series: one.series });
            }
        }
        self.judge = Some(Judge::new(guard, &self.watch, self.of, start, &self.before, &past));
        Ok(None)
    }

    /// Reads on from what may still change.
    async fn read(&mut self, serving: &Serving, start: Timestamp, now: Timestamp) -> Result<(), Why> {
        let (guard, room) = (&self.guard, &serving.metrics);
        let since = self.read_until.map(|until| until - SETTLED_AFTER);
        let earlier = SignedDuration::from_mins(self.watch.before_minutes.into());
        let from = |first: Timestamp| since.map_or(first, |since| since.max(first));
        let current = read(room, guard, &guard.query, guard.of.as_deref(), from(self.beginning(start)), now);
        let rest = async {
            let Some(query) = &guard.rest else { return Ok(Series::default()) };
            read(room, guard, query, guard.rest_of.as_deref(), from(start - earlier), now).await
        };
        let (current, rest) = tokio::try_join!(current, rest)?;
        let (current_from, rest_from) = (from(self.beginning(start)), from(start - earlier));
        renew(&mut self.current, current, current_from);
        renew(&mut self.rest, rest, rest_from);
        self.read_until = Some(now);
        Ok(())
    }

    /// What was kept of it before somebody else went on with the deploy.
    fn latch(&mut self, seen: &[GuardSeen]) {
        let own = seen.iter().find(|one| one.guard == self.guard.name).map(|one| &one.reading);
        let worse = own.filter(|reading| reading.judgement == Judgement::Worse);
        self.latched = worse.filter(|_| self.guard.mode == Mode::Observe).cloned();
    }
}
