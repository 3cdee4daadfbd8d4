//! `gonogo hook …` on the command line.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum HookCommand {
    /// Have git ask for an issue key in every commit's message
    Install(InstallArgs),
    /// Take the hooks away again, and put back what stood there before
    Uninstall(RepoArgs),
    /// Say what is installed, where, and where the keys come from
    Status(RepoArgs),
    /// Refuse a message without an issue key; git calls this
    CommitMsg {
        /// The file with the message
        file: PathBuf,
    },
    /// Fill in the key that the branch's name tells; git calls this
    PrepareCommitMsg {
        /// The file with the message
        file: PathBuf,
        /// Where the message is from: message, template, merge, squash or commit
        source: Option<String>,
        /// The commit that is amended or whose message is used again
        commit: Option<String>,
    },
    /// Print the same rule as a script that needs only sh, git and awk
    Print(PrintArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RepoArgs {
    /// The repository
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub repo: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct InstallArgs {
    #[command(flatten)]
    pub repo: RepoArgs,
    /// Also fill in the key that the branch's name tells
    #[arg(long)]
    pub prepare: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PrintArgs {
    #[command(flatten)]
    pub repo: RepoArgs,
    /// What to write for a program that manages hooks, instead of the script
    #[arg(long, value_enum)]
    pub recipe: Option<Recipe>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Recipe {
    Lefthook,
    Husky,
    Overcommit,
}
