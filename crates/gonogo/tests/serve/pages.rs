//! Every page, in a real browser: nothing keeps anybody out, nothing runs over
//! the edge of a phone, nothing is large.

use crate::browser::{Browser, WIDTHS};
use crate::support::{PASSWORD, World, path_of};
use gonogo_world::Jira;
use gonogo_world::jira::FieldKind;

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
    let mut world = World::stopped().trusts(&jira.url());
    world.policy(&format!(
        "tracker.kind = 'jira-cloud'\ntracker.url = '{}'\n\
         [checks.story-state]\nstates = ['Ready to Deploy']\n\
         [checks.story-fields]\nlevel = 'warn'\nrequired = ['Risk', 'Post-deploy checks']\n",
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

#[test]
fn no_page_keeps_anybody_out() {
    let (world, _jira, old) = busy();
    let open = lived_in(&world, &old);
    let browser = Browser::on(world.address());
    let mut wrong = Vec::new();
    for path in ["/sign-in", "/first-admin?code=x", "/nowhere"] {
        wrong.extend(look(&world, &browser, path));
    }
    browser.signs_in("ada", PASSWORD);
    for path in ["/", &open, &old, "/people", "/audit", "/deliveries", "/candidates/999"] {
        wrong.extend(look(&world, &browser, path));
    }
    assert!(wrong.is_empty(), "{} things are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Otherwise the test above would find nothing because it cannot.
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
