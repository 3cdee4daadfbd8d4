//! `gonogo demo`, played to the end in a real browser.

#![allow(clippy::disallowed_methods, reason = "tests start the program, and stop it")]

use crate::browser::{Browser, WIDTHS};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const NEXT: &str = "return document.querySelector('li[aria-current] h2')?.innerText ?? 'done'";

struct Demo {
    child: Child,
    out: BufReader<ChildStdout>,
    /// `http://127.0.0.1:PORT`
    tour: String,
    /// Where its temporary folder is.
    temporary: TempDir,
}

impl Demo {
    fn start(words: &[&str]) -> Self {
        Self::start_at("0", words)
    }

    fn start_at(port: &str, words: &[&str]) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_gonogo"))
            .args(["demo", "--port", port])
            .args(words)
            .env("TMPDIR", temporary.path())
            // It asks nobody outside, and no proxy.
            .env("http_proxy", "http://127.0.0.1:1")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut tour = String::new();
        out.read_line(&mut tour).unwrap();
        let tour = tour.trim().to_owned();
        assert!(tour.starts_with("http://127.0.0.1:"), "the first line is the tour's address: {tour}");
        Self { child, out, tour, temporary }
    }

    fn host(&self) -> &str {
        self.tour.strip_prefix("http://").unwrap()
    }

    /// As Ctrl-C does it; its exit code.
    fn terminate(&mut self) -> Option<i32> {
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        self.child.wait().unwrap().code()
    }

    /// The page of a place of the world.
    fn page(&self, place: &str, path: &str) -> String {
        let host = self.host_of(place);
        ask(&host, &host, "GET", path, "").1
    }

    /// A link of the tour's page, by a part of it.
    fn link(&self, part: &str) -> String {
        let page = ask(self.host(), self.host(), "GET", "/", "").1;
        let mut links = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        links.find(|link| link.contains(part)).unwrap_or_else(|| panic!("no {part} in {page}")).replace("&amp;", "&")
    }

    /// Host and port of a place that the tour leads to, such as `Jira`.
    fn host_of(&self, place: &str) -> String {
        let page = ask(self.host(), self.host(), "GET", "/", "").1;
        let (before, _) = page.split_once(&format!("\">{place}</a><br>")).expect("the tour names all places");
        let (_, host) = before.rsplit_once("http://").expect("they are addresses");
        host.split('/').next().unwrap().to_owned()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Status and text of an answer to this host, asked at this address.
fn ask(address: &str, host: &str, method: &str, path: &str, more: &str) -> (u16, String) {
    send(
        address,
        &format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n{more}Connection: close\r\n\r\n"),
    )
}

/// The status of what a form comes to.
fn post(host: &str, path: &str, form: &str) -> u16 {
    let length = form.len();
    let head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    send(host, &format!("{head}{form}")).0
}

fn send(address: &str, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    (answer.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0), answer)
}

/// Nobody is kept out of the page that is open, on a desk and on a phone, in
/// the light and in the dark.
#[track_caller]
fn is_open_to_all(browser: &Browser, name: &str) {
    for (width, is_dark) in WIDTHS.into_iter().zip([false, true]) {
        browser.looks(width, is_dark);
        let barriers = browser.barriers();
        assert!(barriers.is_empty(), "{name}, {width} pixels, dark {is_dark}:\n- {}", barriers.join("\n- "));
        assert!(browser.overflow() <= 0, "{name} is {} pixels wider than {width}", browser.overflow());
    }
    for width in WIDTHS {
        for is_dark in [false, true] {
            browser.looks(width, is_dark);
            browser.photographs(&format!("{name}-{width}-{}", if is_dark { "dark" } else { "light" }));
        }
    }
    browser.looks(WIDTHS[0], false);
}

