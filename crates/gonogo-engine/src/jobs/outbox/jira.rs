//! What a story's issue says of its deploys, and of what was looked at after them:
//! one comment of ours, which changes, and the state that it is in.

use super::{NotSaid, Sure};
use crate::gather::may_ask;
use crate::jobs::shipping::TrackerAt;
use crate::serving::Serving;
use gonogo_core::fact::{Fact, Why};
use gonogo_core::ids::IssueKey;
use gonogo_core::policy::Tracker as TrackerPolicy;
use gonogo_core::post_deploy::{LookState, Seen};
use gonogo_core::say;
use gonogo_remote::jira::{Comment, Known, Moved, NotWritten, Selection, Tracker};
use gonogo_store::{LookAnswer, LookRow, LooksWanted, NewMessage, Outgoing, StoreError};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(super) const COMMENT: &str = "jira-comment";
pub(in crate::jobs) const TRANSITION: &str = "jira-transition";

/// Of one story, the newest.
const MOST_LOOKS: u32 = 50;
const MOST_NOTE: usize = 500;

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::jobs) struct CommentWanted {
    pub tracker: TrackerAt,
    pub story: String,
    pub page: String,
    /// Why it is wanted, `None` for what somebody looked at. It says what is so when
    /// it is said.
    #[serde(flatten)]
    pub turned: Option<Turned>,
}

/// A story was deployed, or rolled back.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::jobs) struct Turned {
    /// Else it was rolled back.
    pub is_deployed: bool,
    /// That have it now, or that do not any more.
    pub services: Vec<String>,
    pub at: Timestamp,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::jobs) struct TransitionWanted {
    pub tracker: TrackerAt,
    pub story: String,
    /// By the name that the tracker has for it.
    pub state: String,
    /// When the story turned for which it is moved; what was wanted by an older
    /// version does not tell.
    #[serde(default)]
    pub turned_at: Option<Timestamp>,
}

impl CommentWanted {
    pub(in crate::jobs) fn message(&self, key: String, at: Timestamp) -> NewMessage {
        new(COMMENT, &self.story, key, self, at)
    }
}

impl Turned {
    /// What was said of a story last, as it stands by now.
    pub(super) async fn last(serving: &Serving, story: &str) -> Result<Option<Self>, StoreError> {
        let Some(said) = serving.store.story_said(story).await? else { return Ok(None) };
        let (is_deployed, at) = (said.is_deployed, said.at);
        let runs = serving.store.runs_of(story).await?.into_iter();
        let runs = runs.filter(|run| run.is_live == is_deployed && serving.service(&run.service).is_some());
        let services: Vec<String> = runs.map(|run| run.service).collect();
        Ok((!services.is_empty()).then_some(Self { is_deployed, services, at }))
    }

    fn line(&self) -> String {
        let (services, at) = (say::list(&self.services, self.services.len()), say::minute(self.at));
        if self.is_deployed {
            format!("Deployed: in production of {services} since {at}.")
        } else {
            format!("Rolled back: not in production of {services} any more since {at}.")
        }
    }
}

impl TransitionWanted {
    pub(in crate::jobs) fn message(&self, key: String, at: Timestamp) -> NewMessage {
        new(TRANSITION, &self.story, key, self, at)
    }

    /// Whether the story has not turned since.
    async fn is_still_so(&self, serving: &Serving) -> Result<bool, StoreError> {
        let Some(said) = serving.store.story_said(&self.story).await? else { return Ok(false) };
        let is_this = |turned: Timestamp| turned.as_microsecond() == said.at.as_microsecond();
        Ok(said.is_deployed && self.turned_at.is_none_or(is_this))
    }
}

pub(super) fn new(kind: &'static str, story: &str, key: String, meaning: &impl Serialize, at: Timestamp) -> NewMessage {
    // Strings: there is always JSON for them.
    let meaning = serde_json::to_string(meaning).unwrap_or_default();
    NewMessage { kind, target: story.to_owned(), key, meaning, stories: vec![story.to_owned()], at }
}

/// The comment's id. What it says is as it is now, not as it was when somebody
/// wanted it said.
pub(super) async fn comment(serving: &Serving, message: &Outgoing) -> Result<Result<String, NotSaid>, StoreError> {
    let wanted: CommentWanted = match meaning(message) {
        Ok(wanted) => wanted,
        Err(not) => return Ok(Err(not)),
    };
    let turned = Turned::last(serving, &wanted.story).await?;
    let of_story = LooksWanted { story: wanted.story.clone(), ..LooksWanted::default() };
    let looks = serving.store.looks(of_story, MOST_LOOKS).await?;
    let lines: Vec<String> = turned.iter().map(Turned::line).chain(looked_at(&looks)).collect();
    if lines.is_empty() {
        return Ok(Err(NotSaid::never("there is nothing to say any more")));
    }
    let comment = Comment { key: wanted.page.clone(), lines, link: wanted.page, calls: None, only_changed: false };
    let (jira, issue) = match asks(serving, message, &wanted.tracker, &wanted.story) {
        Ok(ready) => ready,
        Err(not) => return Ok(Err(not)),
    };
    serving.store.message_begins(message, (serving.clock)()).await?;
    // Each try looks for ours first: a second one changes it.
    Ok(jira.comment(&issue, &comment).await.map_err(|not| not_written(message, &not)))
}

