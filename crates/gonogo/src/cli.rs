//! What can be asked on the command line.

use crate::commands::{CapistranoCommand, HookCommand, HttpCommand};
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use std::path::PathBuf;

/// Knows what a deploy contains, decides whether it may ship, and says exactly why not.
#[derive(Debug, Parser)]
#[command(name = "gonogo", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what lies between production and a commit, and whether it may ship
    Check(CheckArgs),
    /// Write a commented gonogo.toml from what the repository shows
    Init(InitArgs),
    /// Try git, the policy, credentials and every system that is configured
    Doctor(DoctorArgs),
    /// Say what a reason code or a check means, and what mends it
    Explain {
        /// Such as story-wrong-state or story-state
        word: String,
    },
    /// Print a JSON Schema
    Schema {
        #[arg(value_enum)]
        of: SchemaOf,
    },
    /// Judge again from what `check --record` wrote, without asking anybody
    Replay(ReplayArgs),
    /// Try the guards of a policy
    #[command(subcommand)]
    Guard(GuardCommand),
    /// Judge every push by itself, post its commit status, and show why
    Serve(ServeArgs),
    /// Run the steps of deploys on this host, for a server that it asks for work
    Runner(RunnerArgs),
    /// Tell a balancer what deploys want of it, as their steps do
    #[command(subcommand)]
    Balancer(BalancerCommand),
    /// Make a request, or wait for an answer: what steps of deploys have the runner do
    #[command(subcommand)]
    Http(HttpCommand),
    /// Deploy by Capistrano, as steps do, and see what stands on its hosts
    #[command(subcommand)]
    Capistrano(CapistranoCommand),
    /// Play with everything on this machine: the server, and a world around it
    Demo(DemoArgs),
    /// Write a copy of what the server remembers, while it runs
    Backup(BackupArgs),
    /// Put a backup in place, with no server running
    Restore(RestoreArgs),
    /// Look after what the server remembers
    #[command(subcommand)]
    Store(StoreCommand),
    /// Ask a server what is open of a service, and how it was judged
    Status(StatusArgs),
    /// Ask a server how it judged a candidate
    Candidate(CandidateArgs),
    /// Have a server let a finding of a candidate pass
    Waive(WaiveArgs),
    /// Have a server deploy a candidate, and follow it with --wait
    Deploy(DeployArgs),
    /// Agree to a deploy that waits for that, or say yes or no to what one asks
    Approve(ApproveArgs),
    /// End the pause of a deploy now
    GoOn(GoOnArgs),
    /// Stop all deploys of a server: no step, host or phase begins any more; --lift lifts that
    StopAll(StopAllArgs),
    /// Lock a service: until then nobody else has a deploy of it begin
    Lock(LockArgs),
    /// Take a service's lock off; somebody else's with a reason
    Unlock(UnlockArgs),
    /// Ask a server which deploys there were of a service
    Deploys(DeploysArgs),
    /// Ask for an issue key in every commit's message, before it is made
    #[command(subcommand)]
    Hook(HookCommand),
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The repository: a work tree, a bare repository, a worktree or a mirror
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub repo: PathBuf,
    /// The branch, tag or commit that runs in production; again for each other
    /// one that runs too, while a deploy is half done
    #[arg(long, value_name = "REF", allow_hyphen_values = true)]
    pub production: Vec<String>,
    /// The branch, tag or commit that should ship [default: HEAD]
    #[arg(long, value_name = "REF", allow_hyphen_values = true)]
    pub head: Option<String>,
    /// The policy to judge by, instead of production's gonogo.toml
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Findings that a person let pass, as `[[waiver]]` tables
    #[arg(long, value_name = "FILE")]
    pub waivers: Option<PathBuf>,
    /// Write facts, policy and instant, for `gonogo replay`
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum GuardCommand {
    /// Say what guards would have done at deploys that were
    Replay(GuardReplayArgs),
}

