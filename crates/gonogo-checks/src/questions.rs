//! Everything that a check can ask, one line each. Who adds one adds its arm to
//! the match in the engine's gather.

use gonogo_core::build::{Build, RequiredBuild, UsualBuild};
use gonogo_core::changeset::{Changeset, LineCount, MergeBack, MergeDiff, Place, Prefixes, Sighting, Undoing};
use gonogo_core::fact::{Fact, Why};
use gonogo_core::ids::{IssueKey, Sha};
use gonogo_core::policy::{ServicePath, SignedBy};
use gonogo_core::post_deploy::AfterDeploys;
use gonogo_core::pull::PullRequest;
use gonogo_core::story::{Aware, Issue, Ready};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A question knows its ask and how to read its answer.
pub trait Question: Into<Ask> {
    type Answer: Clone;
    fn of(answer: &Answer) -> Option<&Fact<Self::Answer>>;
}

macro_rules! questions {
    ($($(#[$doc:meta])* $name:ident { $($(#[$of_field:meta])* $field:ident: $kind:ty),+ } => $answer:ty;)+) => {
        $($(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name { $($(#[$of_field])* pub $field: $kind),+ }

        impl From<$name> for Ask {
            fn from(question: $name) -> Self {
                Self::$name(question)
            }
        }

        impl Question for $name {
            type Answer = $answer;
            fn of(answer: &Answer) -> Option<&Fact<Self::Answer>> {
                match answer {
                    Answer::$name(fact) => Some(fact),
                    _ => None,
                }
            }
        })+

        /// A question as a value.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Ask { $($name($name)),+ }

        /// The answer to the question of the same name.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub enum Answer { $($name(Fact<$answer>)),+ }

        impl Answer {
            /// Why there is none.
            pub fn why(&self) -> Option<&Why> {
                match self {
                    $(Self::$name(Fact::Unknown(why)) => Some(why),)+
                    _ => None,
                }
            }
        }

        impl Ask {
            /// The answer that says why there is none.
            pub fn unknown(&self, why: Why) -> Answer {
                match self { $(Self::$name(_) => Answer::$name(Fact::Unknown(why))),+ }
            }
        }
    };
}

questions! {
    /// Everything between two commits, both ways.
    Range { base: Sha, head: Sha } => Arc<Changeset>;
    /// Commits of the range whose change production has already, with production's commit.
    Copies { base: Sha, head: Sha } => Arc<BTreeMap<Sha, Sha>>;
    /// Commits of the range, both ways, that change something below a folder; a
    /// merge where it brings such a change.
    Below { base: Sha, head: Sha, path: ServicePath } => Arc<BTreeSet<Sha>>;
    /// A commit outside the range, by the full or short name in a message, with
    /// the commits that it in turn reverts.
    Named { name: String } => NamedCommit;
    /// The newest of a commit and those behind it that brought a pull request of
    /// this title.
    NumberedCommit { behind: Sha, number: u64, title: String } => NamedCommit;
    /// A commit held against undoing others, newest first, of a merge with the
    /// parent that stays. Whether the last ones, which are outside the range, are
    /// behind it is asked too.
    UndoingOf { by: Sha, undone: Vec<(Sha, Option<Sha>)>, outside: usize } => Undoing;
    /// Whether a head has what a commit changed all the same, which was reverted: a
    /// merge may have dropped the revert.
    KeptBy { head: Sha, commit: Sha } => bool;
    /// The key-like words of the newest commits.
    PrefixesOf { head: Sha } => Prefixes;
    /// What merging production into the head would do.
    MergeOf { base: Sha, head: Sha } => MergeBack;
    /// What a merge has that merging its parents does not give.
    MergeDiffOf { merge: Sha } => MergeDiff;
    /// What merging a merge's parent again would do to a head, had it no such
    /// merge behind it.
    MergedAgain { head: Sha, parent: Sha, others: Vec<Sha> } => MergeBack;
    /// The policy in a commit's tree.
    PolicyAt { sha: Sha } => String;
    /// Conflict markers in the added lines of the diff.
    ConflictMarkers { base: Sha, head: Sha } => Vec<Place>;
    /// Paths that differ between two commits.
    ChangedPaths { base: Sha, head: Sha } => Vec<String>;
    /// A commit's stable patch id; empty for an empty change.
    PatchOf { sha: Sha } => String;
    /// Lines that a commit adds and removes.
    LinesOf { sha: Sha } => LineCount;
    /// The statuses and check runs of a commit.
    BuildsOf { sha: Sha } => Vec<Build>;
    /// What the branch's rules at the code host require to have passed.
    RequiredBuilds { branch: String } => Vec<RequiredBuild>;
    /// How builds went on the commits of the service that were deployed last.
    UsualBuilds { service: String } => Vec<UsualBuild>;
    /// The pull requests that have a commit.
    PullsOf { sha: Sha } => Vec<PullRequest>;
    /// A pull request, by its number.
    PullNumbered { number: u64 } => PullRequest;
    /// A story in the tracker.
    IssueOf { key: IssueKey } => Arc<Issue>;
    /// The stories that a query finds.
    ReadyStories { query: String } => Ready;
    /// What a team knows of a story as far as a service is concerned, and when it was
    /// told in these places.
    AwareOf { story: IssueKey, team: String, #[serde(default)] channel: String, #[serde(default)] service: String } => Aware;
    /// What nobody has settled after the deploys of a service.
    UnsettledOf { service: String } => Arc<AfterDeploys>;
    /// Who signed a head over what runs off, by what the policy calls it.
    SignedOff { service: String, base: Sha, head: Sha } => BTreeMap<String, SignedBy>;
    /// Where a key is outside the range.
    SightingsOf { base: Sha, head: Sha, key: IssueKey } => Vec<Sighting>;
}

/// A commit that a message names, and what that one reverts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedCommit {
    pub sha: Sha,
    pub message: String,
    pub reverts: Vec<NamedCommit>,
}
