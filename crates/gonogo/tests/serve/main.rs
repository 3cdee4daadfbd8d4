//! `gonogo serve` as a whole: a push, its status, and the page that says why.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod backups;
mod browser;
mod builds;
mod github;
mod pages;
mod people;
mod production;
mod pushes;
#[path = "../shared/rig.rs"]
mod rig;
mod services;
mod slack;
mod stops;
mod stories;
mod support;
