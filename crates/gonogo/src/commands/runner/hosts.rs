//! Acts on other hosts: each is followed from here, and has a folder here with what it
//! said.

use super::acts::limit;
use gonogo_api::runner::{Order, RunOf};
use gonogo_remote::ssh::{HostAct, Place, Ssh, Wanted};
use gonogo_remote::starter::{GRACE, Local, Standing, Start, StarterError};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

pub(super) struct Hosts {
    folder: PathBuf,
    ssh: Ssh,
    followed: Mutex<BTreeMap<RunOf, Weak<HostAct>>>,
    /// Why no host hears of anything more now.
    stop: Mutex<Option<String>>,
}

/// One that is followed, for as long as this is there.
pub(super) struct OnHost(Arc<HostAct>);

impl Hosts {
    pub(super) fn of(folder: &Path, ssh: Ssh) -> Self {
        Self { folder: folder.join("hosts"), ssh, followed: Mutex::default(), stop: Mutex::default() }
    }

    /// Where it is to run; `None` where that is here.
    pub(super) fn wanted(&self, order: &Order, key: &str) -> Option<Wanted> {
        let on = order.on.as_ref()?;
        let to = on.ssh.as_ref()?;
        let place = Place { name: on.name.clone(), address: to.address.clone(), user: to.user.clone(), port: to.port };
        Some(Wanted {
            ssh: self.ssh.clone(),
            place,
            folder: self.folder.join(key),
            key: key.to_owned(),
            limit: limit(order),
            grace: GRACE,
            lost_after: Duration::from_secs(on.lost_after_seconds.into()),
        })
    }

    pub(super) fn begin(&self, of: &RunOf, wanted: Wanted, start: &Start) -> Result<OnHost, StarterError> {
        Ok(self.follows(of, wanted.begin(start)?))
    }

    pub(super) fn attach(&self, of: &RunOf, wanted: Wanted) -> OnHost {
        self.follows(of, wanted.attach())
    }

    fn follows(&self, of: &RunOf, act: HostAct) -> OnHost {
        let act = Arc::new(act);
        {
            let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
            followed.retain(|_, act| act.strong_count() > 0);
            followed.insert(of.clone(), Arc::downgrade(&act));
        }
        // A stop that comes from here on finds it among these.
        if let Some(why) = &*self.stop() {
            act.call_off(why);
        }
        OnHost(act)
    }

    /// While it is for a reason, no host hears of anything more.
    pub(super) fn stopped(&self, why: Option<&str>) {
        *self.stop() = why.map(str::to_owned);
        let Some(why) = why else { return };
        let followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        for act in followed.values().filter_map(Weak::upgrade) {
            act.call_off(why);
        }
    }

    pub(super) fn why_stopped(&self) -> Option<String> {
        self.stop().clone()
    }

    fn stop(&self) -> MutexGuard<'_, Option<String>> {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// False where it is none of these.
    pub(super) fn end(&self, of: &RunOf, by: &str) -> bool {
        let act = self.followed.lock().unwrap_or_else(PoisonError::into_inner).get(of).and_then(Weak::upgrade);
        act.map(|act| act.end(by)).is_some()
    }

    /// Nobody needs its folder any more: some time later it is removed.
    pub(super) fn told(&self, key: &str) {
        let folder = self.folder.join(key);
        if folder.exists() {
            fs::write(folder.join("told"), "").ok();
        }
    }

    /// Removes the folders of what was told of before that, and what was kept beside them.
    pub(super) fn tidy(&self, before: SystemTime, local: &Local) {
        let Ok(folders) = fs::read_dir(&self.folder) else { return };
        for folder in folders.flatten().map(|folder| folder.path()) {
            if fs::metadata(folder.join("told")).and_then(|told| told.modified()).is_ok_and(|at| at < before) {
                fs::remove_dir_all(&folder).ok();
                if let Some(key) = folder.file_name().and_then(|name| name.to_str()) {
                    local.forget(key);
                }
            }
        }
    }
}

impl OnHost {
    pub(super) fn look(&self) -> Standing {
        self.0.look()
    }
}
