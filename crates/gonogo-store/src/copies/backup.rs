//! A copy of a store as it is now. The store is not opened for it: that would
//! bring its schema up to date, under a server of another version.

use super::part::{Part, sync_folder_of};
use super::{copy, not_written};
use crate::StoreError;
use crate::address::Address;
use sqlx::postgres::PgConnectOptions;
use std::io::ErrorKind;
use std::path::Path;

/// Writes a store to a file that is not there yet, also while a server uses it.
pub async fn backup(url: &str, to: &Path) -> Result<(), StoreError> {
    let from = match Address::parse(url)? {
        Address::Sqlite(path) => path,
        Address::Postgres(options) => return Err(use_pg_dump(&options, to)),
    };
    if !from.is_file() {
        let what = format!("there is no database at {}", from.display());
        return Err(StoreError::Copy { what, fix: "see that --config names the server's configuration".to_owned() });
    }
    is_free(to)?;
    let part = Part::of(to).map_err(|e| match e.kind() {
        ErrorKind::AlreadyExists => StoreError::Copy {
            what: format!("{}.part is there: a backup is being written, or one was cut off", to.display()),
            fix: "wait for it, or remove that file".to_owned(),
        },
        _ => not_written(to, e),
    })?;
    copy(&from, &part).await.map_err(|error| match error {
        StoreError::DiskFull(said) | StoreError::Unreachable(said) => not_written(to, said),
        other => other.at(&from.display().to_string()),
    })?;
    is_free(to)?;
    part.take_place(to).and_then(|()| sync_folder_of(to)).map_err(|e| not_written(to, e))
}

fn is_free(to: &Path) -> Result<(), StoreError> {
    if !to.exists() {
        return Ok(());
    }
    let what = format!("{} is there already", to.display());
    Err(StoreError::Copy { what, fix: "name a file that is not there yet".to_owned() })
}

fn use_pg_dump(options: &PgConnectOptions, to: &Path) -> StoreError {
    let file = to.to_string_lossy();
    let is_plain = file.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_'));
    let file = if is_plain { file.into_owned() } else { format!("'{}'", file.replace('\'', r"'\''")) };
    let (host, port, user) = (options.get_host(), options.get_port(), options.get_username());
    let database = options.get_database().unwrap_or(user);
    StoreError::Copy {
        what: "this store is in PostgreSQL, which has tools of its own for this".to_owned(),
        fix: format!("pg_dump --format=custom --file={file} --host={host} --port={port} --username={user} {database}"),
    }
}
