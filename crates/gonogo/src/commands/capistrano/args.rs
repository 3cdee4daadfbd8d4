//! `gonogo capistrano …` on the command line.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum CapistranoCommand {
    /// Bring exactly one commit by `cap STAGE deploy`, and see that it serves on each host
    Deploy(CapistranoActArgs),
    /// Bring back what served before, by a release that was seen to serve, else anew
    Back(CapistranoActArgs),
    /// Say what each host has: what serves, its releases, its lock
    Status(CapistranoArgs),
    /// Take off the lock of hosts whose deploy is over
    Unlock(CapistranoArgs),
}

/// Which stage of which Capfile, and how `cap` is called.
#[derive(Debug, Args)]
pub(crate) struct CapistranoArgs {
    /// The stage
    #[arg(long)]
    pub stage: String,
    /// The folder with the Capfile
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// One server of the stage; again for each other name that it may have there. Without it, all
    #[arg(long = "host", value_name = "NAME")]
    pub only: Vec<String>,
    /// A word of how `cap` is called, again for each, such as bundle, exec and cap
    #[arg(long = "command", value_name = "WORD", default_values_t = ["cap".to_owned()], allow_hyphen_values = true)]
    pub command: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CapistranoActArgs {
    #[command(flatten)]
    pub at: CapistranoArgs,
    /// The commit
    #[arg(long, env = "GONOGO_SHA", value_name = "SHA")]
    pub sha: String,
    /// What a release is called that has to be made: 14 digits [default: the time]
    #[arg(long, env = "GONOGO_RELEASE", value_name = "NAME")]
    pub release: Option<String>,
    /// The service
    #[arg(long, env = "GONOGO_SERVICE")]
    pub service: String,
    /// While this file is there no phase begins, unless it publishes already
    #[arg(long, env = "GONOGO_STOPPED_FILE", value_name = "FILE")]
    pub stopped_file: Option<PathBuf>,
    /// The deploy's number: whoever finds the lock of a newer one keeps off
    #[arg(long, env = "GONOGO_DEPLOY")]
    pub deploy: i64,
}
