//! What gonogo does: commands that a person asks for. Each gathers, decides and
//! acts, in that order. Knows no terminal and no web.

pub mod commands;
mod digest;
mod evaluate;
mod evidence;
mod gather;
pub mod jobs;
mod locate;
mod plan;
mod recording;
mod remedy;
mod report;
mod seal;
mod serving;

pub use digest::Digest;
pub use evaluate::Outcome;
pub use evidence::{Evidence, FactLine, Rule};
pub use gather::{Clock, CodeHost, CodeHostAccess, CodeHostToken, Outside, TrustedTracker, web_of};
pub use gonogo_remote::secret::Secret;
pub use gonogo_remote::slack::{SlackError, Socket as SlackSocket, Told as SlackTold};
pub use locate::{GivenPolicy, GivenProduction, LocateError, Wanted};
pub use plan::{Plan, PlannedStory, on_call_words, verification};
pub use recording::{Recording, RecordingError};
pub use remedy::{Remedy, addressed};
pub use serving::{
    GitHubSignIn, MailRoom, OidcSignIn, Renamed, Rounds, Route, Service, Serving, StoryDeployed, TeamsTold, Terms,
    Turns,
};

/// Told what is being done, for people who wait.
pub trait Progress: Sync {
    fn doing(&self, what: &str);
}
