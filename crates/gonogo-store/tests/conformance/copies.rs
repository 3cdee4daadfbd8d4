//! Backups, and putting them in place. PostgreSQL has tools of its own.

use crate::engine::{Engine, postgres, sqlite};
use crate::intake::delivery;
use crate::{at, awareness, deploys, people};
use gonogo_core::deploy::{Entry, Outcome, Signal};
use gonogo_core::person::Role;
use gonogo_store::{Existing, Store, StoreError, backup, restore};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn beside(engine: &Engine, name: &str) -> PathBuf {
    engine.path().with_file_name(name)
}

async fn ids(store: &Store) -> Vec<String> {
    store.deliveries(None, 999).await.unwrap().into_iter().map(|row| row.delivery_id).collect()
}

/// What lies beside the database, but for what SQLite has there while it is open.
fn names(engine: &Engine) -> BTreeSet<String> {
    let entries = std::fs::read_dir(engine.path().parent().unwrap()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| !["gonogo.db-wal", "gonogo.db-shm"].contains(&name.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_made_while_it_is_written_to_is_whole() {
    let engine = sqlite();
    let store = engine.open().await;
    store.receive(delivery("before"), "delivery").await.unwrap();
    let ada = people::add(&store, "ada", Role::Admin).await.unwrap();
    store.begin_session("t".to_owned(), ada.id, at(1), at(99), people::deed(1, "signed in")).await.unwrap();
    store.make_aware(vec![awareness::told("support", "key")]).await.unwrap();
    let writes = (0..200).map(|n| {
        let store = store.clone();
        tokio::spawn(async move { store.receive(delivery(&n.to_string()), "delivery").await })
    });
    let writes: Vec<_> = writes.collect();
    let copy = beside(&engine, "copy.db");
    backup(&engine.url, &copy).await.unwrap();
    for write in writes {
        write.await.unwrap().unwrap();
    }
    store.receive(delivery("after"), "delivery").await.unwrap();
    let elsewhere = sqlite();
    restore(&copy, &elsewhere.url, Existing::Refuse).await.unwrap();
    let restored = elsewhere.open().await;
    assert!(restored.check(at(9)).await.unwrap().iter().all(|finding| finding.wrong.is_none()));
    let ids = ids(&restored).await;
    assert!(ids.contains(&"before".to_owned()) && !ids.contains(&"after".to_owned()));
    assert_eq!(restored.people().await.unwrap().len(), 1);
    assert_eq!(restored.session("t", at(2)).await.unwrap(), None, "a session outlived its backup");
    let waits = restored.lease_message("slack", at(9), at(20)).await.unwrap().unwrap();
    assert_eq!(waits.begun_at, Some(at(1)), "it may have been said since");
}

/// Much may have shipped since the backup: a person says whether it goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_deploy_that_was_open_is_halted_by_a_restore() {
    let engine = sqlite();
    let store = engine.open().await;
    let who = deploys::ada(&store).await;
    let (one, next) = (deploys::candidate(&store, "web", 'b').await, deploys::candidate(&store, "api", 'b').await);
    let runs = deploys::requested(&store, &who, &one, 2).await;
    let queued = deploys::requested(&store, &who, &next, 2).await;
    let held = deploys::take(&store, runs, 3).await.unwrap();
    let _waits = store.intend(&held, deploys::first(), deploys::order(), 0, at(4), at(14)).await.unwrap();
    let copy = beside(&engine, "copy.db");
    backup(&engine.url, &copy).await.unwrap();
    let elsewhere = sqlite();
    restore(&copy, &elsewhere.url, Existing::Refuse).await.unwrap();
    let restored = elsewhere.open().await;
    for id in [runs, queued] {
        let (last, _) = restored.deploy_journal(id).await.unwrap().pop().unwrap();
        assert_eq!(last, Entry::Asked { signal: Signal::Halt, by: "gonogo restore".to_owned() });
    }
    let third = deploys::candidate(&restored, "shop", 'b').await;
    let next = deploys::requested(&restored, &who, &third, 9).await;
    assert!(next.0 > queued.0 + 9_000, "its number may have been another's since the backup: {}", next.0);
    let outcome = restored.deploy_runs(runs).await.unwrap().remove(0).outcome;
    assert!(matches!(outcome, Some(Outcome::NotStarted { .. })), "{outcome:?}");
}

#[tokio::test]
async fn no_file_is_overwritten_by_a_backup() {
    let engine = sqlite();
    engine.open().await;
    let copy = beside(&engine, "copy.db");
    std::fs::write(&copy, "mine").unwrap();
    let error = backup(&engine.url, &copy).await.unwrap_err().to_string();
    assert!(error.contains("copy.db is there already\n  → name a file"), "{error}");
    assert_eq!(std::fs::read_to_string(&copy).unwrap(), "mine");
    std::fs::remove_file(&copy).unwrap();
    std::fs::write(beside(&engine, "copy.db.part"), "half").unwrap();
    let error = backup(&engine.url, &copy).await.unwrap_err().to_string();
    assert!(error.contains("copy.db.part is there: a backup is being written, or one was cut off"), "{error}");
    let error = backup(&engine.url, Path::new("/no/such/folder/copy.db")).await.unwrap_err().to_string();
    assert!(error.contains("/no/such/folder/copy.db could not be written"), "{error}");
}

#[tokio::test]
async fn a_backup_of_nothing_makes_nothing() {
    let engine = sqlite();
    let error = backup(&engine.url, &beside(&engine, "copy.db")).await.unwrap_err().to_string();
    assert!(error.contains("there is no database at"), "{error}");
    assert!(names(&engine).is_empty());
}

#[tokio::test]
async fn what_is_replaced_is_kept_whole_each_time() {
    let engine = sqlite();
    let store = engine.open().await;
    let copy = beside(&engine, "copy.db");
    backup(&engine.url, &copy).await.unwrap();
    store.receive(delivery("newer"), "delivery").await.unwrap();
    let error = restore(&copy, &engine.url, Existing::Refuse).await.unwrap_err().to_string();
    assert!(error.contains("gonogo.db already\n  → tell --replace"), "{error}");
    drop(store);
    for number in [1, 2] {
        let (_, kept) = restore(&copy, &engine.url, Existing::KeepBeside).await.unwrap();
        assert_eq!(kept, Some(beside(&engine, &format!("gonogo.db.replaced-{number}"))));
    }
    assert!(ids(&engine.open().await).await.is_empty());
    let kept = Store::open(&format!("sqlite:{}", beside(&engine, "gonogo.db.replaced-1").display())).await.unwrap();
    assert_eq!(ids(&kept).await, ["newer"]);
}

#[tokio::test]
async fn a_store_that_is_served_is_not_replaced() {
    let engine = sqlite();
    let (_store, _lock) = Store::serve(&engine.url).await.unwrap();
    let copy = beside(&engine, "copy.db");
    backup(&engine.url, &copy).await.unwrap();
    let refused = restore(&copy, &engine.url, Existing::KeepBeside).await;
    assert!(matches!(refused, Err(StoreError::Served(_))), "{refused:?}");
}

#[tokio::test]
async fn what_another_program_has_open_is_not_replaced_until_it_lets_go() {
    let engine = sqlite();
    let store = engine.open().await;
    let copy = beside(&engine, "copy.db");
    backup(&engine.url, &copy).await.unwrap();
    let options = SqliteConnectOptions::new().filename(engine.path());
    let mut other = options.connect().await.unwrap();
    sqlx::query("begin").execute(&mut other).await.unwrap();
    sqlx::query("select count(*) from delivery").execute(&mut other).await.unwrap();
    store.receive(delivery("newer"), "delivery").await.unwrap();
    let refused = restore(&copy, &engine.url, Existing::KeepBeside).await;
    assert!(matches!(refused, Err(StoreError::Busy(_))), "{refused:?}");
    assert_eq!(ids(&store).await, ["newer"]);
    assert!(!names(&engine).iter().any(|name| name.contains(".replaced") || name.contains(".part")));

    sqlx::query("rollback").execute(&mut other).await.unwrap();
    let (_, kept) = restore(&copy, &engine.url, Existing::KeepBeside).await.unwrap();
    other.close().await.unwrap();
    // What was in its log alone is in the one file that is kept.
    let alone = beside(&engine, "alone.db");
    std::fs::copy(kept.unwrap(), &alone).unwrap();
    assert_eq!(ids(&Store::open(&format!("sqlite:{}", alone.display())).await.unwrap()).await, ["newer"]);
}

#[tokio::test]
async fn a_damaged_database_gives_its_place_and_is_kept() {
    let engine = sqlite();
    let copy = beside(&engine, "copy.db");
    let other = sqlite();
    other.open().await.receive(delivery("saved"), "delivery").await.unwrap();
    backup(&other.url, &copy).await.unwrap();
    std::fs::write(engine.path(), "no database at all, and long enough to be looked at as one").unwrap();
    std::fs::write(beside(&engine, "gonogo.db-wal"), "a log of that").unwrap();
    let (_, kept) = restore(&copy, &engine.url, Existing::KeepBeside).await.unwrap();
    let kept = kept.unwrap();
    assert!(std::fs::read_to_string(&kept).unwrap().starts_with("no database"));
    assert_eq!(std::fs::read_to_string(kept.with_file_name("gonogo.db.replaced-1-wal")).unwrap(), "a log of that");
    assert_eq!(ids(&engine.open().await).await, ["saved"]);
}

#[tokio::test]
async fn what_is_no_backup_is_refused_and_changes_nothing() {
    let engine = sqlite();
    let store = engine.open().await;
    let whole = beside(&engine, "whole");
    backup(&engine.url, &whole).await.unwrap();
    let bytes = std::fs::read(&whole).unwrap();
    let mut damaged = bytes.clone();
    damaged[4_096 * 2..].fill(0x5a);
    let files = [
        ("text", b"not a database at all, but long enough for a header to be looked for".as_slice()),
        ("cut", &bytes[..bytes.len() / 2]),
        ("damaged", &damaged),
        ("empty", b""),
    ];
    for (name, content) in files {
        std::fs::write(beside(&engine, name), content).unwrap();
    }
    drop(store);
    let before = names(&engine);
    for name in ["text", "cut", "damaged", "empty", "none"] {
        let error = restore(&beside(&engine, name), &engine.url, Existing::KeepBeside).await.unwrap_err().to_string();
        assert!(error.contains(&format!("{name} is no backup that can be restored: ")), "{error}");
    }
    let newer = "insert into schema_history (version, hash) values (999, 'x')";
    let other = sqlite();
    other.open().await;
    other.raw(newer).await;
    let refused = restore(&other.path(), &engine.url, Existing::KeepBeside).await;
    assert!(matches!(refused, Err(StoreError::Newer { found: 999, .. })), "{refused:?}");
    assert_eq!(names(&engine), before);
    assert!(ids(&engine.open().await).await.is_empty());
}

#[tokio::test]
async fn postgres_names_the_tools_of_its_own() {
    let engine = postgres().await;
    let error = backup(&engine.url, Path::new("/backups/it's.dump")).await.unwrap_err().to_string();
    assert!(error.contains(r"→ pg_dump --format=custom --file='/backups/it'\''s.dump' --host=127.0.0.1"), "{error}");
    let error = restore(Path::new("/x"), &engine.url, Existing::Refuse).await.unwrap_err().to_string();
    assert!(error.contains("→ pg_restore"), "{error}");
}
