//! Databases of every earlier version, with rows in their tables, are brought
//! up to date and lose nothing.

use crate::engine::{Engine, postgres, sqlite};
use crate::{at, sha};
use futures_util::future::join_all;
use gonogo_core::person::Scope;
use gonogo_core::post_deploy::LookState;
use gonogo_store::views::MessagesWanted;
use gonogo_store::{AuditAsked, DeployState, DeploysWanted, LooksWanted, MessageState, Received, Store, StoreError};
use sha2::{Digest, Sha256};

/// Each step of the schema by its number, and rows in the tables that it made.
const STEPS: &[(i64, &str, &str)] = &[
    (1, include_str!("../../migrations/0001_intake.sql"), include_str!("rows/0001.sql")),
    (2, include_str!("../../migrations/0002_people.sql"), include_str!("rows/0002.sql")),
    (3, include_str!("../../migrations/0003_stories.sql"), include_str!("rows/0003.sql")),
    (4, include_str!("../../migrations/0004_slack.sql"), include_str!("rows/0004.sql")),
    (5, include_str!("../../migrations/0005_outbox.sql"), include_str!("rows/0005.sql")),
    (6, include_str!("../../migrations/0006_tokens.sql"), include_str!("rows/0006.sql")),
    (7, include_str!("../../migrations/0007_awareness.sql"), include_str!("rows/0007.sql")),
    (8, include_str!("../../migrations/0008_production.sql"), include_str!("rows/0008.sql")),
    (9, include_str!("../../migrations/0009_pulls.sql"), include_str!("rows/0009.sql")),
    (10, include_str!("../../migrations/0010_accounts.sql"), include_str!("rows/0010.sql")),
    (11, include_str!("../../migrations/0011_join_offers.sql"), include_str!("rows/0011.sql")),
    (12, include_str!("../../migrations/0012_facts.sql"), include_str!("rows/0012.sql")),
    (13, include_str!("../../migrations/0013_story_titles.sql"), include_str!("rows/0013.sql")),
    (14, include_str!("../../migrations/0014_renewals.sql"), include_str!("rows/0014.sql")),
    (15, include_str!("../../migrations/0015_changes.sql"), include_str!("rows/0015.sql")),
    (16, include_str!("../../migrations/0016_post_deploy.sql"), include_str!("rows/0016.sql")),
    (17, include_str!("../../migrations/0017_sign_offs.sql"), include_str!("rows/0017.sql")),
    (18, include_str!("../../migrations/0018_said_again.sql"), include_str!("rows/0018.sql")),
    (19, include_str!("../../migrations/0019_sight.sql"), include_str!("rows/0019.sql")),
    (20, include_str!("../../migrations/0020_join_links.sql"), include_str!("rows/0020.sql")),
    (21, include_str!("../../migrations/0021_stops.sql"), include_str!("rows/0021.sql")),
    (22, include_str!("../../migrations/0022_unread_stories.sql"), include_str!("rows/0022.sql")),
    (23, include_str!("../../migrations/0023_builds.sql"), include_str!("rows/0023.sql")),
    (24, include_str!("../../migrations/0024_awareness_by_service.sql"), include_str!("rows/0024.sql")),
    (25, include_str!("../../migrations/0025_locks.sql"), include_str!("rows/0025.sql")),
    (26, include_str!("../../migrations/0026_jira_accounts.sql"), include_str!("rows/0026.sql")),
    (27, include_str!("../../migrations/0027_story_acts.sql"), include_str!("rows/0027.sql")),
    (28, include_str!("../../migrations/0028_story_versions.sql"), include_str!("rows/0028.sql")),
    (29, include_str!("../../migrations/0029_early.sql"), include_str!("rows/0029.sql")),
    (30, include_str!("../../migrations/0030_waits.sql"), include_str!("rows/0030.sql")),
    (31, include_str!("../../migrations/0031_looked_at.sql"), include_str!("rows/0031.sql")),
    (33, include_str!("../../migrations/0033_awaits.sql"), include_str!("rows/0033.sql")),
    (34, include_str!("../../migrations/0034_written.sql"), include_str!("rows/0034.sql")),
    (35, include_str!("../../migrations/0035_deploys.sql"), include_str!("rows/0035.sql")),
    (36, include_str!("../../migrations/0036_told_where.sql"), include_str!("rows/0036.sql")),
    (37, include_str!("../../migrations/0037_glass.sql"), include_str!("rows/0037.sql")),
    (38, include_str!("../../migrations/0038_waiver_branch.sql"), include_str!("rows/0038.sql")),
    (39, include_str!("../../migrations/0039_deploy_cards.sql"), include_str!("rows/0039.sql")),
    (40, include_str!("../../migrations/0040_guards.sql"), include_str!("rows/0040.sql")),
    (41, include_str!("../../migrations/0041_deploys_along.sql"), include_str!("rows/0041.sql")),
    (48, include_str!("../../migrations/0048_queue.sql"), include_str!("rows/0048.sql")),
    (49, include_str!("../../migrations/0049_fields.sql"), include_str!("rows/0049.sql")),
];

