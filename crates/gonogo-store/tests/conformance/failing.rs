//! Databases that fail: what is said, what is kept, and that it goes on after.

use crate::engine::sqlite;
use crate::intake::delivery;
use crate::jobs::job;
use crate::people::deed;
use crate::server::{Server, is_root, program};
use crate::{at, conformance};
use futures_util::future::join_all;
use gonogo_store::{Delivery, Received, Store, StoreError};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

conformance! {
    async fn a_write_that_fails_takes_no_other_with_it(store: Store) {
        let names: Vec<String> = (0..8).map(|n| n.to_string()).collect();
        let good = names.iter().map(|name| store.receive(delivery(name), "delivery"));
        // Nobody has this number.
        let bad = names.iter().map(|name| store.begin_session(name.clone(), 99, at(1), at(2), deed(1, "signed in")));
        let (good, bad) = tokio::join!(join_all(good), join_all(bad));
        assert!(bad.iter().all(|b| matches!(b, Err(StoreError::Refused(_)))), "{bad:?}");
        assert!(good.iter().all(|g| matches!(g, Ok(Received::New(_)))), "{good:?}");
        assert_eq!(store.deliveries(None, 99).await.unwrap().len(), 8);
        assert!(store.audit(&gonogo_store::AuditAsked::default(), None, 99).await.unwrap().is_empty());
    }

    async fn what_the_database_will_never_take_is_not_called_passing(store: Store) {
        // PostgreSQL's text has no NUL, and says so by a code that is a number.
        match store.enqueue(job("a\0b", 1)).await {
            Ok(()) => assert_eq!(store.lease_job(at(1), at(2)).await.unwrap().unwrap().key, "a\0b"),
            Err(error) => assert!(matches!(error, StoreError::Refused(_)) && !error.is_passing(), "{error:?}"),
        }
    }
}

#[tokio::test]
async fn a_file_that_another_program_locks_is_busy_and_free_again() {
    let engine = sqlite();
    let store = engine.open().await;
    let mut other = SqliteConnectOptions::new().filename(engine.path()).connect().await.unwrap();
    sqlx::query("begin immediate").execute(&mut other).await.unwrap();
    let busy = store.enqueue(job("web", 1)).await.unwrap_err();
    assert!(matches!(busy, StoreError::Busy(_)) && busy.is_passing(), "{busy:?}");
    let place = engine.path().display().to_string();
    assert!(busy.to_string().contains(&place) && busy.to_string().contains("→ see who else has it open"), "{busy}");
    // Who only reads is not kept waiting.
    assert_eq!(store.job_counts().await.unwrap(), (0, 0));
    let (queued, released) = tokio::join!(store.enqueue(job("web", 1)), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        sqlx::query("rollback").execute(&mut other).await
    });
    released.unwrap();
    queued.unwrap();
    other.close().await.unwrap();
}

#[tokio::test]
async fn a_damaged_file_is_said_to_be_damaged_and_where() {
    let engine = sqlite();
    let store = engine.open().await;
    for n in 0..200 {
        store.receive(Delivery { body: vec![7; 5_000], ..delivery(&n.to_string()) }, "delivery").await.unwrap();
    }
    let copy = engine.path().with_file_name("copy.db");
    gonogo_store::backup(&engine.url, &copy).await.unwrap();
    let mut bytes = std::fs::read(&copy).unwrap();
    // Amid the deliveries: the schema can still be read.
    bytes[250 * 4_096..350 * 4_096].fill(0x5a);
    std::fs::write(&copy, bytes).unwrap();
    let damaged = Store::open(&format!("sqlite:{}", copy.display())).await.unwrap();
    let error = damaged.deliveries(None, 300).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)) && !error.is_passing(), "{error:?}");
    let said = error.to_string();
    assert!(said.contains(&copy.display().to_string()) && said.contains("→ restore the newest backup"), "{said}");
    // Looking after it says so too, and a backup of it is not taken for one.
    let looked = damaged.check(at(9)).await;
    assert!(!matches!(&looked, Ok(findings) if findings[0].wrong.is_none()), "{looked:?}");
    let refused = gonogo_store::backup(&format!("sqlite:{}", copy.display()), &copy.with_extension("2")).await;
    assert!(matches!(refused, Err(StoreError::Damaged(_))), "{refused:?}");
}

