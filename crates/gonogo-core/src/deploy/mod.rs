//! How a deploy moves: its plan, the journal of what was done of it, and what is to
//! be done next. Pure: recovery after a crash is the same on an old journal.

mod calendar;
mod hosts;
mod journal;
mod machine;
mod plan;
mod rollout;
mod section;

pub use calendar::{Calendar, Day, Freeze, Opening, Window};
pub use hosts::{At, Host, HostTable, Phase, PhaseTable};
pub use journal::{Act, ActKey, Choice, Direction, Entry, Failure, On, Outcome, Signal};
pub use machine::{End, HaltedBy, Hold, Next, next};
pub use plan::{HostCommand, OnHost, Plan, Rollout, Step, Variables};
pub use rollout::{HostStands, hosts_of};
pub use section::{Approval, BreakGlass, Deploys, OnFailure, StepTable};
