//! `gonogo.toml`. Each wing owns its part; this composes them. The options of
//! checks stay untyped here: the checks type them.

mod candidates;
mod checks;
mod error;
mod stories;
mod tracker;
mod waivers;

pub use candidates::Candidates;
pub use checks::{CheckTable, Level, Narrowed, OptionsTable};
pub use error::{PolicyError, Source, nearest, typed, typed_value};
pub use stories::{Name, Names, Partial, Pattern, Patterns, ShipsIn, Stories};
pub use tracker::{Tracker, TrackerKind};
pub use waivers::{WaiverRule, Waivers};

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::de::DeValue;

/// The file's name in a repository.
pub const FILE: &str = "gonogo.toml";

/// What may ship, and how we find out. Every key has a default.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sections {
    pub service: Service,
    pub production: ProductionRef,
    pub candidates: Candidates,
    pub tracker: Option<Tracker>,
    pub stories: Stories,
    pub waivers: Waivers,
    /// Typed by the checks.
    #[schemars(skip)]
    checks: IgnoredAny,
}

/// What is deployed on its own.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Service {
    /// Its name; without one the remote's name, else the folder's.
    pub name: Option<String>,
}

/// Where production is.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProductionRef {
    /// A branch or tag that always stands at what runs in production.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
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
        production_ref_of(&source)?;
        sections.stories.validate().map_err(|said| source.error(said, source.find(&["stories"])))?;
        sections.waivers.validate().map_err(|said| source.error(said, source.find(&["waivers"])))?;
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

impl Source {
    /// Where a key stands, for errors that are found after typing.
    pub fn find(&self, path: &[&str]) -> Option<std::ops::Range<usize>> {
        let table = self.table().ok()?;
        let (last, tables) = path.split_last()?;
        let mut here = table.get_ref();
        for name in tables {
            match here.get(*name)?.get_ref() {
                DeValue::Table(inner) => here = inner,
                _ => return None,
            }
        }
        here.get(*last).map(toml::Spanned::span)
    }
}

/// Whether a name can be a branch's or a tag's: not one that moves with who
/// looks, such as HEAD, nor a way from another commit.
fn is_ref(name: &str) -> bool {
    !name.is_empty() && !matches!(name, "HEAD" | "@") && !name.contains(['~', '^', ':', ' ']) && !name.contains("@{")
}

/// `[production] ref` of a policy that may be wrong elsewhere: a mistake in a
/// check's table must not hide where production is.
pub fn production_ref_of(source: &Source) -> Result<Option<String>, PolicyError> {
    let mut table = source.table()?;
    match table.get_mut().remove("production") {
        Some(value) => {
            let span = value.span();
            let reference = typed_value::<ProductionRef>(source, value)?.reference;
            match reference.as_deref().filter(|name| !is_ref(name)) {
                Some(name) => {
                    Err(source.error(format!("`{name}` is no branch or tag: write the name of one"), Some(span)))
                }
                None => Ok(reference),
            }
        }
        None => Ok(None),
    }
}
