//! The questions that gonogo asks about a candidate, one file a check, and the
//! judge. Pure: a check reads facts and writes findings; it does no I/O, reads
//! no clock, and what it lacks it asks for.

pub mod commit_rule;
mod each;
mod early;
pub mod facts;
mod findings;
mod judge;
mod newest_go;
pub mod policy;
pub mod questions;
pub mod reading;
mod registry;
mod scene;

mod ancestry;
mod awareness;
mod builds;
mod freeze;
mod policy_changed;
mod post_deploy;
mod production;
mod reverts;
mod sign_offs;
mod story_exists;
mod story_fields;
mod story_key;
mod story_missing;
mod story_size;
mod story_state;
mod tracker;
mod unfinished;

pub use builds::is_own_build;
pub use each::judge_each;
pub use early::{Lacks, LooksAhead};
pub use findings::{CheckOutcome, CheckState};
pub use freeze::CLOSED as FREEZE_CLOSED;
pub use judge::{Judge, Judged, Judgement, Unread};
pub use newest_go::{NewestGo, PartialStory};
pub use post_deploy::{PostDeploy, ToLookAt};
pub use registry::{CHECKS, Entry, SYNTHETIC, documented};
pub use scene::{FieldToMend, Mends, Wants};
pub use sign_offs::{GIVES_IT, NAME as SIGN_OFFS};
