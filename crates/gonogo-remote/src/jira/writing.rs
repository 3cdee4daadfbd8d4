//! What we say and do in a Jira: one comment of ours on an issue, which is found
//! again by the property in it, and a transition.

use super::{Base, MOST_PAGES};
use crate::http::{Again, Ask, HttpError, Method};
use gonogo_core::fact::Why;
use gonogo_core::ids::IssueKey;
use gonogo_core::story::{TrackerPerson, same_word};
use serde_json::{Value, json};

/// What our property is called.
const PROPERTY: &str = "gonogo";
const PAGE: usize = 100;

/// A comment of ours; an issue has one of each key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    pub key: String,
    /// One paragraph each.
    pub lines: Vec<String>,
    /// Where more is to be read.
    pub link: String,
    /// Who is mentioned at its beginning.
    pub calls: Option<TrackerPerson>,
    /// It is changed where it is there, and not added.
    pub only_changed: bool,
}

/// Why something was not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotWritten {
    pub why: Why,
    pub known: Known,
}

/// What is known of what was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It was not, and may be later: once the right is given, or the token renewed.
    NotYet,
    /// It was not, and never will be: it is refused for what it is.
    Never,
    /// It may have been.
    Nothing,
}

impl NotWritten {
    fn of(why: &Why, error: &HttpError) -> Self {
        let fix = match error {
            HttpError::Status { status: 403, .. } => {
                "let the token's account add comments, make transitions and edit issues in the project"
            }
            HttpError::Status { status: 404, .. } => {
                "look whether the tracker has this issue, and let the token's account see it"
            }
            _ => &why.fix,
        };
        let known = match error {
            HttpError::Status { status: 401 | 403 | 409 | 423 | 429, .. }
            | HttpError::Redirect(_)
            | HttpError::AskedToWait(_)
            | HttpError::Connect(_)
            | HttpError::Certificate(_)
            | HttpError::CaFile { .. }
            | HttpError::Client(_) => Known::NotYet,
            HttpError::Status { status: 408, .. } => Known::Nothing,
            HttpError::Status { status, .. } if (400..500).contains(status) => Known::Never,
            _ => Known::Nothing,
        };
        Self { why: Why { fix: fix.to_owned(), ..why.clone() }, known }
    }

    /// An answer that is none: what came before it may have been done.
    pub(super) fn odd(said: impl Into<String>, fix: &str) -> Self {
        Self { why: Why::new(said, fix), known: Known::Nothing }
    }

    /// Nothing was sent.
    fn unsent(why: Why) -> Self {
        Self { why, known: Known::NotYet }
    }
}

/// What came of moving an issue to a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moved {
    Done,
    Already,
    /// No transition leads there from the state that it is in.
    NoWay {
        from: String,
        ways: Vec<String>,
    },
}

/// How a flavour is written to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writing<'a> {
    pub base: &'a Base,
    /// `/rest/api/3`
    pub api: &'static str,
    /// The comment as a document, where it is not text.
    pub is_document: bool,
}

