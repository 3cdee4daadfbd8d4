//! A program that is killed in the middle of writing loses nothing that it had
//! acknowledged.

use crate::at;
use crate::engine::sqlite;
use crate::intake::delivery;
use crate::server::program;
use gonogo_store::{Received, Store};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

const KILLS: usize = 20;

#[tokio::test]
async fn what_was_acknowledged_survives_twenty_kills_under_load() {
    let engine = sqlite();
    let mut acknowledged = BTreeSet::new();
    for round in 0..KILLS {
        let mut child = program(std::env::current_exe().unwrap());
        child.args(["--exact", "crash::writes_until_it_is_killed", "--ignored", "--nocapture"]);
        child.env("GONOGO_TEST_STORE", &engine.url).env("GONOGO_TEST_ROUND", round.to_string());
        let mut child = child.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut ids = lines.filter_map(|line| line.strip_prefix("stored ").map(str::to_owned));
        // At another moment each time.
        acknowledged.extend(ids.by_ref().take(20 + round * 37));
        child.kill().unwrap();
        // What it had said already before the signal came counts too.
        acknowledged.extend(ids);
        child.wait().unwrap();
    }
    assert!(acknowledged.len() > KILLS * 20, "{} were acknowledged", acknowledged.len());
    let store = engine.open().await;
    let rows = store.deliveries(None, u32::MAX).await.unwrap();
    let stored: BTreeSet<String> = rows.into_iter().map(|row| row.delivery_id).collect();
    let lost: Vec<_> = acknowledged.difference(&stored).collect();
    assert!(lost.is_empty(), "{} of {} were lost: {lost:?}", lost.len(), acknowledged.len());
    // Each with its work, and nothing half.
    let (waiting, _) = store.job_counts().await.unwrap();
    assert_eq!(usize::try_from(waiting).unwrap(), stored.len());
    assert!(store.check(at(9)).await.unwrap().iter().all(|finding| finding.wrong.is_none()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run, and killed, by the test before"]
async fn writes_until_it_is_killed() {
    let store = Store::open(&std::env::var("GONOGO_TEST_STORE").expect("a store to write to")).await.unwrap();
    let round = std::env::var("GONOGO_TEST_ROUND").expect("a number");
    let writers = (0..16).map(|writer| {
        let (store, round) = (store.clone(), round.clone());
        tokio::spawn(async move {
            for number in 0.. {
                let id = format!("{round}-{writer}-{number}");
                let received = store.receive(delivery(&id), "delivery").await;
                assert!(matches!(received, Ok(Received::New(_))), "{received:?}");
                std::io::stdout().write_all(format!("\nstored {id}\n").as_bytes()).unwrap();
            }
        })
    });
    futures_util::future::join_all(writers.collect::<Vec<_>>()).await;
}
