//! What is said by e-mail: that it comes, once, whole and harmless, and what
//! becomes of what the mail server does not take.

#![allow(clippy::disallowed_methods, reason = "Python's own reader of mails is run")]

use crate::api::Api;
use crate::messages::first;
use crate::support::{PASSWORD, World, path_of};
use gonogo_world::mail::{At, Received};
use gonogo_world::{Jira, Mail};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const TELLS_SUPPORT: &str = "[story_deployed]\nemail = ['support@example.com']";

/// A mail as Python's own reader has it: its headers, its parts by type, and what
/// is wrong with it.
fn read(received: &Received) -> Value {
    const SCRIPT: &str = "
import email, email.policy, json, sys
mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
defects = [repr(one) for part in mail.walk() for one in part.defects]
defects += [repr(one) for part in mail.walk() for value in part.values() for one in value.defects]
parts = {part.get_content_type(): part.get_content().replace('\\r\\n', '\\n') for part in mail.walk() if not part.is_multipart()}
print(json.dumps({'headers': {name.lower(): str(value) for name, value in mail.items()}, 'names': mail.keys(),
    'type': mail.get_content_type(), 'parts': parts, 'defects': defects}))
";
    let mut reader = Command::new("python3")
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is there");
    reader.stdin.take().expect("it is piped").write_all(&received.message).expect("it reads");
    let ended = reader.wait_with_output().expect("it ends");
    let mail: Value = serde_json::from_slice(&ended.stdout).expect("it prints JSON");
    assert_eq!(mail["defects"].as_array().map(Vec::len), Some(0), "{mail}");
    mail
}

fn header<'m>(mail: &'m Value, name: &str) -> &'m str {
    mail["headers"][name].as_str().unwrap_or_else(|| panic!("no {name} in {mail}"))
}

/// One that polls, whose production comes to have STORY-9.
fn shipping(mut world: World) -> World {
    world = world.polling();
    world.start();
    let sha = world.commits_well("STORY-9 x");
    world.ships("production", &sha);
    world
}

#[test]
fn a_story_that_is_deployed_is_mailed_once_as_every_reader_takes_it() {
    let odd = "<script>x</script> & ü\u{202e}\r\nBcc: eve@evil.example\r\n\r\n.\r\nMAIL FROM:<x>";
    let (jira, mail) = (Jira::cloud(), Mail::start());
    jira.story("STORY-9").titled(odd).in_state("Ready to Deploy");
    let keys = format!("tls = 'starttls'\nreply_to = 'releases@example.com'\n{TELLS_SUPPORT}");
    let mut world = World::stopped().trusts(&jira.url()).mails(&mail, &keys).polling();
    world.policy(&format!("tracker.kind = 'jira-cloud'\ntracker.url = '{}'\n", jira.url()));
    world.start();
    let first = world.repo.rev("production");
    let sha = world.commits_well("STORY-9 x");
    world.ships("production", &sha);
    let received = mail.has(1).remove(0);
    assert_eq!(
        (received.from.as_str(), received.to.clone()),
        ("gonogo@example.com", vec!["support@example.com".to_owned()])
    );
    assert_eq!((received.is_secured, received.user.as_deref()), (true, Some("gonogo")));
    let told = read(&received);
    assert_eq!(header(&told, "from"), "gonogo <gonogo@example.com>");
    assert_eq!(header(&told, "to"), "support@example.com");
    assert_eq!(header(&told, "reply-to"), "releases@example.com");
    assert_eq!(header(&told, "auto-submitted"), "auto-generated");
    let subject = header(&told, "subject");
    assert!(subject.starts_with("STORY-9 <script>x</script> & ü\\u{202e}  Bcc: eve@evil.example"), "{subject}");
    let mut names: Vec<String> =
        told["names"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_lowercase()).collect();
    names.sort();
    let all = [
        "auto-submitted",
        "content-type",
        "date",
        "from",
        "in-reply-to",
        "message-id",
        "mime-version",
        "references",
        "reply-to",
        "subject",
        "to",
    ];
    assert_eq!(names, all, "no header of somebody else's");
    assert_eq!(told["type"], "multipart/alternative");
    let (text, html) = (told["parts"]["text/plain"].as_str().unwrap(), told["parts"]["text/html"].as_str().unwrap());
    assert!(text.contains("web has it in production.") && text.contains("MAIL FROM:<x>"), "{text}");
    assert!(text.contains("Open: https://gonogo.example.com/stories/STORY-9"), "{text}");
    assert!(html.contains("&lt;script&gt;x&lt;/script&gt; &amp; ü"), "{html}");
    assert!(
        !html.contains("<script>") && html.contains("<a href=\"https://gonogo.example.com/stories/STORY-9\">Open</a>"),
        "{html}"
    );
    world.story_says("STORY-9", &["Who was told", "e-mail", "support@example.com", "was deployed", "said <time"]);

    // What follows is of the same conversation, and another mail.
    world.ships("production", &first);
    let back = read(&mail.has(2)[1]);
    assert!(header(&back, "subject").ends_with("was rolled back"), "{back}");
    assert_eq!(header(&back, "references"), header(&told, "references"));
    assert_ne!(header(&back, "message-id"), header(&told, "message-id"));
    assert!(header(&back, "message-id").ends_with("@gonogo.example.com>"), "{back}");
}

