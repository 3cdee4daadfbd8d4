//! Earlier than the gate: a story that changed is looked at with the policies of the
//! services that it may come to, and its owner is told what their gates would find.

mod known;

pub(in crate::jobs) use known::Known;
pub use known::{Lack, Mended};

use super::changed::projects_of;
use super::outbox::{EarlyCommentWanted, EarlyTold, early_mailed, early_told};
use super::shipping::TrackerAt;
use super::{EARLY, JIRA, JobError, SLACK};
use crate::gather::{TrackerAccess, may_ask};
use crate::in_force::Looked;
use crate::locate::type_policy;
use crate::serving::{Service, Serving};
use gonogo_checks::questions::{Answer, Ask, IssueOf};
use gonogo_checks::{Lacks, Wants};
use gonogo_core::case::PolicyInForce;
use gonogo_core::email::EmailAddress;
use gonogo_core::fact::{Fact, Why};
use gonogo_core::ids::IssueKey;
use gonogo_core::policy::Tracker;
use gonogo_core::story::Issue;
use gonogo_store::{EarlyDue, EarlyLook, EarlyStory, NewJob, NewMessage, StoreError};
use jiff::{SignedDuration, Timestamp};
use known::Next;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Stories that are looked at together.
const MOST: u32 = 200;
/// A person who plans changes many in a row: they are told together.
const A_MOMENT: SignedDuration = SignedDuration::from_secs(3);

/// What a service asks of stories, and of which.
struct Rules<'a> {
    service: &'a Service,
    policy: PolicyInForce,
    tracker: Tracker,
    projects: BTreeSet<String>,
    wants: Wants,
}

/// What the services ask of stories.
struct Asking<'a> {
    rules: Vec<Rules<'a>>,
    /// Services that cannot be looked at, so that what they ask is not known.
    unknown: BTreeSet<String>,
}

/// What is told of one story.
struct News {
    told: EarlyTold,
    /// The owner's own account in Slack, where that is known.
    member: Option<String>,
    channels: BTreeSet<String>,
    email: BTreeSet<EmailAddress>,
}

/// What one look has told of all its stories.
#[derive(Default)]
struct Batch {
    news: Vec<News>,
    messages: Vec<NewMessage>,
}

/// These stories changed.
pub(super) async fn changed(serving: &Serving, stories: &[String]) -> Result<(), StoreError> {
    if stories.is_empty() || !is_wanted(serving) {
        return Ok(());
    }
    let now = (serving.clock)();
    serving.store.early_changed(stories.to_vec(), now).await?;
    let run_at = now.saturating_add(A_MOMENT).unwrap_or(now);
    serving.store.enqueue(NewJob { kind: EARLY, key: EARLY.to_owned(), body: String::new(), run_at }).await
}

/// What is known of a story's lacks, and of those that were mended.
pub fn told_early(row: &EarlyStory) -> (Vec<Lack>, Vec<Mended>) {
    let known: Known = serde_json::from_str(&row.known).unwrap_or_default();
    (known.lacks, known.mended)
}

fn is_wanted(serving: &Serving) -> bool {
    serving.services.iter().any(|service| service.told_early.tells_any())
}

pub(super) async fn look(serving: &Serving) -> Result<(), JobError> {
    let due = serving.store.early_due(MOST).await?;
    if due.is_empty() {
        return Ok(());
    }
    let Asking { rules, unknown } = asking(serving).await?;
    let (issues, away) = ask(serving, &rules, &due).await;
    let now = (serving.clock)();
    let (mut looks, mut batch) = (Vec::new(), Batch::default());
    let mut by_issue: BTreeMap<String, (Arc<Issue>, Vec<&EarlyDue>)> = BTreeMap::new();
    for one in &due {
        match issues.get(&one.story) {
            Some(Fact::Known(issue)) => {
                let of_it = by_issue.entry(issue.key.to_string()).or_insert_with(|| (Arc::clone(issue), Vec::new()));
                of_it.1.push(one);
            }
            // It is asked for again.
            Some(Fact::Unknown(_)) => {}
            Some(Fact::Absent) | None => looks.push(EarlyLook { due: one.clone(), before: None, now: None }),
        }
    }
    for (key, (issue, due)) in by_issue {
        let mut before = serving.store.early_story(&key).await?;
        for one in &due {
            if before.is_none() {
                // It had another key before.
                before = serving.store.early_story(&one.story).await?;
            }
        }
        let next = next(&rules, &unknown, before.as_ref(), &issue, now);
        let known = match next {
            Some(next) => Some(told(serving, &rules, &issue, next, now, &mut batch).await?),
            None => None,
        };
        let mut all = due.into_iter().cloned();
        if let Some(first) = all.next() {
            looks.push(EarlyLook { due: first, before, now: known.map(|known| (key, known)) });
        }
        looks.extend(all.map(|due| EarlyLook { due, before: None, now: None }));
    }
    let Batch { news, mut messages } = batch;
    messages.extend(digests(serving, news, now));
    let is_more = due.len() == usize::try_from(MOST).unwrap_or(usize::MAX);
    serving.store.early_looked(looks, messages, now).await.map_err(|error| match error {
        StoreError::Fenced => JobError::Broken("another replica looks at the same stories".to_owned()),
        error => error.into(),
    })?;
    match away {
        Some(why) => Err(JobError::Broken(format!("{}\n  → {}", why.said, why.fix))),
        None if is_more => {
            let job = NewJob { kind: EARLY, key: EARLY.to_owned(), body: String::new(), run_at: now };
            Ok(serving.store.enqueue(job).await?)
        }
        None => Ok(()),
    }
}

