//! Where the store is: `sqlite:PATH` or `postgres://…`.

use crate::StoreError;
use sqlx::postgres::PgConnectOptions;
use std::path::PathBuf;
use std::str::FromStr;

#[derive(Debug)]
pub(crate) enum Address {
    Sqlite(PathBuf),
    Postgres(Box<PgConnectOptions>),
}

impl Address {
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        let wrong = |said: String| StoreError::Address { url: without_password(url), said };
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            // In memory each connection would have a database of its own.
            if path.is_empty() || path.starts_with(":memory:") {
                return Err(wrong("it names no file".to_owned()));
            }
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let options = PgConnectOptions::from_str(url).map_err(|e| wrong(e.to_string()))?;
            return Ok(Self::Postgres(Box::new(options)));
        }
        Err(wrong("it names neither engine".to_owned()))
    }
}

/// An address as it may be shown.
fn without_password(url: &str) -> String {
    match (url.split_once("://"), url.rfind('@')) {
        (Some((scheme, _)), Some(at)) => format!("{scheme}://…{}", &url[at..]),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(without_password("postgres://me:secret@host/db"), "postgres://…@host/db");
        assert_eq!(without_password("sqlite:x.db"), "sqlite:x.db");
    }
}
