//! What people are told of stories that came into production or went: a story
//! is deployed when it runs wherever it has commits, and nothing of it waits.

use super::range::ToldOf;
use crate::jobs::outbox::{
    CommentWanted, FieldWanted, StoryTold, TRANSITION, TransitionWanted, Turned, VersionsWanted, stories_mailed,
    stories_told,
};
use crate::jobs::{EVALUATE, JobError, production};
use crate::serving::{Route, Serving};
use crate::team::Team;
use gonogo_core::email::EmailAddress;
use gonogo_store::{AwarenessRow, NewMessage, StoreError, StoryNews, StoryRun, StoryTurn, Untold};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// More stories at once are one message, where nothing else is said.
const MANY: usize = 5;

/// A story that turned.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Turn {
    story: String,
    news: StoryNews,
    title: String,
    told: ToldOf,
    /// That have it now, or that do not any more.
    services: Vec<String>,
    /// Where the teams are told that had to know of it.
    teams: BTreeSet<Place>,
    /// The fix versions that its issue gets, or loses.
    versions: Vec<String>,
}

/// Where a message goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Slack(String),
    Email(EmailAddress),
}

/// Has said what there is to say, once.
pub(in crate::jobs) async fn tell(serving: &Serving) -> Result<(), JobError> {
    let untold = serving.store.untold(EVALUATE).await?;
    let mut turns = turns(&untold, |service| serving.service(service).is_some());
    if turns.is_empty() {
        return Ok(());
    }
    for turn in &mut turns {
        turn.teams = teams(serving, &turn.story).await?;
    }
    let now = (serving.clock)();
    versions(serving, &mut turns, now).await?;
    let said = turns.iter().map(turned).collect();
    match serving.store.stories_turned(said, messages(serving, &turns, now), now).await {
        // Somebody else has said it meanwhile; the rest is said with the next look.
        Ok(()) | Err(StoreError::Fenced) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// With a rollback goes what was to be done because of the deploy.
fn turned(turn: &Turn) -> StoryTurn {
    let ends = (turn.news == StoryNews::Went).then_some((TRANSITION, "rolled back before it was moved"));
    let versions = if turn.news == StoryNews::Came { turn.versions.clone() } else { Vec::new() };
    StoryTurn { story: turn.story.clone(), news: turn.news, versions, ends }
}

/// A story that is deployed gets those of its services; one that was rolled back
/// loses what it got.
async fn versions(serving: &Serving, turns: &mut [Turn], now: Timestamp) -> Result<(), JobError> {
    let pattern = serving.story_deployed.as_ref().and_then(|says| says.jira_fix_version.as_ref());
    let day = now.strftime("%Y-%m-%d").to_string();
    let mut called: BTreeMap<String, String> = BTreeMap::new();
    for turn in turns {
        if turn.news == StoryNews::Went {
            turn.versions = serving.store.story_said(&turn.story).await?.map(|said| said.versions).unwrap_or_default();
            continue;
        }
        let Some(pattern) = pattern.filter(|_| turn.told.tracker.is_some()) else { continue };
        let mut names = BTreeSet::new();
        for service in &turn.services {
            if pattern.asks_version() && !called.contains_key(service) {
                called.insert(service.clone(), production::called(serving, service).await?);
            }
            let version = called.get(service).map(String::as_str).unwrap_or_default();
            names.insert(pattern.of(service, &day, version));
        }
        turn.versions = names.into_iter().collect();
    }
    Ok(())
}

/// Where the teams are told that had to know of a story.
async fn teams(serving: &Serving, story: &str) -> Result<BTreeSet<Place>, StoreError> {
    let rows = serving.store.awareness_of(story).await?;
    let places = |row: &AwarenessRow| {
        let team = Team::of(row);
        let told = serving.service(&row.service).map(|service| service.teams_told);
        let (in_slack, by_email) = told.map_or((true, true), |told| (told.slack, told.email));
        let channel = team.channel.filter(|_| in_slack && serving.slack.is_some()).map(Place::Slack);
        let email = team.email.into_iter().filter(move |_| by_email && serving.mail.is_some()).map(Place::Email);
        channel.into_iter().chain(email)
    };
    Ok(rows.iter().flat_map(places).collect())
}

/// The stories of which something is to be said now.
fn turns(untold: &Untold, is_ours: impl Fn(&str) -> bool) -> Vec<Turn> {
    let mut by_story: BTreeMap<&str, Vec<&StoryRun>> = BTreeMap::new();
    for run in untold.runs.iter().filter(|run| is_ours(&run.service)) {
        by_story.entry(&run.story).or_default().push(run);
    }
    let is_unknown = untold.unknown.iter().any(|service| is_ours(service));
    let waits = |story: &str| untold.waits.iter().any(|(key, service)| key == story && is_ours(service));
    let turn = |(story, runs): (&str, Vec<&StoryRun>)| {
        let has = |news: StoryNews| runs.iter().any(|run| run.news == Some(news));
        let services =
            |fits: fn(&StoryRun) -> bool| runs.iter().filter(|run| fits(run)).map(|run| run.service.clone()).collect();
        let (news, services): (_, Vec<String>) = if has(StoryNews::Went) {
            (StoryNews::Went, services(|run| run.news == Some(StoryNews::Went)))
        } else if has(StoryNews::Came) && !is_unknown && !waits(story) {
            (StoryNews::Came, services(|run| run.is_live))
        } else {
            return None;
        };
        let title = runs.iter().map(|run| &run.title).find(|title| !title.is_empty()).cloned().unwrap_or_default();
        let told = runs.iter().filter_map(|run| serde_json::from_str::<ToldOf>(&run.told).ok());
        let told = told.max_by_key(|told| told.tracker.is_some()).unwrap_or_default();
        Some(Turn {
            story: story.to_owned(),
            news,
            title,
            told,
            services,
            teams: BTreeSet::new(),
            versions: Vec::new(),
        })
    };
    by_story.into_iter().filter_map(turn).collect()
}

fn messages(serving: &Serving, turns: &[Turn], now: Timestamp) -> Vec<NewMessage> {
    let mut messages = Vec::new();
    for turn in turns {
        messages.extend(comment(serving, turn, now));
        messages.extend(transition(serving, turn, now));
        messages.extend(fix_version(serving, turn, now));
        messages.extend(field(serving, turn, now));
    }
    let mut by_place: BTreeMap<Place, Vec<&Turn>> = BTreeMap::new();
    for turn in turns {
        for place in places(serving, turn).into_iter().chain(turn.teams.clone()).collect::<BTreeSet<_>>() {
            by_place.entry(place).or_default().push(turn);
        }
    }
    let digest_over = serving.story_deployed.as_ref().map_or(MANY, |says| says.digest_over);
    for (place, turns) in by_place {
        let at_once = if turns.len() > digest_over { turns.len() } else { 1 };
        messages.extend(turns.chunks(at_once).map(|turns| told(serving, &place, turns, now)));
    }
    messages
}

/// Where the services have it told.
fn places(serving: &Serving, turn: &Turn) -> BTreeSet<Place> {
    let routes = turn.services.iter().filter_map(|name| Some(&serving.service(name)?.deployed));
    let places = |route: &Route| {
        let channel = route.slack_channel.clone().map(Place::Slack);
        channel.into_iter().chain(route.email.iter().cloned().map(Place::Email)).collect::<Vec<_>>()
    };
    routes.flat_map(places).collect()
}

fn told(serving: &Serving, place: &Place, turns: &[&Turn], now: Timestamp) -> NewMessage {
    let told = |turn: &&Turn| StoryTold {
        story: turn.story.clone(),
        title: turn.title.clone(),
        url: turn.told.url.clone(),
        page: page_of(serving, &turn.story),
        is_deployed: turn.news == StoryNews::Came,
        services: turn.services.clone(),
        flag: turn.told.flag.clone(),
        is_flag_unknown: turn.told.is_flag_unknown,
    };
    let stories: Vec<StoryTold> = turns.iter().map(told).collect();
    let first = turns.first().map(|turn| turn.story.clone()).unwrap_or_default();
    let key = |how: &str, target: &str| key(serving, &format!("{how} {target} {first} {}", turns.len()), now);
    match place {
        Place::Slack(channel) => stories_told(stories, channel, key("slack", channel), now),
        Place::Email(to) => stories_mailed(stories, to, key("email", to.as_str()), now),
    }
}

fn comment(serving: &Serving, turn: &Turn, now: Timestamp) -> Option<NewMessage> {
    serving.story_deployed.as_ref().filter(|says| says.jira_comment)?;
    let wanted = CommentWanted {
        tracker: turn.told.tracker.clone()?,
        story: turn.story.clone(),
        page: page_of(serving, &turn.story),
        turned: Some(Turned { is_deployed: turn.news == StoryNews::Came, services: turn.services.clone(), at: now }),
    };
    Some(wanted.message(key(serving, &format!("jira-comment {}", turn.story), now), now))
}

/// A rollback moves no story: where it goes then is for people to say.
fn transition(serving: &Serving, turn: &Turn, now: Timestamp) -> Option<NewMessage> {
    let state = serving.story_deployed.as_ref()?.jira_transition.clone()?;
    let tracker = turn.told.tracker.clone().filter(|_| turn.news == StoryNews::Came)?;
    let wanted = TransitionWanted { tracker, story: turn.story.clone(), state, turned_at: Some(now) };
    Some(wanted.message(key(serving, &format!("jira-transition {}", turn.story), now), now))
}

fn fix_version(serving: &Serving, turn: &Turn, now: Timestamp) -> Option<NewMessage> {
    let tracker = turn.told.tracker.clone().filter(|_| !turn.versions.is_empty())?;
    let (story, names) = (turn.story.clone(), turn.versions.clone());
    let wanted = VersionsWanted { tracker, story, names, is_deployed: turn.news == StoryNews::Came };
    Some(wanted.message(key(serving, &format!("jira-fix-version {}", turn.story), now), now))
}

fn field(serving: &Serving, turn: &Turn, now: Timestamp) -> Option<NewMessage> {
    let field = serving.story_deployed.as_ref()?.jira_field.clone()?;
    let tracker = turn.told.tracker.clone()?;
    let wanted = FieldWanted { tracker, story: turn.story.clone(), field, is_deployed: turn.news == StoryNews::Came };
    Some(wanted.message(key(serving, &format!("jira-field {}", turn.story), now), now))
}

fn page_of(serving: &Serving, story: &str) -> String {
    format!("{}/stories/{story}", serving.pages)
}

/// A database that begins anew says other things than the one before it.
fn key(serving: &Serving, what: &str, now: Timestamp) -> String {
    format!("{} {what} {}", serving.pages, now.as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(service: &str, is_live: bool, news: Option<StoryNews>) -> StoryRun {
        StoryRun {
            service: service.to_owned(),
            story: "STORY-9".to_owned(),
            title: String::new(),
            told: "{}".to_owned(),
            is_live,
            since: Timestamp::UNIX_EPOCH,
            news,
        }
    }

    fn said(runs: &[StoryRun], waits: &[&str], unknown: &[&str]) -> Option<(StoryNews, Vec<String>)> {
        let untold = Untold {
            runs: runs.to_vec(),
            waits: waits.iter().map(|service| ("STORY-9".to_owned(), (*service).to_owned())).collect(),
            unknown: unknown.iter().map(|service| (*service).to_owned()).collect(),
        };
        let mut turns = turns(&untold, |service| service != "gone");
        assert!(turns.len() < 2);
        turns.pop().map(|turn| (turn.news, turn.services))
    }

    #[test]
    fn a_story_is_deployed_when_nothing_of_it_waits_and_all_is_known() {
        let came = [run("api", true, None), run("web", true, Some(StoryNews::Came))];
        let deployed = Some((StoryNews::Came, vec!["api".to_owned(), "web".to_owned()]));
        assert_eq!(said(&came, &[], &[]), deployed);
        assert_eq!(said(&came, &["api"], &[]), None);
        assert_eq!(said(&came, &[], &["api"]), None);
        assert_eq!(said(&came, &["gone"], &["gone"]), deployed, "a service that is configured no more is nobody's");
        assert_eq!(said(&[run("gone", true, Some(StoryNews::Came))], &[], &[]), None);
    }

    #[test]
    fn a_rollback_waits_for_nothing() {
        let went = [run("api", true, None), run("web", false, Some(StoryNews::Went))];
        assert_eq!(said(&went, &["web"], &["web"]), Some((StoryNews::Went, vec!["web".to_owned()])));
    }
}
