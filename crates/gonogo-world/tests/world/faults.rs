//! What goes wrong on demand, the checker, TLS and the proxy.

use std::io::Read as _;
use std::panic::{self, AssertUnwindSafe};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{builder, client, get, post, signed};
use gonogo_world::{Jira, Proxy};
use reqwest::{Certificate, Proxy as Via};
use serde_json::{Value, json};

const FIELD: &str = "/rest/api/3/field";

#[test]
fn a_status_may_happen_some_times_on_some_path() {
    let jira = Jira::cloud();
    jira.faults().status(503).retry_after(1).times(2).on("field");
    assert_eq!(get(&jira, "/rest/api/3/myself").status(), 200);
    for _ in 0..2 {
        let response = get(&jira, FIELD);
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "1");
        assert!(response.json::<Value>().unwrap()["errorMessages"].is_array());
    }
    assert_eq!(get(&jira, FIELD).status(), 200);
}

#[test]
fn a_fault_may_begin_later_and_be_healed() {
    let jira = Jira::cloud();
    jira.faults().status(500).after(1);
    assert_eq!(get(&jira, FIELD).status(), 200);
    assert_eq!(get(&jira, FIELD).status(), 500);
    jira.heals();
    assert_eq!(get(&jira, FIELD).status(), 200);
}

#[test]
fn delays_and_hanging() {
    let jira = Jira::cloud();
    jira.faults().delay(Duration::from_millis(80)).times(1);
    let begin = Instant::now();
    assert_eq!(get(&jira, FIELD).status(), 200);
    assert!(begin.elapsed() >= Duration::from_millis(80));

    jira.faults().hang();
    let impatient = builder().timeout(Duration::from_millis(100)).build().unwrap();
    let error = impatient.get(jira.url() + FIELD).send().unwrap_err();
    assert!(error.is_timeout());
}

#[test]
fn bodies_may_be_cut_off_or_never_end() {
    let jira = Jira::cloud();
    jira.faults().truncate().times(1);
    let mut response = get(&jira, FIELD);
    assert_eq!(response.status(), 200);
    let promised = response.content_length().unwrap();
    let mut body = Vec::new();
    response.read_to_end(&mut body).unwrap_err();
    assert_eq!(body.len() as u64, promised / 2);

    jira.faults().endless_body();
    let mut response = get(&jira, FIELD);
    let mut read = vec![0; 33 * 1024 * 1024];
    response.read_exact(&mut read).unwrap();
    assert!(read.starts_with(b"{\"issues\":["));
}

#[test]
fn connections_may_be_reset() {
    let jira = Jira::cloud();
    jira.faults().reset().times(1);
    let error = signed(client().get(jira.url() + FIELD)).send().unwrap_err();
    assert!(format!("{error:?}").contains("reset"), "{error:?}");
    assert_eq!(jira.requests()[0].status, None);
    assert_eq!(get(&jira, FIELD).status(), 200);
}

#[test]
fn other_pages_than_the_right_one() {
    let jira = Jira::cloud();
    jira.faults().garbage().times(1);
    let response = get(&jira, FIELD);
    assert_eq!(response.headers()["content-type"], "text/html;charset=UTF-8");
    assert!(response.text().unwrap().contains("Log in"));

    jira.faults().redirect_to_login().times(1);
    let response = get(&jira, FIELD);
    assert_eq!(response.status(), 302);
    assert!(response.headers()["location"].to_str().unwrap().contains("/login.jsp"));

    jira.faults().wrong_json().times(1);
    assert!(get(&jira, FIELD).json::<Value>().unwrap()["message"].is_string());
}

#[test]
fn a_rate_limit_opens_again() {
    let jira = Jira::cloud();
    jira.faults().rate_limit(2, 1);
    let statuses = || -> Vec<u16> { (0..3).map(|_| get(&jira, FIELD).status().as_u16()).collect() };
    assert_eq!(statuses(), [200, 200, 429]);
    let begin = Instant::now();
    while get(&jira, FIELD).status() == 429 {
        assert!(begin.elapsed() < Duration::from_secs(5));
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn depth_counts_what_came_one_after_the_other() {
    let jira = Jira::cloud();
    jira.faults().delay(Duration::from_millis(400));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| get(&jira, FIELD));
        }
    });
    get(&jira, "/rest/api/3/myself");
    assert_eq!(jira.requests().len(), 4);
    assert_eq!(jira.depth(), 2);
    assert_eq!(jira.requests_to("myself").len(), 1);
    assert_eq!(jira.forget_requests().requests().len(), 0);
}

#[test]
fn requests_tell_whether_a_secret_strayed() {
    let jira = Jira::cloud();
    get(&jira, "/rest/api/3/field");
    let request = &jira.requests()[0];
    assert!(request.authorization().unwrap().starts_with("Basic "));
    assert!(!request.leaks("jira-token"));
    jira.expects_trouble();
    post(&jira, "/rest/api/3/search/jql", &json!({"jql": "jira-token"}));
    let request = &jira.requests()[1];
    assert!(request.leaks("jira-token"));
    assert_eq!(request.body["jql"], "jira-token");
    assert_eq!(request.status, Some(400));
}

