//! The stories between two commits of a service, and what is told of each.

use super::{Commits, checklist};
use crate::commands::{CheckRequest, read};
use crate::gather::TrackerAccess;
use crate::jobs::evaluate::Silent;
use crate::jobs::{JobError, production};
use crate::locate::type_policy;
use crate::serving::{Service, Serving};
use crate::{CodeHost, CodeHostAccess, GivenProduction, Outside};
use gonogo_api::Story;
use gonogo_checks::questions::{Answer, Ask, IssueOf};
use gonogo_checks::{PostDeploy, Unread, Wants};
use gonogo_core::fact::{Fact, Why};
use gonogo_core::ids::{IssueKey, Sha};
use gonogo_core::policy::{Partial, Tracker, TrackerKind};
use gonogo_core::running::Running;
use gonogo_store::{ProductionMove, StoryCame, ToAsk};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a commit has beside others.
pub(super) struct Range {
    stories: Vec<Story>,
    tracker: Option<Tracker>,
    partial: Partial,
    /// Why it may have stories that nobody could tell.
    pub unread: Option<Unread>,
    /// How its stories say what is to be looked at.
    after_deploy: Option<PostDeploy>,
}

/// What is told of a story beside its title.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ToldOf {
    /// Where it stands in the tracker.
    pub url: Option<String>,
    pub tracker: Option<TrackerAt>,
    /// What hides it from customers.
    #[serde(default)]
    pub flag: Option<String>,
    /// Whether nobody could tell if something does.
    #[serde(default)]
    pub is_flag_unknown: bool,
}

/// The tracker of the policy that was in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::jobs) struct TrackerAt {
    pub kind: TrackerKind,
    pub url: String,
}

/// Of each story its title and its flag, as far as the tracker tells.
pub(super) struct Told {
    tracker: Option<Tracker>,
    /// How each is asked what is to be looked at.
    to_ask: Option<ToAsk>,
    known: BTreeMap<String, (String, Option<String>)>,
    /// Of which nobody knows whether something hides it, and why.
    unknown: BTreeMap<String, Why>,
}

impl Range {
    pub(super) async fn read(
        serving: &Serving,
        service: &Service,
        head: Sha,
        over: &Running,
    ) -> Result<Self, JobError> {
        let host = CodeHost { github: Arc::clone(&serving.github), repository: service.repository.clone() };
        Self::read_with(serving, service, head, over, None, CodeHostAccess::Known(host)).await
    }

    /// The same of what may lie years back: as the policy of `head` has it, and by
    /// the commits' own words, since nobody is asked for the pull request of each.
    pub(super) async fn of_messages(
        serving: &Serving,
        service: &Service,
        head: Sha,
        over: &Running,
    ) -> Result<Self, JobError> {
        let ruled_by = production::given(Some(&head.into()), &head.short(), "what runs", None);
        Self::read_with(serving, service, head, over, Some(ruled_by), CodeHostAccess::None).await
    }

    async fn read_with(
        serving: &Serving,
        service: &Service,
        head: Sha,
        over: &Running,
        ruled_by: Option<GivenProduction>,
        code_host: CodeHostAccess,
    ) -> Result<Self, JobError> {
        let production = production::given(Some(over), &over.short(), "what ran", None);
        let wanted = crate::Wanted {
            head: Some(head.to_string()),
            production: Some(production),
            ruled_by,
            ..production::wanted(serving.mirror_of(service), service)
        };
        let outside = Outside { code_host, ..serving.outside.clone() };
        let request = CheckRequest { wanted, waivers: Vec::new(), outside, clock: serving.clock };
        let runtime = tokio::runtime::Handle::current();
        let checked = tokio::task::spawn_blocking(move || runtime.block_on(read(&request, &Silent)))
            .await
            .map_err(|_| JobError::Broken("the reader ended early".to_owned()))??;
        let (policy, _) = type_policy(checked.recording.policy());
        let after_deploy = policy.after_deploy().cloned();
        let (tracker, partial) = (policy.sections.tracker, policy.sections.stories.partial);
        let (stories, unread) = (checked.outcome.check.stories, checked.unread);
        Ok(Self { stories, tracker, partial, unread, after_deploy })
    }

    /// Stories that it has and the others lack.
    pub(super) fn brought(&self) -> Commits {
        self.those(|story| story.ships)
    }

    /// Stories that the others have and it undoes.
    pub(super) fn taken(&self) -> Commits {
        self.those(|story| story.taken_back && !story.ships)
    }

    fn those(&self, fits: fn(&Story) -> bool) -> Commits {
        let fitting = self.stories.iter().filter(|story| fits(story));
        fitting.map(|story| (story.key.clone(), story.commits.iter().cloned().collect())).collect()
    }
}

/// The titles of stories, and what hides them; a tracker that is away tells neither.
pub(super) async fn told(
    serving: &Serving,
    moved: &ProductionMove,
    ranges: &[Range],
    stories: impl Iterator<Item = &String>,
) -> Told {
    let tracker = ranges.iter().find_map(|range| range.tracker.clone());
    let access = TrackerAccess::of(tracker.iter(), &serving.outside);
    let keys = stories.filter_map(|story| story.parse::<IssueKey>().ok());
    let asks: Vec<Ask> = keys.map(|key| IssueOf { key }.into()).collect();
    let (mut known, mut unknown) = (BTreeMap::new(), BTreeMap::new());
    let partial = ranges.first().map(|range| range.partial.clone()).unwrap_or_default();
    let wants = Wants { fields: partial.field.iter().cloned().collect(), history: false };
    if tracker.is_some() && !asks.is_empty() {
        let all: Vec<&Ask> = asks.iter().collect();
        for (ask, answer) in access.gather(&all, &wants, (serving.clock)()).await {
            let (Ask::IssueOf(of), Answer::IssueOf(fact)) = (ask, answer) else { continue };
            match fact {
                Fact::Known(issue) => {
                    known.insert(of.key.to_string(), (issue.title.clone(), partial.flag_of(&issue)));
                }
                Fact::Unknown(why) if partial.asks_tracker() => {
                    unknown.insert(of.key.to_string(), why);
                }
                Fact::Unknown(_) | Fact::Absent => {}
            }
        }
    }
    let after_deploy = ranges.first().and_then(|range| range.after_deploy.as_ref());
    let to_ask = after_deploy.zip(tracker.as_ref()).map(|(check, tracker)| checklist::to_ask(check, tracker, moved));
    Told { tracker, to_ask, known, unknown }
}

impl Told {
    /// Why the tracker cannot tell now what hides a story, and may soon.
    pub(super) fn is_away(&self) -> Option<&Why> {
        self.unknown.values().find(|why| why.is_away)
    }

    pub(super) fn came(&self, story: String, commits: Vec<String>) -> StoryCame {
        let (title, flag) = self.known.get(&story).cloned().unwrap_or_default();
        let told = ToldOf {
            flag,
            is_flag_unknown: self.unknown.contains_key(&story),
            url: self.tracker.as_ref().map(|tracker| tracker.page_of(&story)),
            tracker: self.tracker.as_ref().map(|at| TrackerAt { kind: at.kind, url: at.url.clone() }),
        };
        // Strings: there is always JSON for them.
        let told = serde_json::to_string(&told).unwrap_or_default();
        StoryCame { story, title, told, commits, to_ask: self.to_ask.clone() }
    }
}
