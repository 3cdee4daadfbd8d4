//! A Slack to play with: `cargo run -p gonogo-world --example slack`.

use gonogo_world::Slack;

fn main() {
    let slack = Slack::start();
    slack.expects_trouble();
    slack.channel("#deploys");
    let api = slack.api_url();
    println!("curl -H 'Authorization: Bearer xoxb-world' {api}chat.postMessage -d channel=#deploys -d text=hello");
    println!("curl -H 'Authorization: Bearer xoxb-world' '{api}conversations.list'");
    println!("# press enter to stop");
    std::io::stdin().read_line(&mut String::new()).ok();
}
