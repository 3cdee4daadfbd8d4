//! A Jira Cloud to play with: `cargo run -p gonogo-world --example jira`.

use gonogo_world::Jira;
use gonogo_world::jira::FieldKind;

fn main() {
    let jira = Jira::cloud();
    jira.expects_trouble();
    jira.custom_field("Risk", FieldKind::RichText);
    let story = |key, title, state| jira.story(key).titled(title).in_state(state).assigned_to("maria");
    story("STORY-12", "Charge in euros", "In Review").with_field("Risk", "medium: all of billing");
    story("STORY-19", "Faster search", "Ready to Deploy");
    story("STORY-20", "Export as CSV", "Ready to Deploy").with_field("Risk", "low: a new page");
    println!("[tracker]\nkind = \"jira-cloud\"\nurl = \"{}\"", jira.url());
    println!("# GONOGO_JIRA_USER=bot@example.com GONOGO_JIRA_TOKEN=jira-token; press enter to stop");
    std::io::stdin().read_line(&mut String::new()).ok();
}
