//! How builds went on what was deployed, for what is to be expected of the next.

use crate::serving::{Service, Serving};
use gonogo_checks::is_own_build;
use gonogo_store::StoreError;

/// Reads the builds of the service's commits that were deployed, each once. Who
/// may not read them learns nothing, and the log says so.
pub(super) async fn read(serving: &Serving, service: &Service) -> Result<(), StoreError> {
    for (sha, deployed_at) in serving.store.unread_deployed(&service.name).await? {
        match serving.github.builds(&service.repository, sha, (serving.clock)()).await {
            Ok(mut builds) => {
                builds.retain(|build| !is_own_build(&build.name));
                serving.store.keep_builds(&service.name, (sha, deployed_at), builds).await?;
            }
            Err(error) => {
                tracing::info!(service = service.name, %sha, %error, "of what builds usually do nothing is learned");
                // Others fare no better; the next move tries again.
                if error.is_of_all() {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}
