//! Names of fields to their ids, asked seldom and only where a policy uses names.

use gonogo_core::fact::Why;
use gonogo_core::story::same_word;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// What a policy's word for a field stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FieldId {
    Id(String),
    NoSuchField,
    Ambiguous(Vec<String>),
}

/// All fields of a tracker, and when it told them.
#[derive(Debug, Default)]
pub(super) struct FieldMap(Mutex<Option<Told>>);

#[derive(Debug)]
struct Told {
    at: Instant,
    /// Id and name.
    all: Vec<(String, String)>,
}

/// So long a list counts in which each name is found, and is one field's.
const KEPT_FOR: Duration = Duration::from_mins(10);

/// Fields that have fixed ids: no need to ask.
fn is_id(word: &str) -> bool {
    let number = word.strip_prefix("customfield_");
    number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

impl super::Base {
    /// The ids of these fields; one request for all. What is not found, or is several,
    /// is looked for in a list that is as new as we are: somebody may have mended it.
    pub(super) async fn field_ids(
        &self,
        path: &str,
        words: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, FieldId>, Why> {
        if let Some(ids) = as_they_are(words) {
            return Ok(ids);
        }
        let mut kept = self.fields.0.lock().await;
        if let Some(told) = kept.as_ref() {
            let ids = ids(&told.all, words);
            let is_clear = ids.values().all(|id| matches!(id, FieldId::Id(_)));
            if told.at >= self.begun || (is_clear && told.at.elapsed() < KEPT_FOR) {
                return Ok(ids);
            }
        }
        let at = Instant::now();
        let all = read(&self.get(path).await?)?;
        let ids = ids(&all, words);
        *kept = Some(Told { at, all });
        Ok(ids)
    }
}

/// Where all of them are ids, nobody has to be asked.
pub(super) fn as_they_are(words: &BTreeSet<String>) -> Option<BTreeMap<String, FieldId>> {
    let all = words.iter().map(|word| is_id(word).then(|| (word.clone(), FieldId::Id(word.clone()))));
    all.collect()
}

/// By what a Jira answered of its fields.
pub(super) fn named(answer: &Value, words: &BTreeSet<String>) -> Result<BTreeMap<String, FieldId>, Why> {
    Ok(ids(&read(answer)?, words))
}

fn ids(all: &[(String, String)], words: &BTreeSet<String>) -> BTreeMap<String, FieldId> {
    words.iter().map(|word| (word.clone(), find(all, word))).collect()
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
