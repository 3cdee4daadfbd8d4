//! What Slack tells: links that people share, what they press, fill in and ask for in
//! words. Only what we have a use for is read, and what cannot be read is nothing of
//! ours.

use crate::json::without_nul;
use serde_json::Value;

/// Something that came, under the id that Slack gave it: the same again has the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlackHook {
    pub id: String,
    /// What Slack calls it, with the button.
    pub event: String,
    pub says: SlackSays,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlackSays {
    Pressed(Pressed),
    Submitted(Submitted),
    Shared(Shared),
    Asked(Asked),
    /// About nothing that we look at.
    Other,
}

/// A button under a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pressed {
    pub member: Member,
    /// Our name of the button, and what we gave it.
    pub button: String,
    pub value: String,
    /// Where the message stands; a message has one.
    pub channel: String,
    /// With what a modal may be opened, for three seconds.
    pub trigger: String,
}

/// A modal that somebody filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    pub member: Member,
    /// Our name of the modal, and what we gave it.
    pub modal: String,
    pub metadata: String,
    /// By our name of the block; what was chosen is its value.
    pub fields: Vec<(String, String)>,
}

/// Links in a message, or in one that is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    pub links: Vec<String>,
    pub place: SharedAt,
    /// The channel's id, where they are in one.
    pub channel: Option<String>,
    /// Where Slack says whether people of another company see it too.
    pub is_seen_elsewhere: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SharedAt {
    Message {
        channel: String,
        ts: String,
    },
    /// Wherever Slack has it under this id.
    Unfurl {
        id: String,
        source: String,
    },
}

/// Words for us: behind a slash command, or where we are named in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub member: Member,
    /// Such as `/deploy`; `None` where we are named, and its first word says what is
    /// wanted.
    pub command: Option<String>,
    /// What stands behind it.
    pub words: Vec<String>,
    /// The channel's id.
    pub channel: String,
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// `U024BE7LH`
    pub id: String,
    /// As they are called there now.
    pub name: String,
}

/// An event, or the payload of an interaction.
pub fn slack(payload: &Value) -> Option<SlackHook> {
    let payload = &*without_nul(payload);
    if let Some(command) = text(&payload["command"]) {
        let says = commanded(payload, &command).map_or(SlackSays::Other, SlackSays::Asked);
        return Some(SlackHook { id: text(&payload["trigger_id"])?, event: format!("command {command}"), says });
    }
    let kind = payload["type"].as_str()?;
    let (id, event, says) = match kind {
        "event_callback" => {
            let event = &payload["event"];
            let says = shared(payload, event).or_else(|| named(event));
            (text(&payload["event_id"])?, text(&event["type"])?, says)
        }
        "block_actions" => {
            let pressed = pressed(payload);
            let button = pressed.as_ref().map(|pressed| format!(" {}", pressed.button)).unwrap_or_default();
            (text(&payload["trigger_id"])?, format!("{kind}{button}"), pressed.map(SlackSays::Pressed))
        }
        "view_submission" => {
            (text(&payload["trigger_id"])?, kind.to_owned(), submitted(payload).map(SlackSays::Submitted))
        }
        _ => (text(&payload["trigger_id"])?, kind.to_owned(), None),
    };
    Some(SlackHook { id, event, says: says.unwrap_or(SlackSays::Other) })
}

/// What of a payload may be kept: without what Slack gives to act with.
pub fn slack_kept(payload: &Value) -> Value {
    let mut kept = payload.clone();
    if let Some(fields) = kept.as_object_mut() {
        for secret in ["token", "response_url", "response_urls"] {
            fields.remove(secret);
        }
    }
    kept
}

fn commanded(payload: &Value, command: &str) -> Option<Asked> {
    let id = text(&payload["user_id"])?;
    let name = text(&payload["user_name"]).unwrap_or_else(|| id.clone());
    Some(Asked {
        member: Member { id, name },
        command: Some(command.to_owned()),
        words: words(payload["text"].as_str().unwrap_or_default()),
        channel: text(&payload["channel_id"])?,
    })
}

/// `<@U0LAN0Z89> deploy web`
fn named(event: &Value) -> Option<SlackSays> {
    if event["type"] != "app_mention" {
        return None;
    }
    let id = text(&event["user"])?;
    let all = words(event["text"].as_str()?);
    let is_name = |word: &String| word.starts_with("<@") && word.ends_with('>');
    let words = all.into_iter().skip_while(|word| !is_name(word)).skip(1).collect();
    let member = Member { name: id.clone(), id };
    Some(SlackSays::Asked(Asked { member, command: None, words, channel: text(&event["channel"])? }))
}

/// Words as they were typed: Slack writes `&`, `<` and `>` otherwise.
fn words(text: &str) -> Vec<String> {
    let plain = |word: &str| word.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    text.split_whitespace().map(plain).collect()
}

