//! Questions that the tracker answers.

use gonogo_checks::Wants;
use gonogo_checks::questions::{Answer, Ask};

/// The tracker of a policy, if it can be asked.
#[derive(Debug)]
pub(crate) struct TrackerAccess {}

impl TrackerAccess {
    pub(crate) fn source(&self) -> String {
        "tracker".to_owned()
    }

    pub(crate) async fn gather(&self, _asks: &[&Ask], _wants: &Wants) -> Vec<(Ask, Answer)> {
        Vec::new()
    }
}
