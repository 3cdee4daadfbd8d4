//! `gonogo.toml`. Each wing owns its part; this composes them. The options of
//! checks stay untyped here: the checks type them.

mod awareness;
mod candidates;
mod checks;
mod early;
mod error;
mod on_call;
mod plan;
mod production;
mod service;
mod settings;
mod stories;
mod tracker;
mod waivers;
mod zone;

pub use awareness::{Awareness, PLACES_APART};
pub use candidates::Candidates;
pub use checks::{CheckTable, Level, Narrowed, OptionsTable};
pub use early::Early;
pub use error::{PolicyError, Source, nearest, typed, typed_value};
pub use on_call::{OnCall, Turn};
pub use plan::{MayGive, Plan, SignOff, SignedBy, Signer};
pub use production::{DeployedTag, Endpoint, ProductionSource, ProductionTable, production_of};
pub use service::{Service, ServicePath};
pub use settings::Setting;
pub use stories::{Name, Names, Partial, Pattern, Patterns, ShipsIn, Stories};
pub use tracker::{Tracker, TrackerKind};
pub use waivers::{WaiverRule, Waivers};
pub(crate) use zone::{utc, zone};

use crate::deploy::Deploys;
use crate::guard;
use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use toml::de::DeValue;

/// The file's name in a repository.
pub const FILE: &str = "gonogo.toml";

/// What may ship, and how we find out. Every key has a default.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sections {
    pub service: Service,
    pub production: ProductionTable,
    pub candidates: Candidates,
    pub tracker: Option<Tracker>,
    pub stories: Stories,
    pub waivers: Waivers,
    pub on_call: Option<OnCall>,
    pub plan: Plan,
    /// Teams that have to know of stories before they ship.
    pub awareness: Vec<Awareness>,
    pub early: Early,
    pub deploy: Deploys,
    /// Typed by the checks.
    #[schemars(skip)]
    #[serde(skip_serializing)]
    checks: IgnoredAny,
}

/// A policy whose sections are typed and whose check tables are not yet.
#[derive(Clone, Debug)]
pub struct Policy {
    pub source: Source,
    pub sections: Sections,
}

impl Policy {
    pub fn parse(source: Source) -> Result<Self, PolicyError> {
        let sections: Sections = typed(&source, source.table()?)?;
        if let Some(tracker) = &sections.tracker {
            tracker.validate().map_err(|said| source.error(said, source.find(&["tracker", "url"])))?;
        }
        production_of(&source)?;
        sections.stories.validate().map_err(|said| source.error(said, source.find(&["stories"])))?;
        sections.waivers.validate().map_err(|said| source.error(said, source.find(&["waivers"])))?;
        if let Some(on_call) = &sections.on_call {
            on_call.validate().map_err(|said| source.error(said, source.find(&["on_call"])))?;
        }
        sections.plan.validate().map_err(|said| source.error(said, source.find(&["plan"])))?;
        sections.early.validate().map_err(|said| source.error(said, source.find(&["early"])))?;
        let of_deploy = |said: String| {
            let place = source.find_said("deploy", &said);
            source.error(said, place)
        };
        sections.deploy.validate().map_err(of_deploy)?;
        let deploy = &sections.deploy;
        guard::validate(&deploy.guards, &deploy.metrics, &deploy.watch).map_err(of_deploy)?;
        let mut teams = std::collections::BTreeSet::new();
        for rule in &sections.awareness {
            let wrong = |said| source.error(said, source.find(&["awareness"]));
            rule.validate().map_err(wrong)?;
            if !teams.insert(rule.team.trim().to_lowercase()) {
                return Err(wrong(format!("there are two [[awareness]] of {}: write one", rule.team)));
            }
        }
        let policy = Self { source, sections };
        policy.check_tables()?;
        Ok(policy)
    }

    /// The defaults.
    pub fn built_in() -> Self {
        Self { source: Source::new("built-in defaults", ""), sections: Sections::default() }
    }

    /// The tables below `[checks]`, in their order by name.
    pub fn check_tables(&self) -> Result<Vec<CheckTable<'_>>, PolicyError> {
        let mut table = self.source.table()?;
        let Some(checks) = table.get_mut().remove("checks") else { return Ok(Vec::new()) };
        let span = checks.span();
        let DeValue::Table(checks) = checks.into_inner() else {
            return Err(self.source.error("`checks` is a table of checks", Some(span)));
        };
        checks.into_iter().map(|(name, value)| CheckTable::read(&self.source, name, value)).collect()
    }
}
