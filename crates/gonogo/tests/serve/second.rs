//! Waivers as the policy has them: by whom, for how long, and by two.

use crate::people::blocked;
use crate::support::{PASSWORD, World};

fn two(policy: &str) -> World {
    let mut world = World::stopped();
    world.policy(policy);
    world.start();
    world
}

/// What the first waiver's buttons are for.
pub(crate) fn action(world: &World, page: &str, act: &str) -> Option<String> {
    let (_, text) = world.get(page);
    let rest =
        text.split("action=\"/services/").find(|rest| rest.split('"').next().is_some_and(|a| a.ends_with(act)))?;
    Some(format!("/services/{}", rest.split('"').next()?))
}

#[test]
fn a_waiver_for_two_lets_nothing_pass_before_another_person_confirms_it() {
    let mut world = two("[waivers.checks.story-key]\nsecond = true\n");
    let (sha, page, fingerprint) = blocked(&world);
    world.adds("rita", "release-manager");
    world.adds("dan", "developer");
    let admin = world.cookies();
    let fields = [("fingerprint", fingerprint.as_str()), ("why", "agreed with Maria"), ("days", "3")];
    assert!(world.get(&page).1.contains("Propose the waiver"));
    assert_eq!(world.submit(&page, &format!("{page}/waivers"), &fields).0, 303);
    assert_eq!(world.submit(&page, &format!("{page}/waivers"), &fields).0, 303, "pressed twice: it is the same one");
    let other = [fields[0], ("why", "for another reason"), fields[2]];
    assert_eq!(world.submit(&page, &format!("{page}/waivers"), &other).0, 409, "it is proposed already");
    let (_, text) = world.get(&page);
    assert!(text.contains("ada proposed to waive it until") && text.contains("agreed with Maria"), "{text}");
    assert!(world.get("/").1.contains("1 waiver</a> waits for a second person"));
    assert!(world.get("/waivers?state=proposed").1.contains("waits for a second person"));

    // Her own is not hers to confirm, nor one's who may not waive.
    assert_eq!(action(&world, &page, "/confirm"), None);
    let confirm = action(&world, &page, "/take-back").unwrap().replace("take-back", "confirm");
    let (status, answer) = world.submit(&page, &confirm, &[]);
    assert!(status == 422 && answer.contains("this waiver is your own"), "{answer}");
    world.signs_in("dan", PASSWORD);
    assert_eq!(world.submit(&page, &confirm, &[]).0, 403);
    // Judged again, it still blocks.
    assert_eq!(world.submit(&page, &format!("{page}/check"), &[]).0, 303);
    world.status_says(&sha, "failure", "No-Go: ");

    world.signs_in("rita", PASSWORD);
    let rita = world.cookies();
    assert_eq!(action(&world, &page, "/confirm").as_deref(), Some(confirm.as_str()));
    assert_eq!(world.submit(&page, &confirm, &[]).0, 303);
    world.status_of(&sha).is_success("Go, 1 waived");
    let (status, answer) = world.submit(&page, &confirm, &[]);
    assert!(status == 409 && answer.contains("waits for nobody"), "{answer}");
    assert!(world.get(&page).1.contains("confirmed by rita"));
    world.has_cookies(&admin);
    let (_, audit) = world.get("/audit");
    for words in ["proposed a waiver", "confirmed a waiver", "by ada, until"] {
        assert!(audit.contains(words), "{words} is not in {audit}");
    }
    world.has_cookies(&rita);
    let back = action(&world, &page, "/take-back").unwrap();
    assert_eq!(world.submit(&page, &back, &[]).0, 303);
    world.status_says(&sha, "failure", "No-Go: ");
}

#[test]
fn the_policy_says_who_waives_what_and_for_how_long() {
    let mut world = two("[waivers]\nrole = 'developer'\ndays = 5\n[waivers.checks.ancestry]\nrole = 'admin'\n");
    let (sha, page, fingerprint) = blocked(&world);
    world.adds("dan", "developer");
    world.adds("vera", "viewer");
    let give = |world: &World, days: &str| {
        let fields = [("fingerprint", fingerprint.as_str()), ("why", "x"), ("days", days)];
        world.submit(&page, &format!("{page}/waivers"), &fields)
    };
    world.signs_in("vera", PASSWORD);
    let (status, answer) = give(&world, "1");
    assert!(status == 403 && answer.contains("to waive one has to be developer"), "{answer}");
    world.signs_in("dan", PASSWORD);
    let (status, answer) = give(&world, "6");
    assert!(status == 422 && answer.contains("for 5 days at most"), "{answer}");
    assert!(world.get(&page).1.contains("<option value=\"5\">5 days</option>"));
    assert_eq!(give(&world, "1").0, 303);
    world.status_of(&sha).is_success("Go, 1 waived");
    // A day before, it says that it lapses.
    let (_, text) = world.get(&page);
    assert!(text.contains("It lapses within a day, and blocks again then"), "{text}");
    assert!(world.get("/").1.contains("1 waiver</a> lapses within a day"));
    assert!(world.get("/waivers?service=web&state=soon").1.contains("lapses within a day"));
    // One's own is one's own to take back.
    let back = action(&world, "/waivers", "/take-back").unwrap();
    assert_eq!(world.submit("/waivers", &back, &[]).0, 303);
    world.status_says(&sha, "failure", "No-Go: ");
}

#[test]
fn a_rule_for_a_check_that_is_not_there_is_a_mistake() {
    let mut world = two("[waivers.checks.story-kez]\nsecond = true\n");
    world.repo.commit("STORY-1 x");
    let sha = world.push("main");
    world.status_says(&sha, "failure", "No-Go: gonogo.toml is not a valid policy");
    let text = world.page_of(&world.status_of(&sha).now().unwrap());
    assert!(text.contains("there is no check `story-kez`") && text.contains("did you mean `story-key`?"), "{text}");
    // What it would have said is not known: the strictest holds.
    world.adds("rita", "release-manager");
    world.signs_in("rita", PASSWORD);
    let text = world.page_of(&world.status_of(&sha).now().unwrap());
    assert!(text.contains("to waive one has to be admin"), "{text}");
}
