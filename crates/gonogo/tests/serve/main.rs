//! `gonogo serve` as a whole: a push, its status, and the page that says why.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod backups;
mod builds;
mod github;
mod people;
mod pushes;
mod slack;
mod stops;
mod stories;
mod support;