#[derive(Debug, Args)]
pub(crate) struct GuardReplayArgs {
    /// The policy with the guards
    #[arg(long, value_name = "FILE", default_value = "gonogo.toml")]
    pub policy: PathBuf,
    /// Only this guard; again for each other one
    #[arg(long, value_name = "NAME")]
    pub guard: Vec<String>,
    /// A guard's recorded points, a line each: time,value. Of a rate also `errors.of=FILE`, with
    /// `rest` also `errors.rest=FILE` and `errors.rest-of=FILE`
    #[arg(long, value_name = "NAME=FILE", required_unless_present = "from")]
    pub series: Vec<String>,
    /// Instead of files, ask the servers of the policy for what was from then on: so long before
    /// the first deploy as baselines reach
    #[arg(long, value_name = "TIME", conflicts_with = "series")]
    pub from: Option<String>,
    /// Up to then [default: now]
    #[arg(long, value_name = "TIME", requires = "from")]
    pub until: Option<String>,
    /// When a deploy's steps began, with commas between, and `,bad` where later ones are not to be
    /// compared with it; again for each other deploy
    #[arg(long, value_name = "TIMES", required_unless_present = "deploys")]
    pub deploy: Vec<String>,
    /// A file with a line for each deploy
    #[arg(long, value_name = "FILE")]
    pub deploys: Option<PathBuf>,
    /// Draw each deploy into this folder, as SVG
    #[arg(long, value_name = "DIR")]
    pub pictures: Option<PathBuf>,
    /// How to say it
    #[arg(long, value_enum, default_value_t = ListFormat::Human)]
    pub format: ListFormat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Say whether it is whole: the database, the audit's chain, work that was given up
    Check(ServeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The server's configuration
    #[arg(long, value_name = "FILE", default_value = "gonogo-server.toml")]
    pub config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct RunnerArgs {
    /// The server's address
    #[arg(long, value_name = "URL", env = "GONOGO_SERVER")]
    pub server: String,
    /// What the server calls it
    #[arg(long)]
    pub name: String,
    /// The token that the server gave it, alone in a file
    #[arg(long, value_name = "FILE", env = "GONOGO_RUNNER_TOKEN_FILE")]
    pub token_file: PathBuf,
    /// Where steps run, and what they say is kept for 30 days: no other runner's
    #[arg(long, value_name = "DIR")]
    pub folder: PathBuf,
    /// What steps want as `secrets`, as NAME=value, one a line; else its own environment is asked
    #[arg(long, value_name = "FILE")]
    pub secrets_file: Option<PathBuf>,
    /// What ssh goes by to reach the hosts of steps; else the user's own ~/.ssh/config
    #[arg(long, value_name = "FILE")]
    pub ssh_config: Option<PathBuf>,
    /// End when standard input does: for who starts it beside itself
    #[arg(long)]
    pub with_parent: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BalancerCommand {
    /// Keep sessions at the server that they met, from now on
    AffinityOn(AffinityOnArgs),
    /// Put back what stood there before
    AffinityOff(AffinityOffArgs),
    /// Say how that stands
    Affinity(AffinityArgs),
    /// Take a server out of service, and wait until nothing runs there any more
    Drain(ServerOfBalancer),
    /// Put a server into service again, and wait until it is up
    Undrain(ServerOfBalancer),
}

/// Which entry of which map.
#[derive(Debug, Args)]
pub(crate) struct AffinityArgs {
    /// HAProxy's stats socket, a path or HOST:PORT; again for each other HAProxy
    #[arg(long, value_name = "SOCKET", required = true)]
    pub haproxy: Vec<String>,
    /// The map, named as in haproxy.cfg
    #[arg(long, value_name = "FILE")]
    pub map: String,
    /// Its entry that says whether sessions count
    #[arg(long)]
    pub key: String,
}

/// On whose behalf.
#[derive(Debug, Args)]
pub(crate) struct DeployOfService {
    /// The service
    #[arg(long, env = "GONOGO_SERVICE")]
    pub service: String,
    /// The deploy's number: what a newer one has on stays on
    #[arg(long, env = "GONOGO_DEPLOY")]
    pub deploy: i64,
}

#[derive(Debug, Args)]
pub(crate) struct AffinityOnArgs {
    #[command(flatten)]
    pub at: AffinityArgs,
    #[command(flatten)]
    pub of: DeployOfService,
    /// Asked through the balancer: requests with its cookie have to stay at one server
    #[arg(long, requires = "cookie")]
    pub url: Option<String>,
    /// The balancer's cookie
    #[arg(long, value_name = "NAME", requires = "url")]
    pub cookie: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct AffinityOffArgs {
    #[command(flatten)]
    pub at: AffinityArgs,
    #[command(flatten)]
    pub of: DeployOfService,
    /// Not before so many seconds from when this was first asked
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub after_seconds: u32,
}

#[derive(Debug, Args)]
pub(crate) struct ServerOfBalancer {
    /// HAProxy's stats socket, a path or HOST:PORT; again for each other HAProxy
    #[arg(long, value_name = "SOCKET", required = true)]
    pub haproxy: Vec<String>,
    /// As haproxy.cfg has it
    #[arg(long, value_name = "BACKEND/SERVER")]
    pub server: String,
    /// It fails where that takes longer
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub within_seconds: u32,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// The tour's port on 127.0.0.1; the server and the stand-ins have the four after it. 0 takes any
    #[arg(long, value_name = "PORT", default_value_t = 8050)]
    pub port: u16,
    /// Keep everything in this folder, and go on from there the next time [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The same number makes the same world again
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How much there is
    #[arg(long, value_enum, default_value_t = DemoSize::Small)]
    pub size: DemoSize,
    /// Open the tour in a browser
    #[arg(long)]
    pub open: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DemoSize {
    /// Two services
    Small,
    /// Fifty services with a year of history
    Large,
}

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The file to write; one that is there is never overwritten
    pub file: PathBuf,
    /// The server's configuration
    #[arg(long, value_name = "FILE", default_value = "gonogo-server.toml")]
    pub config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// What `gonogo backup` wrote
    pub file: PathBuf,
    /// Also where there is a database already; that one is kept under another name
    #[arg(long)]
    pub replace: bool,
    /// The server's configuration
    #[arg(long, value_name = "FILE", default_value = "gonogo-server.toml")]
    pub config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The repository
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub repo: PathBuf,
    /// Print it instead of writing gonogo.toml
    #[arg(long)]
    pub print: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Try what the server is configured for, instead of a repository
    #[arg(long, conflicts_with_all = ["repo", "policy"])]
    pub server: bool,
    /// The server's configuration, with --server
    #[arg(long, value_name = "FILE", default_value = "gonogo-server.toml")]
    pub config: PathBuf,
    /// The repository
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub repo: PathBuf,
    /// The policy to try, instead of the one in force
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// How to say it
    #[arg(long, value_enum, default_value_t = ListFormat::Human)]
    pub format: ListFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DeploysFormat {
    /// The newest fifty
    Human,
    /// The same
    Json,
    /// All of them, a line each, for a spreadsheet
    Csv,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    Human,
    Json,
}

/// Which server, and how long it may take.
#[derive(Debug, Args)]
pub(crate) struct ServerArgs {
    #[arg(long, value_name = "URL", env = "GONOGO_SERVER")]
    #[arg(help = "Its address; GONOGO_TOKEN, or the file of GONOGO_TOKEN_FILE, opens it")]
    pub server: String,
    /// Wait until it is judged and no answer is awaited any more, after a waiver until it is
    /// judged anew; so many seconds at most
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "600")]
    pub wait: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Its name
    pub service: String,
    #[command(flatten)]
    pub server: ServerArgs,
    /// How to say it
    #[arg(long, value_enum, default_value_t = ListFormat::Human)]
    pub format: ListFormat,
}

#[derive(Debug, Args)]
pub(crate) struct CandidateArgs {
    /// The service's name
    pub service: String,
    /// A branch, or a commit's SHA or how it begins
    #[arg(value_name = "BRANCH|SHA")]
    pub which: String,
    #[command(flatten)]
    pub server: ServerArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct WaiveArgs {
    /// The service's name
    pub service: String,
    /// A branch, or a commit's SHA or how it begins
    #[arg(value_name = "BRANCH|SHA", required_unless_present = "system")]
    pub which: Option<String>,
    /// The finding's, or how it begins
    #[arg(required_unless_present = "system")]
    pub fingerprint: Option<String>,
    /// Instead of one finding all that this system leaves unchecked, which is away; without --wait
    #[arg(long, value_enum, conflicts_with_all = ["which", "fingerprint", "days", "this_branch", "wait"])]
    pub system: Option<AwaySystem>,
    /// Why it may pass, for who reads it later
    #[arg(long, value_name = "TEXT", alias = "reason")]
    pub why: String,
    /// For how long
    #[arg(long, value_name = "DAYS", default_value_t = 1)]
    pub days: i64,
    /// In the candidate's branch alone, not in all of its service
    #[arg(long)]
    pub this_branch: bool,
    /// For how long, of a system: such as 90m; four hours at most
    #[arg(long = "for", value_name = "TIME", requires = "system", value_parser = seconds, default_value = "1h")]
    pub lasts: i64,
    #[command(flatten)]
    pub server: ServerArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DeployArgs {
    /// The service's name
    pub service: String,
    /// A branch, or a commit's SHA or how it begins
    #[arg(value_name = "BRANCH|SHA", default_value = "main")]
    pub which: String,
    /// Only up to its newest Go (`newest-go`), or up to a commit of it
    #[arg(long, value_name = "newest-go|SHA", conflicts_with_all = ["dry_run", "break_glass"])]
    pub up_to: Option<String>,
    /// Not before then: `22:00` or `2026-12-02T09:00` in the policy's zone, or a moment such as
    /// `2026-12-02T09:00Z`
    #[arg(long, value_name = "TIME", conflicts_with_all = ["dry_run", "break_glass"])]
    pub at: Option<String>,
    /// In the place of this deploy, which has not begun and is not deployed then
    #[arg(long, value_name = "DEPLOY", conflicts_with_all = ["dry_run", "break_glass"])]
    pub instead_of: Option<i64>,
    /// Say what would be done, where and in which batches, and how long it took before; do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Deploy it in spite of its verdict, of the times for deploys and without an approval, for
    /// this reason
    #[arg(long, value_name = "REASON", conflicts_with = "dry_run")]
    pub break_glass: Option<String>,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ApproveArgs {
    /// The deploy's number
    pub deploy: i64,
    /// Answer the question that it asks with this step, such as `step-5-1`: without it the
    /// question is said, and nothing is answered
    #[arg(long, value_name = "STEP")]
    pub step: Option<String>,
    /// Say no to what it asks, for this reason
    #[arg(long, value_name = "REASON", requires = "step")]
    pub no: Option<String>,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
pub(crate) struct GoOnArgs {
    /// The deploy's number
    pub deploy: i64,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
pub(crate) struct StopAllArgs {
    /// Why, for whoever meets it
    #[arg(long, value_name = "TEXT", alias = "why", conflicts_with = "lift")]
    pub reason: Option<String>,
    /// Let deploys go on where they were
    #[arg(long)]
    pub lift: bool,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
pub(crate) struct LockArgs {
    /// The service's name
    pub service: String,
    /// Why, for whoever meets it
    #[arg(long, value_name = "TEXT", alias = "why")]
    pub reason: String,
    /// For so many hours
    #[arg(long, value_name = "HOURS", default_value_t = 4, conflicts_with = "until")]
    pub hours: u32,
    /// Until then instead, such as 2026-12-01T15:00Z
    #[arg(long, value_name = "TIME")]
    pub until: Option<Timestamp>,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
pub(crate) struct UnlockArgs {
    /// The service's name
    pub service: String,
    /// Why, of somebody else's lock
    #[arg(long, value_name = "TEXT", alias = "why", default_value = "", hide_default_value = true)]
    pub reason: String,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DeploysArgs {
    /// The service's name
    pub service: String,
    #[command(flatten)]
    pub server: ServerArgs,
    /// How to say it
    #[arg(long, value_enum, default_value_t = DeploysFormat::Human)]
    pub format: DeploysFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AwaySystem {
    /// Jira
    Tracker,
    /// GitHub
    CodeHost,
}

/// `2h`, `90m`, `1h 30m`
fn seconds(text: &str) -> Result<i64, String> {
    let time = text.parse::<SignedDuration>().map_err(|_| "write it such as 2h or 90m".to_owned())?;
    Ok(time.as_secs())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// gonogo.toml
    Policy,
    /// What `check --format json` prints
    Check,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// What `gonogo check --record FILE` wrote
    pub file: PathBuf,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct OutputArgs {
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Also notes, passed checks and all commits
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
    /// The verdict alone
    #[arg(short, long)]
    pub quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Human,
    Json,
    Markdown,
    Sarif,
    Junit,
    Github,
}
