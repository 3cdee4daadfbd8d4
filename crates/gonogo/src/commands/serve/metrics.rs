//! `[metrics]`: where guards read while a service is deployed.

use super::config::Config;
use anyhow::{Context, anyhow};
use gonogo_core::guard::MetricsKind;
use gonogo_core::say;
use gonogo_engine::MetricsRoom;
use gonogo_remote::http::{Connections, HttpSettings};
use gonogo_remote::metrics::{Credentials, server};
use std::sync::Arc;
use std::time::Duration;

/// A look that takes longer is none: the next one is due by then.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tokens come from the environment.
pub(super) fn room(config: &Config, http: &HttpSettings) -> anyhow::Result<MetricsRoom> {
    let mut room = MetricsRoom { addresses: config.metrics.clone(), ..MetricsRoom::default() };
    for kind in MetricsKind::ALL {
        let Some(address) = config.metrics.address(kind) else { continue };
        let credentials = Credentials::read(kind, |name| std::env::var(name).ok())?;
        let connections = Connections::new(http)?;
        let server = server(kind, address, &connections, credentials, PATIENCE)
            .map_err(|why| anyhow!("{}\n  → {}", say::printable(&why.said), say::printable(&why.fix)))
            .with_context(|| format!("[metrics] {}", kind.word()))?;
        room.servers.insert(kind, Arc::from(server));
    }
    Ok(room)
}
