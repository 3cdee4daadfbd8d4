//! From a push to its verdict.

use super::server::{Server, Site, wait};
use crate::bench::bars::{Bar, Limit, Measured};
use crate::bench::measure::{median, milliseconds};
use crate::programs::{git, output_of};
use anyhow::Context;
use gonogo_world::{GitHub, Jira, Repo, Request, depth_of};
use std::path::Path;
use std::time::{Duration, Instant};

const LATENCY: Duration = Duration::from_millis(100);
const STORIES: usize = 200;
const RUNS: usize = 7;
const SERVICES: usize = 50;
const PUSHES: usize = 200;
/// Ten minutes' pushes, in so long.
const SPAN: Duration = Duration::from_mins(1);
const PATIENCE: Duration = Duration::from_mins(1);

/// Team with a repository `acme/NAME`; production is the first commit.
pub(super) fn repository(github: &GitHub, name: &str, policy: &str) -> Repo {
    let repo = Repo::new();
    let policy = format!("stories.projects = ['STORY']\nproduction.ref = 'production'\n{policy}");
    repo.commit_files("no-jira first", &[("gonogo.toml", policy.as_str())]);
    repo.branch("production");
    github.repository(&format!("acme/{name}")).made_from(&repo);
    repo
}

/// A push whose hook comes at once: how long its verdict takes to be posted.
fn push(github: &GitHub, server: &Server, name: &str, repo: &Repo) -> anyhow::Result<(Instant, Request)> {
    let sha = github.repository(&format!("acme/{name}")).pushes("main", repo);
    let begin = Instant::now();
    server.is_told(name, &sha)?;
    Ok((begin, verdict(github, &sha)?))
}

/// The request that posted it.
fn verdict(github: &GitHub, sha: &str) -> anyhow::Result<Request> {
    let is_it = |post: &Request| post.body["state"] != "pending" && post.status.is_some();
    wait("a verdict", PATIENCE, || github.requests_to(&format!("/statuses/{sha}")).into_iter().find(is_it))
}

/// With so many stories, each answer of the outside 100 ms late.
pub(super) fn latency(program: &Path, postgres: Option<&str>) -> anyhow::Result<Vec<Bar>> {
    let (github, jira) = (GitHub::start(), Jira::cloud());
    github.user("robin").with_token("ghp_bench");
    let policy = format!(
        "tracker.kind = 'jira-cloud'\ntracker.url = '{}'\n[checks.story-state]\nstates = ['Ready to Deploy']\n",
        jira.url()
    );
    let repo = repository(&github, "web", &policy);
    let site = Site::new(program, postgres)?;
    let services = format!(
        "[tracker]\nurl = '{}'\n[[service]]\nname = 'web'\nrepository = 'acme/web'\ngit = '{}'\n",
        jira.url(),
        github.repository("acme/web").path().display()
    );
    site.configure(&github, &services)?;
    for story in 1..=STORIES + RUNS {
        jira.story(&format!("STORY-{story}")).in_state("Ready to Deploy");
    }
    for story in 1..=STORIES {
        repo.commit(&format!("STORY-{story} step"));
    }
    let server = site.start()?;
    push(&github, &server, "web", &repo)?;
    let mirror = tempfile::tempdir()?;
    output_of(git(mirror.path()).args(["clone", "--quiet", "--mirror"]).arg(site.mirror("web")).arg("own.git"))?;
    let own = mirror.path().join("own.git");
    output_of(git(&own).args(["remote", "set-url", "origin"]).arg(github.repository("acme/web").path()))?;
    github.faults().delay(LATENCY);
    jira.faults().delay(LATENCY);
    let (mut beyond, mut chains, mut fetches) = (Vec::new(), Vec::new(), Vec::new());
    for run in 1..=RUNS {
        repo.commit(&format!("STORY-{} step", STORIES + run));
        let (begin, posted) = push(&github, &server, "web", &repo)?;
        let ended = posted.ended.context("it was answered")?;
        let all: Vec<Request> = [github.requests(), jira.requests()].concat();
        let within: Vec<Request> =
            all.into_iter().filter(|r| r.started >= begin && r.started <= posted.started).collect();
        let chain = u32::try_from(depth_of(&within))?;
        let fetching = Instant::now();
        output_of(git(&own).args(["fetch", "--quiet", "--prune", "origin"]))?;
        let fetch = fetching.elapsed();
        beyond.push((ended - begin).saturating_sub(fetch).saturating_sub(LATENCY * chain));
        chains.push(f64::from(chain));
        fetches.push(fetch);
    }
    let how = format!("the git fetch of {:.0} ms apart, {STORIES} stories", median(&milliseconds(&fetches)));
    let most = chains.iter().copied().fold(0.0, f64::max);
    Ok(vec![
        Bar {
            what: "push to verdict: requests one after the other".to_owned(),
            measured: Measured::Figure { figure: most, unit: "requests", how: "the most of its runs".to_owned() },
            limit: Some(Limit::AtMost(6.0)),
        },
        Bar {
            what: "push to verdict: beside those of 100 ms".to_owned(),
            measured: Measured::Figure { figure: median(&milliseconds(&beyond)), unit: "ms", how },
            limit: Some(Limit::AtMost(150.0)),
        },
    ])
}