#[test]
fn the_tour_is_played_to_its_end() {
    let demo = Demo::start(&[]);
    let browser = Browser::on(demo.host());
    let does_next = |title: &str| {
        browser.goes_to(&demo.tour).sees(NEXT, title);
        browser.follows("li[aria-current] a.do");
    };
    let looks_at = |name: &str| is_open_to_all(&browser, &format!("demo-{name}"));

    browser.opens("/").sees(NEXT, "Push the day’s work");
    looks_at("tour-begin");
    browser.goes_to(&demo.link("/archives/"));
    looks_at("slack-empty");
    does_next("Push the day’s work");
    browser.arrives("/acme/web");
    looks_at("github");
    browser.follows("form[action$='/merges'] button");
    browser.arrives("/acme/web");

    // Three things block.
    browser.goes_to(&demo.tour).sees(NEXT, "The story in review");
    looks_at("tour-no-go");
    browser.goes_to(&demo.link("/candidates/"));
    browser.sees("return String(document.querySelectorAll('.answer .findings > li').length)", "3");
    looks_at("candidate");

    does_next("The story in review");
    browser.arrives("/browse/STORY-12");
    browser.chooses("select[name=status]", "Ready to Deploy").follows("form[action$='/status'] button");
    browser
        .sees("return document.querySelector('main ul')?.innerText ?? ''", "You: status In Review → Ready to Deploy");
    looks_at("jira-story");
    does_next("The missing risk");
    browser.arrives("/browse/STORY-19");
    browser.types("textarea", "low: one query").follows("form[action$='/fields'] button");
    browser.sees("return document.querySelector('main ul')?.innerText ?? ''", "You: Risk → low: one query");
    browser.follows("main > p > a[href='/']").arrives("/");
    looks_at("jira-stories");

    // By a person's decision, on the program's own page.
    does_next("The commit that names no story");
    browser
        .clicks(".findings details summary")
        .types("textarea[name=why]", "comments alone")
        .follows("form[action$='/waivers'] button");
    browser.follows(&format!("header a[href='{}']", demo.tour));

    // What is left goes without scripts too: the page is read again by itself.
    browser.sees(NEXT, "Ship it");
    browser.runs_scripts(false);
    does_next("Ship it");
    browser.follows("form[action$='/merges'] button");
    browser.arrives("/acme/web");
    browser.goes_to(&demo.tour).sees(NEXT, "Look after the deploy");
    does_next("Look after the deploy");
    browser.clicks("details.no-print summary").follows("form[action$='/answers'] button[value=passed]");
    browser.goes_to(&demo.tour).sees(NEXT, "done");
    browser.runs_scripts(true);
    browser.goes_to(&demo.tour).sees(NEXT, "done");
    looks_at("tour-end");
    browser.follows("ol.steps li:nth-last-child(2) a");
    let lines = "const said = document.querySelector('.messages').innerText; \
                 return ['STORY-11', 'STORY-12', 'STORY-19'].map((key) => said.includes(key)).join()";
    browser.sees(lines, "true,true,true");
    looks_at("slack-support");
    browser.goes_to(&demo.link("/archives/C00000001"));
    browser.sees("return document.querySelectorAll('.messages > li').length + document.querySelector('.messages').innerText.split('✓ ')[1].slice(0, 2)", "1Go");
    looks_at("slack");
}

#[test]
fn it_ends_when_it_is_told_to_and_leaves_nothing_behind() {
    let mut demo = Demo::start(&[]);
    let entries = |demo: &Demo| std::fs::read_dir(demo.temporary.path()).unwrap().count();
    assert_eq!(entries(&demo), 1, "all of it is in one folder");
    let begin = Instant::now();
    assert_eq!(demo.terminate(), Some(0));
    assert!(begin.elapsed() < Duration::from_secs(10), "it took {:?}", begin.elapsed());
    assert_eq!(entries(&demo), 0);
    let mut rest = String::new();
    demo.out.read_to_string(&mut rest).unwrap();
    assert_eq!(rest.lines().count(), 1, "{rest}");
}

