//! Hashing a password is made to be slow and to take memory. Whoever sends many
//! must not get all of either: a few are looked at at once, some wait, and the
//! rest are told to come again.

use super::people::PersonError;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// At once; each takes 19 MiB and a processor.
const AT_ONCE: usize = 2;
/// These and those that wait; the last of them waits for about a second.
const MOST: usize = 16;

#[derive(Debug)]
pub(super) struct Hashing {
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl Default for Hashing {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(MOST)), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Hashing {
    /// [`PersonError::Busy`] where too many wait. Who goes away meanwhile does not
    /// make room before their password was looked at.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PersonError> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| PersonError::Busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|e| PersonError::Hash(e.to_string()))?;
        let worked = tokio::task::spawn_blocking(move || {
            let done = work();
            drop((turn, place));
            done
        });
        worked.await.map_err(|e| PersonError::Hash(e.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[tokio::test]
    async fn two_are_at_work_some_wait_and_the_rest_are_told_to_come_again() {
        let hashing = Arc::new(Hashing::default());
        let (begun, beginnings) = mpsc::channel();
        let (go_on, told) = mpsc::channel::<()>();
        let told = Arc::new(std::sync::Mutex::new(told));
        let run = || {
            let (hashing, begun, told) = (Arc::clone(&hashing), begun.clone(), Arc::clone(&told));
            tokio::spawn(async move {
                let work = move || {
                    begun.send(()).unwrap();
                    told.lock().unwrap().recv().unwrap();
                };
                hashing.run(work).await
            })
        };
        let all: Vec<_> = (0..MOST).map(|_| run()).collect();
        while hashing.places.available_permits() > 0 || hashing.turns.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(run().await.unwrap(), Err(PersonError::Busy)));
        all[0].abort(); // who goes away makes no room
        assert!(matches!(run().await.unwrap(), Err(PersonError::Busy)));
        for _ in 0..MOST {
            go_on.send(()).unwrap();
        }
        for one in all.into_iter().skip(1) {
            one.await.unwrap().unwrap();
        }
        assert_eq!(beginnings.try_iter().count(), MOST);
        assert!(hashing.run(|| ()).await.is_ok());
    }
}