impl Writing<'_> {
    /// Changes our comment where there is one, else adds it; its id, empty where it is
    /// not to be added.
    pub(super) async fn comment(&self, issue: &IssueKey, comment: &Comment) -> Result<String, NotWritten> {
        let at = format!("{}/issue/{issue}/comment", self.api);
        let found = self.find(&at, &comment.key).await?;
        if found.is_none() && comment.only_changed {
            return Ok(String::new());
        }
        let body = match &comment.calls {
            _ if self.is_document => document(comment),
            Some(person) => text(comment, self.name_on(issue, person).await?.as_deref()),
            None => text(comment, None),
        };
        let said = if let Some(id) = found {
            self.write(Method::PUT, &format!("{at}/{id}"), &json!({ "body": body })).await?
        } else {
            let properties = json!([{ "key": PROPERTY, "value": { "key": comment.key } }]);
            self.write(Method::POST, &at, &json!({ "body": body, "properties": properties })).await?
        };
        let id = said["id"].as_str().map(str::to_owned);
        id.ok_or_else(|| {
            NotWritten::odd("Jira: it does not say which comment is ours", "look at [tracker] url and kind")
        })
    }

    /// What the assignee or reporter of an issue is mentioned by on Data Center, where
    /// a person has a key beside the name.
    async fn name_on(&self, issue: &IssueKey, person: &TrackerPerson) -> Result<Option<String>, NotWritten> {
        let now = self.read(&format!("{}/issue/{issue}?fields=assignee,reporter", self.api)).await?;
        let people = ["assignee", "reporter"].map(|field| &now["fields"][field]);
        let is_it = |one: &&&Value| ["key", "name"].iter().any(|part| one[*part] == person.id.as_str());
        Ok(people.iter().find(is_it).and_then(|one| one["name"].as_str()).map(str::to_owned))
    }

    async fn find(&self, at: &str, key: &str) -> Result<Option<String>, NotWritten> {
        for page in 0..MOST_PAGES {
            let start = page * PAGE;
            let path = format!("{at}?expand=properties&startAt={start}&maxResults={PAGE}");
            let answer = self.read(&path).await?;
            let Some(comments) = answer["comments"].as_array() else {
                return Err(NotWritten::odd("Jira: an answer without comments", "look at [tracker] url and kind"));
            };
            if let Some(ours) = comments.iter().find(|comment| is_ours(comment, key)) {
                return Ok(ours["id"].as_str().map(str::to_owned));
            }
            if comments.is_empty() || answer["total"].as_u64().unwrap_or(0) <= (start + comments.len()) as u64 {
                return Ok(None);
            }
        }
        let said = format!("Jira: the issue has over {} comments", MOST_PAGES * PAGE);
        let why = Why::new(said, "ours cannot be found among so many: tell it another way");
        Err(NotWritten { why, known: Known::Never })
    }

    pub(super) async fn move_to(&self, issue: &IssueKey, state: &str) -> Result<Moved, NotWritten> {
        let at = format!("{}/issue/{issue}", self.api);
        let now = self.read(&format!("{at}?fields=status")).await?;
        let from = now.pointer("/fields/status/name").and_then(Value::as_str).unwrap_or_default();
        if same_word(from, state) {
            return Ok(Moved::Already);
        }
        let at = format!("{at}/transitions");
        let all = self.read(&at).await?;
        let ways = all["transitions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let name = |way: &Value| way["name"].as_str().unwrap_or_default().to_owned();
        let target = |way: &Value| way.pointer("/to/name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let leads_there = ways.iter().find(|way| same_word(&target(way), state));
        let Some(way) = leads_there.or_else(|| ways.iter().find(|way| same_word(&name(way), state))) else {
            return Ok(Moved::NoWay { from: from.to_owned(), ways: ways.iter().map(target).collect() });
        };
        self.write(Method::POST, &at, &json!({ "transition": { "id": way["id"] } })).await?;
        Ok(Moved::Done)
    }

    /// Sent once: what came of it is looked at before it is sent again.
    pub(super) async fn write(&self, method: Method, path: &str, body: &Value) -> Result<Value, NotWritten> {
        let mut ask = self.base.ask(method, path, Some(body)).map_err(NotWritten::unsent)?;
        ask.again = Again::MustNotCome;
        self.answer(path, &ask).await
    }

    pub(super) async fn read(&self, path: &str) -> Result<Value, NotWritten> {
        let ask = self.base.ask(Method::GET, path, None).map_err(NotWritten::unsent)?;
        self.answer(path, &ask).await
    }

    async fn answer(&self, path: &str, ask: &Ask<'_>) -> Result<Value, NotWritten> {
        let answered = self.base.http.json(ask).await;
        answered.map_err(|error| NotWritten::of(&self.base.why(path, &error), &error))
    }
}

fn is_ours(comment: &Value, key: &str) -> bool {
    let properties = comment["properties"].as_array().map(Vec::as_slice).unwrap_or_default();
    properties.iter().any(|one| one["key"] == PROPERTY && one["value"]["key"] == key)
}

/// As Cloud has it.
fn document(comment: &Comment) -> Value {
    let paragraph = |content: Value| json!({ "type": "paragraph", "content": [content] });
    let called = comment.calls.as_ref().map(|who| {
        let text = format!("@{}", who.name);
        paragraph(json!({ "type": "mention", "attrs": { "id": who.id, "text": text } }))
    });
    let lines = comment.lines.iter().map(|line| paragraph(json!({ "type": "text", "text": line })));
    let mut content: Vec<Value> = called.into_iter().chain(lines).collect();
    let mark = json!({ "type": "link", "attrs": { "href": comment.link } });
    content.push(paragraph(json!({ "type": "text", "text": comment.link, "marks": [mark] })));
    json!({ "type": "doc", "version": 1, "content": content })
}

/// As Data Center has it, whose markup makes a link of an address.
fn text(comment: &Comment, called: Option<&str>) -> Value {
    // A name that could be more than one is not called.
    let called = called.filter(|name| !name.contains([']', '[', '|', '\n'])).map(|name| format!("[~{name}]"));
    let lines = comment.lines.iter().map(|line| plain(line)).chain([comment.link.clone()]);
    let lines: Vec<String> = called.into_iter().chain(lines).collect();
    lines.join("\n\n").into()
}

/// Words of people, in which nothing mentions anybody, nor is a picture or a macro.
fn plain(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    for c in line.chars() {
        match c {
            // Two of them would be a new line.
            '\\' => plain.push_str("&#92;"),
            '{' | '}' | '[' | ']' | '!' | '|' | '*' | '_' | '^' | '~' | '+' => plain.extend(['\\', c]),
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_that_nothing_was_written() {
        let known = |error: &HttpError| NotWritten::of(&Why::new("it failed", "mend it"), error).known;
        let status = |status| known(&HttpError::Status { status, said: String::new() });
        for never in [400, 404, 410, 422] {
            assert_eq!(status(never), Known::Never, "{never}");
        }
        for not_yet in [401, 403, 409, 429] {
            assert_eq!(status(not_yet), Known::NotYet, "{not_yet}");
        }
        for nothing in [408, 500, 503] {
            assert_eq!(status(nothing), Known::Nothing, "{nothing}");
        }
        assert_eq!(known(&HttpError::BrokeOff), Known::Nothing);
        assert_eq!(known(&HttpError::Connect("refused".to_owned())), Known::NotYet);
    }

    #[test]
    fn what_people_wrote_is_no_markup() {
        let lines = vec![r"a\b [~maria] !x.png! {quote}".to_owned()];
        let link = "https://x/y_z".to_owned();
        let comment = Comment { key: String::new(), lines, link, calls: None, only_changed: false };
        assert!(text(&comment, Some("maria")).as_str().unwrap().starts_with("[~maria]\n\na&#92;b "));
        assert!(text(&comment, Some("a] !x!")).as_str().unwrap().starts_with("a&#92;b "));
        let said = text(&comment, None);
        assert_eq!(said, "a&#92;b \\[\\~maria\\] \\!x.png\\! \\{quote\\}\n\nhttps://x/y_z");
    }

    #[test]
    fn only_the_property_with_our_key_makes_a_comment_ours() {
        let with = |properties: Value| json!({ "id": "1", "properties": properties });
        assert!(is_ours(&with(json!([{ "key": "x" }, { "key": "gonogo", "value": { "key": "k" } }])), "k"));
        for other in [json!([]), json!([{ "key": "gonogo", "value": { "key": "other" } }]), json!(null)] {
            assert!(!is_ours(&with(other), "k"));
        }
        assert!(!is_ours(&json!({ "id": "1" }), "k"));
    }
}
