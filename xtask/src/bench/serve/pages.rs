//! How soon the server is there, what it weighs, and how fast it shows a large candidate.

use super::pushes::repository;
use super::server::{Server, Site, wait};
use crate::bench::bars::{Bar, Limit, Measured};
use crate::bench::measure::{median, milliseconds};
use anyhow::Context;
use gonogo_world::github::PostedStatus;
use gonogo_world::{GitHub, Jira};
use std::path::Path;
use std::time::{Duration, Instant};

const COMMITS: usize = 2_000;
const STORIES: usize = 500;
const STREAMS: usize = 200;
/// Of one person no more are kept.
const OF_ONE: usize = 20;

pub(super) fn all(program: &Path, postgres: Option<&str>) -> anyhow::Result<Vec<Bar>> {
    let (github, jira) = (GitHub::start(), Jira::cloud());
    github.user("robin").with_token("ghp_bench");
    let policy = format!(
        "tracker.kind = 'jira-cloud'\ntracker.url = '{}'\n[checks.story-state]\nstates = ['Ready to Deploy']\n\
         [checks.story-fields]\nrequired = ['Summary']\n",
        jira.url()
    );
    let repo = repository(&github, "web", &policy);
    let site = Site::new(program, postgres)?;
    let services = format!("[tracker]\nurl = '{}'\n[[service]]\nname = 'web'\nrepository = 'acme/web'\n", jira.url());
    site.configure(&github, &services)?;
    let mut server = site.start()?;
    site.signs_in(&mut server)?;
    wait("the first look", Duration::from_secs(30), || judged(&github, &repo.head()))?;
    // A server that has just judged is not idle yet.
    std::thread::sleep(Duration::from_secs(3));
    let people = site.people(STREAMS / OF_ONE)?;
    let idle = server.resident()?;
    let streams = streams(&server, &people)?;
    server.kill()?;
    let start = start(&site)?;
    for story in 1..=STORIES {
        // Some block, so that the page has findings to show.
        jira.story(&format!("STORY-{story}")).in_state(if story % 10 == 0 { "In Review" } else { "Ready to Deploy" });
    }
    for commit in 0..COMMITS {
        repo.commit(&format!("STORY-{} step {commit} {}", commit % STORIES + 1, "of many words ".repeat(4)));
    }
    let mut server = site.start()?;
    site.signs_in(&mut server)?;
    let sha = github.repository("acme/web").pushes("main", &repo);
    server.is_told("web", &sha)?;
    let status = wait("the large verdict", Duration::from_mins(2), || judged(&github, &sha))?;
    let url = status.target_url.context("the status leads to its page")?;
    let path = url.trim_start_matches("http://gonogo.example.com");
    let mut times = Vec::new();
    let mut weight = 0;
    for _ in 0..30 {
        let begin = Instant::now();
        let answer = server.get(path)?;
        times.push(begin.elapsed());
        weight = weight.max(answer.body.len());
        anyhow::ensure!(answer.status == 200, "{path} answered {}", answer.status);
    }
    let kilobytes = f64::from(u32::try_from(weight)?) / 1e3;
    let figure = |what: &str, figure: f64, unit, most: f64, how: &str| Bar {
        what: what.to_owned(),
        measured: Measured::Figure { figure, unit, how: how.to_owned() },
        limit: Some(Limit::AtMost(most)),
    };
    let large = format!("{STORIES} stories, {COMMITS} commits");
    Ok(vec![
        figure("idle: resident", idle, "MB", 60.0, "one service"),
        figure("200 open event streams: resident, more", streams, "MB", 20.0, ""),
        Bar { what: "start to ready".to_owned(), measured: Measured::Runs(start), limit: Some(Limit::AtMost(300.0)) },
        figure("a large candidate's page", median(&milliseconds(&times)), "ms", 50.0, &large),
        figure("a large candidate's page: weight", kilobytes, "kB", 300.0, &large),
    ])
}

fn judged(github: &GitHub, sha: &str) -> Option<PostedStatus> {
    let status = github.repository("acme/web").status_of(sha, "gonogo/deploy (web)").now();
    status.filter(|status| status.state != "pending")
}

fn streams(server: &Server, people: &[Vec<String>]) -> anyhow::Result<f64> {
    let before = server.resident()?;
    let all = people.iter().flat_map(|who| std::iter::repeat_n(who, OF_ONE));
    let open = all.map(|who| server.follow("/events?since=0", who)).collect::<anyhow::Result<Vec<_>>>()?;
    std::thread::sleep(Duration::from_secs(2));
    let after = server.resident()?;
    drop(open);
    Ok((after - before).max(0.0))
}

/// From its start until it says that it is ready.
fn start(site: &Site) -> anyhow::Result<Vec<f64>> {
    let mut times = Vec::new();
    for _ in 0..10 {
        let begin = Instant::now();
        let server = site.start()?;
        wait("ready", Duration::from_secs(10), || server.is_ready().then_some(()))?;
        times.push(begin.elapsed());
    }
    Ok(milliseconds(&times))
}
