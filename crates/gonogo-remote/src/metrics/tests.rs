//! Both clients against a server that answers what it should not.

use super::*;
use crate::http::HttpSettings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const ENOUGH: Duration = Duration::from_secs(20);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// Answers every request with these bytes, and keeps what it was asked; without any, says
/// nothing and keeps the connection.
async fn answering(answer: impl Into<Option<Vec<u8>>>) -> (String, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answer = answer.into();
    let (said, heard) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 16 << 10];
            let length = stream.read(&mut request).await.unwrap_or(0);
            said.send(String::from_utf8_lossy(&request[..length]).into_owned()).ok();
            match &answer {
                // Whoever has read enough goes before the end.
                Some(answer) => drop(stream.write_all(answer).await),
                None => open.push(stream),
            }
        }
    });
    (address, heard)
}

fn ok(body: &str) -> Vec<u8> {
    with_status("200 OK", "application/json", body)
}

fn with_status(status: &str, kind: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    (head + body).into_bytes()
}

async fn asked(kind: MetricsKind, answer: impl Into<Option<Vec<u8>>>, patience: Duration) -> Fact<Vec<Sample>> {
    let (address, _heard) = answering(answer).await;
    let connections = Connections::new(&HttpSettings { is_direct: true, ..HttpSettings::default() }).unwrap();
    let server = server(kind, &address, &connections, None, patience).unwrap();
    server.samples("a.b", at(1000), at(1060), 10).await
}

async fn why(kind: MetricsKind, answer: Vec<u8>) -> Why {
    match asked(kind, answer, ENOUGH).await {
        Fact::Unknown(why) => why,
        other => panic!("{other:?}"),
    }
}

const BOTH: [MetricsKind; 2] = [MetricsKind::Graphite, MetricsKind::Prometheus];

#[tokio::test]
async fn graphite_says_nulls_infinities_and_what_lies_outside() {
    let body = r#"[{"target":"NaN \"1e9999","datapoints":[[1.0,999],[null,1000],[2,1010],[NaN,1020],[1e9999,1030],[-1e9999,1040],[3.5,1050],[9.0,1060]]}]"#;
    let Fact::Known(samples) = asked(MetricsKind::Graphite, ok(body), ENOUGH).await else { panic!() };
    let seen: Vec<(i64, Option<f64>)> = samples.iter().map(|s| (s.at.as_second(), s.value)).collect();
    let expected = [(1000, None), (1010, Some(2.0)), (1020, None), (1030, None), (1040, None), (1050, Some(3.5))];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn prometheus_says_what_was_before_an_instant() {
    let body = r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1010,"1.5"],[1020.0,"NaN"],[1060,"+Inf"]]}]}}"#;
    let Fact::Known(samples) = asked(MetricsKind::Prometheus, ok(body), ENOUGH).await else { panic!() };
    assert_eq!(samples.iter().map(|s| s.at.as_second()).collect::<Vec<_>>(), [1000, 1010, 1050]);
    assert_eq!(samples[0].value, Some(1.5));
    assert!(samples[1].value.unwrap().is_nan() && samples[2].value.unwrap().is_infinite());
}

#[tokio::test]
async fn no_series_is_absent_and_never_an_empty_good() {
    let empty = r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#;
    assert_eq!(asked(MetricsKind::Graphite, ok("[]"), ENOUGH).await, Fact::Absent);
    assert_eq!(asked(MetricsKind::Prometheus, ok(empty), ENOUGH).await, Fact::Absent);
}

#[tokio::test]
async fn what_is_no_answer_is_said_with_what_mends_it() {
    for kind in BOTH {
        for (answer, said, fix) in [
            (ok("{\"a\":1}"), "its answer", "look at the address"),
            (ok("what"), "no JSON", "asked again"),
            (with_status("200 OK", "text/html", "<html>"), "a web page", "_TOKEN"),
            (with_status("302 Found", "text/html", ""), "redirects", "_TOKEN"),
            (with_status("401 Unauthorized", "text/plain", "no"), "401", "_TOKEN"),
            (with_status("404 Not Found", "text/plain", ""), "404", "no such server"),
            (
                with_status("400 Bad Request", "application/json", "{\"status\":\"error\",\"error\":\"parse error\"}"),
                "parse error",
                "look at the query",
            ),
        ] {
            let why = why(kind, answer).await;
            assert!(why.said.contains(said) && why.fix.contains(fix) && !why.is_away, "{kind:?} {said}: {why:?}");
        }
    }
    let two = r#"[{"target":"a","datapoints":[]},{"target":"b","datapoints":[]}]"#;
    let why = why(MetricsKind::Graphite, ok(two)).await;
    assert!(why.said.contains("gives 2 series") && why.fix.contains("sumSeries(a.b)"), "{why:?}");
}

#[tokio::test]
async fn a_server_that_is_away_or_silent_is_said_to_be() {
    for kind in BOTH {
        let broken = why(kind, with_status("500 Oops", "text/plain", "")).await;
        assert!(broken.is_away && broken.said.contains("500"), "{broken:?}");
        let cut = why(kind, ok("[1, 2")).await;
        assert!(cut.is_away && cut.said.contains("broke off"), "{cut:?}");
        let silent = asked(kind, None, Duration::from_millis(200)).await;
        let Fact::Unknown(silent) = silent else { panic!("{silent:?}") };
        assert!(silent.is_away && silent.said.contains("no answer within"), "{silent:?}");
    }
}

#[tokio::test]
async fn an_endless_answer_is_given_up() {
    let huge = format!("[{}1]", "1,".repeat(crate::http::MOST_BODY / 2 + 10));
    for kind in BOTH {
        let why = why(kind, ok(&huge)).await;
        assert!(why.said.contains("over 32 MB") && why.fix.contains("one series"), "{why:?}");
    }
}

#[tokio::test]
async fn a_query_arrives_as_it_is_with_the_token_that_opens_the_server() {
    let connections = Connections::new(&HttpSettings { is_direct: true, ..HttpSettings::default() }).unwrap();
    for (user, expected) in [(None, "Bearer hunter2"), (Some("eve"), "Basic ZXZlOmh1bnRlcjI=")] {
        let variable = |name: &str| match name {
            "GONOGO_GRAPHITE_TOKEN" => Some("hunter2".to_owned()),
            "GONOGO_GRAPHITE_USER" => user.map(str::to_owned),
            _ => None,
        };
        let credentials = Credentials::read(MetricsKind::Graphite, variable).unwrap();
        assert!(!format!("{credentials:?}").contains("hunter2"));
        let (address, mut heard) = answering(ok("[]")).await;
        let graphite =
            server(MetricsKind::Graphite, &format!("{address}/graphite"), &connections, credentials, ENOUGH).unwrap();
        assert_eq!(graphite.samples("a(b, 'c&d=#')", at(1000), at(1060), 10).await, Fact::Absent);
        let request = heard.recv().await.unwrap();
        assert!(
            request.starts_with("GET /graphite/render?target=a%28b%2C+%27c%26d%3D%23%27%29&from=999&until=1060&"),
            "{request}"
        );
        assert!(request.contains(&format!("authorization: {expected}\r\n")), "{request}");
    }
}
