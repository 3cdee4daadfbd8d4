//! How a deploy moves: its plan, the journal of what was done of it, and what is to
//! be done next. Pure: recovery after a crash is the same on an old journal.

mod calendar;
mod journal;
mod machine;
mod plan;
mod section;

pub use calendar::{Calendar, Day, Freeze, Opening, Window};
pub use journal::{Act, ActKey, Choice, Direction, Entry, Failure, Outcome, Signal};
pub use machine::{End, HaltedBy, Hold, Next, next};
pub use plan::{Plan, Step, Variables};
pub use section::{Approval, Deploys, OnFailure, StepTable};
