//! SQLite takes one writer at a time, and each commit waits for the disk: so
//! one task takes what waits, gives each its savepoint, commits all together,
//! and answers only then.

use crate::StoreError;
use crate::db::Tx;
use futures_util::future::BoxFuture;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
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
    /// Runs it; false where it failed and is to be taken back.
    fn run<'w>(&'w mut self, connection: &'w mut SqliteConnection) -> BoxFuture<'w, bool>;
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
    fn run<'w>(&'w mut self, connection: &'w mut SqliteConnection) -> BoxFuture<'w, bool> {
        Box::pin(async move {
            let Some(run) = self.run.take() else { return false };
            let mut tx = Tx::Sqlite(connection);
            let answer = run(&mut tx).await;
            let is_ok = answer.is_ok();
            self.answer = Some(answer);
            is_ok
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
        tokio::spawn(write_on(connection, options, waiting));
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

async fn write_on(
    mut connection: SqliteConnection,
    options: SqliteConnectOptions,
    mut waiting: mpsc::Receiver<Box<dyn Write>>,
) {
    while let Some(first) = waiting.recv().await {
        let mut batch = vec![first];
        while batch.len() < TOGETHER
            && let Ok(next) = waiting.try_recv()
        {
            batch.push(next);
        }
        let committed = commit(&mut connection, &mut batch).await;
        if committed.is_err() {
            // What state the connection is in is not known: a new one is.
            if let Ok(fresh) = options.connect().await {
                let old = std::mem::replace(&mut connection, fresh);
                old.close().await.ok();
            }
        }
        for write in batch {
            write.settle(committed.as_ref().copied().map_err(same));
        }
    }
}

async fn commit(connection: &mut SqliteConnection, batch: &mut [Box<dyn Write>]) -> Result<(), StoreError> {
    sqlx::query("begin immediate").execute(&mut *connection).await?;
    for write in batch {
        sqlx::query("savepoint one").execute(&mut *connection).await?;
        if !write.run(connection).await {
            sqlx::query("rollback to one").execute(&mut *connection).await?;
        }
        sqlx::query("release one").execute(&mut *connection).await?;
    }
    sqlx::query("commit").execute(&mut *connection).await?;
    Ok(())
}

/// The same error for each of a batch.
fn same(error: &StoreError) -> StoreError {
    match error {
        StoreError::Busy(said) => StoreError::Busy(said.clone()),
        StoreError::DiskFull => StoreError::DiskFull,
        StoreError::Damaged(said) => StoreError::Damaged(said.clone()),
        StoreError::Unreachable(said) => StoreError::Unreachable(said.clone()),
        other => StoreError::Refused(other.to_string()),
    }
}