/// Brings an empty database to a version, with rows.
pub(crate) async fn fill(engine: &Engine, version: i64) {
    engine.raw("create table schema_history (version bigint primary key, hash text not null)").await;
    for (number, step, rows) in STEPS.iter().take_while(|(number, ..)| *number <= version) {
        engine.raw(&expanded(engine, step)).await;
        let bytes = Sha256::digest(step.as_bytes());
        let hash = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        engine.raw(&format!("insert into schema_history (version, hash) values ({number}, '{hash}')")).await;
        engine.raw(&expanded(engine, rows)).await;
    }
}

fn expanded(engine: &Engine, text: &str) -> String {
    let words = if engine.is_sqlite() {
        [
            ("{int}", "integer"),
            ("{bytes}", "blob"),
            ("{json}", "text"),
            ("{serial}", "integer primary key autoincrement"),
            ("{strict}", "strict"),
        ]
    } else {
        let serial = "bigint generated always as identity primary key";
        [("{int}", "bigint"), ("{bytes}", "bytea"), ("{json}", "json"), ("{serial}", serial), ("{strict}", "")]
    };
    words.iter().fold(text.to_owned(), |text, (word, own)| text.replace(word, own))
}

/// Tables, columns and indexes, in words.
async fn schema_of(engine: &Engine) -> Vec<String> {
    let select = if engine.is_sqlite() {
        "select coalesce(sql, name) from sqlite_master where tbl_name <> 'schema_history' order by name"
    } else {
        "select table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || coalesce(column_default, '')
             as said from information_schema.columns where table_schema = 'public'
         union all select indexdef from pg_indexes where schemaname = 'public' order by said"
    };
    engine.lines(select).await
}