/// Who is asked, on which issue.
pub(super) fn asks(
    serving: &Serving,
    message: &Outgoing,
    at: &TrackerAt,
    story: &str,
) -> Result<(Box<dyn Tracker>, IssueKey), NotSaid> {
    Ok((ask(serving, message, at)?, issue(story)?))
}

/// What people saw after the last deploy of each service.
fn looked_at(looks: &[LookRow]) -> Vec<String> {
    let mut last: BTreeMap<&str, &LookRow> = BTreeMap::new();
    for look in looks.iter().filter(|look| look.state != LookState::Gone) {
        last.entry(&look.service).or_insert(look);
    }
    last.values().filter_map(|look| look.answers.last().map(|answer| answered(&look.service, answer))).collect()
}

fn answered(service: &str, answer: &LookAnswer) -> String {
    let did = match answer.seen {
        Seen::Passed => "passed",
        Seen::Failed => "FAILED",
    };
    let note = say::cut(&say::printable(&answer.note), MOST_NOTE);
    let note = if note.is_empty() { String::new() } else { format!(": {note}") };
    format!("Post-deploy checks of {service} {did}, says {}, {}{note}", answer.by, say::minute(answer.at))
}

/// The state that it is in. A story that turned since is not moved: of a move that
/// was begun before that it is found out whether it was made.
pub(super) async fn transition(serving: &Serving, message: &Outgoing) -> Result<Result<String, NotSaid>, StoreError> {
    let wanted: TransitionWanted = match meaning(message) {
        Ok(wanted) => wanted,
        Err(not) => return Ok(Err(not)),
    };
    let (jira, issue) = match asks(serving, message, &wanted.tracker, &wanted.story) {
        Ok(ready) => ready,
        Err(not) => return Ok(Err(not)),
    };
    // Before it is looked at whether it is wanted still: a rollback leaves what was
    // begun to this try.
    serving.store.message_begins(message, (serving.clock)()).await?;
    Ok(if wanted.is_still_so(serving).await? {
        moves(jira.as_ref(), message, &issue, &wanted).await
    } else if message.begun_at.is_some() {
        is_there(jira.as_ref(), &issue, &wanted).await
    } else {
        Err(wanted.is_not_wanted())
    })
}

async fn moves(
    jira: &dyn Tracker,
    message: &Outgoing,
    issue: &IssueKey,
    wanted: &TransitionWanted,
) -> Result<String, NotSaid> {
    match jira.move_to(issue, &wanted.state).await.map_err(|not| not_written(message, &not))? {
        Moved::Done | Moved::Already => Ok(wanted.state.clone()),
        Moved::NoWay { from, ways } => {
            let ways = if ways.is_empty() { "nowhere".to_owned() } else { say::list(&ways, ways.len()) };
            let story = &wanted.story;
            Err(NotSaid::never(format!(
                "no transition leads {story} from {from} to {}, only to {ways}: mend jira_transition in \
                 [story_deployed], or the workflow",
                wanted.state
            )))
        }
    }
}

/// Whether a move of before was made.
async fn is_there(jira: &dyn Tracker, issue: &IssueKey, wanted: &TransitionWanted) -> Result<String, NotSaid> {
    let read = jira.issues(std::slice::from_ref(issue), &Selection::default()).await.pop();
    match read {
        Some(Fact::Known(issue)) if issue.status.is(&wanted.state) => Ok(wanted.state.clone()),
        Some(Fact::Unknown(why)) => Err(NotSaid { error: said(&why), until: None, sure: Sure::No }),
        Some(Fact::Known(_) | Fact::Absent) | None => Err(wanted.is_not_wanted()),
    }
}

impl TransitionWanted {
    fn is_not_wanted(&self) -> NotSaid {
        let story = &self.story;
        NotSaid::never(format!(
            "there is nothing to do any more: {story} was rolled back before it was moved, or deployed anew since"
        ))
    }
}

pub(super) fn meaning<T: DeserializeOwned>(message: &Outgoing) -> Result<T, NotSaid> {
    let read = serde_json::from_str(&message.meaning);
    read.map_err(|error| NotSaid::never(format!("what is to be said cannot be read: {error}")))
}

fn issue(story: &str) -> Result<IssueKey, NotSaid> {
    story.parse().map_err(|_| NotSaid::never(format!("`{story}` is no issue's key")))
}

fn ask(serving: &Serving, message: &Outgoing, at: &TrackerAt) -> Result<Box<dyn Tracker>, NotSaid> {
    let policy = TrackerPolicy::at(at.kind, at.url.clone());
    may_ask(&policy, &serving.outside).map_err(|why| NotSaid::never(said(&why)))?;
    let jira = serving.outside.jiras.tracker(&policy);
    jira.map_err(|why| not_written(message, &NotWritten { why, known: Known::NotYet }))
}

/// What came of an earlier try is not known any better for this one's end.
pub(super) fn not_written(message: &Outgoing, not: &NotWritten) -> NotSaid {
    let sure = match not.known {
        Known::Nothing => Sure::No,
        _ if message.begun_at.is_some() => Sure::No,
        Known::NotYet => Sure::NotSaid,
        Known::Never => Sure::NeverSaid,
    };
    NotSaid { error: said(&not.why), until: None, sure }
}

fn said(why: &Why) -> String {
    format!("{}: {}", why.said, why.fix)
}
