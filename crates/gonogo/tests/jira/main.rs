//! Stories about stories: what a team with Jira sees.

mod support;

mod faults;
mod fields;
mod missing;
mod network;
mod size;
mod state;
