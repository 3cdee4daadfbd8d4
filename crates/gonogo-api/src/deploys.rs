//! Deploys: what was asked for, how far it is, and what a person may say of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One attempt to bring a candidate to production.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deploy {
    pub id: i64,
    pub service: String,
    pub branch: String,
    /// What is to run.
    pub head: String,
    /// What ran when it was asked for, in full.
    pub production: Vec<String>,
    pub candidate: i64,
    pub requested_by: String,
    /// RFC 3339, UTC.
    pub requested_at: String,
    pub state: DeployState,
    /// Why it is so, in a sentence; empty where the state says all.
    pub said: String,
    /// Who agreed to it; null where nobody has, or nobody has to.
    pub approved_by: Option<String>,
    /// Where a person had it begin in spite of what kept it; null else.
    #[serde(default)]
    pub break_glass: Option<BreakGlass>,
    /// It begins no sooner; null where its turn is enough. RFC 3339, UTC.
    #[serde(default)]
    pub not_before: Option<String>,
    /// Where it stands while it waits; null once its turn has come.
    #[serde(default)]
    pub place: Option<DeployPlace>,
    /// Null until its first step began.
    pub began_at: Option<String>,
    /// Null until it is over.
    pub ended_at: Option<String>,
    pub steps: Vec<DeployStep>,
    /// Steps that run on hosts, and how each host stands in them.
    pub rollouts: Vec<DeployRollout>,
    /// What its guards saw, in the policy's order.
    pub guards: Vec<DeployGuard>,
    /// What at the code host does not follow it yet, and why.
    #[serde(default)]
    pub lags: Vec<String>,
    /// What may be asked of it now.
    pub signals: Vec<DeploySignal>,
    /// The act that waits for a person's word; null where none does.
    pub waits_for_word: Option<String>,
    /// What it waits with, where a person may say something to that; null else.
    #[serde(default)]
    pub waits_with: Option<DeployWait>,
    /// The page for people.
    pub page: String,
}

/// Where a deploy stands that waits for its turn, or for its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeployPlace {
    /// In a sentence.
    pub said: String,
    /// The deploy right before it.
    pub after: Option<i64>,
    /// When it is expected to begin, by how long those ahead of it usually take; null where
    /// that is not known. RFC 3339, UTC.
    pub expected_at: Option<String>,
}

/// A step with which gonogo waits itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeployWait {
    /// Its key among `steps`.
    pub step: String,
    pub kind: DeployWaitKind,
    /// What it does, in one line; of an approval with who is asked and what.
    pub what: String,
    /// RFC 3339, UTC: then it is over.
    pub until: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeployWaitKind {
    /// `go-on` ends it early.
    Pause,
    /// A build or a metric; it can be ended.
    Condition,
    /// Who is asked says `yes` or `no`.
    Approval,
}

/// A word on a step with which gonogo waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReply {
    pub reply: DeployReply,
    /// Of a no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500), regex(pattern = r"\S"))]
    pub why: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeployReply {
    /// A pause ends now.
    GoOn,
    /// To a question.
    Yes,
    /// To a question, with why.
    No,
}

/// A deploy in spite of its verdict, of the times for deploys, or without an approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BreakGlass {
    pub by: String,
    pub why: String,
    /// In spite of what, in words.
    pub in_spite_of: String,
    /// RFC 3339, UTC.
    pub at: String,
    /// What somebody wrote about it afterwards; null until then.
    pub follow_up: Option<String>,
    pub follow_up_by: Option<String>,
}

/// What came of a deploy by break-glass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFollowUp {
    #[schemars(length(min = 1, max = 10_000), regex(pattern = r"\S"))]
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeployState {
    /// Nobody has agreed to it yet.
    Requested,
    Queued,
    Running,
    /// A step asks people whether it goes on.
    Asking,
    Halted,
    NeedsPerson,
    Deployed,
    RolledBack,
    Abandoned,
    Cancelled,
    Refused,
}

/// A step on hosts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeployRollout {
    /// The step's name.
    pub name: String,
    /// Whether it is a step back.
    pub is_back: bool,
    /// What the policy calls the hosts together.
    pub group: String,
    pub batches: usize,
    /// In the order of their turns.
    pub hosts: Vec<DeployHost>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeployHost {
    pub name: String,
    pub zone: Option<String>,
    /// Which batch it is in, from 1.
    pub batch: usize,
    pub state: DeployHostState,
    /// The same in words.
    pub said: String,
    /// The newest of its acts in `steps`; null where nothing was begun on it.
    pub step: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeployHostState {
    Waits,
    Runs,
    Done,
    Failed,
    /// Whether it was done cannot be told.
    CannotTell,
    /// It failed, and a person had it left as it is.
    LeftOut,
    /// Of a step back: nothing was done on it.
    Untouched,
}

/// What a guard saw of a deploy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeployGuard {
    pub name: String,
    /// Whether it only says what it would have done.
    pub observes: bool,
    /// Null until it has looked.
    pub judgement: Option<DeployJudgement>,
    /// The same in words, with figures.
    pub said: String,
    /// Why nothing newer could be read; null where it could.
    pub trouble: Option<String>,
    /// RFC 3339, UTC.
    pub looked_at: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeployJudgement {
    Fine,
    Worse,
    NoData,
    CannotTell,
}

/// One attempt of one step, or of one phase of it on one host, in the order in which they
/// began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeployStep {
    /// Such as `step-2-1`, the first attempt of the second step, or
    /// `step-2-on-7-drain-1`, that of draining its seventh host.
    pub key: String,
    pub name: String,
    /// What it does, in one line.
    #[serde(default)]
    pub what: String,
    /// On which host; null where it does not run on hosts.
    pub host: Option<String>,
    /// `drain`, `run`, `health` or `undrain`; null where it does not run on hosts.
    pub phase: Option<String>,
    /// What it came to in words; null while it runs.
    pub outcome: Option<String>,
    pub began_at: String,
    pub ended_at: Option<String>,
    /// How many bytes it has said.
    pub said_bytes: u64,
}

