//! Every page, in a real browser: nothing keeps anybody out, nothing runs over
//! the edge of a phone, nothing is large.

use crate::browser::{Browser, WIDTHS};
use crate::support::{PASSWORD, World, path_of};
use gonogo_world::jira::FieldKind;
use gonogo_world::mail::At;
use gonogo_world::{Jira, Mail};
use std::fmt::Write;

/// The most that a page may weigh.
const MOST: usize = 300_000;
/// What people write into titles.
const ODD: &str = "<script>alert(1)</script> | `code` @channel \u{202e}desrever\u{202c} [x](javascript:alert(2))";

/// A team whose candidate has everything that a page can show.
fn busy() -> (World, Jira, String) {
    let jira = Jira::cloud();
    for field in ["Risk", "Post-deploy checks"] {
        jira.custom_field(field, FieldKind::Text);
    }
    let euros = jira.story("STORY-12").titled("Charge in euros").in_state("In Review").assigned_to("maria");
    euros.with_field("Risk", "High: all invoices").with_field("Post-deploy checks", "Maria: a new order shows €");
    jira.story("STORY-13").titled(ODD).in_state("Ready to Deploy").with_field("Risk", ODD);
    jira.bug("STORY-14").titled(&"averyverylongword".repeat(20)).in_state("Ready to Deploy");
    let mut world = World::stopped().trusts(&jira.url()).signing_in_with_github("");
    world.policy(&format!(
        "tracker.kind = 'jira-cloud'\ntracker.url = '{}'\n\
         [checks.story-state]\nstates = ['Ready to Deploy']\n\
         [checks.story-fields]\nlevel = 'warn'\nrequired = ['Risk', 'Post-deploy checks']\n\
         [plan]\nsign_offs = ['admin', 'ops']\n[plan.people]\nops = ['tom']\n",
        jira.url()
    ));
    world.start();
    world.repo.commit("STORY-12 charge in euros");
    world.repo.commit(&format!("STORY-13 {ODD}"));
    world.repo.commit("STORY-14 mend it");
    world.repo.commit("tidy up");
    world.repo.commit("fixup! STORY-12 charge in euros");
    let sha = world.push("main");
    let status = world.wait(
        || world.status_of(&sha).now().filter(|status| status.state == "failure"),
        || format!("{:?}", world.status_of(&sha).now()),
    );
    (world, jira, path_of(&status))
}

/// One finding is waived, a newer head is open, and there are more people.
fn lived_in(world: &World, page: &str) -> String {
    let (_, text) = world.get(page);
    let fingerprint = text.split("name=\"fingerprint\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let fields = [("fingerprint", fingerprint), ("why", ODD), ("days", "3")];
    assert_eq!(world.submit(page, &format!("{page}/waivers"), &fields).0, 303);
    let fields = [("name", "vera"), ("password", PASSWORD), ("role", "viewer")];
    assert_eq!(world.submit("/people", "/people", &fields).0, 303);
    let fields = [("name", &ODD[..60]), ("days", "30"), ("read", "on"), ("admin", "on")];
    assert_eq!(world.submit("/tokens", "/tokens", &fields).0, 201);
    world.repo.commit("STORY-12 more");
    let sha = world.push("main");
    let status = world.wait(
        || world.status_of(&sha).now().filter(|status| status.state == "failure"),
        || format!("{:?}", world.status_of(&sha).now()),
    );
    path_of(&status)
}

/// Looks at a page as everybody does, and tells what is wrong.
fn look(world: &World, browser: &Browser, path: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let weight = world.get(path).1.len();
    if weight > MOST {
        wrong.push(format!("{path} weighs {weight} bytes"));
    }
    browser.opens(path);
    assert_eq!(browser.value("return document.querySelectorAll('script:not([src])').length"), 0, "{path}");
    wrong.extend(stays(browser, path));
    wrong
}

/// What is wrong with what is in the window.
fn stays(browser: &Browser, path: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for width in WIDTHS {
        for is_dark in [false, true] {
            browser.looks(width, is_dark);
            let how = format!("{path} at {width}, {}", if is_dark { "dark" } else { "light" });
            wrong.extend(browser.barriers().into_iter().map(|found| format!("{how}: {found}")));
            if browser.overflow() > 0 {
                wrong.push(format!("{how}: {} pixels run over the edge", browser.overflow()));
            }
            let name = path.trim_matches('/').replace(['/', '?', '='], "-");
            browser.photographs(&format!("{name}-{width}-{}", if is_dark { "dark" } else { "light" }));
        }
    }
    wrong
}

/// Looks at each of these as somebody who has signed in.
pub(crate) fn nothing_is_wrong_at<'p>(world: &World, paths: impl IntoIterator<Item = &'p str>) {
    let browser = Browser::on(world.address());
    browser.signs_in("ada", PASSWORD);
    says_nothing(&paths.into_iter().flat_map(|path| look(world, &browser, path)).collect::<Vec<_>>());
}

