//! `gonogo explain`: the docs of a check or a reason code, without a browser.

use anyhow::bail;
use gonogo_checks::documented;
use gonogo_core::policy::nearest;
use gonogo_engine::commands::explain::sections;

pub(crate) fn run(word: &str) -> anyhow::Result<u8> {
    if let Some((_, _, page)) = documented().find(|(name, ..)| *name == word) {
        anstream::println!("{}", page.trim_end());
        return Ok(0);
    }
    let sections: Vec<String> =
        sections(word).into_iter().map(|(name, section)| format!("{section}\n(check {name})")).collect();
    if !sections.is_empty() {
        anstream::println!("{}", sections.join("\n\n"));
        return Ok(0);
    }
    let words: Vec<&str> = documented().flat_map(|(name, codes, _)| codes.into_iter().chain([name])).collect();
    match nearest(word, words) {
        Some(near) => bail!("there is no check or reason code `{word}`\n  → did you mean {near}?"),
        None => {
            bail!("there is no check or reason code `{word}`\n  → `gonogo check` prints the code behind each finding")
        }
    }
}
