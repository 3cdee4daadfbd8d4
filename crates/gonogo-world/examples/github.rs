//! A GitHub to play with: `cargo run -p gonogo-world --example github`.

use gonogo_world::{GitHub, Repo};

fn main() {
    let github = GitHub::start();
    github.expects_trouble();
    let repo = Repo::new();
    repo.commit("STORY-12 charge in euros");
    let team = github.repository("acme/web").made_from(&repo);
    println!("git clone {}", team.clone_url_with("ghp_world"));
    println!("curl -H 'Authorization: Bearer ghp_world' {}/repos/acme/web", github.api_url());
    println!("# press enter to stop");
    std::io::stdin().read_line(&mut String::new()).ok();
}
