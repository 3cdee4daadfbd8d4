//! What gonogo does: commands that a person asks for. Each gathers, decides and
//! acts, in that order. Knows no terminal and no web.

pub mod commands;
mod digest;
mod evaluate;
mod evidence;
mod gather;
mod in_force;
pub mod jobs;
mod locate;
mod marks;
mod metrics;
mod plan;
mod recording;
mod remedy;
mod report;
mod seal;
mod serving;
mod signer;
mod team;
mod told_deploy;
mod told_guards;
mod told_queue;

pub use digest::Digest;
pub use evaluate::Outcome;
pub use evidence::{Evidence, FactLine, Rule};
pub use gather::{Clock, CodeHost, CodeHostAccess, CodeHostToken, Outside, TrustedTracker, web_of};
pub use gonogo_remote::jira::{Entry as JiraEntry, NotForYou};
pub use gonogo_remote::secret::Secret;
pub use gonogo_remote::slack::{SlackError, Socket as SlackSocket, Told as SlackTold};
pub use in_force::{InForce, Telling};
pub use locate::{GivenPolicy, GivenProduction, LocateError, Wanted};
pub use marks::{FieldMark, VersionName};
pub use metrics::MetricsRoom;
pub use plan::{Plan, PlannedStory, UNREAD, on_call_words, verification};
pub use recording::{Recording, RecordingError};
pub use remedy::{Remedy, addressed};
pub use serving::{
    GitHubSignIn, MailRoom, OidcSignIn, Renamed, Rounds, Route, Service, Serving, StoryDeployed, TeamsTold, Terms,
    ToldEarly, Turns,
};
pub use team::known_to;
pub use told_deploy::{
    ToldAct, ToldDeploy, ToldHost, ToldRollout, host_words, outcome_words, state_words, told_deploy,
};
pub use told_guards::{ToldGuard, guard_names, guard_picture};
pub use told_queue::{ToldPlace, told_place};

/// Told what is being done, for people who wait.
pub trait Progress: Sync {
    fn doing(&self, what: &str);
}