fn says_nothing(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} things are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_list_of_a_candidate_keeps_anybody_out() {
    let (world, _jira, old) = busy();
    let open = lived_in(&world, &old);
    let beside = side_by_side(&world, &old);
    let parts = ["/findings", "/stories", "/commits", "/facts", "/history"].map(|part| format!("{open}{part}"));
    nothing_is_wrong_at(&world, parts.iter().chain([&beside]).map(String::as_str));
}

#[test]
fn no_page_of_a_candidate_keeps_anybody_out() {
    let (world, _jira, old) = busy();
    let open = lived_in(&world, &old);
    let plan = format!("{open}/plan");
    nothing_is_wrong_at(&world, [&*open, &*old, &*plan, "/candidates/999"]);
    // What opens in place.
    let browser = Browser::on(world.address());
    browser.signs_in("ada", PASSWORD);
    browser.opens(&open).value("document.querySelectorAll('details').forEach(one => one.open = true)");
    says_nothing(&stays(&browser, "all opened"));
}

#[test]
fn no_page_of_a_deploy_keeps_anybody_out() {
    let (world, _jira, candidate) = busy();
    let sha = world.repo.rev("main");
    world.ships("production", &sha);
    let all = world.checks_of("", |all| all.iter().any(|one| one["state"] == "open"));
    let line = all.iter().find(|one| one["state"] == "open").unwrap();
    assert_eq!(world.answers(line, "failed", ODD).0, 303);
    let plan = format!("{candidate}/plan");
    nothing_is_wrong_at(
        &world,
        ["/services/web/deploys/last", "/services/web/post-deploy", "/services/web", &plan, "/stories/STORY-12"],
    );
    let browser = Browser::on(world.address());
    browser.signs_in("ada", PASSWORD);
    let opens = "document.querySelectorAll('details').forEach(one => one.open = true)";
    browser.opens("/services/web/post-deploy").value(opens);
    says_nothing(&stays(&browser, "all answers opened"));
}

#[test]
fn no_page_of_what_is_watched_keeps_anybody_out() {
    let (world, _jira, old) = busy();
    lived_in(&world, &old);
    let (_, proposed) = world.proposes("topic", "tidy up too", ODD);
    world.merge_status_of(&proposed).is_failure(&format!("No-Go: {} \"tidy up too\" names no story", &proposed[..7]));
    nothing_is_wrong_at(
        &world,
        [
            "/",
            "/stories/STORY-12",
            "/stories/STORY-99",
            "/search?q=story",
            "/search?q=nothing",
            "/services/web",
            "/services/web/pulls",
            "/services/web/observed?days=7",
            "/services/web/policy",
            "/services/web/compare",
            "/services/web/compare?from=production&to=main",
            "/explain/story-wrong-state",
        ],
    );
}

#[test]
fn no_page_of_people_and_work_keeps_anybody_out() {
    let (world, _jira, old) = busy();
    lived_in(&world, &old);
    nothing_is_wrong_at(
        &world,
        [
            "/people",
            "/people/1",
            "/account",
            "/waivers",
            "/waivers?state=lapsed",
            "/settings",
            "/audit",
            "/audit?from=x",
            "/tokens",
            "/api",
            "/deliveries",
            "/messages",
            "/messages?state=failed&kind=slack",
            "/branches",
            "/branches?heads=earlier&service=web&branch=main",
            "/queue",
            "/dead-work",
        ],
    );
}