async fn holds_what_was_there(store: &Store, version: i64) {
    assert_eq!(store.deliveries(None, 9).await.unwrap()[0].outcome.as_deref(), Some("evaluates web"));
    assert_eq!(store.job_counts().await.unwrap(), (2, 1));
    let open = store.open_candidates("web").await.unwrap();
    assert_eq!(open.iter().filter(|c| !c.stage.is_deploy()).count(), usize::from(version >= 9));
    let candidate = open.into_iter().find(|c| c.stage.is_deploy()).unwrap();
    assert_eq!(store.newest_evaluation(candidate.id).await.unwrap().unwrap().verdict, "go");
    // Work goes on where it was.
    let job = store.lease_job(at(1), at(60)).await.unwrap().unwrap();
    assert_eq!((job.kind.as_str(), job.body.as_str()), ("evaluate", "b"));
    store.finish_job(&job).await.unwrap();
    assert_eq!(store.lease_job(at(2), at(60)).await.unwrap().unwrap().attempts, 2);
    assert_eq!(store.lease_mirror("github-status", at(1), at(60)).await.unwrap().unwrap().wanted, "Go");
    if version >= 2 {
        assert_eq!(store.session("t", at(8)).await.unwrap().unwrap().person.name, "ada");
        assert_eq!(store.waivers("web").await.unwrap()[0].why, "agreed");
        assert_eq!(store.audit(&AuditAsked::default(), None, 9).await.unwrap().len(), 1);
        assert_eq!(store.audit_broken_at().await.unwrap(), None);
    }
    if version >= 5 {
        let message = store.lease_message("slack", at(1), at(60)).await.unwrap().unwrap();
        assert_eq!((message.key.as_str(), message.begun_at), ("k", Some(at(1))));
        assert_eq!(store.messages_of_story("STORY-1").await.unwrap().len(), 1);
        let untold = store.untold("evaluate").await.unwrap();
        assert_eq!((untold.runs.len(), untold.unknown.contains("api")), (1, true));
    }
    if version >= 5 {
        let said = store.story_said("STORY-2").await.unwrap().unwrap();
        assert_eq!((said.is_deployed, said.versions.len()), (true, usize::from(version >= 28)));
    }
    assert_eq!(store.early_due(9).await.unwrap().len(), usize::from(version >= 29));
    assert_eq!(store.early_story("STORY-1").await.unwrap().is_some(), version >= 29);
    if version >= 18 {
        let message = store.messages(MessagesWanted::default(), None, 1).await.unwrap().remove(0);
        assert_eq!((message.target.as_str(), message.state), ("#old", MessageState::Failed));
    }
    if version >= 6 {
        assert_eq!(store.bearer_of("h", at(8)).await.unwrap().unwrap().token.unwrap().scopes, [Scope::Read]);
        assert_eq!(store.done_request(1, "k", at(8)).await.unwrap().unwrap().made, Some(5));
    }
    if version >= 10 {
        let session = store.session("g", at(8)).await.unwrap().unwrap();
        assert_eq!(session.outside.unwrap().sealed, "s");
        assert_eq!(session.person.at["web"].word(), "release-manager");
        assert_eq!(store.person_of_reset("c", at(8)).await.unwrap().unwrap().1, "ada");
        assert_eq!(store.person_by_identity("github", "7").await.unwrap().unwrap().1, "ada");
        assert!(store.waivers("api").await.unwrap()[0].is_proposed());
    }
    if version >= 35 {
        let deploy = store.deploys(DeploysWanted::default(), 9).await.unwrap().remove(0);
        assert_eq!((deploy.state, deploy.plan.forward.len()), (DeployState::Running, 1));
        assert_eq!(deploy.glass.is_some_and(|glass| glass.by == "ada"), version >= 37);
        assert_eq!(store.deploy_journal(deploy.id).await.unwrap().len(), 1);
        assert_eq!(store.runs_for("local", "i", Vec::new(), at(9)).await.unwrap().new[0].said_bytes, 2);
    }
    assert_eq!(store.stop().await.unwrap().is_some_and(|stop| stop.by == "ada"), version >= 21);
    assert_eq!(store.service_lock("web", at(8)).await.unwrap().is_some_and(|lock| lock.by == "ada"), version >= 25);
    let kept = store.kept_answers("https://jira.example", "w", vec!["STORY-1".to_owned()]).await.unwrap();
    assert_eq!(kept.len(), usize::from(version >= 19), "what is kept for a while comes again");
    let concerned = store.open_candidates_with("STORY-1").await.unwrap();
    assert_eq!(concerned.len(), usize::from(version >= 3));
    let places = store.places_of("STORY-1").await.unwrap();
    let told: Vec<_> = places.iter().map(|place| (place.title.as_str(), place.ships)).collect();
    let expected: &[(&str, bool)] = match version {
        ..=2 => &[],
        3..=12 => &[("", true)],
        13.. => &[("Pay in euros", false)],
    };
    assert_eq!(told, expected);
    if version >= 24 {
        assert_eq!(store.awareness_of("STORY-1").await.unwrap()[0].team, "support");
    }
    if version >= 8 {
        let production = store.production("web").await.unwrap().unwrap();
        assert_eq!(production.running, Some(sha('b').into()));
        assert_eq!(production.astray, Some(("hotfix/1".to_owned(), at(1))));
        assert_eq!(store.production_moves("web", None, 9).await.unwrap().len(), 1);
        assert_eq!(store.production_told("web").await.unwrap().unwrap().running, ["bbbbbbb"]);
    }
    let looks = store.looks(LooksWanted::default(), 9).await.unwrap();
    assert_eq!(looks.len(), usize::from(version >= 16));
    assert!(looks.iter().all(|row| row.state == LookState::Passed && row.answers[0].by == "ada"));
    let signed = store.sign_offs_over("web", sha('c'), sha('b')).await.unwrap();
    assert_eq!(signed.len(), usize::from(version >= 17));
    let joined = store.jira_account(1).await.unwrap().map(|account| (account.subject, account.version));
    assert_eq!(joined, (version >= 26).then(|| ("712020:ada".to_owned(), 1)));
    assert_eq!(store.story_acts("STORY-1", 9).await.unwrap().len(), usize::from(version >= 27));
    assert_eq!(store.cursor().await.unwrap().to_string(), if version >= 15 { "7" } else { "0" });
    let waits = store.waits_for(&["tracker:5b10a2844c20165700ede21g".to_owned()]).await.unwrap();
    assert_eq!(waits.len(), usize::from(version >= 30));
    // New rows do not meet the old ones.
    let new = store.receive(crate::intake::delivery("d-2"), "delivery").await.unwrap();
    assert!(matches!(new, Received::New(_)));
}

