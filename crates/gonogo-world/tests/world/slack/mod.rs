//! The stand-in Slack.

mod channels;
pub(crate) mod client;
mod limits;
mod official;
mod official_acts;
