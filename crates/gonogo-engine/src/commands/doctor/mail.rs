//! The server that takes our mail: whether it lets us in. Nothing is sent.

use super::{Line, bad, good, note};
use crate::serving::Serving;
use gonogo_core::policy::Awareness;
use gonogo_core::say;
use gonogo_remote::mail::Tls;
use std::collections::BTreeSet;

/// Addresses that are named in one line.
const MOST_NAMED: usize = 10;

/// `teams` are those of all policies.
pub(super) async fn mail(serving: &Serving, teams: &[Awareness]) -> Vec<Line> {
    const WHAT: &str = "mail";
    let addresses: BTreeSet<_> = teams.iter().flat_map(|team| &team.email).collect();
    let Some(room) = &serving.mail else {
        if addresses.is_empty() {
            return vec![note(WHAT, "none: nobody is written to")];
        }
        let said = "[[awareness]] names e-mail addresses, and the server has no [mail]";
        return vec![bad(WHAT, said, "write a [mail] into the server's configuration")];
    };
    let smtp = &room.smtp;
    let how = match smtp.tls {
        Tls::Implicit | Tls::StartTls => "over TLS",
        Tls::None => "without TLS",
    };
    let who = smtp.user.as_ref().map(|(user, _)| format!(", as {user}")).unwrap_or_default();
    let mut lines = vec![match smtp.is_there().await {
        Ok(()) => good(WHAT, format!("{} takes mail of ours {how}{who}; nothing was sent", smtp.place())),
        Err(error) => bad(WHAT, error.why().said, error.why().fix),
    }];
    let outside: Vec<_> = addresses.into_iter().filter(|to| !room.reaches(to)).collect();
    if !outside.is_empty() {
        let said = format!("[[awareness]] writes to {}, outside of [mail] domains", say::list(&outside, MOST_NAMED));
        lines.push(bad(WHAT, said, "add their domains to domains in [mail], or mend the policy"));
    }
    lines
}
