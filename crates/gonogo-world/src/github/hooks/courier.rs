//! Carries deliveries, on a thread of its own: those of one hook one after the
//! other, those of several side by side. Nothing is tried twice.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;

use super::super::Shared;
use super::Owner;
use super::send::{Came, send};

/// A delivery that is to be carried.
#[derive(Debug, Clone)]
pub(in super::super) struct Parcel {
    pub(in super::super) delivery: u64,
    pub(in super::super) owner: Owner,
    pub(in super::super) url: String,
    pub(in super::super) headers: Vec<(String, String)>,
    pub(in super::super) body: Vec<u8>,
    pub(in super::super) is_truncated: bool,
    pub(in super::super) delay: Duration,
    /// How long the receiver may take.
    pub(in super::super) patience: Duration,
}

pub(in super::super) type Outbox = UnboundedSender<Parcel>;

pub(in super::super) fn outbox() -> (Outbox, UnboundedReceiver<Parcel>) {
    mpsc::unbounded_channel()
}

/// The thread, until it is dropped.
#[derive(Debug)]
pub(in super::super) struct Courier {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Courier {
    pub(in super::super) fn start(shared: &Arc<Shared>, parcels: UnboundedReceiver<Parcel>) -> Self {
        let shared = Arc::downgrade(shared);
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("world-github-hooks".to_owned())
            .spawn(move || run(&shared, parcels, stopped))
            .expect("a thread can be started");
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It only fails when it panicked, which has been printed.
            drop(thread.join());
        }
    }
}

fn run(shared: &Weak<Shared>, mut parcels: UnboundedReceiver<Parcel>, mut stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
    runtime.block_on(async {
        let mut rounds: HashMap<Owner, Outbox> = HashMap::new();
        loop {
            let parcel = tokio::select! {
                _ = &mut stopped => return,
                parcel = parcels.recv() => match parcel {
                    Some(parcel) => parcel,
                    None => return,
                },
            };
            if parcel.delay > Duration::ZERO {
                let shared = Weak::clone(shared);
                tokio::spawn(async move {
                    tokio::time::sleep(parcel.delay).await;
                    carry(&shared, parcel).await;
                });
                continue;
            }
            let round = rounds.entry(parcel.owner).or_insert_with(|| {
                let (sender, mut parcels) = outbox();
                let shared = Weak::clone(shared);
                tokio::spawn(async move {
                    while let Some(parcel) = parcels.recv().await {
                        carry(&shared, parcel).await;
                    }
                });
                sender
            });
            // A round ends with the runtime alone.
            let _ = round.send(parcel);
        }
    });
}

async fn carry(shared: &Weak<Shared>, parcel: Parcel) {
    let (delivery, begin) = (parcel.delivery, Instant::now());
    let patience = parcel.patience;
    let came = tokio::time::timeout(patience, send(parcel)).await;
    let came = came.unwrap_or_else(|_| Came::nothing("timed out"));
    if let Some(shared) = shared.upgrade() {
        let mut state = shared.state();
        state.carried(delivery, came, begin.elapsed());
        drop(state);
        shared.changed.notify_all();
    }
}
