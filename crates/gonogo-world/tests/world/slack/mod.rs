//! The stand-in Slack.

mod channels;
mod client;
mod limits;
mod official;
