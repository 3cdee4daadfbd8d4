//! Versions of projects, and which issues are fixed in them.

use serde_json::{Value, json};

use super::state::State;
use super::{Issue, Jira};

#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) id: u64,
    /// The project's key.
    pub(super) project: String,
    pub(super) name: String,
    pub(super) is_released: bool,
    pub(super) release_date: Option<String>,
    pub(super) is_archived: bool,
}

impl State {
    /// The project's version with this name, in any case.
    pub(super) fn version_named(&self, project: &str, name: &str) -> Option<&Version> {
        let is_it = |one: &&Version| one.project == project && one.name.eq_ignore_ascii_case(name);
        self.versions.iter().find(is_it)
    }

    pub(super) fn add_version(&mut self, project: &str, name: &str) -> &mut Version {
        let id = 10_000 + self.versions.len() as u64;
        let (project, name) = (project.to_owned(), name.to_owned());
        self.versions.push(Version { id, project, name, is_released: false, release_date: None, is_archived: false });
        self.versions.last_mut().expect("it was added just now")
    }

    pub(super) fn version_json(&self, version: &Version) -> Value {
        let mut json = json!({
            "self": format!("{}/rest/api/{}/version/{}", self.base_url, self.version(), version.id),
            "id": version.id.to_string(),
            "name": version.name,
            "archived": version.is_archived,
            "released": version.is_released,
        });
        if let Some(date) = &version.release_date {
            json["releaseDate"] = date.clone().into();
        }
        json
    }
}

impl Jira {
    /// A project has this version, which is not released.
    pub fn version(&self, project: &str, name: &str) -> &Self {
        let mut state = self.state();
        state.learn_project(project);
        state.add_version(project, name);
        drop(state);
        self
    }

    /// A project has this version, and nobody may use it any more.
    pub fn archived_version(&self, project: &str, name: &str) -> &Self {
        let mut state = self.state();
        state.learn_project(project);
        state.add_version(project, name).is_archived = true;
        drop(state);
        self
    }

    /// The token may also make versions.
    pub fn may_administer(&self) -> &Self {
        self.state().may_administer = true;
        self
    }

    /// The versions of a project: each with the day of its release, if it has one.
    pub fn versions(&self, project: &str) -> Vec<(String, Option<String>)> {
        let state = self.state();
        let of_it = state.versions.iter().filter(|version| version.project == project);
        of_it.map(|version| (version.name.clone(), version.release_date.clone())).collect()
    }
}

impl Issue<'_> {
    /// Is fixed in this version of its project, which is there.
    #[expect(clippy::return_self_not_must_use, reason = "the word takes effect at once")]
    pub fn fixed_in(self, name: &str) -> Self {
        self.with_state(|state, id| {
            let project = state.issue_mut(id).project().to_owned();
            let version = state.version_named(&project, name).expect("the project has this version").id;
            state.issue_mut(id).fix_versions.push(version);
        });
        self
    }

    /// The names of the versions that it is fixed in.
    pub fn fix_versions(self) -> Vec<String> {
        self.with_state(|state, id| {
            let held = state.issue_mut(id).fix_versions.clone();
            let named = state.versions.iter().filter(|version| held.contains(&version.id));
            named.map(|version| version.name.clone()).collect()
        })
    }
}
