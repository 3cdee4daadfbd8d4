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
const MOST_NAME: usize = 255;
const MOST_VALUE: usize = 2_000;
const MOST_LABEL: usize = 2_000;
const MOST_OPTIONS: usize = 100;
const MOST_OPTION: usize = 75;
const MOST_OPTION_VALUE: usize = 150;
const MOST_INPUT: u64 = 3_000;

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

/// The blocks of a modal: whether something is filled in.
pub(super) fn taken_in_modal(blocks: &[Value]) -> Result<bool, Refusal> {
    let mut has_input = false;
    for (number, block) in blocks.iter().enumerate() {
        let at = format!("/view/blocks/{number}");
        if block["type"] == "input" {
            has_input = true;
            input(block, &at)?;
        } else {
            judge(block, &at)?;
        }
    }
    let names: Vec<&str> = blocks.iter().filter_map(|block| block["block_id"].as_str()).collect();
    let is_twice = |(at, name): (usize, &&str)| names[..at].contains(name);
    if names.iter().enumerate().any(is_twice) {
        return Err(wrong("block_id has to be unique", "/view/blocks"));
    }
    Ok(has_input)
}

fn input(block: &Value, at: &str) -> Result<(), Refusal> {
    name(&block["block_id"], at)?;
    if block["label"].is_null() {
        return Err(wrong("missing required field: label", at));
    }
    text(&block["label"], &["plain_text"], MOST_LABEL, &format!("{at}/label"))?;
    let element = &block["element"];
    let at = format!("{at}/element");
    name(&element["action_id"], &at)?;
    match element["type"].as_str() {
        Some("plain_text_input") => {
            let most = &element["max_length"];
            let fits = most.is_null() || most.as_u64().is_some_and(|most| (1..=MOST_INPUT).contains(&most));
            if fits { Ok(()) } else { Err(wrong("must be from 1 to 3000", &format!("{at}/max_length"))) }
        }
        Some("static_select") => {
            let options = list(&element["options"], MOST_OPTIONS, &format!("{at}/options"))?;
            if options.is_empty() {
                return Err(wrong("must be more than 0 items", &format!("{at}/options")));
            }
            options.iter().try_for_each(|given| option(given, &format!("{at}/options")))?;
            let first = &element["initial_option"];
            if first.is_null() || options.contains(first) {
                Ok(())
            } else {
                Err(wrong("must be one of the options", &format!("{at}/initial_option")))
            }
        }
        _ => Err(wrong("unsupported type", &at)),
    }
}

fn option(option: &Value, at: &str) -> Result<(), Refusal> {
    text(&option["text"], &["plain_text"], MOST_OPTION, at)?;
    let value = option["value"].as_str().map_or(0, |value| value.chars().count());
    if option["text"].is_null() || !(1..=MOST_OPTION_VALUE).contains(&value) {
        return Err(wrong("an option has a text, and a value of 1 to 150 characters", at));
    }
    Ok(())
}

/// Our name of something: there may be none.
fn name(given: &Value, at: &str) -> Result<(), Refusal> {
    let fits = given.is_null() || given.as_str().is_some_and(|name| (1..=MOST_NAME).contains(&name.chars().count()));
    if fits { Ok(()) } else { Err(wrong("must be a text of 1 to 255 characters", at)) }
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
    name(&element["action_id"], &format!("{at}/action_id"))?;
    let value = &element["value"];
    if !value.is_null() && value.as_str().is_none_or(|value| value.chars().count() > MOST_VALUE) {
        return Err(wrong("must be a text of less than 2001 characters", &format!("{at}/value")));
    }
    let asks = &element["confirm"];
    for (part, most) in [("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)] {
        if !asks.is_null() && asks[part].is_null() {
            return Err(wrong(&format!("missing required field: {part}"), &format!("{at}/confirm")));
        }
        text(&asks[part], &["plain_text"], most, &format!("{at}/confirm/{part}"))?;
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
