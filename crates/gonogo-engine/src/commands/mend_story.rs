//! A person fills in a field of a story, or moves it, under their own name in the
//! tracker: what the policy that judged it asks for, and nothing else.

mod act;
mod doing;

pub use act::words;
pub(crate) use act::{Looks, settle};
pub use doing::{Mend, mend};

use super::jira_account::{Acting, ActingError, Renewal, acting, is_refused};
use crate::gather::may_ask;
use crate::jobs::are_new;
use crate::locate::type_policy;
use crate::recording::Recording;
use crate::serving::Serving;
use gonogo_api::Check;
use gonogo_checks::questions::{Answer, Ask};
use gonogo_checks::{FieldToMend, Mends};
use gonogo_core::case::PolicyInForce;
use gonogo_core::fact::Fact;
use gonogo_core::ids::IssueKey;
use gonogo_core::person::{Act, Forbidden, Person};
use gonogo_core::policy::TrackerKind;
use gonogo_core::story::{FieldValue, Issue};
use gonogo_remote::jira::{Entry, FormField, IssueForm, MoveWay, NotForYou};
use gonogo_store::StoreError;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use thiserror::Error;

/// Open candidates whose judgements are read.
const MOST_READ: usize = 8;
/// What finds something that a person can mend in the tracker.
const CHECKS: [&str; 2] = ["story-fields", "story-state"];

#[derive(Debug, Error)]
pub enum MendError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Forbidden(Forbidden),
    /// What was on the page is not so any more.
    #[error("{0}")]
    Gone(String),
    /// What was given, and what would do.
    #[error("{0}")]
    Input(String),
    #[error("{0}")]
    NotActing(ActingError),
    #[error("{0}")]
    Jira(NotForYou),
    /// A program's key.
    #[error("the key was used for another request")]
    KeyUsed,
    /// It was begun, and it is not known yet what came of it.
    #[error("{0}")]
    Doubtful(String),
}

impl From<ActingError> for MendError {
    fn from(error: ActingError) -> Self {
        match error {
            ActingError::Store(error) => Self::Store(error),
            other => Self::NotActing(other),
        }
    }
}

/// What one open candidate's judgement asks of the story.
#[derive(Debug)]
struct Asked {
    service: String,
    policies: Vec<PolicyInForce>,
    /// Those of [`CHECKS`] that found something.
    checks: Vec<&'static str>,
    issue: Arc<Issue>,
}

/// What is asked of a story, by all that wait for it.
#[derive(Debug)]
pub struct Wanted {
    asked: Vec<Asked>,
    pub mends: Mends,
    /// The issue's own key, which may be another one than a commit named.
    pub issue: IssueKey,
    pub url: String,
    tracker: (TrackerKind, String),
}

impl Wanted {
    /// What the open candidates with this story found of it; `None` where that is
    /// nothing, or where it is in a tracker that is not the server's.
    pub async fn of(serving: &Serving, key: &str) -> Result<Option<Self>, StoreError> {
        let mut wanted: Option<Self> = None;
        for candidate in serving.store.open_candidates_with(key).await?.into_iter().take(MOST_READ) {
            let Some(newest) = serving.store.newest_evaluation(candidate.id).await? else { continue };
            let Ok(check) = serde_json::from_str::<Check>(&newest.result) else { continue };
            let is_found = |name: &&str| check.findings.iter().any(|one| one.check == **name && one.subject.id == key);
            let checks: Vec<&'static str> = CHECKS.into_iter().filter(is_found).collect();
            if checks.is_empty() {
                continue;
            }
            let recording = serving.store.recording(newest.id).await?;
            let Some(recording) = recording.and_then(|bytes| Recording::parse(&bytes).ok()) else { continue };
            let Some(issue) = issue_of(&recording, key) else { continue };
            let policies: Vec<PolicyInForce> = recording.policies().cloned().collect();
            let asked = Asked { service: candidate.service, policies, checks, issue };
            let Some((mends, tracker)) = asked.mends(serving, &asked.issue) else { continue };
            match &mut wanted {
                Some(known) if known.tracker == tracker => {
                    known.mends.also(mends);
                    known.asked.push(asked);
                }
                Some(_) => {}
                None => {
                    let (issue, url) = (asked.issue.key.clone(), asked.issue.url.clone());
                    wanted = Some(Self { mends, issue, url, tracker, asked: vec![asked] });
                }
            }
        }
        Ok(wanted.filter(|wanted| wanted.mends != Mends::default()))
    }

    /// Services in which it waits, and is found wanting.
    pub fn services(&self) -> BTreeSet<&str> {
        self.asked.iter().map(|asked| asked.service.as_str()).collect()
    }

    /// Of what is to be mended, and of what that confirms.
    fn names(&self) -> BTreeSet<String> {
        self.mends
            .fields
            .iter()
            .flat_map(|field| [Some(field.name.clone()), field.confirms.clone()])
            .flatten()
            .collect()
    }

    /// The same of the issue as it is now.
    fn anew(&self, serving: &Serving, form: &IssueForm) -> Mends {
        let now: BTreeMap<&str, &FormField> = form.fields.iter().map(|field| (field.name.as_str(), field)).collect();
        let mut mends = Mends::default();
        for asked in &self.asked {
            let mut issue = Issue::clone(&asked.issue);
            issue.status = form.status.clone();
            issue.assignee.clone_from(&form.assignee);
            for (name, value) in &mut issue.fields {
                if let Some(field) = now.get(name.as_str()) {
                    *value = field.now.clone();
                }
            }
            mends.also(asked.mends(serving, &issue).map(|(mends, _)| mends).unwrap_or_default());
        }
        mends
    }
}

