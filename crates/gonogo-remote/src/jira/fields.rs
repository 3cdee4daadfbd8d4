//! Names of fields to their ids, asked once and only where a policy uses names.

use gonogo_core::fact::Why;
use gonogo_core::story::same_word;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::OnceCell;

/// What a policy's word for a field stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FieldId {
    Id(String),
    NoSuchField,
    Ambiguous(Vec<String>),
}

/// All fields of the tracker: id and name.
#[derive(Debug, Default)]
pub(super) struct FieldMap(OnceCell<Vec<(String, String)>>);

/// Fields that have fixed ids: no need to ask.
fn is_id(word: &str) -> bool {
    let number = word.strip_prefix("customfield_");
    number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

impl super::Base {
    /// The ids of these fields; one request for all, for the life of the client.
    pub(super) async fn field_ids(
        &self,
        path: &str,
        words: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, FieldId>, Why> {
        if let Some(ids) = as_they_are(words) {
            return Ok(ids);
        }
        let all = self.fields.0.get_or_try_init(|| async { self.get(path).await.and_then(|v| read(&v)) }).await?;
        Ok(words.iter().map(|word| (word.clone(), find(all, word))).collect())
    }
}

/// Where all of them are ids, nobody has to be asked.
pub(super) fn as_they_are(words: &BTreeSet<String>) -> Option<BTreeMap<String, FieldId>> {
    let all = words.iter().map(|word| is_id(word).then(|| (word.clone(), FieldId::Id(word.clone()))));
    all.collect()
}

/// By what a Jira answered of its fields.
pub(super) fn named(answer: &Value, words: &BTreeSet<String>) -> Result<BTreeMap<String, FieldId>, Why> {
    let all = read(answer)?;
    Ok(words.iter().map(|word| (word.clone(), find(&all, word))).collect())
}

fn read(value: &Value) -> Result<Vec<(String, String)>, Why> {
    let field = |f: &Value| Some((f.get("id")?.as_str()?.to_owned(), f.get("name")?.as_str()?.to_owned()));
    let list = value.as_array().map(|list| list.iter().filter_map(field).collect());
    list.ok_or_else(|| Why::new("Jira: its list of fields is no list", "look at [tracker] url and kind"))
}

fn find(all: &[(String, String)], word: &str) -> FieldId {
    if is_id(word) || all.iter().any(|(id, _)| id == word) {
        return FieldId::Id(word.to_owned());
    }
    let ids: Vec<String> = all.iter().filter(|(_, name)| same_word(name, word)).map(|(id, _)| id.clone()).collect();
    match ids.as_slice() {
        [] => FieldId::NoSuchField,
        [only] => FieldId::Id(only.clone()),
        _ => FieldId::Ambiguous(ids),
    }
}
