//! `gonogo guard replay`.

use super::check::outside;
use super::read_text;
use crate::cli::{GuardReplayArgs, ListFormat};
use crate::clock;
use anstyle::{AnsiColor, Style};
use anyhow::{Context, anyhow, bail};
use gonogo_core::guard::{Advice, Mode, Moments, Replayed, Sample, picture};
use gonogo_core::policy::{Policy, Sections, Source, nearest};
use gonogo_core::say;
use gonogo_engine::commands::replay_guards::{GuardReplayed, History, ReplayGuards, replay_guards, series_names};
use gonogo_read::points;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

pub(crate) fn replay(args: &GuardReplayArgs) -> anyhow::Result<u8> {
    let sections = Policy::parse(Source::new(args.policy.display().to_string(), read_text(&args.policy)?))?.sections;
    let request = request(args, sections)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let replayed = match runtime.block_on(replay_guards(&request)) {
        Ok(replayed) => replayed,
        // It is not known what they would have done.
        Err(why) => {
            anstream::eprintln!("error: {}\n  → {}", say::printable(&why.said), say::printable(&why.fix));
            return Ok(3);
        }
    };
    let mut drawn = BTreeMap::new();
    if let Some(folder) = &args.pictures {
        std::fs::create_dir_all(folder).with_context(|| format!("{} could not be made", folder.display()))?;
        for one in &replayed {
            for (nth, deploy) in one.deploys.iter().enumerate() {
                drawn.insert((one.guard.name.clone(), nth), draw(&request, one, deploy, folder)?);
            }
        }
    }
    match args.format {
        ListFormat::Human => replayed.iter().for_each(|one| human(one, &drawn)),
        ListFormat::Json => {
            let guards: Vec<Value> = replayed.iter().map(|one| machine(one, &drawn)).collect();
            anstream::println!("{}", serde_json::to_string_pretty(&json!({ "guards": guards }))?);
        }
    }
    Ok(0)
}

fn request(args: &GuardReplayArgs, sections: Sections) -> anyhow::Result<ReplayGuards> {
    let guards = &sections.deploy.guards;
    if guards.is_empty() {
        bail!("{} has no [[deploy.guards]]\n  → write one: docs/guards.md has an example", args.policy.display());
    }
    let names = || guards.iter().map(|guard| guard.name.as_str());
    if let Some(unknown) = args.guard.iter().find(|name| !names().any(|known| known == *name)) {
        let all: Vec<&str> = names().collect();
        let near = nearest(unknown, names())
            .map_or(format!("there are {}", all.join(", ")), |near| format!("did you mean {near}?"));
        bail!("there is no guard `{unknown}` in {}\n  → {near}", args.policy.display());
    }
    let is_wanted = |name: &str| args.guard.is_empty() || args.guard.iter().any(|wanted| wanted == name);
    let wanted: Vec<String> = guards.iter().filter(|guard| is_wanted(&guard.name)).flat_map(series_names).collect();
    let history = match &args.from {
        None => History::Given(given(&args.series, &wanted)?),
        Some(from) => {
            let (from, until) = (time(from)?, args.until.as_deref().map_or_else(|| Ok(clock::now()), time)?);
            if from >= until {
                bail!("--from {from} is not before --until {until}\n  → name a time before it");
            }
            History::Servers { from, until, http: outside()?.http, variable: |name| std::env::var(name).ok() }
        }
    };
    let deploys = deploys(args)?;
    Ok(ReplayGuards { sections, names: args.guard.clone(), history, deploys })
}

/// The files of `--series`: each that is wanted, and no other.
fn given(series: &[String], wanted: &[String]) -> anyhow::Result<BTreeMap<String, Vec<Sample>>> {
    let mut given = BTreeMap::new();
    for one in series {
        let (name, file) = one
            .split_once('=')
            .with_context(|| format!("--series {one}: name and file\n  → write it such as errors=errors.csv"))?;
        if !wanted.iter().any(|known| known == name) {
            bail!("--series {one}: nothing reads `{name}`\n  → there are {}", wanted.join(", "));
        }
        let read =
            points::points(&read_text(Path::new(file))?).map_err(|bad| anyhow!("{file}:{}: {}", bad.line, bad.said))?;
        let samples = read.into_iter().map(|(at, value)| Sample { at, value }).collect();
        if given.insert(name.to_owned(), samples).is_some() {
            bail!("--series {name} is there twice\n  → leave one out");
        }
    }
    match wanted.iter().find(|name| !given.contains_key(*name)) {
        Some(missing) => {
            bail!("nothing says what `{missing}` was\n  → add --series {missing}=FILE, or name guards by --guard")
        }
        None => Ok(given),
    }
}

