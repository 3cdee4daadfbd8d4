//! A Jira that others wrote: jira820, a stand-in for Data Center 8.20. It has no
//! POST on `/search`, like some proxies, and tells no history in a search.

use crate::rig::rig;
use crate::support::Team;
use gonogo_world::Jira;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PROJECT: &str = "WEB";
/// It takes a second; a busy machine takes more.
const LONGEST_START: Duration = Duration::from_mins(1);

struct Jira820 {
    child: Child,
    port: u16,
}

impl Jira820 {
    #[allow(clippy::disallowed_methods, reason = "an independent server, installed by ./test rigs")]
    fn start() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("its address").port();
        drop(free);
        let mut command = Command::new(rig("venv/bin/jira820"));
        command.env("JIRA820_PORT", port.to_string()).env("JIRA820_PROJECT_KEY", PROJECT);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("jira820 starts");
        let mut jira = Self { child, port };
        let started = Instant::now();
        while jira.send("GET", "/serverInfo", "").is_none_or(|(status, _)| status != 200) {
            let ended = jira.child.try_wait().expect("it can be asked for");
            assert!(ended.is_none(), "jira820 ended: {ended:?}");
            assert!(started.elapsed() < LONGEST_START, "jira820 does not answer on port {port}");
            std::thread::sleep(Duration::from_millis(50));
        }
        jira
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Status and body, where it answers at all.
    fn send(&self, method: &str, path: &str, body: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let length = body.len();
        let head = format!(
            "{method} /rest/api/2{path} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {length}"
        );
        write!(stream, "{head}\r\n\r\n{body}").ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, text) = self.send(method, path, &body.to_string()).expect("an answer");
        assert!((200..300).contains(&status), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// A new issue of a type, with fields beside the title.
    fn create(&self, kind: &str, title: &str, fields: &Value) -> String {
        let mut body = json!({"fields": {"project": {"key": PROJECT}, "issuetype": {"name": kind}, "summary": title}});
        let all = body["fields"].as_object_mut().expect("an object");
        all.extend(fields.as_object().cloned().unwrap_or_default());
        self.ask("POST", "/issue", &body)["key"].as_str().expect("a key").to_owned()
    }

    fn moves(&self, key: &str, state: &str) {
        let path = format!("/issue/{key}/transitions");
        let transitions = self.ask("GET", &path, &Value::Null)["transitions"].clone();
        let to_it = transitions.as_array().into_iter().flatten().find(|t| t["to"]["name"] == state);
        let id = &to_it.unwrap_or_else(|| panic!("no way to {state} in {transitions}"))["id"];
        self.ask("POST", &path, &json!({"transition": {"id": id}}));
    }
}

impl Drop for Jira820 {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const POLICY: &str = r#"
[checks.story-state]
states = ["Done"]

[checks.story-fields]
required = ["Story Points"]

[checks.story-missing]
ready = "Done"
"#;

#[test]
fn the_data_center_client_reads_a_jira_of_others() {
    let jira = Jira820::start();
    let sized = json!({"customfield_10004": 3, "labels": ["euros"]});
    let done = jira.create("Story", "Charge in euros", &sized);
    let open = jira.create("Bug", "Rounds wrongly", &json!({}));
    let part = jira.create("Sub-task", "A part", &json!({"parent": {"key": done}, "customfield_10004": 1}));
    for state in ["In Review", "Done"] {
        jira.moves(&done, state);
    }
    jira.moves(&part, "Done");
    let elsewhere = jira.create("Story", "On another branch", &json!({}));
    jira.moves(&elsewhere, "Done");

    let team = Team::data_center_on(Jira::data_center()).asks(&jira.url()).policy(POLICY);
    for key in [done.as_str(), &open, &part, "WEB-99999"] {
        team.repo.commit(&format!("{key} x"));
    }
    team.repo.branch(&format!("feature/{elsewhere}-more")).checkout(&format!("feature/{elsewhere}-more"));
    team.repo.commit("work");
    team.repo.checkout("main");

    let checked = team.check();
    checked.exits(1);
    assert_eq!(checked.found("could-not-check"), []);
    let wrong = format!("{open} is Open, may ship from Done");
    assert_eq!(checked.one("story-wrong-state"), (open.clone(), wrong));
    assert_eq!(checked.one("story-field-missing"), (open.clone(), format!("{open} \"Story Points\" is empty")));
    assert_eq!(checked.one("story-not-found").0, "WEB-99999");
    assert_eq!(checked.one("story-missing").0, elsewhere);

    let story = checked.story(&done);
    let told = ["title", "type", "status", "tracker"].map(|part| story[part].as_str().unwrap_or_default());
    assert_eq!(told, ["Charge in euros", "Story", "Done", "known"]);
    assert_eq!(checked.story(&part)["parent"], done.as_str());
    assert_eq!(checked.story("WEB-99999")["tracker"], "absent");
}
