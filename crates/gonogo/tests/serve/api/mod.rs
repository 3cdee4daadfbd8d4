//! The API, as a program asks it.

mod cli;
mod client;
mod described;
mod reading;
mod refused;
mod tokens;
mod writing;

pub(crate) use client::Api;
