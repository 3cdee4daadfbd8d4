//! The channels that people are told in: whether they are there, and the bot in them.

use super::{Line, bad, good, note};
use crate::serving::Serving;
use gonogo_core::policy::Awareness;
use gonogo_core::say;
use gonogo_remote::slack::ChannelStanding;
use std::collections::BTreeSet;

/// Channels that are named in one line.
const MOST_NAMED: usize = 20;

/// What of services that have no channel reaches nobody in Slack.
fn untold(serving: &Serving) -> Option<Line> {
    let services = serving.services.iter().filter(|service| service.slack_channel.is_none());
    let named: Vec<&String> = services.map(|service| &service.name).collect();
    if named.is_empty() {
        return None;
    }
    let said = format!(
        "of {} neither waivers for a system that is away nor post-deploy checks that are late are told in Slack, \
         and links to its pages are not shown",
        say::list(&named, MOST_NAMED)
    );
    let fix = "write slack_channel into its [[service]], or channel into [slack]".to_owned();
    Some(Line { fix: Some(fix), ..note("channels", said) })
}

/// `teams` are those of all policies.
pub(super) async fn slack_channels(serving: &Serving, teams: &[Awareness]) -> Vec<Line> {
    const WHAT: &str = "channels";
    let of_teams: BTreeSet<String> = teams.iter().filter_map(|team| team.channel.clone()).collect();
    let Some(slack) = &serving.slack else {
        if of_teams.is_empty() {
            return Vec::new();
        }
        let named: Vec<&String> = of_teams.iter().collect();
        let said = format!("[[awareness]] names {}, and the server has no [slack]", say::list(&named, MOST_NAMED));
        return vec![bad(WHAT, said, "write a [slack] into the server's configuration")];
    };
    let channels = serving
        .services
        .iter()
        .flat_map(|service| [&service.slack_channel, &service.turned.slack_channel, &service.deployed.slack_channel]);
    let all: BTreeSet<String> = channels.flatten().cloned().chain(of_teams).collect();
    let mut lines: Vec<Line> = untold(serving).into_iter().collect();
    let standings = match slack.channel_standings(&all, (serving.clock)()).await {
        Ok(standings) => standings,
        Err(error) => {
            lines.push(note(WHAT, format!("they are not looked at: {}", error.why().said)));
            return lines;
        }
    };
    let of = |wanted: ChannelStanding| {
        let named = standings.iter().filter(|(_, standing)| **standing == wanted).map(|(name, _)| name);
        named.collect::<Vec<_>>()
    };
    let named = |names: &[&String]| say::list(names, MOST_NAMED);
    let (fine, uninvited, unseen) = (of(ChannelStanding::In), of(ChannelStanding::NotIn), of(ChannelStanding::NotSeen));
    if !fine.is_empty() {
        lines.push(good(WHAT, format!("the bot is in {}", named(&fine))));
    }
    if !uninvited.is_empty() {
        lines.push(bad(WHAT, format!("the bot is not in {}", named(&uninvited)), "invite it there: /invite @gonogo"));
    }
    if !unseen.is_empty() {
        let said = format!("the bot sees no {}", named(&unseen));
        lines.push(bad(WHAT, said, "mend the name, or invite the bot where it is private"));
    }
    lines
}
