//! How a deploy moves: its plan, the journal of what was done of it, and what is to
//! be done next. Pure: recovery after a crash is the same on an old journal.

mod affinity;
mod calendar;
mod capistrano;
mod hosts;
mod journal;
mod machine;
mod plan;
mod rollout;
mod section;
mod watched;

pub use affinity::{Affinity, AffinityIs, HaproxyTable, Switch, affinity_is};
pub use calendar::{Calendar, Day, Freeze, Opening, Window};
pub use capistrano::{CapistranoTable, release_name, release_of};
pub use hosts::{At, Host, HostTable, Phase, PhaseTable};
pub use journal::{Act, ActKey, Choice, Direction, Entry, Failure, GuardWord, On, Outcome, Signal, has_begun};
pub use machine::{End, HaltedBy, Hold, Next, goes_back, is_stopped, next};
pub use plan::{HostCommand, OnHost, Plan, Rollout, Step, Variables, Watched};
pub use rollout::{HostStands, hosts_of};
pub use section::{Approval, BreakGlass, Deploys, OnFailure, StepTable};
pub use watched::{Mark, marks, moments, overruled, pauses_until};
