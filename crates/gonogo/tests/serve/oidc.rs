//! Signing in with an OpenID Connect provider.

use crate::people::blocked;
use crate::support::{PASSWORD, World, location_of};
use gonogo_world::Oidc;
use gonogo_world::oidc::Lie;
use serde_json::Value;

pub(crate) const WAYS: &str = "name = 'Acme'\n[[oidc.sign_in]]\ngroup = 'staff'\nrole = 'viewer'\n\
                    [[oidc.sign_in]]\ngroup = 'release'\nrole = 'release-manager'\nservices = ['web']\n";

/// A provider with maria, who is staff, and a server that lets staff in.
fn started() -> (Oidc, World) {
    let oidc = Oidc::start();
    oidc.person("maria").in_group("staff");
    let world = started_with(&oidc);
    (oidc, world)
}

fn started_with(oidc: &Oidc) -> World {
    let mut world = World::stopped().signing_in_with_oidc(oidc, WAYS);
    world.start();
    world
}

impl World {
    /// In a new browser, signs in with the provider as this person of its, who
    /// wants to see `/account`.
    pub(crate) fn signs_in_with(&mut self, oidc: &Oidc, login: &str) -> (u16, String) {
        self.forgets_cookie();
        oidc.signs_in(login);
        let back = self.goes_elsewhere("/sign-in/oidc?next=/account");
        self.comes_back(&back)
    }

    fn comes_back(&mut self, back: &str) -> (u16, String) {
        let (status, answer) = self.get(back);
        self.keeps_cookies(&answer);
        (status, answer)
    }

    /// A page is not shown any more to who is in this browser; where it leads instead.
    #[track_caller]
    fn is_sent_away(&self) -> String {
        let page = || self.get("/account");
        let (_, answer) = self.wait(|| Some(page()).filter(|page| page.0 == 303), || page().1);
        location_of(&answer)
    }
}

#[test]
fn whose_group_is_let_in_signs_in_with_the_role_of_the_group() {
    let (oidc, mut world) = started();
    oidc.person("maria").in_group("release");
    let (_, page, fingerprint) = blocked(&world);
    assert!(world.get("/sign-in").1.contains("Sign in with Acme"));
    let (status, answer) = world.signs_in_with(&oidc, "maria");
    assert_eq!((status, location_of(&answer).as_str()), (303, "/account"), "{answer}");
    let (_, account) = world.get("/account");
    for words in ["<b>maria</b>", "viewer for all services", "release-manager", "Acme: <b>maria</b>"] {
        assert!(account.contains(words), "{words} is not in {account}");
    }
    let waiver = [("fingerprint", fingerprint.as_str()), ("why", "x"), ("days", "1")];
    let waives = |world: &World| world.submit(&page, &format!("{page}/waivers"), &waiver).0;
    assert_eq!(waives(&world), 303);
    assert!(world.get("/audit").1.contains("with Acme as maria: viewer, release-manager at web"));
    // The role goes with the group.
    oidc.person("maria").leaves_group("release");
    let account = || world.get("/account").1;
    world.wait(|| (!account().contains("release-manager")).then_some(()), account);
    assert_eq!(waives(&world), 403);
    assert!(world.get("/audit").1.contains("came to have other roles"));
    // With the cookie alone the provider is asked in her name.
    for token in ["oidc-refresh-", "oidc-access-"] {
        assert_eq!(world.files_with(token), [""; 0]);
    }
}

#[test]
fn whom_nothing_lets_in_stays_out() {
    let (oidc, mut world) = started();
    let admin = world.cookies();
    let (status, answer) = world.signs_in_with(&oidc, "eve");
    assert!(status == 403 && answer.contains("eve may not sign in here"), "{answer}");
    assert_eq!(world.get("/").0, 303);
    world.has_cookies(&admin);
    assert!(!world.get("/people").1.contains(">eve<"));
    let (_, audit) = world.get("/audit");
    assert!(audit.contains("Acme: none of their groups lets them in"), "{audit}");
}

