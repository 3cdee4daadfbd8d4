//! `gonogo status`.

use super::ask::{WAITING, asking, is_settled};
use crate::cli::{ListFormat, StatusArgs};
use anstyle::{AnsiColor, Style};
use gonogo_api::{Candidate, Service, Verdict};
use gonogo_core::say;
use serde::Serialize;

/// What is told as JSON.
#[derive(Debug, Serialize)]
struct Status {
    service: Service,
    candidates: Vec<Candidate>,
}

pub(crate) fn run(args: &StatusArgs) -> anyhow::Result<u8> {
    let status = asking(&args.server, async |server, mut patience| {
        let service = server.service(&args.service).await?;
        loop {
            let candidates = server.open(&args.service).await?;
            if candidates.iter().all(is_settled) || !patience.lasts().await {
                return Ok(Status { service, candidates });
            }
        }
    })?;
    match args.format {
        ListFormat::Human => human(&status),
        ListFormat::Json => anstream::println!("{}", serde_json::to_string_pretty(&status)?),
    }
    Ok(exit_code(&status.candidates))
}

/// The worst of all: No-Go, then what is not known, then what is awaited.
fn exit_code(candidates: &[Candidate]) -> u8 {
    let codes = candidates.iter().map(|one| one.judged.as_ref().map_or(WAITING, |judged| judged.exit_code));
    codes.min_by_key(|code| if *code == 0 { u8::MAX } else { *code }).unwrap_or(0)
}

fn human(status: &Status) {
    let Status { service, candidates } = status;
    anstream::println!("{}  {}", say::printable(&service.name), say::printable(&service.repository));
    if let Some(trouble) = &service.trouble {
        anstream::println!("its repository could not be looked at: {}", say::printable(trouble));
    }
    if let Some(lock) = &service.lock {
        anstream::println!("{}", super::lock::line(&service.name, lock));
    }
    if candidates.is_empty() {
        anstream::println!("no branch is a candidate");
    }
    for candidate in candidates {
        let (mark, style) = mark(candidate);
        let said = candidate.judged.as_ref().map_or("is being judged", |judged| judged.summary.as_str());
        let short = |sha: &str| sha.chars().take(7).collect::<String>();
        let running: Vec<String> = candidate.production.iter().map(|sha| short(sha)).collect();
        let over = if running.is_empty() { "unknown production".to_owned() } else { running.join(", ") };
        let branch = say::printable(&candidate.branch);
        let head = short(&candidate.head);
        anstream::println!("{style}{mark}{style:#} {branch} @ {head} over {over}  {}", say::printable(said));
    }
}

fn mark(candidate: &Candidate) -> (char, Style) {
    match candidate.judged.as_ref().map(|judged| judged.verdict) {
        Some(Verdict::Go) => ('✓', AnsiColor::Green.on_default()),
        Some(Verdict::NoGo) => ('✗', AnsiColor::Red.on_default()),
        Some(Verdict::Waiting) | None => ('…', AnsiColor::Yellow.on_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonogo_api::Evaluation;

    fn judged(exit_code: Option<u8>) -> Candidate {
        let evaluation = |exit_code| Evaluation {
            id: 1,
            verdict: Verdict::NoGo,
            exit_code,
            summary: String::new(),
            at: String::new(),
        };
        Candidate {
            id: 1,
            service: "web".to_owned(),
            branch: "main".to_owned(),
            head: String::new(),
            production: Vec::new(),
            pull_request: None,
            into: None,
            opened_at: String::new(),
            is_open: true,
            judged: exit_code.map(evaluation),
            page: String::new(),
        }
    }

    #[test]
    fn the_worst_candidate_counts() {
        let of = |codes: &[Option<u8>]| exit_code(&codes.iter().map(|code| judged(*code)).collect::<Vec<_>>());
        assert_eq!(of(&[]), 0);
        assert_eq!(of(&[Some(0), Some(0)]), 0);
        assert_eq!(of(&[Some(0), None]), 4);
        assert_eq!(of(&[Some(4), Some(3), Some(0)]), 3);
        assert_eq!(of(&[Some(3), Some(1), None]), 1);
    }
}