/// Many services, which people push to all the time.
pub(super) fn services(program: &Path, postgres: Option<&str>) -> anyhow::Result<Bar> {
    let github = GitHub::start();
    github.user("robin").with_token("ghp_bench");
    let names: Vec<String> = (0..SERVICES).map(|number| format!("s{number}")).collect();
    let repos: Vec<Repo> = names.iter().map(|name| repository(&github, name, "")).collect();
    let site = Site::new(program, postgres)?;
    let services = names.iter().map(|name| format!("[[service]]\nname = '{name}'\nrepository = 'acme/{name}'\n"));
    site.configure(&github, &services.collect::<Vec<_>>().concat())?;
    let server = site.start()?;
    for (name, repo) in names.iter().zip(&repos) {
        push(&github, &server, name, repo)?;
    }
    let begin = Instant::now();
    let mut times = std::thread::scope(|scope| {
        let mut waiting = Vec::new();
        for number in 0..PUSHES {
            // Neighbours in time are of different services.
            let at = number * 7 % SERVICES;
            repos[at].commit(&format!("STORY-{number} x"));
            let (name, repo, github, server) = (&names[at], &repos[at], &github, &server);
            waiting.push(scope.spawn(move || {
                let (begin, posted) = push(github, server, name, repo)?;
                anyhow::Ok(posted.started - begin)
            }));
            let next = SPAN * u32::try_from(number + 1)? / u32::try_from(PUSHES)?;
            std::thread::sleep(next.saturating_sub(begin.elapsed()));
        }
        let ended = waiting.into_iter().map(|one| one.join().map_err(|_| anyhow::anyhow!("a push panicked"))?);
        ended.collect::<anyhow::Result<Vec<Duration>>>()
    })?;
    times.sort();
    let worst = times.last().copied().unwrap_or_default().as_secs_f64();
    let how = format!(
        "{PUSHES} pushes in {} s, ten times the bar's pace; half within {:.0} ms",
        SPAN.as_secs(),
        median(&milliseconds(&times))
    );
    Ok(Bar {
        what: format!("{SERVICES} services: the slowest verdict"),
        measured: Measured::Figure { figure: worst, unit: "s", how },
        limit: Some(Limit::AtMost(10.0)),
    })
}

/// What a push costs while the store fills.
pub(super) fn growth(program: &Path, postgres: Option<&str>) -> anyhow::Result<Bar> {
    let github = GitHub::start();
    github.user("robin").with_token("ghp_bench");
    let repo = repository(&github, "web", "");
    let site = Site::new(program, postgres)?;
    let path = github.repository("acme/web").path();
    site.configure(
        &github,
        &format!("[[service]]\nname = 'web'\nrepository = 'acme/web'\ngit = '{}'\n", path.display()),
    )?;
    let runs = |server: &Server| -> anyhow::Result<Vec<f64>> {
        let mut times = Vec::new();
        for _ in 0..10 {
            repo.commit("STORY-1 x");
            let (begin, posted) = push(&github, server, "web", &repo)?;
            times.push(posted.started - begin);
            // Production follows, so that each range is one commit.
            github.repository("acme/web").pushes_at("production", &repo, "HEAD");
        }
        Ok(milliseconds(&times))
    };
    let server = site.start()?;
    let few = runs(&server)?;
    drop(server);
    site.fill(10_000)?;
    let server = site.start()?;
    let many = runs(&server)?;
    Ok(Bar {
        what: "push to verdict: 10,000 candidates in the store".to_owned(),
        measured: Measured::Pairs { ours: many, other: few, other_is: "10" },
        limit: Some(Limit::AtMost(1.5)),
    })
}