#[test]
fn access_ends_soon_after_it_ended_there() {
    let (oidc, mut world) = started();
    let admin = world.cookies();
    for login in ["maria", "ivo", "kim", "lea"] {
        let person = oidc.person(login).in_group("staff");
        assert_eq!(world.signs_in_with(&oidc, login).0, 303);
        assert_eq!(world.get("/account").0, 200);
        match login {
            "maria" => person.leaves_group("staff"),
            "ivo" => person.is_disabled(),
            "lea" => person.is_refused("consent_required"),
            _ => person.is_signed_out(),
        };
        assert_eq!(world.is_sent_away(), "/sign-in?next=/account");
    }
    world.has_cookies(&admin);
    let (_, audit) = world.get("/audit");
    for words in [
        "was let in no more",
        "Acme: none of their groups lets them in",
        "Acme: it refuses (invalid_grant",
        "Acme: it refuses (consent_required",
    ] {
        assert!(audit.contains(words), "{words}: {audit}");
    }
}

#[test]
fn groups_may_be_told_in_userinfo() {
    let oidc = Oidc::start();
    oidc.tells_groups_in_userinfo().person("maria").in_group("staff");
    let mut world = started_with(&oidc);
    assert_eq!(world.signs_in_with(&oidc, "maria").0, 303);
    assert_eq!(world.get("/account").0, 200);
    oidc.person("maria").leaves_group("staff");
    assert_eq!(world.is_sent_away(), "/sign-in?next=/account");
}

#[test]
fn two_of_one_address_are_two_people_and_one_stays_who_they_are() {
    let (oidc, mut world) = started();
    let admin = world.cookies();
    world.adds("maria", "admin");
    oidc.person("maria").with_email("m@example.com");
    oidc.person("mary").with_email("m@example.com").in_group("staff");
    assert_eq!(world.signs_in_with(&oidc, "maria").0, 303);
    let first = world.get("/account").1;
    assert!(first.contains("<b>maria@127.0.0.1</b>: viewer"), "another person than ours: {first}");
    assert_eq!(world.signs_in_with(&oidc, "mary").0, 303);
    assert!(world.get("/account").1.contains("<b>mary</b>: viewer"));
    // She is called otherwise, and somebody else takes her old name.
    oidc.person("maria").is_renamed("mia");
    oidc.person("maria").in_group("staff");
    assert_eq!(world.signs_in_with(&oidc, "mia").0, 303);
    assert!(world.get("/account").1.contains("<b>maria@127.0.0.1</b>"));
    assert_eq!(world.signs_in_with(&oidc, "maria").0, 303);
    assert!(world.get("/account").1.contains("<b>maria@127.0.0.1-"));
    world.has_cookies(&admin);
    assert!(world.get("/people").1.contains("with oidc as mia"));
}

#[test]
fn an_account_is_joined_by_who_is_signed_in_to_both() {
    let (oidc, mut world) = started();
    oidc.signs_in("maria");
    let word = world.form_word("/account");
    let back = world.goes_elsewhere(&format!("/account/oidc?form={word}"));
    assert_eq!(world.comes_back(&back).0, 303);
    assert!(world.get("/account").1.contains("Acme: <b>maria</b>"));
    assert_eq!(world.signs_in_with(&oidc, "maria").0, 303);
    assert!(world.get("/account").1.contains("<b>ada</b>: admin for all services"));
    assert_eq!(world.submit("/account", "/account/oidc/part", &[]).0, 303);
    world.signs_in("ada", PASSWORD);
    assert!(world.get("/account").1.contains("Join your Acme account"));
}

#[test]
fn who_signs_out_is_shown_the_way_out_there_too() {
    let (oidc, mut world) = started();
    assert_eq!(world.signs_in_with(&oidc, "maria").0, 303);
    let (status, answer) = world.submit("/account", "/sign-out", &[]);
    assert_eq!(status, 200, "{answer}");
    world.keeps_cookies(&answer);
    assert_eq!(world.get("/account").0, 303);
    let link = format!("href=\"{}/logout?client_id=gonogo&amp;id_token_hint=", oidc.issuer());
    assert!(answer.contains(&link) && answer.contains("Sign out of Acme too"), "{answer}");
}