fn pressed(payload: &Value) -> Option<Pressed> {
    let action = payload["actions"].get(0)?;
    Some(Pressed {
        member: member(payload)?,
        button: text(&action["action_id"])?,
        value: text(&action["value"])?,
        channel: text(&payload["channel"]["id"]).or_else(|| text(&payload["container"]["channel_id"]))?,
        trigger: text(&payload["trigger_id"])?,
    })
}

fn submitted(payload: &Value) -> Option<Submitted> {
    let view = &payload["view"];
    let blocks = view["state"]["values"].as_object()?;
    let fields = blocks.iter().filter_map(|(block, elements)| {
        // Our blocks have one element each.
        let element = elements.as_object()?.values().next()?;
        Some((block.clone(), text(&element["selected_option"]["value"]).or_else(|| text(&element["value"]))?))
    });
    Some(Submitted {
        member: member(payload)?,
        modal: text(&view["callback_id"])?,
        metadata: text(&view["private_metadata"]).unwrap_or_default(),
        fields: fields.collect(),
    })
}

fn shared(payload: &Value, event: &Value) -> Option<SlackSays> {
    if event["type"] != "link_shared" {
        return None;
    }
    let links = event["links"].as_array()?.iter().filter_map(|link| text(&link["url"])).collect();
    let place = match (text(&event["unfurl_id"]), text(&event["source"])) {
        (Some(id), Some(source)) => SharedAt::Unfurl { id, source },
        _ => SharedAt::Message { channel: text(&event["channel"])?, ts: text(&event["message_ts"])? },
    };
    let is_seen_elsewhere = payload["is_ext_shared_channel"].as_bool();
    // A message that is being written is in none yet.
    let channel = text(&event["channel"]).filter(|channel| channel != "COMPOSER");
    Some(SlackSays::Shared(Shared { links, place, channel, is_seen_elsewhere }))
}

