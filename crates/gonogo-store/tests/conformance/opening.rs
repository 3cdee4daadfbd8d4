use crate::engine::{postgres, sqlite};
use crate::people::deed;
use crate::{at, awareness};
use gonogo_core::case::Stage;
use gonogo_core::person::Role;
use gonogo_store::{NewJob, Store, StoreError, Wanted};

#[tokio::test]
async fn an_address_that_names_no_engine_is_an_error_without_its_password() {
    for address in ["mysql://me:secret@host/db", "sqlite:", "sqlite::memory:"] {
        let error = Store::open(address).await.unwrap_err().to_string();
        assert!(error.contains("write sqlite:PATH or postgres://") && !error.contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_on_both_engines() {
    for engine in [sqlite(), postgres().await] {
        engine.open().await;
        engine.raw("insert into schema_history (version, hash) values (999, 'x')").await;
        assert!(matches!(Store::open(&engine.url).await, Err(StoreError::Newer { found: 999, .. })));
    }
}

#[tokio::test]
async fn who_looks_at_a_store_makes_and_changes_nothing() {
    for engine in [sqlite(), postgres().await] {
        let not_ready = async || match Store::look_at(&engine.url).await {
            Err(StoreError::NotReady(said)) => said,
            other => panic!("{other:?}"),
        };
        let said = not_ready().await;
        assert_eq!(said.contains("no database") && !engine.path_is_there(), engine.is_sqlite(), "{said}");
        engine.open().await;
        engine.raw("delete from schema_history where version > 2").await;
        assert!(not_ready().await.contains("of an older gonogo"));
        let steps = engine.lines("select cast(version as varchar(9)) from schema_history order by version").await;
        assert_eq!(steps, ["1", "2"]);
    }
    let engine = sqlite();
    engine.open().await;
    let store = Store::look_at(&engine.url).await.unwrap();
    assert_eq!(store.job_counts().await, Ok((0, 0)));
    assert!(store.add_person("x".to_owned(), "h".to_owned(), Role::Viewer, false, deed(1, "added")).await.is_err());
}

#[tokio::test]
async fn of_two_servers_whose_clocks_differ_one_works() {
    let engine = postgres().await;
    let (one, _lock) = Store::serve(&engine.url).await.unwrap();
    let (other, _lock) = Store::serve(&engine.url).await.unwrap();
    one.make_aware(vec![awareness::told("support", "key")]).await.unwrap();
    one.enqueue(NewJob { kind: "sync", key: "web".to_owned(), body: String::new(), run_at: at(1) }).await.unwrap();
    let target = "t".to_owned();
    one.want(Wanted { target, kind: "status", wanted: String::new(), wanted_at: at(1), awaits: None }).await.unwrap();
    assert!(one.lease_message("slack", at(2), at(22)).await.unwrap().is_some());
    let job = one.lease_job(at(2), at(22)).await.unwrap().unwrap();
    assert!(one.lease_mirror("status", at(2), at(22)).await.unwrap().is_some());
    // The other one is half a minute ahead.
    assert_eq!(other.lease_message("slack", at(32), at(52)).await.unwrap(), None);
    assert_eq!(other.lease_job(at(32), at(52)).await.unwrap(), None);
    assert_eq!(other.lease_mirror("status", at(32), at(52)).await.unwrap(), None);
    one.extend_job(&job, at(7), at(27)).await.unwrap();
    assert_eq!(other.lease_job(at(32), at(52)).await.unwrap(), None);
}

#[tokio::test]
async fn what_a_killed_server_was_saying_waits_for_no_lease() {
    let engine = sqlite();
    let (store, lock) = Store::serve(&engine.url).await.unwrap();
    store.make_aware(vec![awareness::told("support", "key")]).await.unwrap();
    store.lease_message("slack", at(2), at(900)).await.unwrap().unwrap();
    drop(lock);
    let (next, _lock) = Store::serve(&engine.url).await.unwrap();
    assert!(next.lease_message("slack", at(3), at(900)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_store_that_is_served_is_not_brought_up_to_date_by_another_server() {
    let engine = sqlite();
    let (_store, lock) = Store::serve(&engine.url).await.unwrap();
    engine.raw("delete from schema_history where version > 2").await;
    let steps = async || engine.lines("select cast(version as varchar(9)) from schema_history order by version").await;
    assert!(matches!(Store::serve(&engine.url).await, Err(StoreError::Served(_))));
    assert_eq!(steps().await, ["1", "2"]);
    drop(lock);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_damaged_and_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gonogo.db");
    std::fs::write(&path, "this is no database, and it is long enough to be looked at as one").unwrap();
    let opened = Store::open(&format!("sqlite:{}", path.display())).await;
    assert!(matches!(opened, Err(StoreError::Damaged(_))), "{opened:?}");
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("this is no database"));
}

#[tokio::test]
async fn what_is_stored_is_there_after_opening_again() {
    for engine in [sqlite(), postgres().await] {
        let (seen, now) = (
            gonogo_store::Sighted {
                service: "web".to_owned(),
                branch: "main".to_owned(),
                head: crate::sha('a'),
                production: None,
                stage: Stage::Deploy,
            },
            crate::at(1),
        );
        let (candidate, _) = engine.open().await.open_candidate(seen, now).await.unwrap();
        assert_eq!(engine.open().await.candidate(candidate.id).await.unwrap(), Some(candidate));
    }
}
