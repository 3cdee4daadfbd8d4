//! What is in force, and where each of it was written: the server's own
//! configuration, and each service's policy.

use crate::jobs::wanted_as_known;
use crate::locate::{LocateError, Located, Wanted, locate_each};
use crate::recording::Recording;
use crate::serving::Serving;
use gonogo_api::{PoliciesInForce, PolicyInForce, ServerSettings};
use gonogo_checks::questions::Answer;
use gonogo_core::build::UsualBuild;
use gonogo_core::case::PolicyOrigin;
use gonogo_core::fact::Fact;
use gonogo_core::person::{Act, Forbidden, Person};
use gonogo_core::policy::Setting;
use gonogo_store::StoreError;
use std::collections::BTreeSet;
use thiserror::Error;

/// Candidates whose recordings are read.
const MOST_READ: usize = 3;

#[derive(Debug, Error)]
pub enum SettingsError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Forbidden(Forbidden),
    #[error("there is no service `{0}`")]
    NoService(String),
    #[error("its repository was not fetched yet\n  → see the service's page for how far that is")]
    NotFetched,
    #[error(transparent)]
    Locate(#[from] LocateError),
    #[error("the reader of git ended early\n  → please report it")]
    Broken,
}

pub fn of_server<'a>(serving: &'a Serving, who: &Person) -> Result<&'a ServerSettings, Forbidden> {
    who.may(Act::ReadSettings).map(|_| &serving.settings)
}

/// The policies that judge what would be deployed of a service now.
pub async fn of_service(serving: &Serving, who: &Person, service: &str) -> Result<PoliciesInForce, SettingsError> {
    let Some(service) = serving.service(service) else { return Err(SettingsError::NoService(service.to_owned())) };
    who.may_at(&service.name, Act::Read).map_err(SettingsError::Forbidden)?;
    let mirror = serving.mirror_of(service);
    if !mirror.is_dir() {
        return Err(SettingsError::NotFetched);
    }
    let row = serving.store.production(&service.name).await?;
    let wanted = wanted_as_known(mirror, service, row.as_ref());
    let usual = serving.store.usual_builds(&service.name).await?;
    let read = tokio::task::spawn_blocking(move || read(&wanted, usual));
    let (mut found, counts_rules) = read.await.map_err(|_| SettingsError::Broken)??;
    if counts_rules && found.builds.iter().any(|build| build.offered) {
        let by_rules = required_by_rules(serving, &service.name).await?;
        for build in found.builds.iter_mut().filter(|build| build.offered) {
            build.required = by_rules.as_ref().is_some_and(|names| names.contains(&build.name));
            // What is not known to be lacking is not offered.
            build.offered = by_rules.is_some() && !build.required;
        }
    }
    Ok(found)
}

/// What the rules of branches require, as they were read when their candidates were
/// judged last; `None` where they were not.
async fn required_by_rules(serving: &Serving, service: &str) -> Result<Option<BTreeSet<String>>, StoreError> {
    let open = serving.store.open_candidates(service).await?;
    let mut names: Option<BTreeSet<String>> = None;
    for candidate in open.iter().filter(|candidate| candidate.stage.is_deploy()).take(MOST_READ) {
        let Some(newest) = serving.store.newest_evaluation(candidate.id).await? else { continue };
        let bytes = serving.store.recording(newest.id).await?;
        let Some(recording) = bytes.and_then(|bytes| Recording::parse(&bytes).ok()) else { continue };
        for (_, recorded) in recording.facts() {
            if let Answer::RequiredBuilds(Fact::Known(required)) = &recorded.answer {
                names.get_or_insert_default().extend(required.iter().map(|one| one.name.clone()));
            }
        }
    }
    Ok(names)
}

/// And whether builds count that the branch's rules require.
fn read(wanted: &Wanted, usual: Vec<UsualBuild>) -> Result<(PoliciesInForce, bool), LocateError> {
    let git = wanted.open()?;
    let located = locate_each(&git, wanted)?;
    let builds = usual.into_iter().map(|build| {
        let required = located.iter().all(|one| one.policy.requires_build(&build.name));
        let offered = !required && is_nearly_always(&build);
        let UsualBuild { name, by, on, of, seconds } = build;
        gonogo_api::UsualBuild { name, by, on, of, seconds, required, offered }
    });
    let builds = builds.collect();
    let mut policies: Vec<PolicyInForce> = located.iter().map(in_force).collect();
    policies.dedup_by(|one, other| one.name == other.name);
    let counts_rules = located.iter().any(|one| one.policy.requires_by_branch_rules());
    Ok((PoliciesInForce { policies, builds }, counts_rules))
}

/// On 19 of 20 commits, and of those at least five.
fn is_nearly_always(build: &UsualBuild) -> bool {
    build.of >= 5 && build.on * 20 >= build.of * 19
}

fn in_force(located: &Located) -> PolicyInForce {
    let policy = &located.case.policy;
    let unread = policy.unread.as_ref().map(|why| format!("{}\n  → {}", why.said, why.fix));
    let (settings, untold) = match located.policy.settings() {
        Ok(settings) => (settings.iter().map(told).collect(), None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    let wrong = unread.or_else(|| located.policy_error.as_ref().map(|e| e.render(false))).or(untold);
    PolicyInForce { name: policy.name.clone(), why: why(policy.origin).to_owned(), wrong, settings }
}

/// As it goes over the wire.
pub fn told(setting: &Setting) -> gonogo_api::Setting {
    let Setting { key, value, line } = setting.clone();
    gonogo_api::Setting { key, value, line }
}

fn why(origin: PolicyOrigin) -> &'static str {
    match origin {
        PolicyOrigin::Given => "given",
        PolicyOrigin::Production => "as it is in what runs",
        PolicyOrigin::DefaultBranch => "the default branch's, as what runs has none",
        PolicyOrigin::WorkTree => "of the work tree",
        PolicyOrigin::BuiltIn => "there is no gonogo.toml: every key has a default",
    }
}
