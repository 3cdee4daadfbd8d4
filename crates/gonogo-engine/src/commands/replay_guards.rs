//! Guards over recorded history: what they would have done at deploys that were.

use futures_util::future::join_all;
use gonogo_core::fact::{Fact, Why};
use gonogo_core::guard::{Guard, MetricsKind, MetricsServers, Moments, Replayed, Sample, Series, replay};
use gonogo_core::policy::Sections;
use gonogo_remote::http::{BUDGET, Connections, HttpSettings};
use gonogo_remote::metrics::{Credentials, Metrics, server};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Where history comes from.
#[derive(Debug)]
pub enum History {
    /// Points by the name of a guard and of its query: `errors`, `errors.of`,
    /// `errors.rest`, `errors.rest-of`.
    Given(BTreeMap<String, Vec<Sample>>),
    /// The servers of the policy, over this time.
    Servers { from: Timestamp, until: Timestamp, http: HttpSettings, variable: fn(&str) -> Option<String> },
}

#[derive(Debug)]
pub struct ReplayGuards {
    pub sections: Sections,
    /// Those that are replayed; empty: all.
    pub names: Vec<String>,
    pub history: History,
    pub deploys: Vec<Moments>,
}

/// One guard, what it read, and what it would have done.
#[derive(Debug)]
pub struct GuardReplayed {
    pub guard: Guard,
    pub series: Series,
    pub deploys: Vec<Replayed>,
}

/// The names that a guard's series have.
pub fn series_names(guard: &Guard) -> Vec<String> {
    queries(guard).into_iter().map(|(name, _)| name).collect()
}

/// Each with its query.
fn queries(guard: &Guard) -> Vec<(String, &str)> {
    let all = [
        ("", Some(&guard.query)),
        (".of", guard.of.as_ref()),
        (".rest", guard.rest.as_ref()),
        (".rest-of", guard.rest_of.as_ref()),
    ];
    all.into_iter().filter_map(|(ending, query)| Some((format!("{}{ending}", guard.name), query?.as_str()))).collect()
}

/// In the policy's order. What cannot be read ends it: half a history judges nothing.
pub async fn replay_guards(request: &ReplayGuards) -> Result<Vec<GuardReplayed>, Why> {
    let deploy = &request.sections.deploy;
    let is_wanted = |guard: &&Guard| request.names.is_empty() || request.names.contains(&guard.name);
    let guards: Vec<&Guard> = deploy.guards.iter().filter(is_wanted).collect();
    let read = join_all(guards.iter().map(|guard| history_of(guard, &deploy.metrics, &request.history))).await;
    let mut replayed = Vec::new();
    for (guard, read) in guards.into_iter().zip(read) {
        let (series, rest) = read?;
        let deploys = replay(guard, &deploy.watch, deploy.guards.len(), &series, rest.as_ref(), &request.deploys);
        replayed.push(GuardReplayed { guard: guard.clone(), series, deploys });
    }
    Ok(replayed)
}

async fn history_of(
    guard: &Guard,
    servers: &MetricsServers,
    history: &History,
) -> Result<(Series, Option<Series>), Why> {
    let mut read: BTreeMap<String, Vec<Sample>> = BTreeMap::new();
    match history {
        History::Given(given) => {
            for name in series_names(guard) {
                read.insert(name.clone(), given.get(&name).cloned().unwrap_or_default());
            }
        }
        History::Servers { from, until, http, variable } => {
            let asked = server_of(guard.from, servers, http, *variable)?;
            for (name, query) in queries(guard) {
                let samples = match asked.samples(query, *from, *until, guard.resolution_seconds).await {
                    Fact::Known(samples) => samples,
                    Fact::Absent => Vec::new(),
                    Fact::Unknown(why) => return Err(why),
                };
                read.insert(name, samples);
            }
        }
    }
    let mut take = |ending: &str| read.remove(&format!("{}{ending}", guard.name)).unwrap_or_default();
    let series = Series { samples: take(""), trials: take(".of") };
    let rest = guard.rest.is_some().then(|| Series { samples: take(".rest"), trials: take(".rest-of") });
    Ok((series, rest))
}

fn server_of(
    kind: MetricsKind,
    servers: &MetricsServers,
    http: &HttpSettings,
    variable: fn(&str) -> Option<String>,
) -> Result<Box<dyn Metrics>, Why> {
    let address = servers.address(kind).unwrap_or_default();
    let credentials =
        Credentials::read(kind, variable).map_err(|error| Why::new(error.to_string(), "mend the variable"))?;
    let connections = Connections::new(http).map_err(|error| Why::new(error.to_string(), "mend GONOGO_CA_FILE"))?;
    server(kind, address, &connections, credentials, BUDGET)
}
