//! `gonogo serve` as a whole: a push, its status, and the page that says why.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod accounts;
mod attacks;
mod audit;
mod backups;
mod browser;
mod builds;
mod demo;
mod github;
mod live;
mod pages;
mod people;
mod production;
mod pulls;
mod pushes;
#[path = "../shared/rig.rs"]
mod rig;
mod second;
mod services;
mod sign_in;
mod slack;
mod stops;
mod stories;
mod support;
