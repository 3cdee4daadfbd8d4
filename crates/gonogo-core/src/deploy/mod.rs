//! How a deploy moves: its plan, the journal of what was done of it, and what is to
//! be done next. Pure: recovery after a crash is the same on an old journal.

mod affinity;
mod approval;
mod calendar;
mod capistrano;
mod follow;
mod hosts;
mod journal;
mod kinds;
mod machine;
mod plan;
mod queue;
mod rollout;
mod section;
mod watched;
mod when;

pub use affinity::{Affinity, AffinityIs, HaproxyTable, Switch, affinity_is};
pub use approval::{Approval, ApprovalRule, Need, RiskWord};
pub use calendar::{Calendar, Day, Freeze, Opening, Window};
pub use capistrano::{CapistranoTable, release_name, release_of};
pub use follow::Follow;
pub use hosts::{At, Host, HostTable, Phase, PhaseTable};
pub use journal::{Act, ActKey, Choice, Direction, Entry, Failure, GuardWord, On, Outcome, Reply, Signal, has_begun};
pub use kinds::{
    BuildWait, Does, HttpTable, MetricWait, Own, Question, QuestionTable, Sight, Template, WaitTable, own,
};
pub use machine::{End, HaltedBy, Hold, Next, goes_back, is_stopped, next};
pub use plan::{HostCommand, OnHost, Plan, Rollout, Step, Variables, Watched};
pub use queue::{InQueue, Place, gives_way, place};
pub use rollout::{HostStands, hosts_of};
pub use section::{BreakGlass, Continuous, Deploys, OnFailure, Runway, StepTable};
pub use watched::{Mark, marks, moments, overruled, pauses_until};
