//! The tree of a made repository: some hundreds of folders, and files of which
//! each version changes one line.

use super::random::{Random, mixed};
use std::fmt::Write;

const SERVICES: [&str; 12] = [
    "basket",
    "billing",
    "catalogue",
    "customers",
    "gateway",
    "invoices",
    "mail",
    "orders",
    "reports",
    "search",
    "stock",
    "web",
];
const LAYERS: [&str; 5] = ["api", "jobs", "models", "pages", "store"];
/// With the services and layers, 480 folders.
const WINGS: usize = 8;
const FILES_EACH: usize = 6;
const LINES: u32 = 24;

/// Which version each file has reached.
pub(super) struct Files {
    versions: Vec<u32>,
}

/// A file at a version: all that a commit has to say of it.
#[derive(Clone, Copy)]
pub(super) struct Change {
    file: usize,
    version: u32,
}

impl Files {
    pub(super) fn new() -> Self {
        Self { versions: vec![0; SERVICES.len() * LAYERS.len() * WINGS * FILES_EACH] }
    }

    /// Every file as it is now.
    pub(super) fn all(&self) -> Vec<Change> {
        self.versions.iter().enumerate().map(|(file, version)| Change { file, version: *version }).collect()
    }

    /// Two to four files of one service take a step.
    pub(super) fn change(&mut self, random: &mut Random) -> Vec<Change> {
        let in_each = self.versions.len() / SERVICES.len();
        let first = random.below(SERVICES.len()) * in_each;
        let mut changes: Vec<Change> = Vec::new();
        for _ in 0..2 + random.below(3) {
            let file = first + random.below(in_each);
            if changes.iter().all(|c| c.file != file) {
                self.versions[file] += 1;
                changes.push(Change { file, version: self.versions[file] });
            }
        }
        changes
    }

    /// The files of a commit as they were before it, where nothing of them was
    /// changed since.
    pub(super) fn undo(&self, changes: &[Change]) -> Option<Vec<Change>> {
        let is_newest = |change: &&Change| self.versions[change.file] == change.version;
        let before = |change: &Change| Change { version: change.version - 1, ..*change };
        let undone: Vec<Change> = changes.iter().take_while(is_newest).map(before).collect();
        (!undone.is_empty() && undone.len() == changes.len()).then_some(undone)
    }
}

impl Change {
    pub(super) fn path(self) -> String {
        let (folder, name) = (self.file / FILES_EACH, self.file % FILES_EACH);
        let (wing, folder) = (folder % WINGS, folder / WINGS);
        let (layer, service) = (LAYERS[folder % LAYERS.len()], SERVICES[folder / LAYERS.len()]);
        format!("services/{service}/{layer}/wing{wing}/part{name}.rb")
    }

    /// Line `n` was written by the newest version that is `n` modulo the number
    /// of lines, else by the first: each step changes one line.
    pub(super) fn text(self) -> String {
        let mut text = String::new();
        for line in 0..LINES {
            let since = self.version.saturating_sub((self.version + LINES - line) % LINES);
            let word = mixed((self.file as u64) << 32 | u64::from(since) << 8 | u64::from(line)) % 100_000;
            let _ = writeln!(text, "  price_{line} = round(total_{word}, 2)"); // a String takes all
        }
        text
    }
}