impl Asked {
    /// By each of the policies that judged, as far as they name the server's tracker.
    fn mends(&self, serving: &Serving, issue: &Issue) -> Option<(Mends, (TrackerKind, String))> {
        let (mut all, mut at) = (Mends::default(), None);
        for policy in &self.policies {
            let (typed, _) = type_policy(policy);
            let tracker = typed.sections.tracker.as_ref()?;
            may_ask(tracker, &serving.outside).ok()?;
            at = Some((tracker.kind, tracker.url.trim_end_matches('/').to_owned()));
            all.also(typed.mends(issue, &self.checks));
        }
        at.map(|at| (all, at))
    }
}

fn issue_of(recording: &Recording, key: &str) -> Option<Arc<Issue>> {
    recording.facts().iter().find_map(|(ask, recorded)| match (ask, &recorded.answer) {
        (Ask::IssueOf(of), Answer::IssueOf(Fact::Known(issue))) if of.key.to_string() == key => Some(Arc::clone(issue)),
        _ => None,
    })
}

/// What somebody can do about a story, as Jira says now.
#[derive(Debug)]
pub struct Offer {
    pub wanted: Wanted,
    pub acting: Acting,
    pub fields: Vec<Offered>,
    /// Transitions that lead to a state that it may ship from.
    pub ways: Vec<MoveWay>,
    /// The state that it is in; `None` where nothing is wrong with that.
    pub wrong_state: Option<String>,
}

/// A field, and how it can be mended.
#[derive(Debug)]
pub struct Offered {
    pub field: FormField,
    /// Which field it confirms.
    pub confirms: Option<String>,
    /// Why it is done in Jira.
    pub elsewhere: Option<String>,
}

/// Asks Jira what this person could do about a story now.
pub async fn offer(serving: &Arc<Serving>, who: &Person, key: &str) -> Result<Offer, MendError> {
    who.may(Act::MendStory).map_err(MendError::Forbidden)?;
    let nothing = || MendError::Gone(format!("nothing is found of {key} any more that is mended in the tracker"));
    let wanted = Wanted::of(serving, key).await?.ok_or_else(nothing)?;
    let (acting, form) = asked(serving, who, &wanted).await?;
    let mends = wanted.anew(serving, &form);
    let me = acting.account.subject.clone();
    let of = |wanted: &FieldToMend| form.fields.iter().find(|field| field.name == wanted.name);
    let fields = mends.fields.iter().filter_map(|one| {
        let field = of(one)?.clone();
        let elsewhere = elsewhere(&field, one, &form, &me);
        Some(Offered { confirms: one.confirms.clone(), elsewhere, field })
    });
    let fields = fields.collect();
    let leads = |way: &&MoveWay| mends.states.iter().any(|word| way.to.is(word));
    let ways = form.ways.iter().filter(leads).cloned().collect();
    let wrong_state = (!mends.states.is_empty()).then(|| form.status.name.clone());
    Ok(Offer { fields, ways, wrong_state, acting, wanted: Wanted { mends, ..wanted } })
}

/// Why a field is mended in Jira, and not from here.
fn elsewhere(field: &FormField, wanted: &FieldToMend, form: &IssueForm, me: &str) -> Option<String> {
    match (&field.entry, &wanted.confirms) {
        (Entry::Elsewhere(why), _) => Some(why.clone()),
        (Entry::Person, None) => Some("a person is chosen there".to_owned()),
        (Entry::Person, Some(_)) if form.assignee.as_ref().is_some_and(|assignee| assignee.id == me) => {
            Some("you are the assignee, and somebody else has to confirm it".to_owned())
        }
        (Entry::Person, Some(_)) => match &field.now {
            FieldValue::Person(who) if who.id == me => {
                Some("it names you already: empty it there, and confirm it again".to_owned())
            }
            _ => None,
        },
        (_, Some(_)) => Some("it does not name a person".to_owned()),
        (_, None) => None,
    }
}

/// A token that is not taken is renewed once.
async fn asked(serving: &Arc<Serving>, who: &Person, wanted: &Wanted) -> Result<(Acting, IssueForm), MendError> {
    let app = serving.jira_app.as_ref().ok_or(ActingError::NotSetUp)?;
    if (app.kind(), app.tracker()) != (wanted.tracker.0, wanted.tracker.1.as_str()) {
        return Err(MendError::Gone("the policy names another tracker than the server does".to_owned()));
    }
    let names = wanted.names();
    for renewal in [Renewal::WhereItEnds, Renewal::Now] {
        let acting = acting(serving, who, renewal).await?;
        match acting.jira.form(&wanted.issue, &names).await {
            Ok(form) => return Ok((acting, form)),
            Err(NotForYou::Token) if renewal == Renewal::Now => {
                is_refused(serving, who, &acting.account).await?;
                return Err(ActingError::Ended("Jira does not take it any more".to_owned()).into());
            }
            Err(NotForYou::Token) => {}
            Err(error) => return Err(MendError::Jira(error)),
        }
    }
    Err(MendError::Jira(NotForYou::Token))
}

/// What was answered of it before counts no more, and who waits for it is judged.
async fn judge_anew(serving: &Serving, keys: [&str; 2]) -> Result<(), StoreError> {
    are_new(serving, &keys.map(str::to_owned)).await?;
    Ok(())
}
