//! `gonogo stop-all`.

use super::ask::asking;
use crate::cli::StopAllArgs;
use gonogo_api::{ActUnderWay, DeployStop, NewStop};
use gonogo_core::say;
use jiff::Timestamp;

pub(crate) fn run(args: &StopAllArgs) -> anyhow::Result<u8> {
    let told = asking(&args.server, async |server, _| {
        if args.lift {
            server.lift_stop().await?;
        } else {
            server.stop_all(&NewStop { why: args.reason.clone().unwrap_or_default() }).await?;
        }
        server.deploy_stop().await
    })?;
    tell(&told, &args.server.server);
    Ok(0)
}

fn tell(told: &DeployStop, server: &str) {
    match &told.stop {
        Some(stop) => {
            let (by, at) = (say::printable(&stop.by), say::minute_of(&stop.at));
            let why = if stop.why.is_empty() { String::new() } else { format!(": {}", say::printable(&stop.why)) };
            anstream::println!("all deploys are stopped by {by} since {at}{why}");
        }
        None => anstream::println!("deploys go on where they were"),
    }
    for act in &told.under_way {
        anstream::println!("{}", line(act));
    }
    if told.stop.is_some() && !told.under_way.is_empty() {
        anstream::println!("What runs goes on to its end; it can be ended at {}/deploys", server.trim_end_matches('/'));
    }
}

/// `  web deploy 12  ship on web-3  runs for 3 min 4 s`
fn line(act: &ActUnderWay) -> String {
    let host = act.host.as_ref().map(|host| format!(" on {host}")).unwrap_or_default();
    let lasts = match act.began_at.parse::<Timestamp>() {
        Ok(began) => format!("runs for {}", say::lasts(crate::clock::now().duration_since(began))),
        Err(_) => format!("runs since {}", act.began_at),
    };
    format!("  {} deploy {}  {}{host}  {lasts}", act.service, act.deploy, act.name)
}
