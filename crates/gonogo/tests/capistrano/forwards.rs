use super::{comes_to, command, fails, release, said, says, status};
use crate::begins;
use crate::hosts::signal;
use crate::shop::Shop;

#[test]
fn exactly_the_commit_comes_under_one_name_though_the_branch_has_moved() {
    let shop = Shop::new(2);
    let sha = shop.commits("one");
    shop.commits("two");
    let first = says(command(&shop, "deploy", 7, &sha).args(["--host", "web-2", "--host", "10.0.0.2"]));
    assert_eq!((shop.serves(0), shop.serves(1)), (None, Some((release(7), sha.clone()))), "{first}");
    assert_eq!(shop.marks("migrated"), Vec::<String>::new(), "it has no database");
    let text = says(&mut command(&shop, "deploy", 7, &sha));
    for host in 0..2 {
        assert_eq!(shop.serves(host), Some((release(7), sha.clone())), "{text}");
        assert_eq!(shop.releases(host), [release(7)]);
        assert!(!shop.is_locked(host));
    }
    assert_eq!(shop.marks("migrated"), [format!("web-1 {sha}")], "once: {text}");
    assert!(
        text.contains("gonogo: updating\n")
            && text.contains(&format!("gonogo: web-1: {} serves, which is {sha}", release(7))),
        "{text}"
    );
    let stands = status(&shop);
    assert!(stands.contains(&format!("{}  {sha}  was published, begun by deploy web 7", release(7))), "{stands}");
    let one = |more: &[&str]| fails(command(&shop, "deploy", 7, &sha).args(more));
    let unknown = one(&["--host", "web-9"]);
    assert!(unknown.contains("no server of the stage is called `web-9`: there is web-1, web-2"), "{unknown}");
    assert!(one(&["--command", "no-such-cap"]).contains("there is no program `no-such-cap` here"));
    assert!(one(&["--command", "false"]).contains("`cap` ended before the stage was read: exit status: 1"));
    let mut other = command(&shop, "deploy", 7, &sha);
    assert!(fails(other.env("GONOGO_RELEASE", "1")).contains("it has 14 digits"));
    std::fs::rename(shop.dir().join("config/deploy/production.rb"), shop.dir().join("config/deploy/staging.rb"))
        .unwrap();
    assert!(one(&[]).contains("the Capfile has no stage `production`: there is staging"));
    std::fs::rename(shop.dir().join("Capfile"), shop.dir().join("Rakefile")).unwrap();
    assert!(one(&[]).contains("has no Capfile"));
}

#[test]
fn what_keeps_it_from_being_published_is_said_and_leaves_nothing_behind() {
    let mut shop = Shop::new(2);
    let sha = shop.commits("one");
    std::fs::remove_file(shop.shop(1).join("shared/config/app.env")).unwrap();
    let missing = fails(&mut command(&shop, "deploy", 7, &sha));
    assert!(missing.contains("it failed in starting, and nothing was published"), "{missing}");
    assert!(missing.contains("→ put the linked file there: web-2:") && missing.contains("config/app.env"), "{missing}");
    shop.has_linked_file(1);
    let nowhere = "1".repeat(40);
    let bad = fails(&mut command(&shop, "deploy", 7, &nowhere));
    assert!(bad.contains("it failed in updating, and nothing was published"), "{bad}");
    assert!(bad.contains(&format!("has no {nowhere}: push it there")), "{bad}");
    for host in 0..2 {
        assert_eq!(shop.releases(host), Vec::<String>::new(), "{bad}");
        assert!(!shop.is_locked(host));
    }
    // A person's own, which Capistrano is still making.
    std::fs::create_dir_all(shop.shop(0).join("releases").join(release(1))).unwrap();
    shop.sets("no-restart");
    let failed = fails(&mut command(&shop, "deploy", 8, &sha));
    assert!(failed.contains("it failed in publishing, after it was published on all hosts"), "{failed}");
    assert!(failed.contains(&format!("web-2: {} serves, which is {sha}", release(8))), "{failed}");
    assert_eq!(shop.marks("failed").len(), 2, "what the Capfile does after a failure is done");
    shop.unsets("no-restart");
    // Done again, what follows its publishing is done, and what serves is not made anew.
    let made = std::fs::metadata(shop.shop(0).join("current/page")).unwrap().modified().unwrap();
    let text = says(&mut command(&shop, "deploy", 8, &sha));
    assert!(text.contains("it is published once more, and not made again"), "{text}");
    assert_eq!(shop.marks("restarted").len(), 2, "{text}");
    assert_eq!(std::fs::metadata(shop.shop(0).join("current/page")).unwrap().modified().unwrap(), made);
    assert_eq!(shop.releases(0), [release(1), release(8)]);
    shop.hosts.hosts[1].goes_away();
    let gone = fails(&mut command(&shop, "deploy", 9, &sha));
    assert!(gone.contains("web-2 cannot be asked: Connection refused") && gone.contains("see that it is up"), "{gone}");
    assert!(!shop.is_locked(0), "{gone}");
}

#[test]
fn a_capfile_that_brings_something_else_fails_whatever_cap_says() {
    let shop = Shop::new(1);
    let sha = shop.commits("one");
    let newer = shop.commits("two");
    shop.sets("other");
    let other = fails(&mut command(&shop, "deploy", 7, &sha));
    assert!(other.contains("it failed in updating, and nothing was published"), "{other}");
    assert!(other.contains(&format!("the Capfile brings {newer}, and not {sha}")), "{other}");
    assert_eq!((shop.marks("migrated"), shop.releases(0)), (Vec::new(), Vec::new()), "before migrations");
    shop.unsets("other");
    shop.sets("undo");
    std::fs::create_dir_all(shop.shop(0).join("releases/undone")).unwrap();
    let undone = fails(&mut command(&shop, "deploy", 8, &sha));
    let expected = format!("`cap` ended well, and the release {} serves nowhere\n  web-1: undone serves", release(8));
    assert!(undone.contains(&expected), "{undone}");
}

/// Whoever ends it does not wait for what hangs.
#[test]
fn a_phase_that_takes_long_is_ended_where_nothing_is_published_yet() {
    let shop = Shop::new(1);
    let sha = shop.commits("one");
    shop.sets("hold-updated");
    let running = begins(&command(&shop, "deploy", 7, &sha));
    comes_to(&shop, "updated");
    signal(&running, "TERM");
    let text = said(&running.wait_with_output().unwrap());
    assert!(text.contains("it was told to stop, and was ended in updated, and nothing was published"), "{text}");
    assert_eq!((shop.releases(0), shop.is_locked(0)), (Vec::new(), false), "{text}");
}

#[test]
fn it_is_stopped_between_phases_and_never_once_it_publishes() {
    let shop = Shop::new(1);
    let sha = shop.commits("one");
    shop.sets("hold-updated");
    let running = begins(&command(&shop, "deploy", 7, &sha));
    comes_to(&shop, "updated");
    signal(&running, "TERM");
    shop.unsets("hold-updated");
    let output = running.wait_with_output().unwrap();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("it was stopped after updated, and nothing was published"), "{text}");
    assert!(text.contains(&format!("removed the release {}, which was half made", release(7))), "{text}");
    assert_eq!((shop.releases(0), shop.is_locked(0)), (Vec::new(), false));
    shop.sets("hold-restart");
    let running = begins(&command(&shop, "deploy", 8, &sha));
    comes_to(&shop, "restart");
    signal(&running, "TERM");
    shop.unsets("hold-restart");
    let output = running.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(shop.serves(0), Some((release(8), sha)));
    assert_eq!(shop.marks("restarted").len(), 1);
}
