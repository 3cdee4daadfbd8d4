//! `gonogo explain`: the docs of a check or a reason code, without a browser.

use anyhow::bail;
use gonogo_checks::documented;
use gonogo_core::policy::nearest;

pub(crate) fn run(word: &str) -> anyhow::Result<u8> {
    if let Some((_, _, page)) = documented().find(|(name, ..)| *name == word) {
        anstream::println!("{}", page.trim_end());
        return Ok(0);
    }
    let of_code = documented().filter(|(_, codes, _)| codes.contains(&word));
    let sections: Vec<String> =
        of_code.filter_map(|(name, _, page)| Some(format!("{}\n(check {name})", section(page, word)?))).collect();
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

/// From the code's heading to the next one.
fn section<'a>(page: &'a str, code: &str) -> Option<&'a str> {
    let heading = format!("## {code}\n");
    let start = page.find(&heading)?;
    let rest = &page[start + heading.len()..];
    let end = rest.find("\n## ").unwrap_or(rest.len());
    Some(page[start..start + heading.len() + end].trim_end())
}
