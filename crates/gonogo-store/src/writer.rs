//! SQLite takes one writer at a time, and each commit waits for the disk: so
//! one task takes what waits, gives each its savepoint, commits all together,
//! and answers only then.

use crate::StoreError;
use crate::db::Tx;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use std::panic::AssertUnwindSafe;
use tokio::sync::{mpsc, oneshot};

/// Writes that are committed together at most.
const TOGETHER: usize = 64;
/// Writes that may wait; then callers wait with them.
const WAITING: usize = 1_024;

#[derive(Debug)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Box<dyn Write>>,
}

/// A write whose answer's type only its caller knows.
trait Write: Send {
    /// Runs it, and says whether it is to be kept.
    fn run<'w>(&'w mut self, connection: &'w mut SqliteConnection) -> BoxFuture<'w, Result<(), StoreError>>;
    /// Answers, once it is on disk, or with why it is not.
    fn settle(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Waiting<T, F> {
    run: Option<F>,
    answer: Option<Result<T, StoreError>>,
    to: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Write for Waiting<T, F>
where
    T: Send + 'static,
    F: for<'t, 'c> FnOnce(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
{
    fn run<'w>(&'w mut self, connection: &'w mut SqliteConnection) -> BoxFuture<'w, Result<(), StoreError>> {
        Box::pin(async move {
            let Some(run) = self.run.take() else { return Ok(()) };
            let mut tx = Tx::Sqlite(connection);
            // A fault in one write must not end the task that all others need.
            let ran = AssertUnwindSafe(async { run(&mut tx).await }).catch_unwind().await;
            let answer = ran.unwrap_or_else(|_| Err(StoreError::Refused("a write of gonogo panicked".to_owned())));
            let kept = answer.as_ref().map(drop).map_err(StoreError::clone);
            self.answer = Some(answer);
            kept
        })
    }

    fn settle(self: Box<Self>, committed: Result<(), StoreError>) {
        let answer = match (self.answer, committed) {
            (Some(Err(error)), _) | (None | Some(Ok(_)), Err(error)) => Err(error),
            (Some(Ok(answer)), Ok(())) => Ok(answer),
            (None, Ok(())) => Err(StoreError::Refused("it was not run".to_owned())),
        };
        self.to.send(answer).ok(); // whoever asked may have gone
    }
}

impl Writer {
    pub(crate) async fn start(options: SqliteConnectOptions) -> Result<Self, StoreError> {
        let connection = options.connect().await?;
        let (queue, waiting) = mpsc::channel(WAITING);
        tokio::spawn(Pen { connection: Some(connection), options }.write_on(waiting));
        Ok(Self { queue })
    }

    pub(crate) async fn run<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t, 'c> FnOnce(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        let gone = || StoreError::Unreachable("the writer has ended".to_owned());
        let (to, answer) = oneshot::channel();
        self.queue.send(Box::new(Waiting { run: Some(run), answer: None, to })).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

/// The one connection that writes.
struct Pen {
    /// `None` after a failure that leaves open what state it is in.
    connection: Option<SqliteConnection>,
    options: SqliteConnectOptions,
}

impl Pen {
    async fn write_on(mut self, mut waiting: mpsc::Receiver<Box<dyn Write>>) {
        while let Some(first) = waiting.recv().await {
            let mut batch = vec![first];
            while batch.len() < TOGETHER
                && let Ok(next) = waiting.try_recv()
            {
                batch.push(next);
            }
            let committed = self.commit(&mut batch).await;
            for write in batch {
                write.settle(committed.clone());
            }
        }
    }

    /// All of the batch that succeeds, or nothing of it.
    async fn commit(&mut self, batch: &mut [Box<dyn Write>]) -> Result<(), StoreError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        let committed = write_all(&mut connection, batch).await;
        match &committed {
            Ok(()) => self.connection = Some(connection),
            Err(_) => connection.close().await.unwrap_or(()), // the next batch has a new one
        }
        committed
    }
}

async fn write_all(connection: &mut SqliteConnection, batch: &mut [Box<dyn Write>]) -> Result<(), StoreError> {
    sqlx::query("begin immediate").execute(&mut *connection).await?;
    for write in batch {
        sqlx::query("savepoint one").execute(&mut *connection).await?;
        match write.run(connection).await {
            Ok(()) => {}
            // SQLite may have taken the whole transaction back: nothing of it may be answered.
            Err(error) if error.is_of_the_database() => return Err(error),
            Err(_) => {
                sqlx::query("rollback to one").execute(&mut *connection).await?;
            }
        }
        sqlx::query("release one").execute(&mut *connection).await?;
    }
    sqlx::query("commit").execute(&mut *connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::execute;

    #[tokio::test]
    async fn a_write_that_panics_ends_alone() {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new().filename(folder.path().join("x.db")).create_if_missing(true);
        let writer = Writer::start(options).await.unwrap();
        let fault = writer.run(|_| Box::pin(async { panic!("a fault that a test asks for") }));
        let (fault, other): (Result<(), _>, _) = tokio::join!(
            fault,
            writer.run(|tx| Box::pin(async move { Ok(execute!(tx, "create table x (y integer)")?) }))
        );
        assert!(matches!(fault, Err(StoreError::Refused(_))), "{fault:?}");
        other.unwrap();
    }
}
