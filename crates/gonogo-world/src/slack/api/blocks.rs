//! Block Kit, as far as we write it, with its limits.

use serde_json::Value;

use super::answers::Refusal;

const MOST_BLOCKS: usize = 50;
const MOST_SECTION: usize = 3_000;
const MOST_FIELD: usize = 2_000;
const MOST_HEADER: usize = 150;
const MOST_BUTTON: usize = 75;
const MOST_URL: usize = 3_000;
const MOST_IN_CONTEXT: usize = 10;
const MOST_IN_ACTIONS: usize = 25;
const MOST_FIELDS: usize = 10;

/// The blocks, if Slack takes them.
pub(super) fn taken(blocks: Value) -> Result<Vec<Value>, Refusal> {
    let Value::Array(blocks) = blocks else { return Err(Refusal::surprise("invalid_blocks_format")) };
    if blocks.len() > MOST_BLOCKS {
        return Err(wrong(&format!("no more than {MOST_BLOCKS} items allowed"), "/blocks"));
    }
    for (number, block) in blocks.iter().enumerate() {
        judge(block, &format!("/blocks/{number}"))?;
    }
    Ok(blocks)
}

fn judge(block: &Value, at: &str) -> Result<(), Refusal> {
    match block["type"].as_str() {
        Some("section") => {
            if block["text"].is_null() && block["fields"].is_null() {
                return Err(wrong("missing required field: text", at));
            }
            text(&block["text"], &["mrkdwn", "plain_text"], MOST_SECTION, &format!("{at}/text"))?;
            for field in list(&block["fields"], MOST_FIELDS, &format!("{at}/fields"))? {
                text(field, &["mrkdwn", "plain_text"], MOST_FIELD, &format!("{at}/fields"))?;
            }
            Ok(())
        }
        Some("header") => text(&block["text"], &["plain_text"], MOST_HEADER, &format!("{at}/text")),
        Some("context") => {
            for element in list(&block["elements"], MOST_IN_CONTEXT, &format!("{at}/elements"))? {
                text(element, &["mrkdwn", "plain_text"], MOST_SECTION, &format!("{at}/elements"))?;
            }
            Ok(())
        }
        Some("actions") => {
            for element in list(&block["elements"], MOST_IN_ACTIONS, &format!("{at}/elements"))? {
                button(element, &format!("{at}/elements"))?;
            }
            Ok(())
        }
        Some("divider") => Ok(()),
        other => Err(wrong(&format!("unsupported type: {}", other.unwrap_or("none")), at)),
    }
}

fn button(element: &Value, at: &str) -> Result<(), Refusal> {
    if element["type"] != "button" {
        return Err(wrong("unsupported type", at));
    }
    if element["url"].as_str().is_some_and(|url| url.len() > MOST_URL) {
        return Err(wrong(&format!("must be less than {} characters", MOST_URL + 1), &format!("{at}/url")));
    }
    text(&element["text"], &["plain_text"], MOST_BUTTON, &format!("{at}/text"))
}

fn list<'a>(values: &'a Value, most: usize, at: &str) -> Result<&'a [Value], Refusal> {
    match values {
        Value::Null => Ok(&[]),
        Value::Array(values) if values.len() <= most => Ok(values),
        _ => Err(wrong(&format!("no more than {most} items allowed"), at)),
    }
}

/// A text object; null where there is none.
fn text(object: &Value, kinds: &[&str], most: usize, at: &str) -> Result<(), Refusal> {
    if object.is_null() {
        return Ok(());
    }
    if !object["type"].as_str().is_some_and(|kind| kinds.contains(&kind)) {
        return Err(wrong("must be a valid text object", at));
    }
    let of_plain = ["emoji"].iter().any(|name| !object[name].is_null() && object["type"] != "plain_text");
    let of_markup = !object["verbatim"].is_null() && object["type"] != "mrkdwn";
    if of_plain || of_markup {
        return Err(wrong("an option of the other type of text", at));
    }
    match object["text"].as_str().map(|text| text.chars().count()) {
        None | Some(0) => Err(wrong("must be more than 0 characters", at)),
        Some(length) if length > most => Err(wrong(&format!("must be less than {} characters", most + 1), at)),
        Some(_) => Ok(()),
    }
}

fn wrong(why: &str, at: &str) -> Refusal {
    Refusal::told("invalid_blocks", &format!("{why} [json-pointer:{at}]"))
}
