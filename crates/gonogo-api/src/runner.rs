//! What a runner asks the server, and is answered: it does the steps of deploys, on
//! its own host and with its own credentials.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `POST /runner/v1/work`: asks for work, and says what it does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskForWork {
    /// A word that is kept in its folder: what was begun there is found there alone, so
    /// that another runner of its name is not given it.
    pub instance: String,
    /// The acts that it follows.
    pub follows: Vec<RunOf>,
    /// The answer comes when there is something new, and after so many seconds (30 at
    /// most) at the latest.
    #[serde(default)]
    pub wait_seconds: u32,
    /// The stop of all deploys that it knows of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<i64>,
}

/// One act of one deploy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunOf {
    pub deploy: i64,
    /// Such as `step-1-1`.
    pub key: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// Acts that it did not say that it follows: each is begun where it was not
    /// begun before, else followed.
    pub new: Vec<Order>,
    /// Of what it follows, what somebody wants ended.
    pub end: Vec<ToEnd>,
    /// Of what it follows, what is not its own any more, or over.
    pub gone: Vec<RunOf>,
    /// While it stands nothing begins: what it follows and has not begun yet is not begun.
    #[serde(default)]
    pub stop: Option<Stop>,
}

/// All deploys are stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    pub id: i64,
    pub said: String,
}

/// A command to be run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub of: RunOf,
    /// A start with an older one is refused where a newer one was seen.
    pub fence: i64,
    /// What people call it.
    pub name: String,
    pub service: String,
    pub argv: Vec<String>,
    pub env: BTreeMap<String, String>,
    /// Variables whose values the runner knows itself, and masks.
    pub secrets: Vec<String>,
    /// Without it, an empty folder.
    pub dir: Option<String>,
    pub limit_seconds: u32,
    /// Where it is a part of a step on hosts. A runner that knows of none does not begin
    /// it: its key is none that it knows.
    #[serde(default)]
    pub on: Option<OnHost>,
    /// So many bytes of what it says are there already.
    pub said_bytes: u64,
    /// It is followed where it was begun, and else not begun any more, for this reason.
    #[serde(default)]
    pub not_begun_because: Option<String>,
}

/// A host of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnHost {
    /// What people call it.
    pub name: String,
    /// How it is reached; without it, what is done for it is done on the runner's host.
    pub ssh: Option<SshTo>,
    /// Where it does not answer for so long while something runs on it, that cannot be
    /// told any more.
    pub lost_after_seconds: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SshTo {
    pub address: String,
    pub user: Option<String>,
    pub port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToEnd {
    pub of: RunOf,
    pub by: String,
}

/// What stands behind the question mark of `POST /runner/v1/said`, whose body are
/// bytes that an act said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SaidFrom {
    pub deploy: i64,
    pub key: String,
    /// How many bytes it had said before these.
    pub at_byte: u64,
}

/// The next part begins there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidSoFar {
    pub said_bytes: u64,
}

/// `POST /runner/v1/ended`: told again it is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunEnded {
    pub of: RunOf,
    pub came_to: CameTo,
}

/// What an act came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum CameTo {
    Exit {
        status: i32,
    },
    /// It was over its limit, and was ended.
    TimedOut,
    /// Somebody wanted it ended, and it was.
    Ended {
        by: String,
    },
    /// It could not be begun, such as a program that is not there: nothing happened.
    Broken {
        said: String,
    },
    /// It was not begun, and will not be by this order.
    NotStarted {
        why: String,
    },
    /// Whether it was done is not known.
    CannotTell {
        said: String,
        fix: String,
    },
}