#[test]
fn no_forged_token_lets_anybody_in() {
    let (oidc, mut world) = started();
    for lie in Lie::ALL {
        oidc.lies(lie);
        let why = match lie {
            Lie::Unsigned => "signed by `none`",
            Lie::SignedBySecret | Lie::SignedByPublicKey => "signed by `HS256`",
            Lie::Changed | Lie::OtherKey => "its signature is wrong",
            Lie::UnknownKey => "no key of the provider's fits it",
            Lie::OtherIssuer => "another issuer made it",
            Lie::OtherAudience | Lie::OtherParty => "it is for another client",
            Lie::Expired => "it is over",
            Lie::FromTomorrow => "it is not from now",
            Lie::OtherNonce | Lie::NoNonce => "not the answer to this sign-in (nonce)",
            Lie::NoSubject => "it names nobody",
            Lie::None => "it is no signed token",
        };
        let logged = world.log().len();
        let (status, answer) = world.signs_in_with(&oidc, "maria");
        assert!(status == 502 && answer.contains("is not believed; the server's log says why"), "{lie:?}: {answer}");
        assert!(!answer.contains(why), "{lie:?}: the page says no more than that");
        assert_eq!(world.get("/account").0, 303, "{lie:?}");
        let said = world.log().split_off(logged);
        assert!(said.contains(why), "{lie:?}: {said}");
    }
    // Keys that nobody has are looked for once, not each time.
    let before = oidc.requests_to("/keys").len();
    oidc.lies(Lie::UnknownKey);
    assert_eq!(world.signs_in_with(&oidc, "maria").0, 502);
    assert_eq!(oidc.requests_to("/keys").len(), before);
    oidc.is_honest();
    assert_eq!(world.signs_in_with(&oidc, "maria").0, 303);
    // Also while a session lasts.
    oidc.lies(Lie::OtherKey);
    assert_eq!(world.is_sent_away(), "/sign-in?next=/account");
}

#[test]
fn a_way_back_is_good_once_and_in_its_own_browser() {
    let (oidc, mut world) = started();
    world.forgets_cookie();
    oidc.signs_in("maria");
    let back = world.goes_elsewhere("/sign-in/oidc");
    let (hers, begun) = (back.clone(), world.cookies());
    let is_refused = |world: &mut World, back: &str| {
        let (status, answer) = world.comes_back(back);
        assert!(status == 400 && answer.contains("was not begun in this browser"), "{answer}");
    };
    // In another browser, also one that began a sign-in of its own.
    world.forgets_cookie();
    is_refused(&mut world, &hers);
    world.goes_elsewhere("/sign-in/oidc");
    is_refused(&mut world, &hers);
    world.has_cookies(&begun);
    is_refused(&mut world, &back.replace("state=", "state=0"));
    world.has_cookies(&begun);
    is_refused(&mut world, &back.replace("&iss=", "0&iss="));
    world.has_cookies(&begun);
    let (status, answer) = world.comes_back(&back.replace("iss=", "iss=https%3A%2F%2Fevil.example&x="));
    assert!(status == 502 && answer.contains("is not believed"), "{answer}");
    world.has_cookies(&begun);
    assert_eq!(world.comes_back(&hers).0, 303);
    is_refused(&mut world, &hers);
    // Even where the browser kept what it should forget, the code is worth nothing.
    world.has_cookies(&begun);
    let (status, answer) = world.comes_back(&hers);
    assert!(status == 502 && answer.contains("Acme did not let you in: it refuses (invalid_grant"), "{answer}");
}

#[test]
fn keys_of_each_kind_are_taken_and_may_change_at_any_time() {
    let (oidc, mut world) = started();
    assert_eq!(world.signs_in_with(&oidc, "maria").0, 303);
    for algorithm in ["PS256", "ES256", "EdDSA", "RS256"] {
        oidc.signs_by(algorithm);
        assert_eq!(world.signs_in_with(&oidc, "maria").0, 303, "{algorithm}");
    }
}

#[test]
fn while_the_provider_is_away_its_last_word_counts_for_a_while_and_no_longer() {
    let (oidc, mut world) = started();
    assert_eq!(world.signs_in_with(&oidc, "maria").0, 303);
    oidc.goes_down();
    assert_eq!(world.get("/account").0, 200);
    let page = || world.get("/account");
    let said = world.wait(|| Some(page()).filter(|page| page.0 == 503), || format!("{}", page().0)).1;
    assert!(said.contains("is not known, since Acme does not say") && !said.contains("<b>maria</b>"), "{said}");
    oidc.comes_back();
    // Nobody has to sign in again.
    world.wait(|| (page().0 == 200).then_some(()), || page().1);
}