#[test]
fn it_answers_to_its_own_names_alone() {
    let demo = Demo::start(&[]);
    let [program, github, jira, slack] = ["gonogo", "GitHub", "Jira", "Slack"].map(|place| demo.host_of(place));
    for address in [program.as_str(), &github, &jira, &slack, demo.host()] {
        let path = if address == github { "/acme/web" } else { "/" };
        assert_eq!(ask(address, "evil.example", "GET", path, "").0, 421, "{address}{path}");
    }
    // Whoever comes by its own name is in, as often as they like.
    for _ in 0..2 {
        let (status, answer) = ask(&program, &program, "GET", "/sign-in?next=/people", "");
        assert_eq!(status, 303, "{answer}");
        let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
        let cookie = format!("Cookie: {}\r\n", cookie.split(';').next().unwrap());
        let (status, page) = ask(&program, &program, "GET", "/people", &cookie);
        assert!(status == 200 && page.contains("demo"), "{page}");
    }
    // A page of another site cannot press the buttons.
    let origin = "Origin: http://evil.example\r\n";
    assert_eq!(ask(&github, &github, "POST", "/acme/web/merges", origin).0, 403);
}

/// Five ports in a row that nobody has, as far as one can know: below those from which
/// the system takes ports of its own.
fn ports() -> u16 {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let first = 10_000 + u16::try_from(std::process::id() % 4_000).unwrap() * 5;
    (first..32_000).step_by(5).find(|port| (0..5).all(|after| is_free(port + after))).unwrap()
}

#[test]
fn a_seed_makes_the_same_world_again() {
    let port = ports().to_string();
    let heads = |seed: &str| {
        let demo = Demo::start_at(&port, &["--seed", seed]);
        ["/acme/billing", "/acme/web"].map(|path| {
            let page = demo.page("GitHub", path);
            page.split("<b>main</b>").nth(1).and_then(|rest| rest.split("</code>").next()).unwrap().to_owned()
        })
    };
    let first = heads("1");
    assert_eq!(heads("1"), first);
    assert_ne!(heads("2"), first);
}

#[test]
fn a_demo_with_a_folder_goes_on_where_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let (port, data) = (ports().to_string(), folder.path().display().to_string());
    let words = ["--data", data.as_str()];
    let comes = |demo: &Demo, place: &str, path: &str, is_there: &dyn Fn(&str) -> bool| {
        let begin = Instant::now();
        while !is_there(&demo.page(place, path)) {
            assert!(begin.elapsed() < Duration::from_secs(20), "{}", demo.page(place, path));
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let channel = "/archives/C00000001";
    let mut demo = Demo::start_at(&port, &words);
    let (jira, github) = (demo.host_of("Jira"), demo.host_of("GitHub"));
    assert_eq!(post(&github, "/acme/web/merges", "head=next&base=main"), 303);
    comes(&demo, "Slack", channel, &|page| page.contains("STORY-12 is In Review"));
    assert_eq!(post(&jira, "/browse/STORY-12/status", "status=Ready+to+Deploy"), 303);
    assert_eq!(demo.terminate(), Some(0));

    let mut demo = Demo::start_at(&port, &words);
    // In one and the same message.
    comes(&demo, "Slack", channel, &|page| page.contains("STORY-19") && !page.contains("STORY-12 is"));
    assert_eq!(demo.page("Slack", channel).matches("class=\"face\"").count(), 1);
    assert!(demo.page("Jira", "/browse/STORY-12").contains("status In Review → Ready to Deploy"));
    comes(&demo, "GitHub", "/acme/web", &|page| page.contains("No-Go: STORY-19"));
    assert_eq!(demo.terminate(), Some(0));

    let another = [&["demo", "--port", &port, "--seed", "7"], &words[..]].concat();
    let said = Command::new(env!("CARGO_BIN_EXE_gonogo")).args(another).output().unwrap();
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(
        said.contains("this folder has a demo with the seed 1, and not 7") && said.contains("→ say --seed 1"),
        "{said}"
    );
}

#[test]
fn a_port_that_somebody_has_is_named() {
    let somebody = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = somebody.local_addr().unwrap().port().to_string();
    let said = Command::new(env!("CARGO_BIN_EXE_gonogo")).args(["demo", "--port", &port]).output().unwrap();
    assert_eq!(said.status.code(), Some(2));
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(
        said.contains(&format!("port {port} cannot be had")) && said.contains("→ name another with --port"),
        "{said}"
    );
}
