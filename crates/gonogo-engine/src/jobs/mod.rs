//! What gonogo does when time or a hook asks. Each job gathers, decides and
//! acts, and may be run twice.

mod delivery;
mod evaluate;
mod seen;
mod show;
mod sync;
mod worker;

pub use worker::work;

use crate::LocateError;
use gonogo_store::StoreError;
use thiserror::Error;

/// A delivery to be read; its key is the delivery's id.
pub const DELIVERY: &str = "delivery";
/// A service's repository to be fetched and looked at; its key is the service's name.
pub const SYNC: &str = "sync";
/// A candidate to be judged; its key is the candidate's id.
pub const EVALUATE: &str = "evaluate";

/// Why a job could not be done now.
#[derive(Debug, Error)]
pub(crate) enum JobError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Locate(#[from] LocateError),
    #[error("{0}")]
    Broken(String),
}

impl From<gonogo_remote::git::GitError> for JobError {
    fn from(error: gonogo_remote::git::GitError) -> Self {
        Self::Locate(error.into())
    }
}
