//! Guards: whether production got worse since a deploy began. A [`Judge`] is made from a
//! guard of the policy and what was before; it is shown what came since, and gives a
//! [`Reading`] at any time: fine, worse, no data, or cannot tell, with its evidence. Pure:
//! who reads metrics servers, and who halts deploys, is elsewhere.

mod advice;
mod judge;
mod picture;
mod points;
mod reading;
mod reference;
mod replay;
mod section;
mod series;
mod starts;
mod track;

pub use advice::{Advice, advise};
pub use judge::{Judge, Past};
pub(crate) use picture::number;
pub use picture::{Drawn, picture};
pub use reading::{Doubt, Judgement, LeftOut, Reading, Remark, Versus};
pub use replay::{Moments, Replayed, replay};
pub use section::{
    BaselineKind, Direction, Gaps, Guard, Measure, MetricsKind, MetricsServers, Mode, OnWorse, Watch, validate,
};
pub use series::{Sample, Series};

/// Fewer buckets of a baseline tell nothing.
pub(crate) const LEAST_BUCKETS: u32 = 20;

#[cfg(test)]
mod tests;