#[test]
fn mail_goes_with_tls_from_the_first_byte_and_to_nobody_who_is_not_trusted() {
    let mail = Mail::secured();
    let world = shipping(World::stopped().mails(&mail, &format!("tls = 'tls'\n{TELLS_SUPPORT}")));
    assert!(mail.has(1)[0].is_secured);
    drop(world);
    // An authority of nobody's.
    let world = World::stopped().mails(&mail, &format!("tls = 'tls'\n{TELLS_SUPPORT}"));
    let other = Mail::secured();
    let world = shipping(world.with_variable("GONOGO_CA_FILE", &other.ca_file().display().to_string()));
    world.messages_say("?state=waits&kind=email", &["no safe connection to localhost:", "support@example.com"]);
    drop(world);
    let plain = Mail::plain();
    let world = shipping(World::stopped().mails(&plain, &format!("tls = 'starttls'\n{TELLS_SUPPORT}")));
    world.messages_say("?state=waits&kind=email", &["offers no STARTTLS"]);
    assert_eq!((mail.received().len(), plain.received().len()), (1, 0));
}

#[test]
fn what_the_server_puts_off_is_tried_again_and_what_it_refuses_is_a_persons() {
    let mail = Mail::start();
    mail.answers(At::Greeting, "421 4.3.2 come back later", 1).answers(At::Recipient, "450 4.2.1 busy", 1);
    // Whom it takes no mail from concerns every mail, and passes.
    mail.answers(At::Sender, "550 5.7.1 too many from you today", 1);
    mail.drops(At::Data, 1).answers(At::Message, "451 4.3.0 try again", 1);
    let world = shipping(World::stopped().mails(&mail, &format!("tls = 'starttls'\n{TELLS_SUPPORT}")));
    mail.has(1);
    assert_eq!(mail.connections(), 6);
    world.messages_say("?state=said&kind=email", &["tried 6 times"]);

    mail.answers(At::Recipient, "550 5.1.1 no <b>such</b> user here", 1);
    let sha = world.commits_well("STORY-10 y");
    world.ships("production", &sha);
    let page = world.messages_say("?state=failed&kind=email", &["550 5.1.1 no &lt;b&gt;such&lt;/b&gt; user here"]);
    assert!(page.contains("STORY-10") && page.contains("tried 1 time"), "{page}");
    let api = Api::with(&world, &["read", "messages"]);
    let again = format!("/messages/{}/tries", first(&api, "state=failed")["id"]);
    assert_eq!(api.post(&again, &Value::Null).status, 202);
    assert_eq!(header(&read(&mail.has(2)[1]), "subject"), "STORY-10 was deployed");
}

#[test]
fn a_mail_of_which_nobody_knows_is_a_persons_and_the_same_one_when_sent_again() {
    let mail = Mail::start();
    mail.keeps_in_silence(1);
    let world = shipping(World::stopped().mails(&mail, &format!("tls = 'starttls'\n{TELLS_SUPPORT}")));
    let said = ["got the message, and did not answer", "Ask support@example.com whether it came", "Say again"];
    world.messages_say("?state=doubtful&kind=email", &said);
    assert!(world.get("/").1.contains("1 message</a> may have been said"));
    let told = world.get("/stories/STORY-9").1;
    assert!(told.contains("perhaps: "), "{told}");
    let api = Api::with(&world, &["read", "messages"]);
    let doubtful = first(&api, "state=doubtful");
    assert_eq!((mail.received().len(), mail.connections()), (1, 1), "it is not sent again by itself");
    assert_eq!(world.submit("/messages", &format!("/messages/{}/say-again", doubtful["id"]), &[]).0, 303);
    let both: Vec<Value> = mail.has(2).iter().map(read).collect();
    assert_eq!(header(&both[0], "message-id"), header(&both[1], "message-id"));
    assert_eq!(api.deeds()[0], "had a message said again");
}