fn member(payload: &Value) -> Option<Member> {
    let user = &payload["user"];
    let id = text(&user["id"])?;
    let name = text(&user["username"]).or_else(|| text(&user["name"])).unwrap_or_else(|| id.clone());
    Some(Member { id, name })
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// As Slack's documentation has it.
    #[test]
    fn a_press_of_a_button_is_read() {
        let payload = json!({
            "type": "block_actions",
            "user": {"id": "UA8RXUSPL", "username": "jtorrance", "team_id": "T9TK3CUKW"},
            "api_app_id": "AABA1ABCD",
            "token": "9s8d9as89d8as9d8as989",
            "container": {"type": "message", "message_ts": "1548261231.000200", "channel_id": "CBR2V3XEX"},
            "trigger_id": "12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3",
            "channel": {"id": "CBR2V3XEX", "name": "review-updates"},
            "response_url": "https://hooks.slack.com/actions/AABA1ABCD/1232321423432/D09sSasdasdAS9091209",
            "actions": [{"action_id": "waive", "block_id": "=qXel", "value": "7", "type": "button"}],
        });
        let hook = slack(&payload).unwrap();
        assert_eq!(hook.event, "block_actions waive");
        assert!(hook.id.starts_with("12321423423."), "{}", hook.id);
        let SlackSays::Pressed(pressed) = hook.says else { panic!("{hook:?}") };
        assert_eq!((pressed.member.id.as_str(), pressed.member.name.as_str()), ("UA8RXUSPL", "jtorrance"));
        assert_eq!(
            (pressed.button.as_str(), pressed.value.as_str(), pressed.channel.as_str()),
            ("waive", "7", "CBR2V3XEX")
        );
        let kept = slack_kept(&payload).to_string();
        assert!(!kept.contains("9s8d9as89d8as9d8as989") && !kept.contains("hooks.slack.com"), "{kept}");
        assert!(kept.contains("jtorrance"), "{kept}");
    }

    #[test]
    fn a_modal_comes_with_what_was_chosen_and_written() {
        let payload = json!({
            "type": "view_submission",
            "user": {"id": "U0G9QF9C6", "username": "jtorrance", "name": "jtorrance"},
            "trigger_id": "12466734323.1395872398",
            "view": {
                "id": "VNHU13V36", "type": "modal", "callback_id": "waive", "private_metadata": "7",
                "state": {"values": {
                    "why": {"text": {"type": "plain_text_input", "value": "agreed"}},
                    "days": {"choice": {"type": "static_select", "selected_option": {
                        "text": {"type": "plain_text", "text": "1 day"}, "value": "1"}}},
                    "empty": {"text": {"type": "plain_text_input", "value": null}},
                }},
                "hash": "156663117.cd33ad1f",
            },
        });
        let SlackSays::Submitted(mut submitted) = slack(&payload).unwrap().says else { panic!("a modal") };
        submitted.fields.sort();
        let fields = [("days".to_owned(), "1".to_owned()), ("why".to_owned(), "agreed".to_owned())];
        assert_eq!((submitted.metadata.as_str(), submitted.fields.as_slice()), ("7", fields.as_slice()));
    }

    #[test]
    fn a_shared_link_says_where_it_stands() {
        let payload = |more: Value| {
            let mut event = json!({
                "type": "link_shared", "channel": "Cxxxxxx", "user": "Uxxxxxxx", "message_ts": "123456789.9875",
                "links": [{"domain": "example.com", "url": "https://example.com/12345"}],
            });
            event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({"type": "event_callback", "event_id": "Ev1", "event": event, "is_ext_shared_channel": true})
        };
        let SlackSays::Shared(shared) = slack(&payload(json!({}))).unwrap().says else { panic!("a link") };
        assert_eq!(
            (shared.links.as_slice(), shared.is_seen_elsewhere),
            (&["https://example.com/12345".to_owned()][..], Some(true))
        );
        assert_eq!(shared.channel.as_deref(), Some("Cxxxxxx"));
        let mut silent = payload(json!({}));
        silent.as_object_mut().unwrap().remove("is_ext_shared_channel");
        let SlackSays::Shared(shared) = slack(&silent).unwrap().says else { panic!("a link") };
        assert_eq!(shared.is_seen_elsewhere, None, "what Slack does not say is not known");
        assert_eq!(shared.place, SharedAt::Message { channel: "Cxxxxxx".to_owned(), ts: "123456789.9875".to_owned() });
        let composed = slack(&payload(json!({"channel": "COMPOSER", "unfurl_id": "C1.2", "source": "composer"})));
        let SlackSays::Shared(shared) = composed.unwrap().says else { panic!("a link") };
        assert_eq!(shared.place, SharedAt::Unfurl { id: "C1.2".to_owned(), source: "composer".to_owned() });
        assert_eq!(shared.channel, None);
    }

    /// As Slack's documentation has them.
    #[test]
    fn what_is_asked_for_in_words_is_read() {
        let payload = json!({
            "token": "gIkuvaNzQIHg97ATvDxqgjtO", "team_id": "T0001", "channel_id": "C2147483705",
            "channel_name": "test", "user_id": "U2147483697", "user_name": "Steve", "command": "/deploy",
            "text": " web  fix/a&amp;b ", "response_url": "https://hooks.slack.com/commands/1234/5678",
            "trigger_id": "13345224609.738474920.8088930838d88f008e0", "api_app_id": "A123456",
        });
        let hook = slack(&payload).unwrap();
        assert_eq!((hook.event.as_str(), &hook.id[..11]), ("command /deploy", "13345224609"));
        let SlackSays::Asked(asked) = hook.says else { panic!("{hook:?}") };
        assert_eq!((asked.command.as_deref(), asked.words.join("|").as_str()), (Some("/deploy"), "web|fix/a&b"));
        assert_eq!((asked.channel.as_str(), asked.member.name.as_str()), ("C2147483705", "Steve"));
        assert!(!slack_kept(&payload).to_string().contains("gIkuvaNzQIHg97ATvDxqgjtO"));

        let event = json!({
            "type": "app_mention", "user": "U061F7AUR", "text": "hey <@U0LAN0Z89> deploy web", "ts": "1515449522.000016",
            "channel": "C123ABC456", "event_ts": "1515449522000016",
        });
        let hook = slack(&json!({"type": "event_callback", "event_id": "Ev08MFMKH6", "event": event})).unwrap();
        let SlackSays::Asked(asked) = hook.says else { panic!("{hook:?}") };
        assert_eq!((asked.command, asked.words.join(" ").as_str()), (None, "deploy web"));
        assert_eq!((asked.member.id.as_str(), asked.channel.as_str()), ("U061F7AUR", "C123ABC456"));
    }

    #[test]
    fn what_is_not_ours_is_told_from_what_cannot_be_read() {
        let event = json!({"type": "event_callback", "event_id": "Ev1", "event": {"type": "reaction_added"}});
        assert_eq!(slack(&event).map(|hook| hook.says), Some(SlackSays::Other));
        for odd in [json!({}), json!([]), json!({"type": "event_callback"}), json!({"type": "block_actions"})] {
            assert_eq!(slack(&odd), None, "{odd}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_gives_something(
            kind in "event_callback|block_actions|view_submission|x",
            odd in prop_oneof![Just(json!(null)), Just(json!([])), Just(json!("x")), Just(json!({"id": 1}))],
        ) {
            for key in ["event", "user", "view", "actions", "channel"] {
                let mut payload = json!({"type": kind, "trigger_id": "t", "event_id": "e"});
                payload[key] = odd.clone();
                slack(&payload);
            }
        }
    }
}
