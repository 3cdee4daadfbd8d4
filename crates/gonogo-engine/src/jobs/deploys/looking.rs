//! Looks at what a step waits for, beside its deploy, for as long as somebody sees to that.
//! It reads alone, and may always be begun anew.

use crate::serving::Serving;
use gonogo_core::deploy::{ActKey, BuildWait, Does, MetricWait, Sight};
use gonogo_core::fact::Fact;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

/// It looks until this is dropped.
#[derive(Debug)]
pub(super) struct Looking {
    pub key: ActKey,
    newest: watch::Receiver<Option<Sight>>,
    task: AbortHandle,
}

impl Drop for Looking {
    fn drop(&mut self) {
        self.task.abort();
    }
}

enum What {
    Build(BuildWait),
    Metric(MetricWait),
}

impl Looking {
    /// `None` where a step waits for nothing that can be looked at; `news` is told of each
    /// look.
    pub(super) fn begin(
        serving: Arc<Serving>,
        service: String,
        (key, began): (ActKey, Timestamp),
        does: &Does,
        news: Arc<Notify>,
    ) -> Option<Self> {
        let (what, every) = match does {
            Does::WaitForBuild(wait) => (What::Build(wait.clone()), wait.every_seconds),
            Does::WaitForMetric(wait) => (What::Metric(wait.clone()), wait.every_seconds),
            Does::Run | Does::Http { .. } | Does::WaitForHttp { .. } | Does::Pause { .. } | Does::Approval(_) => {
                return None;
            }
        };
        let (tell, newest) = watch::channel(None);
        let task = tokio::spawn(async move {
            loop {
                let sight = match &what {
                    What::Build(wait) => build(&serving, &service, wait).await,
                    What::Metric(wait) => metric(&serving, wait, began).await,
                };
                tell.send_replace(Some(sight));
                news.notify_one();
                tokio::time::sleep(Duration::from_secs(every.into())).await;
            }
        });
        Some(Self { key, newest, task: task.abort_handle() })
    }

    pub(super) fn newest(&self) -> Option<Sight> {
        self.newest.borrow().clone()
    }
}

async fn build(serving: &Serving, service: &str, wait: &BuildWait) -> Sight {
    let Some(service) = serving.service(service).filter(|service| service.is_at_code_host) else {
        return Sight::Never(format!("{service} is at no code host that tells builds"));
    };
    match serving.github.builds(&service.repository, wait.sha, (serving.clock)()).await {
        Ok(builds) => wait.sight(&builds),
        Err(error) => Sight::NotYet(format!("builds cannot be read: {}", error.why().said)),
    }
}

async fn metric(serving: &Serving, wait: &MetricWait, began: Timestamp) -> Sight {
    let server = match serving.metrics.of(wait.from) {
        Ok(server) => server,
        Err(why) => return Sight::NotYet(why.said),
    };
    let now = (serving.clock)();
    // Its bucket may begin before the step does.
    let from = began - SignedDuration::from_secs(wait.resolution_seconds.into());
    match server.samples(&wait.query, from, now, wait.resolution_seconds).await {
        Fact::Known(samples) => wait.sight(&samples, began, now),
        Fact::Absent => Sight::NotYet(format!("{} has no series {}", wait.from.word(), wait.query)),
        Fact::Unknown(why) => Sight::NotYet(why.said),
    }
}
