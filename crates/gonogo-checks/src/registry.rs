//! All checks, in the order of the docs.

use crate::scene::Check;
use gonogo_core::finding::{COULD_NOT_CHECK, Code};
use gonogo_core::policy::{Level, OptionsTable, PolicyError, Source, typed};
use schemars::Schema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A check as the policy, the judge and the docs know it.
pub struct Entry {
    pub name: &'static str,
    pub codes: &'static [Code],
    /// Its docs page, Markdown.
    pub docs: &'static str,
    pub default_level: Level,
    /// Whether it is asked before a merge too, of what a pull request brings;
    /// otherwise of deploys alone.
    pub before_merge: bool,
    pub(crate) parse: ParseOptions,
    /// The JSON Schema of its options.
    pub schema: fn() -> Schema,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Types a check's options.
pub(crate) type ParseOptions = fn(&Source, OptionsTable<'_>) -> Result<(Box<dyn Check>, Value), PolicyError>;

/// Types a check's options, and gives them also as they are written.
pub(crate) fn parse<C: Check + Serialize + DeserializeOwned + 'static>(
    source: &Source,
    options: OptionsTable<'_>,
) -> Result<(Box<dyn Check>, Value), PolicyError> {
    let span = options.span();
    let check = typed::<C>(source, options)?;
    let wrong = |said| source.error(said, Some(span.clone()));
    check.validate().map_err(wrong)?;
    let options = serde_json::to_value(&check).map_err(|e| wrong(e.to_string()))?;
    Ok((Box::new(check), options))
}

pub const CHECKS: &[Entry] = &[
    crate::ancestry::ENTRY,
    crate::story_key::ENTRY,
    crate::story_exists::ENTRY,
    crate::story_state::ENTRY,
    crate::story_missing::ENTRY,
    crate::story_fields::ENTRY,
    crate::story_size::ENTRY,
    crate::unfinished::ENTRY,
    crate::reverts::ENTRY,
    crate::builds::ENTRY,
    crate::awareness::ENTRY,
    crate::post_deploy::ENTRY,
    crate::sign_offs::ENTRY,
    crate::freeze::ENTRY,
];

/// What is always looked at and has no level: where production is, the policy
/// itself, and whether the tracker answers. Name, codes, docs page.
pub const SYNTHETIC: [(&str, &[Code], &str); 3] = [
    (crate::production::NAME, crate::production::CODES, include_str!("production.md")),
    (crate::policy_changed::NAME, crate::policy_changed::CODES, include_str!("policy_changed.md")),
    (crate::tracker::NAME, crate::tracker::CODES, include_str!("tracker.md")),
];

/// Every page of the docs on checks: its name, its codes, its text.
pub fn documented() -> impl Iterator<Item = (&'static str, Vec<Code>, &'static str)> {
    let with_unknown = |codes: &'static [Code]| codes.iter().copied().chain([COULD_NOT_CHECK]).collect();
    let checks = CHECKS.iter().map(move |e| (e.name, with_unknown(e.codes), e.docs));
    SYNTHETIC.iter().map(|(name, codes, docs)| (*name, codes.to_vec(), *docs)).chain(checks)
}
