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
use tokio::time::Instant;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const MOST_PAUSE: Duration = Duration::from_mins(1);
/// A connection that lasted for so long was none that fails.
const LASTS: Duration = Duration::from_secs(5);
/// A connection that was told of its end is held so long still.
const LAST_WORDS: Duration = Duration::from_secs(30);

/// A connection says that it will be closed: another has to be there.
struct Leaves;

/// How a connection ended.
struct Ended {
    error: Option<SlackError>,
    /// Another was asked for already.
    is_replaced: bool,
}

/// Listens until told to stop, where an app's token is given. A fault of ours ends
/// the connections, and they are opened anew.
pub(crate) async fn listen(app: App, mut stop: watch::Receiver<bool>) {
    if app.serving.socket_mode.is_none() {
        return;
    }
    loop {
        let ended = tokio::spawn(hold(app.clone(), stop.clone())).await;
        let Err(fault) = ended else { return };
        tracing::error!(%fault, "gonogo has a fault: what comes from Slack was not listened to; please report it");
        tokio::select! {
            () = stopped(&mut stop) => return,
            () = tokio::time::sleep(FIRST_PAUSE) => {}
        }
    }
}

/// Holds connections until told to stop.
async fn hold(app: App, mut stop: watch::Receiver<bool>) {
    let (notes, mut noted) = mpsc::unbounded_channel();
    let mut lines = FuturesUnordered::new();
    let mut patience = Patience { failures: 0, begun: Instant::now() };
    lines.push(line(&app, patience.pause(), notes.clone()));
    loop {
        tokio::select! {
            () = stopped(&mut stop) => return,
            Some(Leaves) = noted.recv() => lines.push(line(&app, patience.pause(), notes.clone())),
            Some(Ended { error, is_replaced }) = lines.next() => {
                if let Some(error) = error {
                    tracing::warn!(%error, fix = %error.why().fix, "no connection to Slack");
                }
                if !is_replaced {
                    lines.push(line(&app, patience.pause(), notes.clone()));
                }
            }
        }
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    stop.wait_for(|is_stopped| *is_stopped).await.ok();
}

/// How long it is waited before the next connection: longer each time, while they
/// do not last.
struct Patience {
    failures: u32,
    /// When the newest was begun.
    begun: Instant,
}

impl Patience {
    fn pause(&mut self) -> Duration {
        if self.begun.elapsed() >= LASTS {
            self.failures = 0;
        }
        let pause = after(self.failures);
        self.failures = self.failures.saturating_add(1);
        self.begun = Instant::now() + pause;
        pause
    }
}

fn after(failures: u32) -> Duration {
    match failures.checked_sub(1) {
        None => Duration::ZERO,
        Some(failures) => FIRST_PAUSE.saturating_mul(1 << failures.min(10)).min(MOST_PAUSE),
    }
}

/// A connection that is open, for the metrics.
struct Open;

impl Open {
    fn new() -> Self {
        metrics::gauge!("gonogo_slack_connections").increment(1.0);
        Self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        metrics::gauge!("gonogo_slack_connections").decrement(1.0);
    }
}

/// One connection, from its beginning, after a pause, to its end.
fn line(app: &App, pause: Duration, notes: mpsc::UnboundedSender<Leaves>) -> BoxFuture<'_, Ended> {
    Box::pin(async move {
        tokio::time::sleep(pause).await;
        let Some(mode) = &app.serving.socket_mode else { return Ended { error: None, is_replaced: true } };
        match mode.connect((app.serving.clock)()).await {
            Ok(socket) => {
                let _open = Open::new();
                tracing::info!("connected to Slack");
                held(app, socket, &notes).await
            }
            Err(error) => Ended { error: Some(error), is_replaced: false },
        }
    })
}

/// Takes what comes, several at once: Slack waits for each three seconds.
async fn held(app: &App, mut socket: SlackSocket, notes: &mpsc::UnboundedSender<Leaves>) -> Ended {
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
                        notes.send(Leaves).ok();
                        leaves_at = Some(Instant::now() + LAST_WORDS);
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
        let seconds: Vec<f64> = [0, 1, 2, 3, 7, 8, 40].map(|failures| after(failures).as_secs_f64()).to_vec();
        assert_eq!(seconds, [0.0, 0.5, 1.0, 2.0, 32.0, 60.0, 60.0]);
    }

    #[tokio::test]
    async fn what_lasted_is_replaced_at_once() {
        let long_ago = Instant::now().checked_sub(LASTS).unwrap();
        let mut patience = Patience { failures: 7, begun: long_ago };
        assert_eq!(patience.pause(), Duration::ZERO);
        assert_eq!([patience.pause(), patience.pause()].map(|pause| pause.as_millis()), [500, 1_000]);
    }
}
