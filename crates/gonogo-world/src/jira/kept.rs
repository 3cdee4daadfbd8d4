//! What became of a Jira's stories, as JSON: for a world that goes on where it
//! ended.

use serde_json::{Map, Value, json};

use super::Jira;
use super::comments::Comment;
use super::state::{Change, Issue};

impl Jira {
    /// Status, fields and history of each story, by its key.
    pub fn kept(&self) -> Value {
        let state = self.state();
        let by_key: Map<String, Value> =
            state.issues.iter().map(|issue| (issue.key.clone(), issue_json(issue))).collect();
        by_key.into()
    }

    /// Stories that are there are so again; `None` where that is not what
    /// [`Jira::kept`] gave.
    #[must_use]
    pub fn goes_on(&self, kept: &Value) -> Option<()> {
        let mut state = self.state();
        for (key, json) in kept.as_object()? {
            let id = state.by_key(key)?.id;
            let status = state.status(json["status"].as_str()?).name.clone();
            let fields = json["fields"].as_object()?;
            let custom = fields.iter().map(|(number, value)| Some((number.parse().ok()?, value.clone())));
            let custom = custom.collect::<Option<_>>()?;
            let history: Vec<Change> = json["history"].as_array()?.iter().map(change).collect::<Option<_>>()?;
            let comments: Vec<Comment> = json["comments"].as_array()?.iter().map(comment).collect::<Option<_>>()?;
            state.go_on_after(history.last().map(|last| (last.id, last.at)));
            state.go_on_after(comments.last().map(|last| (last.id, last.updated)));
            let issue = state.issue_mut(id);
            if let Some(last) = history.last() {
                issue.updated = last.at;
            }
            (issue.status, issue.custom, issue.history, issue.comments) = (status, custom, history, comments);
        }
        Some(())
    }
}

fn issue_json(issue: &Issue) -> Value {
    let fields: Map<String, Value> =
        issue.custom.iter().map(|(number, value)| (number.to_string(), value.clone())).collect();
    let history: Vec<Value> = issue.history.iter().map(change_json).collect();
    let comments: Vec<Value> = issue.comments.iter().map(comment_json).collect();
    json!({"status": issue.status, "fields": fields, "history": history, "comments": comments})
}

fn comment_json(comment: &Comment) -> Value {
    json!({
        "id": comment.id,
        "author": comment.author,
        "body": comment.body,
        "properties": comment.properties,
        "created": comment.created.to_string(),
        "updated": comment.updated.to_string(),
    })
}

fn comment(json: &Value) -> Option<Comment> {
    Some(Comment {
        id: json["id"].as_u64()?,
        author: json["author"].as_str()?.to_owned(),
        body: json["body"].clone(),
        properties: json["properties"].as_array()?.clone(),
        created: json["created"].as_str()?.parse().ok()?,
        updated: json["updated"].as_str()?.parse().ok()?,
    })
}

fn change_json(change: &Change) -> Value {
    json!({
        "id": change.id,
        "author": change.author,
        "at": change.at.to_string(),
        "field": change.field,
        "field_id": change.field_id,
        "custom": change.custom,
        "from": change.from,
        "from_string": change.from_string,
        "to": change.to,
        "to_string": change.to_string,
    })
}

fn change(json: &Value) -> Option<Change> {
    let text = |name: &str| json[name].as_str().map(str::to_owned);
    Some(Change {
        id: json["id"].as_u64()?,
        author: text("author")?,
        at: text("at")?.parse().ok()?,
        field: text("field")?,
        field_id: text("field_id")?,
        custom: json["custom"].as_bool()?,
        from: json["from"].clone(),
        from_string: json["from_string"].clone(),
        to: json["to"].clone(),
        to_string: json["to_string"].clone(),
    })
}