#[test]
fn a_kill_while_a_mail_is_sent_leaves_it_to_a_person() {
    let mail = Mail::start();
    mail.hangs(1);
    let mut world = shipping(World::stopped().mails(&mail, &format!("tls = 'starttls'\n{TELLS_SUPPORT}")));
    mail.has(1);
    world.kill();
    world.start();
    // Nobody else says it before the lease of who was killed has run out.
    let (begin, page) = (Instant::now(), || world.get("/messages?state=doubtful").1);
    while !page().contains("gonogo ended before it knew") {
        assert!(begin.elapsed() < Duration::from_secs(100), "{}", world.get("/messages").1);
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(mail.received().len(), 1);
}

#[test]
fn a_branch_that_turns_is_mailed_to_whom_its_service_says() {
    let mail = Mail::start();
    let mut world = World::stopped().mails(&mail, "tls = 'starttls'");
    world = world.with_service("verdict_turned = { email = ['team@elsewhere.example'] }\n");
    world.start();
    world.repo.commit("tidy up");
    let bad = world.push("main");
    let told = read(&mail.has(1)[0]);
    assert_eq!(header(&told, "to"), "team@elsewhere.example", "the configuration may name anybody");
    let subject = header(&told, "subject");
    assert!(subject.starts_with(&format!("✗ web main: No-Go: {} \"tidy up\" names no story", &bad[..7])), "{subject}");
    let text = told["parts"]["text/plain"].as_str().unwrap();
    assert!(text.contains("web turned No-Go: main at") && text.contains("1 commit"), "{text}");
    world.messages_say("?kind=email", &["web main", "turned No-Go"]);
}

#[test]
fn a_deploy_plan_is_sent_by_who_may_to_whom_it_may() {
    let mail = Mail::start();
    let mut world = World::stopped().mails(&mail, "tls = 'starttls'\nplan_to = ['releases@elsewhere.example']");
    world.start();
    world.repo.commit_files("STORY-1 x", &[("db/migrate/1_add.rb", "add")]);
    let sha = world.push("main");
    let page = path_of(&world.status_of(&sha).is_success("Go"));
    let (plan, send) = (format!("{page}/plan"), format!("{page}/plan/mails"));
    assert!(world.get(&plan).1.contains("value=\"releases@elsewhere.example\""), "{}", world.get(&plan).1);
    let to = |to: &str| world.submit(&plan, &send, &[("to", to)]);
    assert_eq!(to("vera@example.com, releases@elsewhere.example").0, 303);
    let received = mail.has(2);
    let told = read(received.iter().find(|one| one.to == ["vera@example.com"]).expect("vera has one"));
    assert_eq!(header(&told, "subject"), "Deploy plan of web main: Go");
    let text = told["parts"]["text/plain"].as_str().unwrap();
    for words in [
        &format!("ada sends the deploy plan of web main at {}.", &sha[..7]),
        "Open: https://gonogo.example.com/candidates/",
        "Stories (1)\n-----------\n\n- STORY-1 ",
        "- db/migrate/1_add.rb",
        "ancestry: ✓ passed",
    ] {
        assert!(text.contains(words), "{words} is not in {text}");
    }
    let refused = to("eve@evil.example");
    assert!(refused.0 == 422 && refused.1.contains("eve@evil.example may not be written to"), "{}", refused.1);
    let form = |shown: &str| world.submit(&plan, &send, &[("to", "maria@example.com"), ("shown", shown)]).0;
    assert_eq!([form("7"), form("7")], [303, 303]);
    assert_eq!(mail.has(3)[2].to, ["maria@example.com"], "the same form twice is one mail");
    assert!(to("vera@example.com\r\nBcc: eve@evil.example").1.contains("is no e-mail address"));

    let api = Api::with(&world, &["read", "messages"]);
    assert_eq!(api.post(&send, &json!({"to": ["a@b@c"]})).status, 422);
    assert_eq!(api.post("/candidates/999/plan/mails", &json!({"to": []})).status, 404);
    assert_eq!(api.post_once("p", &send, &json!({"to": ["olga@example.com"]})).status, 202);
    assert_eq!(api.post_once("p", &send, &json!({"to": ["olga@example.com"]})).status, 202);
    assert_eq!(mail.has(4)[3].to, ["olga@example.com"]);
    let audit = api.get("/audit")["items"].to_string();
    assert!(audit.contains("sent a plan by e-mail") && audit.contains("vera@example.com"), "{audit}");
    let fields = [("name", "dan"), ("password", PASSWORD), ("role", "developer")];
    assert_eq!(world.submit("/people", "/people", &fields).0, 303);
    world.signs_in("dan", PASSWORD);
    assert!(!world.get(&plan).1.contains("Send it by e-mail"));
    assert_eq!(world.submit(&plan, &send, &[("to", "vera@example.com")]).0, 403);
}