#[test]
fn no_page_of_what_is_mailed_keeps_anybody_out() {
    let mail = Mail::start();
    mail.answers(At::Recipient, "550 5.1.1 <b>no such user</b> \u{202e}", 9).keeps_in_silence(9);
    let keys = "tls = 'starttls'\n[verdict_turned]\nemail = ['a@example.com']";
    let mut world = World::stopped().mails(&mail, keys);
    world.start();
    world.repo.commit(ODD);
    let sha = world.push("main");
    world.messages_say("?state=failed", &["550 5.1.1", "Say again"]);
    let page = path_of(&world.status_of(&sha).appears());
    nothing_is_wrong_at(
        &world,
        ["/", "/messages?state=failed&kind=email&story=x", "/messages", &format!("{page}/plan")],
    );
}

#[test]
fn no_page_on_which_a_story_is_mended_keeps_anybody_out() {
    let jira = Jira::cloud();
    jira.options("Level", FieldKind::Select, &["Low", ODD, &"averyverylongword".repeat(9)]);
    jira.options("Areas", FieldKind::MultiSelect, &["web", ODD]);
    for (name, kind) in [("Risk", FieldKind::RichText), ("Points", FieldKind::Number), ("Owner", FieldKind::User)] {
        jira.custom_field(name, kind);
    }
    jira.story("STORY-12").titled(ODD).in_state("In Review");
    let mut world = World::stopped().joining_jira(&jira, "jira-cloud", "");
    world.policy(&format!(
        "tracker.kind = 'jira-cloud'\ntracker.url = '{}'\nchecks.story-state.states = ['Ready to Deploy']\n\
         checks.story-fields.required = ['Level', 'Areas', 'Risk', 'Points', 'Owner']\n",
        jira.url()
    ));
    world.start();
    world.repo.commit("STORY-12 charge in euros");
    let sha = world.push("main");
    world.wait(|| world.status_of(&sha).now().filter(|one| one.state == "failure"), || "not judged".to_owned());
    let mend = "/stories/STORY-12/mend";
    nothing_is_wrong_at(&world, [mend, "/account"]);
    assert_eq!(world.joins_jira(&jira, "maria").0, 303);
    jira.refuses_field("Risk", ODD);
    let fields = [("field", "Risk"), ("value", ODD), ("once", "x")];
    assert_eq!(world.submit("/account", &format!("{mend}/field"), &fields).0, 502);
    nothing_is_wrong_at(&world, [mend, "/stories/STORY-12", "/account", "/people/1"]);
    jira.user("maria").revokes_the_app();
    assert!(world.get(mend).1.contains("anew"));
    nothing_is_wrong_at(&world, [mend, "/account"]);
}

#[test]
fn no_page_before_signing_in_keeps_anybody_out() {
    let mut world = World::stopped().signing_in_with_github("");
    world.start();
    let browser = Browser::on(world.address());
    let pages =
        ["/sign-in", "/first-admin?code=x", "/choose-password?code=x", "/sign-in/github/callback?error=x", "/nowhere"];
    says_nothing(&pages.iter().flat_map(|path| look(&world, &browser, path)).collect::<Vec<_>>());
}

/// Otherwise the tests above would find nothing because they cannot.
#[test]
fn what_keeps_people_out_is_found() {
    let world = World::new();
    let browser = Browser::on(world.address());
    browser.opens("/sign-in").looks(390, false);
    browser.value("const main = document.querySelector('main'); main.innerHTML = '<img src=x><input>'; main.style.width = '500px'");
    let found = browser.barriers().join("\n");
    assert!(found.contains("image-alt") && found.contains("label"), "{found}");
    assert!(browser.overflow() > 0);
}

