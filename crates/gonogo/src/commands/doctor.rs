//! `gonogo doctor`.

use super::check::{given_policy, outside};
use crate::cli::{DoctorArgs, ListFormat};
use crate::clock;
use anstyle::{AnsiColor, Style};
use gonogo_core::say;
use gonogo_engine::Wanted;
use gonogo_engine::commands::{DoctorRequest, Health, Line, doctor};

pub(crate) fn run(args: &DoctorArgs) -> anyhow::Result<u8> {
    let lines = if args.server { super::serve::doctored(&args.config)? } else { of_a_repository(args)? };
    match args.format {
        ListFormat::Human => lines.iter().for_each(human),
        ListFormat::Json => anstream::println!("{}", serde_json::to_string_pretty(&lines)?),
    }
    Ok(u8::from(lines.iter().any(|line| line.health == Health::Bad)))
}

fn of_a_repository(args: &DoctorArgs) -> anyhow::Result<Vec<Line>> {
    let policy = given_policy(args.policy.as_deref())?;
    let wanted = Wanted { repo: args.repo.clone(), policy, ..Wanted::default() };
    let request = DoctorRequest {
        wanted,
        outside: outside()?,
        variable: |name| std::env::var(name).ok().filter(|value| !value.is_empty()),
        clock: clock::now,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(doctor(&request)))
}

fn human(line: &Line) {
    let (mark, style) = match line.health {
        Health::Good => ('✓', AnsiColor::Green.on_default()),
        Health::Bad => ('✗', AnsiColor::Red.on_default()),
        Health::Note => ('·', Style::new().dimmed()),
    };
    let said = say::printable(&line.said);
    anstream::println!("{style}{mark}{style:#} {:<12} {said}", line.what);
    if let Some(fix) = &line.fix {
        anstream::println!("  {:<12} → {}", "", say::printable(fix));
    }
}