#[test]
fn one_persons_trouble_there_is_nobody_elses_and_they_may_come_anew() {
    let (oidc, mut world) = started();
    assert_eq!(world.signs_in_with(&oidc, "maria").0, 303);
    let word = world.form_word("/account");
    oidc.person("maria").is_refused("temporarily_odd");
    let page = || world.get("/account");
    let said = world.wait(|| Some(page()).filter(|page| page.0 == 503), || format!("{}", page().0)).1;
    assert!(said.contains("href=\"/sign-in\""), "{said}");
    let hers = world.cookies();
    oidc.person("ivo").in_group("staff");
    assert_eq!(world.signs_in_with(&oidc, "ivo").0, 303);
    world.has_cookies(&hers);
    assert_eq!(page_of(&world), 503);
    oidc.signs_in("maria");
    let back = world.goes_elsewhere("/sign-in/oidc?next=/account");
    let (status, answer) = world.comes_back(&back);
    assert_eq!((status, location_of(&answer).as_str()), (303, "/account"), "{answer}");
    let new = world.cookies();
    assert_ne!(new, hers);
    // The old session ended by that, and the new one ends when she wants, whoever is away.
    world.has_cookies(&hers);
    assert_eq!(page_of(&world), 303);
    world.has_cookies(&new);
    assert_eq!(world.post("/sign-out", &[("form", &word)]).0, 403, "a form of the session before");
    let word = world.form_word("/account");
    oidc.goes_down();
    world.wait(|| (page_of(&world) == 503).then_some(()), || format!("{}", page_of(&world)));
    let (status, answer) = world.post("/sign-out", &[("form", &word)]);
    assert!(status < 400, "{answer}");
    assert_eq!(page_of(&world), 303);
}

fn page_of(world: &World) -> u16 {
    world.get("/account").0
}

#[test]
fn many_pages_at_once_use_a_refresh_token_once() {
    let (oidc, mut world) = started();
    assert_eq!(world.signs_in_with(&oidc, "maria").0, 303);
    world.kill();
    world.start();
    // Its word is too old for a page to be shown before there is a new one.
    oidc.goes_down();
    world.wait(|| (world.get("/account").0 == 503).then_some(()), || "it was let in".to_owned());
    oidc.comes_back();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..8).map(|_| scope.spawn(|| world.get("/account").0)).collect();
        asked.into_iter().map(|one| one.join().unwrap()).collect()
    });
    // A token that came twice would have ended the session there, and failed the test.
    assert_eq!(statuses, [200; 8]);
}

#[test]
fn a_new_refresh_token_is_kept_even_where_the_keys_cannot_be_had() {
    let (oidc, mut world) = started();
    assert_eq!(world.signs_in_with(&oidc, "maria").0, 303);
    world.kill();
    world.start();
    oidc.faults().on("/keys").status(503);
    let page = || world.get("/account").0;
    world.wait(|| (page() == 503).then_some(()), || format!("{}", page()));
    oidc.comes_back();
    // The one before would have ended the session there, and failed the test.
    world.wait(|| (page() == 200).then_some(()), || format!("{}", page()));
}

#[test]
fn without_a_refresh_token_userinfo_is_asked_and_then_the_browser() {
    let oidc = Oidc::start();
    oidc.gives_no_refresh_tokens().tells_groups_in_userinfo().access_ends_after(4);
    oidc.person("maria").in_group("staff");
    let mut world = started_with(&oidc);
    assert_eq!(world.signs_in_with(&oidc, "maria").0, 303);
    let asked = || oidc.requests_to("/userinfo").len();
    let show = || assert_eq!(world.get("/account").0, 200);
    world.wait(
        || {
            show();
            (asked() >= 3).then_some(())
        },
        || format!("asked {} times", asked()),
    );
    // The access token ends: the browser goes there and back, and nobody is asked anything.
    let away = world.is_sent_away();
    assert_eq!(away, "/sign-in/oidc?silent=yes&next=/account");
    let back = world.goes_elsewhere(&away);
    let (status, answer) = world.comes_back(&back);
    assert_eq!((status, location_of(&answer).as_str()), (303, "/account"), "{answer}");
    assert_eq!(world.get("/account").0, 200);
}