#[test]
fn a_full_disk_loses_nothing_and_is_no_end() {
    let folder = tempfile::tempdir().unwrap();
    // A small disk of its own, which goes with the process that sees it.
    let script =
        "mount -t tmpfs -o size=3m tmpfs \"$1\" && exec \"$2\" --exact failing::on_a_small_disk --ignored --nocapture";
    let mut child = program("unshare");
    child.args(if is_root() { ["-m"].as_slice() } else { ["-r", "-m"].as_slice() });
    child.args(["sh", "-c", script, "sh"]).arg(folder.path()).arg(std::env::current_exe().unwrap());
    child.env("GONOGO_TEST_FOLDER", folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let ended = child.output().expect("unshare runs (Debian: util-linux)");
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&ended.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the test before, on a small disk"]
async fn on_a_small_disk() {
    let folder = PathBuf::from(std::env::var("GONOGO_TEST_FOLDER").expect("a small disk"));
    let filler = folder.join("filler");
    std::fs::write(&filler, vec![1; 1 << 20]).unwrap();
    let url = format!("sqlite:{}", folder.join("gonogo.db").display());
    let store = Store::open(&url).await.unwrap();
    let mut kept = Vec::new();
    let error = loop {
        let large = |n: usize| Delivery { body: vec![7; 20_000], ..delivery(&n.to_string()) };
        let first = kept.len();
        let all = (first..first + 8).map(|n| (n, store.receive(large(n), "delivery")));
        let (numbers, writes): (Vec<_>, Vec<_>) = all.unzip();
        let written = join_all(writes).await;
        kept.extend(numbers.iter().zip(&written).filter(|(_, w)| w.is_ok()).map(|(n, _)| n.to_string()));
        if let Some(Err(error)) = written.into_iter().find(Result::is_err) {
            break error;
        }
        assert!(kept.len() < 1_000, "the disk is not full");
    };
    assert!(matches!(error, StoreError::DiskFull(_)) && error.is_passing(), "{error:?}");
    assert!(error.to_string().contains("gonogo.db: ") && error.to_string().contains("→ make room"), "{error}");
    // One that does not fit into memory either fails before the commit, and
    // SQLite takes the others' part back with it: they are told the same.
    let sizes = [10, 10, 8_000_000, 10, 10, 10];
    let all = sizes.iter().zip(0..).map(|(size, n)| {
        store.receive(Delivery { body: vec![7; *size], ..delivery(&format!("with {n}")) }, "delivery")
    });
    let written = join_all(all).await;
    kept.extend((0..).zip(&written).filter(|(_, w)| w.is_ok()).map(|(n, _)| format!("with {n}")));
    let refused: Vec<_> = written.into_iter().filter_map(Result::err).collect();
    assert!(!refused.is_empty() && refused.iter().all(|e| matches!(e, StoreError::DiskFull(_))), "{refused:?}");
    let rows = store.deliveries(None, 2_000).await.unwrap();
    let there: Vec<String> = rows.into_iter().map(|row| row.delivery_id).collect();
    assert!(kept.iter().all(|id| there.contains(id)), "{} of {}", there.len(), kept.len());
    let unwell = store.check(at(9)).await.unwrap().remove(0);
    assert!(
        unwell.what == "database"
            && unwell.wrong.as_ref().is_some_and(|said| said.contains("nothing more can be stored")),
        "{unwell:?}"
    );
    assert!(matches!(store.can_store(at(9)).await, Err(StoreError::DiskFull(_))));
    // A backup that has no room leaves nothing.
    let copy = folder.join("copy.db");
    let error = gonogo_store::backup(&url, &copy).await.unwrap_err().to_string();
    assert!(error.contains("copy.db could not be written: "), "{error}");
    assert!(!copy.exists() && !folder.join("copy.db.part").exists());
    std::fs::remove_file(filler).unwrap();
    store.receive(delivery("after"), "delivery").await.unwrap();
    assert!(store.check(at(9)).await.unwrap().iter().all(|finding| finding.wrong.is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_may_go_and_come_back() {
    let server = Server::start_new();
    let store = Store::open(&server.url()).await.unwrap();
    store.enqueue(job("before", 1)).await.unwrap();
    server.stop();
    let url = server.url();
    let (write, read, opened) =
        tokio::join!(store.enqueue(job("during", 1)), store.can_store(at(1)), Store::open(&url));
    for gone in [write, read, opened.map(drop)] {
        let gone = gone.unwrap_err();
        assert!(matches!(gone, StoreError::Unreachable(_)) && gone.is_passing(), "{gone:?}");
        let said = gone.to_string();
        assert!(said.contains(&server.place()) && said.contains("→ see that it runs"), "{said}");
    }
    server.start();
    let begun = Instant::now();
    while let Err(error) = store.enqueue(job("after", 1)).await {
        assert!(begun.elapsed() < Duration::from_secs(30), "it did not come back: {error}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut keys = Vec::new();
    while let Some(job) = store.lease_job(at(1), at(9)).await.unwrap() {
        keys.push(job.key);
    }
    assert_eq!(keys, ["before", "after"], "what was refused was not stored");
}
