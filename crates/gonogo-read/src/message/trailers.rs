//! Trailers as `git interpret-trailers --parse` finds them: the last paragraph,
//! when all of it are trailers, or at least a quarter is and one line is git's own.

/// `Key: value`; a value may go on over indented lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trailer<'a> {
    pub key: &'a str,
    pub value: String,
}

/// Lines that git itself writes and that count as trailers whatever their form.
const GIT_GENERATED: [&str; 2] = ["Signed-off-by: ", "(cherry picked from commit "];

/// Parts the lines after the subject into body and trailers.
pub fn trailers<'a>(lines: &[&'a str]) -> (Vec<&'a str>, Vec<Trailer<'a>>) {
    let (lines, beyond) = lines.split_at(divider(lines));
    let end = lines.iter().rposition(|l| !l.is_empty()).map_or(0, |at| at + 1);
    let start = lines[..end].iter().rposition(|l| l.is_empty()).map_or(0, |at| at + 1);
    let block = &lines[start..end];
    if !is_trailer_block(block) {
        return ([&lines[..end], beyond].concat(), Vec::new());
    }
    let mut found: Vec<Trailer<'_>> = Vec::new();
    let mut body = lines[..start].to_vec();
    for line in block {
        if let Some((key, value)) = split(line) {
            found.push(Trailer { key, value: value.trim().to_owned() });
        } else if line.starts_with([' ', '\t'])
            && let Some(last) = found.last_mut()
        {
            let more = line.trim();
            if !last.value.is_empty() && !more.is_empty() {
                last.value.push(' ');
            }
            last.value.push_str(more);
        } else {
            // A line among trailers that is none, such as a key above `Signed-off-by`, is prose.
            body.push(line);
        }
    }
    // No trailers stand beyond the divider, but people write on there.
    body.extend(beyond);
    (body, found)
}

/// git looks for trailers no further than a line of three hyphens: a patch may follow there.
fn divider(lines: &[&str]) -> usize {
    lines.iter().position(|l| *l == "---" || l.starts_with("--- ")).unwrap_or(lines.len())
}

fn is_trailer_block(block: &[&str]) -> bool {
    let (mut trailers, mut others, mut own) = (0, 0, false);
    let mut in_trailer = false;
    for line in block {
        if GIT_GENERATED.iter().any(|known| line.starts_with(known)) {
            own = true;
            trailers += 1;
            in_trailer = true;
        } else if split(line).is_some() {
            trailers += 1;
            in_trailer = true;
        } else if !(in_trailer && line.starts_with([' ', '\t'])) {
            others += 1;
            in_trailer = false;
        }
    }
    trailers > 0 && (others == 0 || (own && trailers * 3 >= others))
}

/// A token of letters, digits and hyphens, then a colon.
fn split(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let key = key.trim_end_matches([' ', '\t']);
    let fits = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    fits.then_some((key, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<String> {
        let lines: Vec<&str> = text.lines().collect();
        trailers(&lines).1.into_iter().map(|t| format!("{}={}", t.key, t.value)).collect()
    }

    #[test]
    fn only_the_last_paragraph_holds_trailers() {
        assert_eq!(keys("\nFlag: a\n\nprose here\n"), [""; 0]);
        assert_eq!(
            keys("\nprose\n\nFlag: new checkout\nStory: STORY-1,\n  STORY-2\n"),
            ["Flag=new checkout", "Story=STORY-1, STORY-2"]
        );
    }

    #[test]
    fn a_value_may_stand_below_its_key_alone() {
        assert_eq!(keys("\nCarries:\n 1f2e3d4\n"), ["Carries=1f2e3d4"]);
        assert_eq!(keys("\nFlag: a\n \n"), ["Flag=a"]);
    }

    #[test]
    fn trailers_may_follow_the_subject_at_once() {
        assert_eq!(keys("Flag: a\n"), ["Flag=a"]);
        assert_eq!(keys(""), [""; 0]);
    }

    #[test]
    fn a_mixed_paragraph_needs_a_line_of_gits_own() {
        assert_eq!(keys("\nsee this\nFlag: a\n"), [""; 0]);
        assert_eq!(keys("\nsee this\nSigned-off-by: A <a@b>\n"), ["Signed-off-by=A <a@b>"]);
        assert_eq!(keys("\nFlag: a\n(cherry picked from commit abc)\n"), ["Flag=a"]);
    }

    #[test]
    fn a_line_among_trailers_that_is_none_stays_in_the_body() {
        let lines = ["prose", "", "STORY-1", "Signed-off-by: A <a@b>"];
        assert_eq!(trailers(&lines).0, ["prose", "", "STORY-1"]);
    }

    #[test]
    fn nothing_after_a_divider_is_read() {
        assert_eq!(keys("\nFlag: a\n---\n\nOther: b\n"), ["Flag=a"]);
    }
}
