//! Socket Mode: one connection is held to Slack, another is opened before that one
//! is closed, and again where it broke off. What comes is dispatched as what comes
//! over HTTP is.

use super::{Answer, dispatch};
use crate::App;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use gonogo_engine::{SlackError, SlackSocket, SlackTold};
use serde_json::Value;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const MOST_PAUSE: Duration = Duration::from_mins(1);
/// A connection that was told of its end is held so long still.
const LAST_WORDS: Duration = Duration::from_secs(30);

/// What a connection says of itself while it lasts.
enum Note {
    Opened,
    /// It will be closed: another has to be there.
    Leaves,
}

/// How a connection ended.
struct Ended {
    error: Option<SlackError>,
    /// Another was asked for already.
    is_replaced: bool,
}

/// Listens until told to stop, where an app's token is given.
pub(crate) async fn listen(app: App, mut stop: watch::Receiver<bool>) {
    if app.serving.socket_mode.is_none() {
        return;
    }
    let (notes, mut noted) = mpsc::unbounded_channel();
    let mut lines = FuturesUnordered::new();
    lines.push(line(&app, Duration::ZERO, notes.clone()));
    let mut failures = 0;
    loop {
        tokio::select! {
            () = stopped(&mut stop) => return,
            Some(note) = noted.recv() => match note {
                Note::Opened => failures = 0,
                Note::Leaves => lines.push(line(&app, Duration::ZERO, notes.clone())),
            },
            Some(Ended { error, is_replaced }) = lines.next() => {
                if let Some(error) = error {
                    tracing::warn!(%error, fix = %error.why().fix, failures, "no connection to Slack");
                }
                if !is_replaced {
                    lines.push(line(&app, pause(failures), notes.clone()));
                    failures = failures.saturating_add(1);
                }
            }
        }
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    stop.wait_for(|is_stopped| *is_stopped).await.ok();
}

fn pause(failures: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << failures.min(10)).min(MOST_PAUSE)
}

/// One connection, from its beginning, after a pause, to its end.
fn line(app: &App, pause: Duration, notes: mpsc::UnboundedSender<Note>) -> BoxFuture<'_, Ended> {
    Box::pin(async move {
        tokio::time::sleep(pause).await;
        let Some(mode) = &app.serving.socket_mode else { return Ended { error: None, is_replaced: true } };
        match mode.connect((app.serving.clock)()).await {
            Ok(socket) => {
                notes.send(Note::Opened).ok();
                metrics::gauge!("gonogo_slack_connections").increment(1.0);
                tracing::info!("connected to Slack");
                let ended = held(app, socket, &notes).await;
                metrics::gauge!("gonogo_slack_connections").decrement(1.0);
                ended
            }
            Err(error) => Ended { error: Some(error), is_replaced: false },
        }
    })
}

/// Takes what comes, several at once: Slack waits for each three seconds.
async fn held(app: &App, mut socket: SlackSocket, notes: &mpsc::UnboundedSender<Note>) -> Ended {
    let mut under_way: FuturesUnordered<BoxFuture<'_, (String, Answer)>> = FuturesUnordered::new();
    let mut leaves_at = None;
    loop {
        let left = async {
            match leaves_at {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let is_replaced = leaves_at.is_some();
        let done = tokio::select! {
            told = socket.next() => match told {
                Ok(SlackTold::Envelope { id, payload }) => {
                    under_way.push(Box::pin(answered(app, id, payload)));
                    Ok(())
                }
                Ok(SlackTold::Goodbye { why }) => {
                    tracing::info!(why, "Slack closes a connection: another is opened");
                    if leaves_at.is_none() {
                        notes.send(Note::Leaves).ok();
                        leaves_at = Some(tokio::time::Instant::now() + LAST_WORDS);
                    }
                    Ok(())
                }
                Ok(SlackTold::Other) => Ok(()),
                Err(error) => Err(error),
            },
            Some((id, answer)) = under_way.next() => match answer {
                Answer::Taken(said) => socket.acknowledge(&id, said.as_ref()).await,
                // Slack sends it no more: it would be as odd again.
                Answer::Odd => socket.acknowledge(&id, None).await,
                Answer::NotStored => Ok(()),
            },
            () = left => {
                socket.close().await;
                return Ended { error: None, is_replaced };
            }
        };
        if let Err(error) = done {
            // Who closes what it said it would is in order.
            return Ended { error: (!is_replaced).then_some(error), is_replaced };
        }
    }
}

async fn answered(app: &App, id: String, payload: Value) -> (String, Answer) {
    let answer = dispatch(app, &payload).await;
    (id, answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_refused_comes_back_later_each_time_up_to_a_minute() {
        let seconds: Vec<f64> = [0, 1, 2, 6, 7, 40].map(|failures| pause(failures).as_secs_f64()).to_vec();
        assert_eq!(seconds, [0.5, 1.0, 2.0, 32.0, 60.0, 60.0]);
    }
}
