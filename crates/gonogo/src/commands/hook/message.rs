//! The file that git hands to a hook, and how git will clean it up.

use anyhow::Context;
use gonogo_read::draft::{Cleanup, Editor};
use gonogo_remote::git::MessageSettings;
use std::path::Path;

pub(super) fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| {
        format!("the message in {} could not be read\n  → name the file that git gives to the hook", file.display())
    })
}

/// git sets `GIT_EDITOR` to `:` for hooks when no editor is open (`run_commit_hook`).
pub(super) fn editor() -> Editor {
    if std::env::var_os("GIT_EDITOR").is_some_and(|editor| editor == ":") { Editor::None } else { Editor::Open }
}

pub(super) fn cleanup(settings: &MessageSettings) -> Cleanup {
    Cleanup::of(settings.cleanup.as_deref(), settings.comment.as_deref(), editor())
}