fn time(text: &str) -> anyhow::Result<Timestamp> {
    points::instant(text).with_context(|| {
        format!("`{text}` is no time\n  → write it such as 2026-01-31T14:00:00Z, or as seconds since 1970")
    })
}

fn deploys(args: &GuardReplayArgs) -> anyhow::Result<Vec<Moments>> {
    let mut all = Vec::new();
    for text in &args.deploy {
        all.push(points::deploy(text).map_err(|said| anyhow!("--deploy {text}: {said}"))?);
    }
    if let Some(file) = &args.deploys {
        let read = points::deploys(&read_text(file)?);
        all.extend(read.map_err(|bad| anyhow!("{}:{}: {}", file.display(), bad.line, bad.said))?);
    }
    let moments: Vec<Moments> =
        all.into_iter().filter_map(|deploy| Moments::of(deploy.steps, !deploy.is_bad)).collect();
    let starts: BTreeSet<Timestamp> = moments.iter().map(Moments::start).collect();
    if starts.len() < moments.len() {
        bail!("two deploys begin at the same time\n  → leave one out");
    }
    if moments.is_empty() {
        bail!("there is no deploy to replay\n  → name one by --deploy, or a file with some by --deploys");
    }
    Ok(moments)
}

/// What it would have done, in one sentence.
fn sentence(one: &GuardReplayed, deploy: &Replayed) -> String {
    let would = say::guard::advice(deploy.advice);
    let would =
        if one.guard.mode == Mode::Observe { format!("{would} if it did not observe") } else { would.to_owned() };
    format!("{would} at {}: {}", deploy.at, say::guard::reading(&one.guard, &deploy.reading))
}

fn draw(request: &ReplayGuards, one: &GuardReplayed, deploy: &Replayed, folder: &Path) -> anyhow::Result<PathBuf> {
    let start = deploy.steps.first().copied().unwrap_or(deploy.at);
    let file = folder.join(format!("{}-{}.svg", one.guard.name, start.strftime("%Y%m%dT%H%M%SZ")));
    let svg = picture(&one.guard, &request.sections.deploy.watch, &one.series, &deploy.drawn(&sentence(one, deploy)));
    std::fs::write(&file, svg).with_context(|| format!("{} could not be written", file.display()))?;
    Ok(file)
}

type Drawn = BTreeMap<(String, usize), PathBuf>;

fn human(one: &GuardReplayed, drawn: &Drawn) {
    for (nth, deploy) in one.deploys.iter().enumerate() {
        let (mark, style) = match deploy.advice {
            Advice::GoOn => ('✓', AnsiColor::Green.on_default()),
            Advice::Halt => ('✗', AnsiColor::Red.on_default()),
            Advice::Ask | Advice::Hold | Advice::HoldAndSay => ('?', Style::new().bold()),
        };
        let start = deploy.steps.first().copied().unwrap_or(deploy.at);
        anstream::println!("{style}{mark}{style:#} deploy of {start}: {}", say::printable(&sentence(one, deploy)));
        for remark in &deploy.reading.remarks {
            anstream::println!("    {}", say::guard::remark(remark));
        }
        if let Some(file) = drawn.get(&(one.guard.name.clone(), nth)) {
            anstream::println!("    {}", say::printable(&file.display().to_string()));
        }
    }
}

fn machine(one: &GuardReplayed, drawn: &Drawn) -> Value {
    let deploy = |(nth, deploy): (usize, &Replayed)| {
        let mut value = json!(deploy);
        value["said"] = json!(sentence(one, deploy));
        value["picture"] = json!(drawn.get(&(one.guard.name.clone(), nth)));
        value
    };
    let deploys: Vec<Value> = one.deploys.iter().enumerate().map(deploy).collect();
    json!({ "name": one.guard.name, "mode": one.guard.mode, "deploys": deploys })
}