#[test]
fn a_server_without_candidates_says_what_to_do() {
    let mut world = World::stopped();
    world.repo.git(&["checkout", "--detach"]);
    world.repo.git(&["branch", "-D", "main"]);
    world.web().made_from(&world.repo);
    world.start();
    let browser = Browser::on(world.address());
    browser.signs_in("ada", PASSWORD);
    let wrong: Vec<String> = ["/", "/deliveries"].iter().flat_map(|path| look(&world, &browser, path)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(world.get("/").1.contains("No branch is a candidate yet"));
}

/// The answer of a page without its headers.
fn text_of(world: &World, path: &str) -> String {
    let (status, answer) = world.get(path);
    assert_eq!(status, 200, "{path}: {answer}");
    answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
}

#[test]
fn a_page_says_who_mends_what_and_why_we_say_so() {
    let (world, jira, page) = busy();
    let text = text_of(&world, &page);
    for words in [
        "3 things block 5 commits, 3 stories, and 2 answers are awaited:",
        "<b>Maria</b> → move it to Ready to Deploy",
        "<b>Robin Tester</b> → ",
        "status In Review",
        "the commit&#39;s message",
        "line 5 of <code>",
        "/explain/story-wrong-state",
        "high, STORY-12",
        "Robin Tester",
    ] {
        assert!(text.contains(words) || text.replace('\'', "&#39;").contains(words), "{words} is not in {text}");
    }
    assert!(text.contains(&format!("href=\"{}/browse/STORY-12\"", jira.url())), "{text}");
    assert!(text_of(&world, "/explain/story-wrong-state").contains("Why it matters"));
    assert!(text.contains("(no <code>required</code> builds)"), "{text}");
    let (status, unknown) = world.get("/stories/story-11");
    assert!(status == 404 && unknown.contains("No candidate had STORY-11 so far"), "{unknown}");
    assert!(unknown.contains(&format!("href=\"{}/browse/STORY-11\"", jira.url())), "{unknown}");
    assert!(world.get("/stories/nothing").1.contains("There is no such page"));
    assert!(text_of(&world, &format!("{page}/facts")).contains("STORY-12 in the tracker"));
    let history = text_of(&world, &format!("{page}/history"));
    assert!(history.contains("8 findings, the first time"), "{history}");
}

#[test]
fn a_story_says_where_it_is_and_what_it_lacks() {
    let (world, jira, old) = busy();
    let open = lived_in(&world, &old);
    let text = text_of(&world, "/stories/story-12");
    for words in
        ["STORY-12: Charge in euros", "In Review", "Maria", "move it to Ready to Deploy", "Waits in (1)", "Was in"]
    {
        assert!(text.contains(words), "{words} is not in {text}");
    }
    for link in [&format!("{}/browse/STORY-12", jira.url()), &open, &old] {
        assert!(text.contains(&format!("href=\"{link}\"")), "{link} is not in {text}");
    }
    assert_eq!(world.get("/stories/STORY-99").0, 404);
}

#[test]
fn a_search_finds_stories_branches_heads_services_and_codes() {
    let (world, _jira, old) = busy();
    let open = lived_in(&world, &old);
    let head = world.repo.rev("main");
    for (text, link) in [
        ("euros", "/stories/STORY-12"),
        ("story-1", "/stories/STORY-14"),
        ("mai", &open),
        (&head[..9], &open),
        ("web", "/services/web"),
        ("story-wrong-state", "/explain/story-wrong-state"),
    ] {
        let found = text_of(&world, &format!("/search?q={text}"));
        assert!(found.contains(&format!("href=\"{link}\"")), "{text}: {link} is not in {found}");
    }
    let (status, answer) = world.get(&format!("/search?q={}", "%25".repeat(50_000 / 3)));
    assert!(status == 400 && answer.contains("up to 200 characters"), "{status} {answer}");
    let (status, answer) = world.get("/search?q=+story-13+");
    assert!(status == 303 && answer.contains("location: /stories/STORY-13"), "{answer}");
    assert!(text_of(&world, "/search?q=%3Cb%3E%25").contains("Nothing has “&lt;b&gt;%”"));
}

#[test]
fn a_verdict_is_pasted_without_harm() {
    let (world, _jira, page) = busy();
    let copy = |end: &str| text_of(&world, &format!("{page}/copy.{end}"));
    for end in ["txt", "md", "slack"] {
        let text = copy(end);
        for words in ["No-Go", "5 commits, 3 stories, 1 person", &format!("https://gonogo.example.com{page}")] {
            assert!(text.contains(words), "{words} is not in {text}");
        }
        assert!(!text.contains('\u{202e}'), "{text}");
    }
    assert!(
        copy("txt")
            .contains("✗ STORY-12 is In Review, may ship from Ready to Deploy: Maria → move it to Ready to Deploy")
    );
    let csv = copy("csv");
    assert!(
        csv.starts_with("key,type,title,status,assignee,ships,url\r\n\"STORY-12\",\"Story\",\"Charge in euros\""),
        "{csv}"
    );
    assert!(csv.contains("<script>alert(1)</script> | `code` @channel \\u{202e}desrever"), "{csv}");
    let plan = text_of(&world, &format!("{page}/plan.md"));
    for words in
        ["- STORY-12 Charge in euros (Story, Maria)", "Risk: High: all invoices", "- story-state: found something"]
    {
        assert!(plan.replace('\\', "").contains(words), "{words} is not in {plan}");
    }
    assert!(plan.contains("&lt;script&gt;alert\\(1\\)&lt;/script&gt; \\| \\`code\\` &#64;channel"), "{plan}");
}

#[test]
fn a_plan_lists_files_that_change_the_schema() {
    let world = World::new();
    world.repo.commit_files("STORY-1 add a column", &[("db/migrate/20260101_add.rb", "x"), ("app/a.rb", "x")]);
    let sha = world.push("main");
    let page = path_of(&world.status_of(&sha).is_success("Go"));
    let plan = text_of(&world, &format!("{page}/plan"));
    assert!(plan.contains("Migrations (1)") && plan.contains("db/migrate/20260101_add.rb"), "{plan}");
    assert!(plan.contains("The policy asks for none."), "{plan}");
    assert!(plan.contains("The policy names nobody: [on_call] says who takes turns."), "{plan}");
    assert!(text_of(&world, &page).contains("1 commit, 2 files, 1 migration"));
}

#[test]
fn a_plan_says_who_is_on_call() {
    let mut world = World::stopped();
    world.policy("[on_call]\nsince = '2020-01-06T09:00'\npeople = ['Ana (+49 30)']\n");
    world.start();
    world.repo.commit("STORY-1 x");
    let sha = world.push("main");
    let page = path_of(&world.status_of(&sha).is_success("Go"));
    let plan = text_of(&world, &format!("{page}/plan"));
    assert!(plan.contains("Ana (+49 30), until Mon ") && plan.contains("09:00 (UTC)"), "{plan}");
    let plan = text_of(&world, &format!("{page}/plan.md")).replace('\\', "");
    assert!(plan.contains("## On call\n\nAna (+49 30), until Mon "), "{plan}");
}

#[test]
fn any_two_commits_are_compared_and_nothing_is_kept() {
    let mut world = World::new();
    let first = world.repo.commit("STORY-1 charge in euros");
    let tidied = world.repo.commit("tidy up");
    let head = world.push("main");
    world.status_of(&head).is_failure(&format!("No-Go: {} \"tidy up\" names no story", &tidied[..7]));
    let compared = |from: &str, to: &str| format!("/services/web/compare?from={from}&to={to}");
    assert!(text_of(&world, "/services/web").contains("/services/web/compare"));
    let production = world.repo.rev("production");
    assert!(text_of(&world, "/services/web/compare").contains(&format!("value=\"{}\"", &production[..7])));
    let text = text_of(&world, &compared("production", &first));
    assert!(text.contains("Nothing blocks 1 commit, 1 story.") && text.contains("STORY-1 charge in euros"), "{text}");
    let text = text_of(&world, &compared(&first[..9], "main"));
    assert!(text.contains("1 thing blocks 1 commit, 0 stories:") && text.contains("tidy up"), "{text}");
    assert!(text.contains("✗ No-Go") && text.contains("1 commit, 1 file"), "{text}");
    assert!(!text.contains("charge in euros"), "{text}");
    for odd in ["nowhere", "--help", "main~1..main"] {
        let (code, answer) = world.get(&compared("production", odd));
        assert!(code == 404 && answer.contains("role=\"alert\""), "{odd}: {answer}");
    }
    // Whoever may push a branch does not choose the policy by it.
    world.repo.branch_at("lax", "production").checkout("lax");
    world.repo.commit_files("no-jira lax", &[("gonogo.toml", "checks.story-key = 'off'\n")]);
    world.push("lax");
    let text = world.wait(
        || {
            let (code, text) = world.get(&compared("lax", "main"));
            (code == 200).then_some(text)
        },
        || world.get(&compared("lax", "main")).1,
    );
    assert!(text.contains("&quot;tidy up&quot; names no story"), "{text}");
    // What cannot be read is not the asker's fault.
    let mirror = world.place("data/mirrors/acme/web.git/HEAD");
    let head = std::fs::read(&mirror).unwrap();
    std::fs::remove_file(&mirror).unwrap();
    let (code, answer) = world.get(&compared("production", "main"));
    assert!(code == 503 && answer.contains("cannot be read now"), "{answer}");
    std::fs::write(&mirror, head).unwrap();
    assert!(world.web().statuses(&first).is_empty());
    world.adds("vera", "viewer");
    world.signs_in("vera", PASSWORD);
    assert_eq!(world.get(&compared("production", "main")).0, 403);
}

/// Has a candidate judged twice, once before a finding is waived: the page of both.
fn side_by_side(world: &World, page: &str) -> String {
    let text = world.wait(
        || Some(text_of(world, &format!("{page}/history"))).filter(|text| text.contains("Side by side")),
        || world.log(),
    );
    let mut links = text.split('"').filter(|link| link.starts_with(&format!("{page}/evaluations/")));
    links.next().expect("a link").to_owned()
}

#[test]
fn two_evaluations_stand_side_by_side() {
    let (world, jira, page) = busy();
    jira.story("STORY-12").in_state("Ready to Deploy");
    assert_eq!(world.submit(&page, &format!("{page}/check"), &[]).0, 303);
    let text = text_of(&world, &side_by_side(&world, &page));
    for words in ["Findings that are others (1)", "STORY-12 is In Review", "blocks", "–"] {
        assert!(text.contains(words), "{words} is not in {text}");
    }
    for words in ["Facts that had changed (1)", "STORY-12 in the tracker", "In Review", "Ready to Deploy"] {
        assert!(text.contains(words), "{words} is not in {text}");
    }
    assert_eq!(world.get(&format!("{page}/evaluations/1/999")).0, 404);
}

#[test]
fn a_link_copies_where_scripts_run() {
    let world = World::new();
    world.repo.commit("STORY-1 x");
    let sha = world.push("main");
    let page = path_of(&world.status_of(&sha).is_success("Go"));
    let browser = Browser::on(world.address());
    browser.signs_in("ada", PASSWORD);
    browser.opens(&page).clicks("a[href$='copy.md']");
    let said = || browser.value("return document.querySelector('[data-said]')?.textContent ?? location.pathname");
    let done = |said: &serde_json::Value| *said == "Copied." || *said == format!("{page}/copy.md");
    world.wait(|| Some(said()).filter(done), || said().to_string());
}

/// What the server forbids pages to do does not stand in the way of it.
#[test]
fn a_browser_is_led_to_github() {
    let mut world = World::stopped().signing_in_with_github("");
    world.start();
    // A browser asks for its icon too.
    world.github.expects_trouble();
    let browser = Browser::on(world.address());
    browser.opens("/sign-in").clicks("main a.button").arrives("/login/oauth/authorize");
    assert!(browser.value("return document.title").as_str().unwrap().contains("Authorize sign-in"));
    browser.signs_in("ada", PASSWORD);
    browser.opens("/account").clicks("main a.button").arrives("/login/oauth/authorize");
}

#[test]
fn a_candidate_of_500_stories_and_2000_commits_stays_small() {
    let world = World::new();
    world.repo.git(&["checkout", "-q", "main"]);
    let mut input = String::new();
    let parent = world.repo.rev("main");
    for n in 0..2_000 {
        let message = if n % 5 == 4 {
            format!("tidy up {n}")
        } else {
            format!("STORY-{} step {n} {}", n % 500 + 1, "of many words ".repeat(8))
        };
        let from = if n == 0 { format!("from {parent}\n") } else { String::new() };
        let _ = write!(
            input,
            "commit refs/heads/main\ncommitter Robin Tester <robin@example.com> {} +0000\ndata {}\n{message}\n{from}",
            1_800_000_000 + n,
            message.len()
        );
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), input).unwrap();
    let script = format!("!git fast-import --quiet < '{}'", file.path().display());
    world.repo.git(&["-c", &format!("alias.bring={script}"), "bring"]);
    let sha = world.push("main");
    let status = world.wait(
        || world.status_of(&sha).now().filter(|status| status.state == "failure"),
        || format!("{:?}", world.status_of(&sha).now()),
    );
    let page = path_of(&status);
    let parts = [
        "",
        "/findings",
        "/findings?page=2",
        "/stories",
        "/commits",
        "/commits?page=20",
        "/plan",
        "/facts",
        "/history",
    ];
    for part in parts {
        let begin = std::time::Instant::now();
        let weight = text_of(&world, &format!("{page}{part}")).len();
        println!("{page}{part}: {weight} bytes, {:?}", begin.elapsed());
        assert!(weight <= MOST, "{page}{part} weighs {weight} bytes");
    }
    assert!(text_of(&world, &format!("{page}/commits?page=20")).contains("Page 20 of 20"));
}
