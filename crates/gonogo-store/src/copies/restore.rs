//! Putting a copy in place. Everything that can be refused is refused before
//! anything is moved, and the place is taken by one rename.

use super::aside::{Aside, is_there};
use super::part::{Part, sync_folder_of};
use super::{copy, not_written, reader, with};
use crate::address::Address;
use crate::db::{Tx, execute, fetch};
use crate::error::said;
use crate::serving::lock_beside;
use crate::{StoreError, migrate};
use gonogo_core::deploy::{Entry, Outcome, Signal};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{ConnectOptions, Connection};
use std::path::{Path, PathBuf};

/// What to do with a database that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    Refuse,
    /// It goes on under another name.
    KeepBeside,
}

/// Puts a backup where the store is, which no server may hold. Gives where it
/// is, and where the database that was there is now.
pub async fn restore(backup: &Path, url: &str, existing: Existing) -> Result<(PathBuf, Option<PathBuf>), StoreError> {
    let Address::Sqlite(path) = Address::parse(url)? else {
        let what = "this store is in PostgreSQL, which has tools of its own for this".to_owned();
        let fix = "pg_restore --clean --if-exists --dbname=NAME FILE, with no server running".to_owned();
        return Err(StoreError::Copy { what, fix });
    };
    validate(backup).await?;
    let _lock = lock_beside(&path)?;
    if is_there(&path) && existing == Existing::Refuse {
        let what = format!("there is a database at {} already", path.display());
        let fix = "tell --replace to put the backup in its place; it is kept under another name".to_owned();
        return Err(StoreError::Copy { what, fix });
    }
    // Of a restore that was killed: who holds the lock writes alone.
    std::fs::remove_file(with(&path, ".part")).ok();
    let part = Part::of(&path).map_err(|e| not_written(&path, e))?;
    copy(backup, &part).await.map_err(|e| e.at(&path.display().to_string()))?;
    forget_what_passed(part.path()).await?;
    let aside = Aside::put(&path).await?;
    part.take_place(&path).map_err(|e| not_written(&path, e))?;
    let kept = aside.keep();
    sync_folder_of(&path).map_err(|e| not_written(&path, e))?;
    Ok((path, kept))
}

/// Whether a file is a whole store of a schema that this version can read.
async fn validate(backup: &Path) -> Result<(), StoreError> {
    let wrong = |said: String| StoreError::Copy {
        what: format!("{} is no backup that can be restored: {said}", backup.display()),
        fix: "take another backup; nothing was changed".to_owned(),
    };
    if !backup.is_file() {
        return Err(wrong("there is no such file".to_owned()));
    }
    let mut connection = reader(backup).await.map_err(|e| wrong(said(&e)))?;
    let found = look_into(&mut connection).await;
    connection.close().await.ok();
    match found {
        Ok((Some(damage), _)) => Err(wrong(damage)),
        Ok((None, steps)) if !steps.is_empty() => migrate::is_known(&steps),
        Ok((None, _)) => Err(wrong("it was not written by gonogo".to_owned())),
        Err(error) => Err(wrong(said(&error))),
    }
}

/// Its damage, if any, and the steps that its schema has taken.
async fn look_into(connection: &mut SqliteConnection) -> Result<(Option<String>, Vec<(i64, String)>), sqlx::Error> {
    let tx = &mut Tx::Sqlite(connection);
    let lines: Vec<(String,)> = fetch!(tx, fetch_all, "pragma integrity_check")?;
    let damage = lines.into_iter().map(|(line,)| line).find(|line| line != "ok");
    let table = "select name from sqlite_master where name = 'schema_history'";
    let is_ours: Option<(String,)> = fetch!(tx, fetch_optional, table)?;
    let steps = if is_ours.is_some() && damage.is_none() { migrate::history(tx).await? } else { Vec::new() };
    Ok((damage, steps))
}

/// Who signed out since the backup must not be signed in by it; what waited to be said
/// then may have been said since: it is looked for first; and a deploy that was open
/// then may be long over: a person says whether it goes on.
async fn forget_what_passed(copy: &Path) -> Result<(), StoreError> {
    const UNASKED: &str =
        "update deploy set state = 'cancelled', said = 'the store was restored', ended_at = requested_at
         where state = 'requested'";
    const HALTED: &str = "insert into deploy_journal (deploy, seq, entry, body, at)
         select d.id, coalesce((select max(j.seq) from deploy_journal j where j.deploy = d.id), 0) + 1, 'asked', $1,
             d.requested_at from deploy d where d.ended_at is null";
    // Hosts and runners know acts by the deploy's number, and hold a lock's count against
    // older ones: what was deployed since the backup had numbers that come again.
    const NUMBERS: &str = "update sqlite_sequence set seq = seq + 10000 where name = 'deploy'";
    const FIRST: &str = "insert into sqlite_sequence (name, seq) select 'deploy', 10000
         where not exists (select 1 from sqlite_sequence where name = 'deploy')";
    const FENCES: &str = "update deploy_lock set fence = fence + 10000";
    const TAKEN_BACK: &str = "update deploy_run set state = 'ended', outcome = $1, ended_at = coalesce(heard_at, 0)
         where state = 'waiting'";
    // No file for a journal: a copy that is cut off here is thrown away.
    let options = SqliteConnectOptions::new().filename(copy).journal_mode(SqliteJournalMode::Memory);
    let mut connection = options.connect().await?;
    let tx = &mut Tx::Sqlite(&mut connection);
    let begun = "update outbox set begun_at = coalesce(begun_at, added_at) where state = 'waits'";
    let all = [("session", "delete from session"), ("outbox", begun), ("deploy", UNASKED)];
    for (name, forget) in all {
        if has_table(tx, name).await? {
            execute!(tx, forget)?;
        }
    }
    if has_table(tx, "deploy_journal").await? {
        let json = |error: serde_json::Error| StoreError::Refused(error.to_string());
        let by = "gonogo restore".to_owned();
        let halt = serde_json::to_string(&Entry::Asked { signal: Signal::Halt, by }).map_err(json)?;
        let why = "the store was restored before a runner asked for it".to_owned();
        let not_started = serde_json::to_string(&Outcome::NotStarted { why }).map_err(json)?;
        execute!(tx, HALTED, halt)?;
        execute!(tx, TAKEN_BACK, not_started)?;
        for statement in [NUMBERS, FIRST, FENCES] {
            execute!(tx, statement)?;
        }
    }
    connection.close().await?;
    Ok(())
}

async fn has_table(tx: &mut Tx<'_>, name: &str) -> Result<bool, StoreError> {
    let table = "select name from sqlite_master where type = 'table' and name = $1";
    let found: Option<(String,)> = fetch!(tx, fetch_optional, table, name)?;
    Ok(found.is_some())
}
