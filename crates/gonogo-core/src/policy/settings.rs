//! The values in force, key by key, and the lines where they were written.

use super::{PolicyError, Source};
use serde::Serialize;
use serde_json::Value;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// As it is written: `checks.story-size.max_points`, `service[0].name`.
    pub key: String,
    /// As JSON writes it; `None` where nothing is set, and nothing holds instead.
    pub value: Option<String>,
    /// Where it was written; `None` of what holds unless it is written.
    pub line: Option<usize>,
}

impl Source {
    /// What a value that was typed from this text holds, each key with its line.
    pub fn settings(&self, key: &str, typed: &impl Serialize) -> Result<Vec<Setting>, PolicyError> {
        let value = serde_json::to_value(typed).map_err(|e| self.error(e.to_string(), None))?;
        let written = self.table()?;
        let mut settings = Vec::new();
        let path: Vec<Step> = key.split('.').filter(|name| !name.is_empty()).map(Step::key).collect();
        self.flatten(written.get_ref(), &path, &value, &mut settings);
        Ok(settings)
    }

    /// Where a key stands, for errors that are found after typing.
    pub fn find(&self, path: &[&str]) -> Option<Range<usize>> {
        place(self.table().ok()?.get_ref(), &path.iter().map(|name| Step::key(name)).collect::<Vec<_>>())
    }

    /// Where below a table that stands of which an error speaks: by the words in backticks,
    /// each of which is a key there, or the name of one of its tables. Else the table.
    pub(super) fn find_said(&self, table: &str, said: &str) -> Option<Range<usize>> {
        let written = self.table().ok()?;
        let mut here = written.get_ref().get(table)?;
        for word in said.split('`').skip(1).step_by(2) {
            here = below(here, word).unwrap_or(here);
        }
        Some(here.span())
    }

    /// The line where a key stands.
    pub fn line_of(&self, path: &[&str]) -> Option<usize> {
        self.find(path).map(|span| self.line_at(span.start))
    }

    fn flatten(&self, written: &DeTable<'_>, path: &[Step], value: &Value, settings: &mut Vec<Setting>) {
        let below = |step| [path, &[step]].concat();
        match value {
            Value::Object(table) if !table.is_empty() => {
                for (name, value) in table {
                    self.flatten(written, &below(Step::key(name)), value, settings);
                }
            }
            Value::Array(tables) if tables.iter().any(Value::is_object) => {
                for (at, value) in tables.iter().enumerate() {
                    self.flatten(written, &below(Step::Nth(at)), value, settings);
                }
            }
            // A table whose keys are anybody's, with none in it.
            Value::Object(_) => {}
            value => {
                let line = place(written, path).map(|span| self.line_at(span.start));
                let value = (!value.is_null()).then(|| value.to_string());
                settings.push(Setting { key: said(path), value, line });
            }
        }
    }

    fn line_at(&self, byte: usize) -> usize {
        self.text.get(..byte).unwrap_or_default().matches('\n').count() + 1
    }
}

#[derive(Clone, Debug)]
enum Step {
    Key(String),
    Nth(usize),
}

impl Step {
    fn key(name: &str) -> Self {
        Self::Key(name.to_owned())
    }
}

fn said(path: &[Step]) -> String {
    path.iter().fold(String::new(), |said, step| match step {
        Step::Key(name) if said.is_empty() => name.clone(),
        Step::Key(name) => format!("{said}.{name}"),
        Step::Nth(at) => format!("{said}[{at}]"),
    })
}

/// The value of a key (`watch.false_halts`), or the table with this `name`.
fn below<'v, 't>(here: &'v Spanned<DeValue<'t>>, word: &str) -> Option<&'v Spanned<DeValue<'t>>> {
    let DeValue::Table(table) = here.get_ref() else { return None };
    let key = word.split('.').try_fold(here, |here, key| match here.get_ref() {
        DeValue::Table(table) => table.get(key),
        _ => None,
    });
    let is_called = |one: &&'v Spanned<DeValue<'t>>| match one.get_ref() {
        DeValue::Table(table) => table.get("name").is_some_and(|name| name.get_ref().as_str() == Some(word)),
        _ => false,
    };
    key.or_else(|| {
        table.values().find_map(|value| match value.get_ref() {
            DeValue::Array(all) => all.iter().find(is_called),
            // Groups of hosts, each with its tables.
            DeValue::Table(_) => below(value, word),
            _ => None,
        })
    })
}

fn place(table: &DeTable<'_>, path: &[Step]) -> Option<Range<usize>> {
    let (Step::Key(first), rest) = path.split_first()? else { return None };
    let mut here = table.get(first.as_str())?;
    for step in rest {
        here = match (here.get_ref(), step) {
            (DeValue::Table(inner), Step::Key(name)) => inner.get(name.as_str())?,
            (DeValue::Array(all), Step::Nth(at)) => all.get(*at)?,
            _ => return None,
        };
    }
    Some(here.span())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    #[test]
    fn what_is_wrong_with_a_deploy_is_shown_where_it_stands() {
        let refused = |text: &str| Policy::parse(Source::new("gonogo.toml", text)).unwrap_err().to_string();
        let step = |name: &str, more: &str| format!("[[deploy.steps]]\nname = '{name}'\nrun = ['x']\n{more}\n");
        let hosts = "[[deploy.hosts.web]]\nname = 'web-1'\n";
        for (text, at) in [
            (format!("{hosts}{}{}", step("build", ""), step("ship", "limit_minutes = 0")), "gonogo.toml:10:"),
            (format!("{}{}", step("build", ""), step("ship", "dir = 'here'")), "gonogo.toml:8:"),
            (format!("{}[deploy.approval]\nhours = 0\n", step("ship", "")), "gonogo.toml:6:"),
            (format!("{}[deploy.watch]\nfalse_halts = 2.0\n", step("ship", "")), "gonogo.toml:6:"),
            (format!("{}{}", step("build", ""), step("Ship", "")), "gonogo.toml:5:"),
        ] {
            assert!(refused(&text).starts_with(at), "{text}{}", refused(&text));
        }
    }

    #[test]
    fn each_key_has_its_value_and_the_line_where_it_was_written() {
        let text =
            "[stories]\nprojects = ['STORY']\n\n[[awareness]]\nteam = 'Support'\nchannel = '#s'\nlabels = ['x']\n";
        let policy = Policy::parse(Source::new("gonogo.toml", text)).unwrap();
        let settings = policy.source.settings("", &policy.sections).unwrap();
        let of = |key: &str| {
            let setting = settings.iter().find(|s| s.key == key).unwrap_or_else(|| panic!("no {key}: {settings:?}"));
            (setting.value.as_deref(), setting.line)
        };
        assert_eq!(of("stories.projects"), (Some(r#"["STORY"]"#), Some(2)));
        assert_eq!(of("stories.ships_in").1, None);
        assert_eq!(of("stories.partial.label"), (None, None));
        assert_eq!(of("awareness[0].team"), (Some("\"Support\""), Some(5)));
        assert_eq!(of("awareness[0].lead_hours"), (Some("0"), None));
        assert_eq!(of("tracker"), (None, None));
    }
}
