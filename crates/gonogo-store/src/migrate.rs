//! The schema, one tree for both engines: words in braces are replaced by each
//! engine's own. What was released never changes.

use crate::StoreError;
use crate::db::{Db, Tx, alone, both, execute, fetch};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Executor};
use std::fmt::Write;

const MIGRATIONS: &[(i64, &str)] = &[
    (1, include_str!("../migrations/0001_intake.sql")),
    (2, include_str!("../migrations/0002_people.sql")),
    (3, include_str!("../migrations/0003_stories.sql")),
    (4, include_str!("../migrations/0004_slack.sql")),
    (5, include_str!("../migrations/0005_outbox.sql")),
    (6, include_str!("../migrations/0006_tokens.sql")),
    (7, include_str!("../migrations/0007_awareness.sql")),
    (8, include_str!("../migrations/0008_production.sql")),
    (9, include_str!("../migrations/0009_pulls.sql")),
    (10, include_str!("../migrations/0010_accounts.sql")),
    (11, include_str!("../migrations/0011_join_offers.sql")),
    (12, include_str!("../migrations/0012_facts.sql")),
    (13, include_str!("../migrations/0013_story_titles.sql")),
    (14, include_str!("../migrations/0014_renewals.sql")),
    (15, include_str!("../migrations/0015_changes.sql")),
    (16, include_str!("../migrations/0016_post_deploy.sql")),
    (17, include_str!("../migrations/0017_sign_offs.sql")),
    (18, include_str!("../migrations/0018_said_again.sql")),
    (19, include_str!("../migrations/0019_sight.sql")),
    (20, include_str!("../migrations/0020_join_links.sql")),
    (21, include_str!("../migrations/0021_stops.sql")),
    (22, include_str!("../migrations/0022_unread_stories.sql")),
    (23, include_str!("../migrations/0023_builds.sql")),
    (24, include_str!("../migrations/0024_awareness_by_service.sql")),
    (25, include_str!("../migrations/0025_locks.sql")),
    (26, include_str!("../migrations/0026_jira_accounts.sql")),
    (27, include_str!("../migrations/0027_story_acts.sql")),
    (28, include_str!("../migrations/0028_story_versions.sql")),
    (29, include_str!("../migrations/0029_early.sql")),
    (30, include_str!("../migrations/0030_waits.sql")),
    (31, include_str!("../migrations/0031_looked_at.sql")),
    (33, include_str!("../migrations/0033_awaits.sql")),
    (34, include_str!("../migrations/0034_written.sql")),
    (35, include_str!("../migrations/0035_deploys.sql")),
    (36, include_str!("../migrations/0036_told_where.sql")),
    (37, include_str!("../migrations/0037_glass.sql")),
    (38, include_str!("../migrations/0038_waiver_branch.sql")),
    (39, include_str!("../migrations/0039_deploy_cards.sql")),
    (40, include_str!("../migrations/0040_guards.sql")),
    (41, include_str!("../migrations/0041_deploys_along.sql")),
    (48, include_str!("../migrations/0048_queue.sql")),
    (49, include_str!("../migrations/0049_fields.sql")),
];

/// `{word}`, in SQLite, in PostgreSQL.
const WORDS: &[(&str, &str, &str)] = &[
    ("{int}", "integer", "bigint"),
    ("{bytes}", "blob", "bytea"),
    // As a functions' argument; columns hold it as text.
    ("{json}", "text", "json"),
    // A number is never given twice, not even after its row is gone: leases rely on it.
    ("{serial}", "integer primary key autoincrement", "bigint generated always as identity primary key"),
    ("{strict}", "strict", ""),
];

/// Several replicas may start at once.
const LOCK: i64 = 0x676f_6e6f_676f;

pub(crate) async fn run(db: &Db) -> Result<(), StoreError> {
    db.write(|tx| Box::pin(migrate(tx))).await
}

async fn migrate(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    alone(tx, LOCK).await?;
    let steps = "create table if not exists schema_history (version {int} primary key, hash text not null) {strict}";
    execute(tx, steps).await?;
    let done = history(tx).await?;
    is_known(&done)?;
    for (version, text) in MIGRATIONS {
        if !done.iter().any(|(done, _)| done == version) {
            execute(tx, text).await?;
            let insert = "insert into schema_history (version, hash) values ($1, $2)";
            execute!(tx, insert, *version, hash_of(text))?;
        }
    }
    Ok(())
}

/// Whether a database has taken all steps that this version knows; it is not changed.
pub(crate) async fn is_done(db: &Db) -> Result<(), StoreError> {
    let done = db.read(|tx| Box::pin(history_if_any(tx))).await?;
    is_known(&done)?;
    let lacking = MIGRATIONS.iter().filter(|(known, _)| done.iter().all(|(version, _)| version != known)).count();
    match lacking {
        0 => Ok(()),
        _ if done.is_empty() => Err(StoreError::NotReady("the database is empty".to_owned())),
        _ => Err(StoreError::NotReady(format!("the database is of an older gonogo, by {lacking} steps"))),
    }
}

async fn history_if_any(tx: &mut Tx<'_>) -> Result<Vec<(i64, String)>, StoreError> {
    let select = match tx {
        Tx::Sqlite(_) => "select count(*) from sqlite_master where name = 'schema_history'",
        Tx::Postgres(_) => {
            "select count(*) from pg_tables where tablename = 'schema_history' and schemaname = any(current_schemas(false))"
        }
    };
    let (is_there,): (i64,) = fetch!(tx, fetch_one, select)?;
    if is_there == 0 { Ok(Vec::new()) } else { Ok(history(tx).await?) }
}

/// The steps that a database has taken, with the hash of each.
pub(crate) async fn history(tx: &mut Tx<'_>) -> Result<Vec<(i64, String)>, sqlx::Error> {
    let select = "select version, hash from schema_history order by version";
    fetch!(tx, fetch_all, select)
}

/// Whether this version knows each step, as it was taken.
pub(crate) fn is_known(done: &[(i64, String)]) -> Result<(), StoreError> {
    let known = MIGRATIONS.last().map_or(0, |(version, _)| *version);
    for (version, applied) in done {
        match MIGRATIONS.iter().find(|(known, _)| known == version) {
            Some((_, text)) if *applied == hash_of(text) => {}
            Some(_) => return Err(StoreError::Changed(*version)),
            None => return Err(StoreError::Newer { found: *version, known }),
        }
    }
    Ok(())
}

async fn execute(tx: &mut Tx<'_>, text: &str) -> Result<(), StoreError> {
    let is_sqlite = matches!(tx, Tx::Sqlite(_));
    let mut sql = text.to_owned();
    for (word, sqlite, postgres) in WORDS {
        sql = sql.replace(word, if is_sqlite { sqlite } else { postgres });
    }
    both!(tx, c => c.execute(AssertSqlSafe(sql)).await.map(drop))?;
    Ok(())
}

fn hash_of(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // a String takes all
        hex
    })
}
