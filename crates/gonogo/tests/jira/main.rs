//! Stories about stories: what a team with Jira sees.

#[path = "../shared/rig.rs"]
mod rig;
mod support;

mod faults;
mod fields;
mod independent;
mod missing;
mod network;
mod size;
mod state;