async fn each_is_brought_up_to_date(empty: impl AsyncFn() -> Engine) {
    let fresh = empty().await;
    fresh.open().await;
    let schema = schema_of(&fresh).await;
    for &(version, ..) in STEPS {
        let engine = empty().await;
        fill(&engine, version).await;
        let store = engine.open().await;
        assert_eq!(schema_of(&engine).await, schema, "from version {version}");
        holds_what_was_there(&store, version).await;
    }
}

#[tokio::test]
async fn each_earlier_version_is_brought_up_to_date_with_all_its_rows() {
    each_is_brought_up_to_date(async || sqlite()).await;
}

#[tokio::test]
async fn each_earlier_version_is_brought_up_to_date_with_all_its_rows_on_postgres() {
    each_is_brought_up_to_date(postgres).await;
}

#[tokio::test]
async fn the_newest_version_is_tried_too() {
    let engine = sqlite();
    engine.open().await;
    let steps = engine.lines("select cast(count(*) as text) from schema_history").await;
    assert_eq!(steps, [STEPS.len().to_string()], "a step has no rows here");
}

#[tokio::test]
async fn what_a_team_knew_counts_for_the_services_that_had_the_story_then() {
    for engine in [sqlite(), postgres().await] {
        fill(&engine, 23).await;
        let (web, api) = (r##"{"channel":"#support","people":["vera"]}"##, r##"{"channel":"#a: b","people":[]}"##);
        engine
            .raw(&format!(
                "insert into awareness (team, story, meaning, acknowledged_by, acknowledged_at) values
                 ('support', 'STORY-7', '{{\"web\": {web}, \"api\":{api}}}', 'vera', 1800000001000000),
                 ('sales', 'STORY-7', '{{\"web\":{web}}}', null, null), ('none', 'STORY-7', '', null, null)"
            ))
            .await;
        let rows = engine.open().await.awareness_of("STORY-7").await.unwrap();
        let told: Vec<_> = rows.iter().map(|row| (row.team.as_str(), row.service.as_str())).collect();
        assert_eq!(told, [("sales", "web"), ("support", "api"), ("support", "web")]);
        let vera = Some(("vera".to_owned(), at(1)));
        assert_eq!(rows.iter().map(|row| row.acknowledged.clone()).collect::<Vec<_>>(), [None, vera.clone(), vera]);
        assert_eq!(rows[1].meaning, api);
        assert_eq!(rows[2].meaning, web);
    }
}

#[tokio::test]
async fn a_step_that_fails_leaves_nothing_half() {
    for engine in [sqlite(), postgres().await] {
        fill(&engine, 1).await;
        let before = schema_of(&engine).await;
        // In the way of the second step, which makes others before it.
        engine.raw("create table audit (x integer)").await;
        let failed = Store::open(&engine.url).await;
        assert!(matches!(failed, Err(StoreError::Refused(_))), "{failed:?}");
        engine.raw("drop table audit").await;
        assert_eq!(schema_of(&engine).await, before);
        holds_what_was_there(&engine.open().await, 1).await;
    }
}

#[tokio::test]
async fn servers_that_start_at_once_migrate_once() {
    let engine = postgres().await;
    fill(&engine, 1).await;
    let stores = join_all((0..4).map(|_| Store::open(&engine.url))).await;
    assert!(stores.iter().all(Result::is_ok), "{stores:?}");
}

#[tokio::test]
async fn a_step_that_is_not_the_released_one_is_refused() {
    for engine in [sqlite(), postgres().await] {
        engine.open().await;
        engine.raw("update schema_history set hash = 'x' where version = 1").await;
        assert_eq!(Store::open(&engine.url).await.map(drop), Err(StoreError::Changed(1)));
    }
}
