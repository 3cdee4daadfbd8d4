//! Questions that the tracker answers.

use super::CodeHostAccess;
use crate::serving::Silent;
use gonogo_checks::Wants;
use gonogo_checks::questions::{Answer, Ask, IssueOf, ReadyStories};
use gonogo_core::fact::{Fact, System, Why};
use gonogo_core::ids::IssueKey;
use gonogo_core::policy::Tracker as TrackerPolicy;
use gonogo_core::story::Ready;
use gonogo_remote::http::HttpSettings;
use gonogo_remote::jira::{Jiras, Selection, Tracker};
use gonogo_store::Store;
use jiff::Timestamp;
use std::fmt;
use std::sync::Arc;

/// The tracker of a policy, or why it cannot be asked.
pub(crate) struct TrackerAccess {
    source: String,
    /// Where and what it is.
    policy: Result<TrackerPolicy, Why>,
    jiras: Arc<Jiras>,
    silent: Arc<Silent>,
}

impl fmt::Debug for TrackerAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrackerAccess").field("source", &self.source).finish_non_exhaustive()
    }
}

/// What the environment says about reaching systems outside.
#[derive(Clone, Debug)]
pub struct Outside {
    pub jiras: Arc<Jiras>,
    pub http: HttpSettings,
    pub trusted: TrustedTracker,
    pub code_host: CodeHostAccess,
    /// Where answers of before are, for when the tracker does not answer.
    pub kept: Option<Store>,
    /// The OpenID Connect provider that people sign in with.
    pub oidc_issuer: Option<String>,
    /// When the tracker did not answer last: who judges then does not wait for it
    /// each time anew.
    pub silent_tracker: Arc<Silent>,
}

/// Which trackers may see our credentials: a policy could send them anywhere.
#[derive(Clone, Debug)]
pub enum TrustedTracker {
    /// Whoever runs this chose the policy.
    Any,
    Only(String),
    None,
}

impl TrackerAccess {
    /// The one that these policies name, of each commit that production runs its own.
    pub(crate) fn of<'a>(policies: impl Iterator<Item = &'a TrackerPolicy>, outside: &Outside) -> Self {
        let silent = Arc::clone(&outside.silent_tracker);
        let jiras = Arc::clone(&outside.jiras);
        let of = |source: &str, policy| Self { source: source.to_owned(), policy, jiras, silent };
        let mut policies = policies.fuse();
        let Some(policy) = policies.next() else {
            let why = Why::new("no tracker is configured", "write [tracker] into gonogo.toml");
            return of("tracker", Err(why));
        };
        if let Some(other) = policies.find(|other| !is_same(other, policy)) {
            let what = format!("production runs commits whose policies name {} and {}", policy.url, other.url);
            return of("tracker", Err(Why::new(what, "bring production to one commit")));
        }
        of(&policy.url, may_ask(policy, outside).map(|()| policy.clone()))
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// All stories in bulk, and the searches beside them.
    pub(crate) async fn gather(&self, asks: &[&Ask], wants: &Wants, now: Timestamp) -> Vec<(Ask, Answer)> {
        let none = |why: &Why| asks.iter().map(|ask| ((*ask).clone(), ask.unknown(why.clone()))).collect();
        // A new one each time: what git and the code host took is not of its time.
        let tracker = match self.policy.clone().and_then(|policy| self.jiras.tracker(&policy)) {
            Ok(tracker) => tracker,
            Err(why) => return none(&why),
        };
        if asks.is_empty() {
            return Vec::new();
        }
        if let Some(said) = self.silent.left_alone(now) {
            let why = Why::new(said, "wait until it is back; this is tried again by itself");
            return none(&Why { is_away: true, ..why.of(System::Tracker) });
        }
        let answers = self.ask(tracker.as_ref(), asks, wants).await;
        if let Some(why) = answers.iter().find_map(|(_, answer)| answer.why().filter(|why| why.is_away)) {
            self.silent.set(now, &why.said);
        }
        answers
    }

    async fn ask(&self, tracker: &dyn Tracker, asks: &[&Ask], wants: &Wants) -> Vec<(Ask, Answer)> {
        let selection = Selection { fields: wants.fields.clone(), history: wants.history };
        let keys: Vec<IssueKey> = asks.iter().filter_map(|ask| key_of(ask)).collect();
        let queries = asks.iter().filter_map(|ask| match ask {
            Ask::ReadyStories(q) => Some(q.clone()),
            _ => None,
        });
        let searches = futures_util::future::join_all(queries.map(|question| async {
            let found = tracker.search(&question.query, &selection).await;
            (question, found)
        }));
        let stories = async { if keys.is_empty() { Vec::new() } else { tracker.issues(&keys, &selection).await } };
        let (stories, searches) = tokio::join!(stories, searches);
        let stories = keys.into_iter().zip(stories).map(|(key, fact)| {
            let fact = match fact {
                Fact::Known(issue) => Fact::Known(Arc::new(issue)),
                Fact::Absent => Fact::Absent,
                Fact::Unknown(why) => Fact::Unknown(why.of(System::Tracker)),
            };
            (IssueOf { key }.into(), Answer::IssueOf(fact))
        });
        let searches = searches.into_iter().map(|(question, found): (ReadyStories, _)| {
            let fact = match found {
                Fact::Known(issues) => Fact::Known(Ready { issues }),
                Fact::Absent => Fact::Absent,
                Fact::Unknown(why) => Fact::Unknown(why.of(System::Tracker)),
            };
            (question.into(), Answer::ReadyStories(fact))
        });
        stories.chain(searches).collect()
    }
}

/// Whether both name the same tracker, whatever else they say of it.
fn is_same(one: &TrackerPolicy, other: &TrackerPolicy) -> bool {
    one.kind == other.kind && is_at(&one.url, &other.url)
}

fn is_at(one: &str, other: &str) -> bool {
    one.trim_end_matches('/') == other.trim_end_matches('/')
}

pub(crate) fn may_ask(policy: &TrackerPolicy, outside: &Outside) -> Result<(), Why> {
    match &outside.trusted {
        TrustedTracker::Any => return Ok(()),
        TrustedTracker::Only(url) if is_at(url, &policy.url) => return Ok(()),
        TrustedTracker::Only(_) | TrustedTracker::None => {}
    }
    let said = format!("the policy names the tracker {}, which is not the server's", policy.url);
    Err(Why::new(said, "write [tracker] url into the server's configuration, or mend the policy's"))
}

fn key_of(ask: &Ask) -> Option<IssueKey> {
    match ask {
        Ask::IssueOf(question) => Some(question.key.clone()),
        _ => None,
    }
}
