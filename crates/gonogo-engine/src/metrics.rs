//! Where this server reads metrics: only where its own configuration says, since what a
//! policy names would see the token.

use gonogo_core::deploy::Deploys;
use gonogo_core::fact::Why;
use gonogo_core::guard::{MetricsKind, MetricsServers};
use gonogo_remote::metrics::Metrics;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug, Default)]
pub struct MetricsRoom {
    pub addresses: MetricsServers,
    pub servers: BTreeMap<MetricsKind, Arc<dyn Metrics>>,
}

impl MetricsRoom {
    /// Why the guards and the waits of a policy could not be read here, and what mends that.
    pub(crate) fn refuses(&self, section: &Deploys, service: &str) -> Option<Why> {
        let plain = |address: &str| address.trim_end_matches('/').to_lowercase();
        let guards = section.guards.iter().map(|guard| (format!("the guard {}", guard.name), guard.from));
        let waits = section.steps.iter().chain(&section.roll_back);
        let waits = waits.filter_map(|step| Some((format!("the step {}", step.name), step.wait.as_ref()?.from?)));
        guards.chain(waits).find_map(|(what, from)| {
            let word = from.word();
            let wanted = section.metrics.address(from)?;
            match self.addresses.address(from) {
                Some(known) if plain(known) == plain(wanted) => None,
                Some(known) => Some(Why::new(
                    format!("{what} of {service} reads {wanted}, and this server reads {known}"),
                    format!("write the same address into [deploy.metrics] of the policy and [metrics] {word} of the server's configuration"),
                )),
                None => Some(Why::new(
                    format!("{what} of {service} reads {wanted}, and this server reads no {word}"),
                    format!("write [metrics] {word} = \"{wanted}\" into the server's configuration"),
                )),
            }
        })
    }

    pub(crate) fn of(&self, kind: MetricsKind) -> Result<&Arc<dyn Metrics>, Why> {
        self.servers.get(&kind).ok_or_else(|| {
            let word = kind.word();
            Why::new(
                format!("this server reads no {word} any more"),
                format!("write [metrics] {word} into the server's configuration"),
            )
        })
    }
}