/// What dropping a Jira says after this.
fn verdict(ask: impl FnOnce(&Jira)) -> String {
    let jira = Jira::cloud();
    ask(&jira);
    let dropped = panic::catch_unwind(AssertUnwindSafe(|| drop(jira)));
    match dropped {
        Ok(()) => String::new(),
        Err(panic) => panic.downcast_ref::<String>().unwrap().clone(),
    }
}

#[test]
fn the_checker_fails_the_test_that_asked_something_unexpected() {
    let fine = verdict(|jira| drop(get(jira, FIELD)));
    assert_eq!(fine, "");

    let path = verdict(|jira| assert_eq!(get(jira, "/rest/api/2/field").status(), 404));
    assert!(path.contains("GET /rest/api/2/field"), "{path}");

    let name = verdict(|jira| {
        let body = json!({"issueIdsOrKeys": ["A-1"], "feilds": []});
        assert_eq!(post(jira, "/rest/api/3/issue/bulkfetch", &body).status(), 400);
    });
    assert!(name.contains("feilds"), "{name}");

    let field = verdict(|jira| {
        let body = json!({"issueIdsOrKeys": ["A-1"], "fields": ["customfield_1"]});
        assert_eq!(post(jira, "/rest/api/3/issue/bulkfetch", &body).status(), 200);
    });
    assert!(field.contains("customfield_1"), "{field}");

    let write = verdict(|jira| {
        assert_eq!(post(jira, "/rest/api/3/issue", &json!({})).status(), 404);
    });
    assert!(write.contains("POST /rest/api/3/issue"), "{write}");

    let only = verdict(|jira| {
        jira.expect_only(&["/rest/api/3/myself"]);
        get(jira, "/rest/api/3/myself");
        assert_eq!(get(jira, FIELD).status(), 200);
    });
    assert!(only.contains("not among the paths expected"), "{only}");

    let forgiven = verdict(|jira| {
        jira.expects_trouble();
        get(jira, "/nowhere");
    });
    assert_eq!(forgiven, "");
}

#[test]
fn tls_is_trusted_with_the_authority_alone() {
    let jira = Jira::cloud().tls();
    assert!(jira.url().starts_with("https://127.0.0.1:"));
    client().get(jira.url() + FIELD).send().unwrap_err();

    let pem = std::fs::read(jira.ca_file()).unwrap();
    let authority = Certificate::from_pem(&pem).unwrap();
    let trusting = builder().tls_certs_only([authority]).build().unwrap();
    let localhost = jira.url().replace("127.0.0.1", "localhost");
    for url in [jira.url(), localhost] {
        let response = signed(trusting.get(url + FIELD)).send().unwrap();
        assert_eq!(response.status(), 200);
    }
    assert_eq!(jira.requests().len(), 2);
}

#[test]
fn the_proxy_sees_plain_requests_and_tunnels() {
    let proxy = Proxy::start();
    let plain = Jira::cloud();
    let through = builder().proxy(Via::all(proxy.url()).unwrap()).build().unwrap();
    for _ in 0..2 {
        let request = through.get(plain.url() + "/rest/api/3/myself");
        assert_eq!(signed(request).send().unwrap().status(), 200);
    }
    let request = through.post(plain.url() + "/rest/api/3/issue/bulkfetch");
    let body = json!({"issueIdsOrKeys": ["A-1"]});
    assert_eq!(signed(request).json(&body).send().unwrap().status(), 200);
    let passed = proxy.passed();
    assert_eq!(passed.len(), 3);
    assert_eq!(passed[0].method, "GET");
    assert_eq!(passed[0].target, plain.url() + "/rest/api/3/myself");
    assert_eq!(passed[2].method, "POST");

    let secret = Jira::cloud().tls();
    let authority = Certificate::from_pem(&std::fs::read(secret.ca_file()).unwrap()).unwrap();
    let through = builder().proxy(Via::all(proxy.url()).unwrap()).tls_certs_only([authority]).build().unwrap();
    assert_eq!(signed(through.get(secret.url() + FIELD)).send().unwrap().status(), 200);
    let passed = proxy.passed();
    assert_eq!(passed[3].method, "CONNECT");
    assert_eq!(format!("https://{}", passed[3].host), secret.url());
}

#[test]
fn the_proxy_may_want_credentials() {
    let proxy = Proxy::start().requiring("me", "secret");
    let jira = Jira::cloud();
    let ask = |via: Via| {
        let through = builder().proxy(via).build().unwrap();
        let request = signed(through.get(jira.url() + FIELD));
        request.send().unwrap().status().as_u16()
    };
    assert_eq!(ask(Via::all(proxy.url()).unwrap()), 407);
    assert_eq!(ask(Via::all(proxy.url()).unwrap().basic_auth("me", "secret")), 200);
    assert_eq!(jira.requests().len(), 1);
    assert_eq!(jira.requests()[0].header("proxy-authorization"), None);
    let allowed: Vec<bool> = proxy.passed().iter().map(|passed| passed.allowed).collect();
    assert_eq!(allowed, [false, true]);
}
