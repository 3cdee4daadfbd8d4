//! A page that is open stays right.

use crate::browser::Browser;
use crate::support::{PASSWORD, World, path_of};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A candidate that is No-Go for two reasons, and its page in a browser.
fn blocked() -> (World, Browser, String) {
    let world = World::new();
    world.repo.commit("tidy up");
    world.repo.commit("clean up");
    let sha = world.push("main");
    world.status_says(&sha, "failure", "No-Go");
    let page = path_of(&world.status_of(&sha).now().unwrap());
    let browser = Browser::on(world.address());
    browser.signs_in("ada", PASSWORD);
    browser.opens(&page).value("window.isTheSame = true");
    (world, browser, page)
}

fn waives(world: &World, page: &str) {
    let (_, text) = world.get(page);
    let fingerprint = text.split("name=\"fingerprint\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let fields = [("fingerprint", fingerprint), ("why", "it is known"), ("days", "1")];
    assert_eq!(world.submit(page, &format!("{page}/waivers"), &fields).0, 303);
}

fn comes(world: &World, browser: &Browser, script: &str) {
    let now = || browser.value(&format!("return {script}"));
    world.wait(|| (now() == true).then_some(()), || browser.value("return document.body.innerText").to_string());
}

#[test]
fn an_open_page_turns_with_its_candidate() {
    let (world, browser, page) = blocked();
    browser.clicks(".findings li:last-child details[id^=why] summary");
    waives(&world, &page);
    comes(&world, &browser, "document.querySelector('.headline').innerText.startsWith('1 thing')");
    assert_eq!(browser.value("return window.isTheSame"), true, "the page was not loaded anew");
    assert_eq!(browser.value("return document.querySelector('details[id^=why]').open"), true, "what was open stays so");
    waives(&world, &page);
    comes(&world, &browser, "document.querySelector('main').innerText.includes('✓ Go')");
}

/// A browser has six connections for one server: pages behind this one keep none.
#[test]
fn many_pages_are_opened_one_after_the_other_and_side_by_side() {
    let (world, browser, page) = blocked();
    for tab in ["/findings", "/stories", "/commits", "/plan", "/facts", "/history", "", "/findings"] {
        browser.clicks(&format!("nav.tabs a[href='{page}{tab}']"));
        browser.arrives(&format!("{page}{tab}"));
    }
    for _ in 0..8 {
        browser.opens_in_a_tab(&page);
        browser.arrives(&page);
    }
    waives(&world, &page);
    let is_told = "document.querySelector('.headline').innerText.startsWith('1 thing')";
    comes(&world, &browser, is_told);
    // One behind it is told what it missed once it is looked at.
    browser.shows_the_first_tab();
    comes(&world, &browser, "document.querySelector('main').innerText.includes('⚑')");
}

#[test]
fn what_is_being_written_is_kept() {
    let (world, browser, page) = blocked();
    browser.value("document.querySelector('details[id^=waive]').open = true");
    browser.value("document.querySelector('textarea').value = 'because'");
    waives(&world, &page);
    comes(&world, &browser, "document.querySelector('[data-news]').innerText.includes('has changed')");
    assert_eq!(browser.value("return document.querySelector('textarea').value"), "because");
    browser.clicks("[data-news] button");
    comes(&world, &browser, "document.querySelector('.headline').innerText.startsWith('1 thing')");
    assert_eq!(browser.value("return document.querySelector('[data-news]').hidden"), true);
}

#[test]
fn a_page_that_cannot_be_read_anew_says_so_and_tries_again() {
    let (world, browser, page) = blocked();
    browser.value("window.really = window.fetch; window.fetch = () => Promise.reject(new Error('away'))");
    waives(&world, &page);
    let news = "document.querySelector('[data-news]')";
    comes(&world, &browser, &format!("{news}.innerText.includes('could not be read')"));
    // A server that answers with another page is no better.
    browser.value("window.fetch = () => Promise.resolve(new Response('<main>away</main>', { status: 503 }))");
    browser.clicks("[data-news] button");
    comes(&world, &browser, &format!("{news}.innerText.includes('could not be read')"));
    assert_eq!(browser.value("return document.querySelector('main').innerText.includes('away')"), false);
    browser.value("window.fetch = window.really");
    browser.clicks("[data-news] button");
    comes(&world, &browser, "document.querySelector('.headline').innerText.startsWith('1 thing')");
    assert_eq!(browser.value(&format!("return {news}.hidden")), true);
}

/// As if the stream had ended a while ago, and no other came.
fn goes_quiet(browser: &Browser) {
    browser.value("source.close(); window.EventSource = class { addEventListener() {} close() {} }; heard = 0");
}

#[test]
fn a_page_that_is_told_nothing_more_says_why_and_leads_to_who_has_to_sign_in() {
    let (world, browser, _) = blocked();
    let news = "document.querySelector('[data-news]').innerText";
    goes_quiet(&browser);
    comes(&world, &browser, &format!("{news}.includes('is not told what changes')"));
    browser.value("window.really = window.fetch; window.fetch = () => Promise.reject(new Error('away')); heard = 0");
    comes(&world, &browser, &format!("{news}.includes('The server does not answer')"));
    browser.value(
        "window.fetch = window.really;
         const form = document.querySelector('form.leave input[name=form]').value;
         fetch('/sign-out', { method: 'POST', body: new URLSearchParams({ form }) }).then(() => { window.isOut = true; })",
    );
    comes(&world, &browser, "window.isOut === true");
    browser.value("document.querySelector('details[id^=waive]').open = true");
    browser.value("document.querySelector('textarea').value = 'because'");
    browser.value("heard = 0");
    comes(&world, &browser, &format!("{news}.includes('not shown to you any more')"));
    assert_eq!(browser.value("return document.querySelector('textarea').value"), "because");
    browser.value("document.querySelector('textarea').value = ''; heard = 0");
    comes(&world, &browser, "location.pathname === '/sign-in'");
}

#[test]
fn an_older_answer_that_comes_late_does_not_take_the_newer_ones_place() {
    let (world, browser, page) = blocked();
    // Holds the first answer back until it is let go.
    browser.value(
        "const really = window.fetch; window.held = 0;
         window.fetch = async (address) => {
           const answer = await really(address);
           if (!window.held++) await new Promise((go) => { window.letGo = go; });
           return answer;
         }",
    );
    waives(&world, &page);
    comes(&world, &browser, "window.letGo !== undefined");
    world.wait(|| world.get(&page).1.contains("1 thing").then_some(()), || world.get(&page).1);
    waives(&world, &page);
    comes(&world, &browser, "document.querySelector('main').innerText.includes('✓ Go')");
    browser.value("window.letGo()");
    // By the time that a later task runs the answer was looked at.
    browser.value("window.looked = 0; setTimeout(() => { window.looked = 1; }, 200)");
    comes(&world, &browser, "window.looked === 1");
    assert_eq!(browser.value("return document.querySelector('main').innerText.includes('✓ Go')"), true);
}

#[test]
fn the_first_page_shows_that_a_repository_cannot_be_looked_at_and_that_it_can_again() {
    let mut world = World::stopped().polling();
    world.start();
    world.status_of(&world.repo.rev("main")).is_success("Go");
    let browser = Browser::on(world.address());
    browser.signs_in("ada", PASSWORD);
    browser.opens("/").value("window.isTheSame = true");
    let says = "document.querySelector('main').innerText.includes('could not be looked at')";
    world.github.goes_down();
    comes(&world, &browser, says);
    world.github.comes_back();
    comes(&world, &browser, &format!("!{says}"));
    assert_eq!(browser.value("return window.isTheSame"), true);
}

#[test]
fn the_first_page_shows_a_new_branch() {
    let (world, browser, _) = blocked();
    browser.opens("/");
    world.repo.branch("hotfix/1");
    world.push("hotfix/1");
    comes(&world, &browser, "document.querySelector('main').innerText.includes('hotfix/1')");
}

#[test]
fn somebody_may_choose_the_dark() {
    let (_world, browser, _) = blocked();
    browser.looks(1280, false);
    let ground = || browser.value("return getComputedStyle(document.body).backgroundColor");
    let light = ground();
    browser.clicks("[data-switch]");
    assert_ne!(ground(), light);
    browser.opens("/people");
    assert_ne!(ground(), light, "it is remembered");
    browser.clicks("[data-switch]");
    assert_eq!(ground(), light);
}

/// The lines of a stream, as they come.
fn follow(world: &World, query: &str) -> impl Iterator<Item = String> + use<> {
    let mut stream = TcpStream::connect(world.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let ask = format!("GET /events?{query} HTTP/1.1\r\nHost: x\r\nCookie: {}\r\n\r\n", world.cookie());
    stream.write_all(ask.as_bytes()).unwrap();
    BufReader::new(stream).lines().map_while(Result::ok)
}

#[test]
fn what_changed_before_a_stream_began_is_told_at_once() {
    let (world, _browser, page) = blocked();
    let candidate = page.rsplit('/').next().unwrap();
    let mut lines = follow(&world, &format!("since=0&candidate={candidate}"));
    assert!(lines.any(|line| line == "event: changed"));
    let mut refused = follow(&world, "since=yesterday");
    assert_eq!(refused.next().as_deref(), Some("HTTP/1.1 400 Bad Request"));
}

#[test]
fn an_open_stream_does_not_hold_up_a_stop() {
    let (mut world, _browser, _) = blocked();
    let mut lines = follow(&world, "since=0");
    assert!(lines.any(|line| line == "event: changed"));
    let (took, code) = world.terminate();
    assert!(took < Duration::from_secs(5) && code == Some(0), "{took:?}, {code:?}");
    assert!(!lines.any(|line| line == "event: changed"), "the stream has ended");
}
