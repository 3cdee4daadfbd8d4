//! Commit messages as teams write them.

use super::random::Random;
use std::fmt::Write;

const VERBS: [&str; 12] =
    ["Add", "Fix", "Remove", "Show", "Charge", "Cache", "Rename", "Handle", "Speed up", "Log", "Test", "Move"];
const THINGS: [&str; 14] = [
    "the invoice page",
    "a retry on time-outs",
    "euros in the basket",
    "the old exporter",
    "search by postcode",
    "refunds of single items",
    "the login throttle",
    "empty states",
    "the nightly report",
    "customer notes",
    "webhook signatures",
    "the address form",
    "stock levels",
    "two spellings of a name",
];
const SENTENCES: [&str; 8] = [
    "The page was built anew for each request, although nothing had changed.",
    "Customers saw yesterday's price until the cache ran out.",
    "This was the last caller; the table goes in the next step.",
    "Found while looking into the slow report of last week.",
    "The supplier answers with an empty list where it means an error.",
    "No change for anybody who has one address only.",
    "Measured on the staging data: 420 ms before, 35 ms after.",
    "See the discussion on the pull request for what else we tried.",
];
const PROJECTS: [&str; 5] = ["STORY", "STORY", "STORY", "WEB", "OPS"];

/// Who writes commits: few write many.
pub(super) const PEOPLE: [&str; 24] = [
    "Ada Berg",
    "Bo Chen",
    "Cleo Diaz",
    "Dev Eze",
    "Eli Fuchs",
    "Fay Gallo",
    "Gus Haas",
    "Hana Ito",
    "Ida Jansen",
    "Jo Kim",
    "Kai Lund",
    "Lea Moreau",
    "Max Nowak",
    "Nia Okoye",
    "Ole Petersen",
    "Pia Quist",
    "Raj Rao",
    "Sue Sato",
    "Tom Udo",
    "Uma Voss",
    "Vic Weiss",
    "Wim Xu",
    "Yara Zani",
    "Zoë Åberg",
];

pub(super) fn person(random: &mut Random) -> (String, String) {
    let widest = 1 + random.below(PEOPLE.len());
    let name = PEOPLE[random.below(widest)];
    (name.to_owned(), format!("{}@example.com", name.to_lowercase().replace(' ', ".")))
}

/// Most name a story; stories of about the same time have about the same number.
pub(super) fn key(random: &mut Random, at: usize) -> Option<String> {
    random.percent(90).then(|| format!("{}-{}", random.one_of(&PROJECTS), 1 + at / 5 + random.below(20)))
}

/// What one commit says, its key in the subject.
pub(super) fn ordinary(random: &mut Random, at: usize) -> String {
    let key = key(random, at);
    let mut message = key.as_deref().map(|k| format!("{k} ")).unwrap_or_default();
    let _ = writeln!(message, "{} {}", random.one_of(&VERBS), random.one_of(&THINGS)); // a String takes all
    if random.percent(70) {
        message.push('\n');
        for _ in 0..=random.below(4) {
            let _ = writeln!(message, "{}", random.one_of(&SENTENCES));
        }
    }
    add_trailers(random, key.is_none(), &mut message);
    message
}

fn add_trailers(random: &mut Random, has_no_key: bool, message: &mut String) {
    let mut trailers = String::new();
    if has_no_key && random.percent(30) {
        let _ = writeln!(trailers, "Story: none, no-jira");
    }
    for (chance, trailer) in [(25, "Reviewed-by"), (15, "Co-authored-by"), (20, "Signed-off-by")] {
        if random.percent(chance) {
            let (name, email) = person(random);
            let _ = writeln!(trailers, "{trailer}: {name} <{email}>");
        }
    }
    if !trailers.is_empty() {
        let _ = write!(message, "\n{trailers}");
    }
}

/// A squash of a pull request, as GitHub words it.
pub(super) fn squashed(random: &mut Random, at: usize, pull_request: usize) -> String {
    let key = key(random, at).map(|k| format!("{k} ")).unwrap_or_default();
    let mut message = format!("{key}{} {} (#{pull_request})\n", random.one_of(&VERBS), random.one_of(&THINGS));
    if random.percent(60) {
        message.push('\n');
        for _ in 0..2 + random.below(3) {
            let _ = writeln!(message, "* {} {}\n", random.one_of(&VERBS), random.one_of(&THINGS));
        }
    }
    add_trailers(random, key.is_empty(), &mut message);
    message
}

pub(super) fn merged(random: &mut Random, pull_request: usize, key: &str) -> String {
    let thing = random.one_of(&THINGS);
    format!(
        "Merge pull request #{pull_request} from team/{key}-{}\n\n{key} {thing}\n",
        thing.replace([' ', '\''], "-").to_lowercase()
    )
}

pub(super) fn reverted(subject: &str, sha: &str) -> String {
    format!("Revert \"{subject}\"\n\nThis reverts commit {sha}.\n")
}

pub(super) fn bumped(random: &mut Random, pull_request: usize) -> String {
    let (major, minor) = (random.below(9), random.below(30));
    format!("Bump rack from {major}.{minor} to {major}.{} (#{pull_request})\n", minor + 1)
}