#[test]
fn with_nothing_to_ask_by_the_browser_is_asked_silently() {
    for renewing in [false, true] {
        let oidc = Oidc::start();
        if renewing {
            oidc.renews_no_id_tokens();
        } else {
            oidc.gives_no_refresh_tokens();
        }
        oidc.person("maria").in_group("staff");
        let mut world = started_with(&oidc);
        assert_eq!(world.signs_in_with(&oidc, "maria").0, 303);
        assert_eq!(world.get("/account").0, 200);
        let away = world.is_sent_away();
        assert_eq!(away, "/sign-in/oidc?silent=yes&next=/account");
        // A script of a page could not follow.
        let script = [("Cookie", world.cookie()), ("Sec-Fetch-Mode", "cors")];
        let (_, answer) = world.send("GET", "/account", &script, "");
        assert_eq!(location_of(&answer), "/sign-in?next=/account");
        // Of two pages at once each comes back to itself.
        let pages = ["/account", "/audit"];
        let backs = pages.map(|next| world.goes_elsewhere(&format!("/sign-in/oidc?silent=yes&next={next}")));
        for (back, next) in backs.iter().zip(pages) {
            let (status, answer) = world.comes_back(back);
            assert_eq!((status, location_of(&answer).as_str()), (303, next), "{answer}");
        }
        // Who is signed in there no more has to sign in.
        oidc.signs_out();
        let back = world.goes_elsewhere(&away);
        let (status, answer) = world.comes_back(&back);
        assert_eq!((status, location_of(&answer).as_str()), (303, "/sign-in?next=/account"), "{answer}");
    }
}

#[test]
fn a_secret_may_be_shown_in_the_form_and_a_file_with_it_is_wanted() {
    let oidc = Oidc::start();
    let methods = serde_json::json!(["private_key_jwt", "client_secret_post"]);
    oidc.describes("token_endpoint_auth_methods_supported", methods);
    oidc.person("maria").in_group("staff");
    let mut world = started_with(&oidc);
    assert_eq!(world.signs_in_with(&oidc, "maria").0, 303);
    let without = World::stopped().signing_in_with_oidc(&oidc, WAYS).with_variable("GONOGO_OIDC_CLIENT_SECRET", "");
    without.writes_configuration();
    assert!(without.starts_in_vain().contains("no GONOGO_OIDC_CLIENT_SECRET"));
}

/// What the doctor says of signing in, without the runs of blanks.
fn doctored(world: &World) -> String {
    let (said, _) = world.runs(&["doctor", "--server"]);
    let lines = said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.skip_while(|line| !line.contains("sign-in")).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_doctor_says_what_is_wrong_with_the_provider_or_the_client() {
    let (oidc, world) = started();
    let is_said = |parts: &[&str]| {
        let said = doctored(&world);
        for part in parts {
            assert!(said.contains(part), "{part} is not in\n{said}");
        }
    };
    is_said(&[
        &format!("✓ sign-in Acme: {} answers", oidc.issuer()),
        "✓ sign-in Acme: 1 of its keys can be checked with",
        "✓ sign-in Acme: takes our client id and secret",
        "✓ sign-in Acme: sends people back to https://gonogo.example.com/sign-in/oidc/callback",
    ]);
    oidc.expects_trouble().client("https://elsewhere.example.com/callback");
    oidc.has_secret("another")
        .describes("end_session_endpoint", Value::Null)
        .describes("userinfo_endpoint", Value::Null);
    is_said(&[
        "✗ sign-in Acme: it does not take our client id and secret (invalid_client)\n→ look at [oidc] client_id",
        "✗ sign-in Acme: does not send people back to https://gonogo.example.com/sign-in/oidc/callback (it answers 400)\n\
         → register the redirect address https://gonogo.example.com/sign-in/oidc/callback there",
        "· sign-in Acme: has no userinfo",
        "· sign-in Acme: has no place to sign out of it",
    ]);
    oidc.describes("token_endpoint", Value::Null);
    is_said(&["✗ sign-in Acme: its description cannot be used: it names no `token_endpoint`"]);
    oidc.describes("issuer", "https://other.example.com".into());
    is_said(&["it calls itself `https://other.example.com`, and `http://", "→ write the issuer into [oidc] exactly"]);
    oidc.goes_down();
    is_said(&["✗ sign-in Acme: it answered 503"]);
}