async fn asking(serving: &Serving) -> Result<Asking<'_>, JobError> {
    let (mut all, mut unknown) = (Vec::new(), BTreeSet::new());
    for service in serving.services.iter().filter(|service| service.told_early.tells_any()) {
        let policy = match serving.in_force.looked(&service.name) {
            Some(Looked::Found(policy)) => policy,
            Some(Looked::InVain) => {
                unknown.insert(service.name.clone());
                continue;
            }
            None => {
                let said = format!("{} was not looked at yet: its policy is not known", service.name);
                return Err(JobError::Broken(said));
            }
        };
        let (tracker, stories, wants) = {
            let (typed, _) = type_policy(&policy);
            if !typed.can_look_ahead() {
                continue;
            }
            let wants = typed.wants();
            (typed.sections.tracker, typed.sections.stories, wants)
        };
        let Some(tracker) = tracker.filter(|tracker| may_ask(tracker, &serving.outside).is_ok()) else { continue };
        let projects = projects_of(serving, &service.name, stories).await?;
        all.push(Rules { service, policy, tracker, projects, wants });
    }
    Ok(Asking { rules: all, unknown })
}

/// The stories that somebody asks something of, as their tracker has them now; and
/// why some are not known.
async fn ask(
    serving: &Serving,
    rules: &[Rules<'_>],
    due: &[EarlyDue],
) -> (BTreeMap<String, Fact<Arc<Issue>>>, Option<Why>) {
    let mut by_tracker: BTreeMap<&str, Vec<&Rules<'_>>> = BTreeMap::new();
    for one in rules {
        by_tracker.entry(one.tracker.url.trim_end_matches('/')).or_default().push(one);
    }
    let (mut issues, mut away) = (BTreeMap::new(), None);
    for of_it in by_tracker.into_values() {
        let keys = due.iter().filter_map(|one| one.story.parse::<IssueKey>().ok());
        let is_asked = |key: &IssueKey| of_it.iter().any(|one| one.projects.contains(key.project()));
        let asks: Vec<Ask> = keys.filter(is_asked).map(|key| IssueOf { key }.into()).collect();
        let wants = Wants::all(of_it.iter().map(|one| one.wants.clone()));
        let access = TrackerAccess::of(of_it.iter().map(|one| &one.tracker).take(1), &serving.outside);
        for (ask, answer) in access.gather(&asks.iter().collect::<Vec<_>>(), &wants, (serving.clock)()).await {
            let (Ask::IssueOf(of), Answer::IssueOf(fact)) = (ask, answer) else { continue };
            if let Fact::Unknown(why) = &fact {
                away = Some(why.clone());
            }
            issues.insert(of.key.to_string(), fact);
        }
    }
    (issues, away)
}

/// What the look at a story comes to; `None` where that is nothing.
fn next(
    rules: &[Rules<'_>],
    unknown: &BTreeSet<String>,
    before: Option<&EarlyStory>,
    issue: &Issue,
    now: Timestamp,
) -> Option<Next> {
    let project = issue.key.project();
    let theirs: Vec<&Rules<'_>> = rules.iter().filter(|one| one.projects.contains(project)).collect();
    let mut found: Vec<(String, Lacks)> = Vec::new();
    let mut unknown = unknown.clone();
    for one in &theirs {
        let ahead = type_policy(&one.policy).0.looks_ahead(issue, now);
        if !ahead.unknown.is_empty() {
            unknown.insert(one.service.name.clone());
        }
        found.extend(ahead.lacks.into_iter().map(|lacks| (one.service.name.clone(), lacks)));
    }
    let known: Known = before.and_then(|row| serde_json::from_str(&row.known).ok()).unwrap_or_default();
    if issue.is_done {
        // Nobody is told anything new of it; what was told is kept true.
        found.retain(|(_, one)| known.has(one));
    }
    let tells =
        |name: &str| !issue.is_done && theirs.iter().any(|one| one.service.name == name && !one.service.is_observed);
    let mut next = known.next(found, &unknown, tells, now);
    let is_elsewhere = theirs.is_empty() && unknown.is_empty();
    // Under another key it is kept anew.
    let is_moved = before.is_some_and(|row| row.story != issue.key.to_string());
    next.is_changed |= next.known.is_elsewhere != is_elsewhere || is_moved;
    next.known.is_elsewhere = is_elsewhere;
    next.is_changed.then_some(next)
}

/// Adds what is told of one story: what is known of it from now on.
async fn told(
    serving: &Serving,
    rules: &[Rules<'_>],
    issue: &Issue,
    next: Next,
    now: Timestamp,
    batch: &mut Batch,
) -> Result<String, StoreError> {
    let key = issue.key.to_string();
    let Next { mut known, news: lacks, is_mended, .. } = next;
    let services: BTreeSet<&String> = lacks.iter().flat_map(|lack| &lack.services).collect();
    let of_them = rules.iter().filter(|one| services.contains(&one.service.name) && !one.service.is_observed);
    let telling: Vec<&Rules<'_>> = of_them.collect();
    let tracker = rules.iter().find(|one| one.projects.contains(issue.key.project())).map(|one| &one.tracker);
    known.title.clone_from(&issue.title);
    known.url.clone_from(&issue.url);
    known.tracker = tracker.map(|one| TrackerAt { kind: one.kind, url: one.url.clone() }).or(known.tracker);
    let page = format!("{}/stories/{key}", serving.pages);
    let mut says_so = known.is_commented && (is_mended || known.is_elsewhere);
    if !lacks.is_empty() {
        known.owner = issue.assignee.clone().or_else(|| issue.reporter.clone());
        let by_dm = serving.slack.is_some() && telling.iter().any(|one| one.service.told_early.slack_dm);
        let member = match known.owner.as_ref().filter(|_| by_dm) {
            Some(owner) => serving.store.same_person(JIRA, &owner.id, SLACK).await?,
            None => None,
        };
        if telling.iter().any(|one| one.service.told_early.jira_comment) && (member.is_none() || known.is_commented) {
            (says_so, known.is_commented) = (true, true);
        }
        let routes = || telling.iter().map(|one| &one.service.told_early.route);
        batch.news.push(News {
            told: EarlyTold {
                story: key.clone(),
                title: issue.title.clone(),
                url: issue.url.clone(),
                page,
                owner: known.owner.as_ref().map(|owner| owner.name.clone()),
                services: telling.iter().map(|one| one.service.name.clone()).collect(),
                lacks: lacks.iter().map(|lack| (lack.said.clone(), lack.fix.clone())).collect(),
            },
            member,
            channels: routes().filter_map(|route| route.slack_channel.clone()).collect(),
            email: routes().flat_map(|route| route.email.iter().cloned()).collect(),
        });
    }
    if let Some(tracker) = known.tracker.clone().filter(|_| says_so) {
        let said = known.lacks.iter().map(|lack| lack.said.clone()).collect();
        let wanted = EarlyCommentWanted { tracker, story: key.clone(), lacks: said };
        batch.messages.push(wanted.message(key_of(serving, &format!("jira {key}"), now), now));
    }
    // Strings and times: there is always JSON for them.
    Ok(serde_json::to_string(&known).unwrap_or_default())
}

/// More stories than some at once are one message to each place.
fn digests(serving: &Serving, news: Vec<News>, now: Timestamp) -> Vec<NewMessage> {
    let mut in_slack: BTreeMap<String, Vec<EarlyTold>> = BTreeMap::new();
    let mut by_email: BTreeMap<EmailAddress, Vec<EarlyTold>> = BTreeMap::new();
    for News { told, member, channels, email } in news {
        let channels = channels.into_iter().chain(member).filter(|_| serving.slack.is_some());
        channels.for_each(|channel| in_slack.entry(channel).or_default().push(told.clone()));
        let email = email.into_iter().filter(|_| serving.mail.is_some());
        email.for_each(|to| by_email.entry(to).or_default().push(told.clone()));
    }
    let at_once = |number: usize| if number > serving.early_digest_over { number } else { 1 };
    let mut messages = Vec::new();
    for (channel, told) in in_slack {
        for some in told.chunks(at_once(told.len())) {
            messages.push(early_told(some.to_vec(), &channel, key_of(serving, &named(&channel, some), now), now));
        }
    }
    for (to, told) in by_email {
        for some in told.chunks(at_once(told.len())) {
            messages.push(early_mailed(some.to_vec(), &to, key_of(serving, &named(to.as_str(), some), now), now));
        }
    }
    messages
}

fn named(place: &str, told: &[EarlyTold]) -> String {
    format!("{place} {}", told.first().map(|one| one.story.as_str()).unwrap_or_default())
}

/// A database that begins anew says other things than the one before it.
fn key_of(serving: &Serving, what: &str, now: Timestamp) -> String {
    format!("{} early {what} {}", serving.pages, now.as_microsecond())
}
