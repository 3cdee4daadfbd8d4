//! Which fields and expansions of an issue are wanted.

use super::super::state::State;
use super::answers::Refusal;

/// What a caller may add to each issue.
const EXPANSIONS: [&str; 8] = [
    "changelog",
    "editmeta",
    "names",
    "operations",
    "renderedFields",
    "schema",
    "transitions",
    "versionedRepresentations",
];

/// Which fields of an issue to answer with.
#[derive(Debug)]
pub(super) struct Selection {
    /// All but those excluded, or only those included.
    takes_all: bool,
    included: Vec<String>,
    excluded: Vec<String>,
    pub(super) with_changelog: bool,
}

impl Selection {
    pub(super) fn takes(&self, field: &str) -> bool {
        let named = |names: &[String]| names.iter().any(|name| name == field);
        !named(&self.excluded) && (self.takes_all || named(&self.included))
    }

    /// Whether nothing was asked for, which `search/jql` answers with bare ids.
    pub(super) fn is_empty(&self) -> bool {
        !self.takes_all && self.included.is_empty()
    }
}

impl State {
    /// Reads `fields` and `expand`. Jira passes over fields that it does not
    /// know; here that is noted too.
    pub(super) fn selection(
        &mut self,
        fields: Option<Vec<String>>,
        expand: Option<Vec<String>>,
        takes_all_by_default: bool,
    ) -> Result<Selection, Refusal> {
        let mut selection = Selection {
            takes_all: fields.is_none() && takes_all_by_default,
            included: Vec::new(),
            excluded: Vec::new(),
            with_changelog: false,
        };
        for name in expand.unwrap_or_default() {
            selection.with_changelog |= name == "changelog";
            if !EXPANSIONS.contains(&name.as_str()) {
                return Err(Refusal::surprise(400, format!("Unknown expand '{name}'.")));
            }
        }
        for name in fields.unwrap_or_default() {
            if name == "*all" || name == "*navigable" {
                selection.takes_all = true;
                continue;
            }
            let (list, id) = match name.strip_prefix('-') {
                Some(id) => (&mut selection.excluded, id.to_owned()),
                None => (&mut selection.included, name.clone()),
            };
            let is_known =
                ["id", "key", "self"].contains(&id.as_str()) || self.fields.iter().any(|field| field.id == id);
            list.push(id);
            if !is_known {
                self.unexpected(format!("the field '{name}' was asked for and does not exist"));
            }
        }
        // Excluding alone means: of all.
        selection.takes_all |= selection.included.is_empty() && !selection.excluded.is_empty();
        Ok(selection)
    }
}