/// Which deploys of all services are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeploysAsked {
    /// Those alone that are not over.
    pub open: Option<bool>,
    /// How many at most; 50 where it is not said.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u32>,
    /// The `next` of the part before.
    #[schemars(regex(pattern = r"^[0-9]{1,18}$"))]
    pub cursor: Option<String>,
}

/// The candidate that is to be deployed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDeploy {
    #[serde(deserialize_with = "crate::waivers::whole")]
    #[schemars(range(min = 1, max = 999_999_999))]
    pub candidate: i64,
    /// How far of it: `newest-go`, or a commit of it by seven characters of its SHA or
    /// more; without it, all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 7, max = 64))]
    pub up_to: Option<String>,
    /// When it begins at the earliest: `22:00` or `2026-12-02T09:00` in the zone of the
    /// policy's `[deploy]`, or a moment with its own such as `2026-12-02T09:00Z`; without
    /// it, as soon as its turn comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 4, max = 64))]
    pub at: Option<String>,
    /// The deploy of the service in whose place it waits: that one is not deployed then.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::waivers::whole_or_null")]
    #[schemars(range(min = 1, max = 999_999_999))]
    pub instead_of: Option<i64>,
    /// Why it is deployed in spite of its verdict, of the times for deploys, and without
    /// an approval; without it, it is asked for as ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500), regex(pattern = r"\S"))]
    pub break_glass: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeploySignal {
    /// Nothing more begins; what runs goes on to its end.
    Halt,
    /// After a halt.
    Resume,
    /// The policy's steps back.
    RollBack,
    /// It ends as it is.
    Abandon,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSignal {
    pub signal: DeploySignal,
}

/// How it goes on after a step that failed, or of which nobody can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeployChoice {
    RunAgain,
    CountAsDone,
    /// Of a host: it stays as it is, and the deploy goes on without it.
    LeaveOut,
    Abandon,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDecision {
    pub choice: DeployChoice,
}

/// Which part of what a step said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogFrom {
    /// It begins at this byte.
    #[serde(default)]
    pub from_byte: u64,
}

/// A part of what a step said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepLog {
    /// Bytes that are no UTF-8 are replaced.
    pub text: String,
    /// Where the next part begins.
    pub next_byte: u64,
    /// Whether nothing follows any more.
    pub is_whole: bool,
}

/// What a deploy of a candidate would do. Nothing is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DryRun {
    pub service: String,
    pub branch: String,
    /// What would run.
    pub head: String,
    /// Who would do it; null where gonogo does not deploy this service.
    pub runner: Option<String>,
    /// Why it would not be begun now, and what mends that; null where it would.
    pub not_now: Option<String>,
    /// The freeze that it would run into by the time that deploys of the service took; null
    /// where it would not, or nobody can tell.
    #[serde(default)]
    pub runs_into: Option<String>,
    /// None where it cannot be deployed as it is.
    pub steps: Vec<DryRunStep>,
    /// What a roll back would do, where it can be done.
    pub back: Vec<DryRunStep>,
    /// The names of guards that would watch it.
    pub guards: Vec<String>,
    /// Why only a person would roll it back; null where the policy may.
    pub only_by_hand: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DryRunStep {
    pub name: String,
    /// What it does, in one line.
    #[serde(default)]
    pub what: String,
    /// The hosts' group; null where it is done by the runner alone.
    pub group: Option<String>,
    /// The names of hosts that have their turn together, in the order of their turns.
    pub batches: Vec<Vec<String>>,
    /// With so many failed hosts it still goes on.
    pub max_failed: u64,
    /// What is run, of hosts for each: `{host}`, `{address}` and `{zone}` in it are its own.
    /// Nothing where gonogo waits itself.
    pub commands: Vec<DryRunCommand>,
    /// What it took before, the median of deploys that went well; null where there is none.
    pub expected_seconds: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DryRunCommand {
    /// `drain`, `run`, `health` or `undrain`.
    pub phase: String,
    /// Whether it is run by the runner, also where it is for a host.
    pub is_at_runner: bool,
    pub argv: Vec<String>,
    pub limit_seconds: u64,
}
