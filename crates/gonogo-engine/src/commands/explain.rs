//! What a check or a reason code means: its section of the docs.

use gonogo_checks::documented;

/// The section of each check that has this code, with the check's name.
pub fn sections(code: &str) -> Vec<(&'static str, &'static str)> {
    let of_code = documented().filter(|(_, codes, _)| codes.contains(&code));
    of_code.filter_map(|(name, _, page)| Some((name, section(page, code)?))).collect()
}

/// From the code's heading to the next one.
fn section<'a>(page: &'a str, code: &str) -> Option<&'a str> {
    let heading = format!("## {code}\n");
    let start = page.find(&heading)?;
    let rest = &page[start + heading.len()..];
    let end = rest.find("\n## ").unwrap_or(rest.len());
    Some(page[start..start + heading.len() + end].trim_end())
}
