//! A regular expression of ours as a POSIX extended one, where both mean the same.

/// `None` where POSIX has no such thing, or where awks differ.
pub(super) fn of(pattern: &str) -> Option<String> {
    let mut out = String::new();
    let mut chars = pattern.chars().peekable();
    let (mut can_repeat, mut can_part) = (false, false);
    while let Some(c) = chars.next() {
        let repeats = matches!(c, '*' | '+' | '?');
        // `a*?` is lazy to us; `(?i)` is a flag.
        if repeats && !can_repeat {
            return None;
        }
        // Nothing between two parts: awks differ.
        if matches!(c, '|' | ')') && !can_part {
            return None;
        }
        can_repeat = !repeats && !matches!(c, '(' | '|' | '^');
        can_part = !matches!(c, '(' | '|');
        match c {
            '\\' => out.push_str(&escaped(chars.next()?)?),
            '[' => out.push_str(&class(&mut chars)?),
            // Counts are missing from older awks; the rest has no counterpart.
            '{' | '}' | '\n' => return None,
            c if !c.is_ascii() => return None,
            c => out.push(c),
        }
    }
    can_part.then_some(out)
}

fn escaped(c: char) -> Option<String> {
    Some(match c {
        'd' => "[0-9]".to_owned(),
        's' => "[ \\t]".replace("\\t", "\t"),
        'w' => "[A-Za-z0-9_]".to_owned(),
        '^' => "\\^".to_owned(),
        '\\' => return None,
        c if c.is_ascii_punctuation() => format!("[{c}]"),
        _ => return None,
    })
}

/// The rest of `[…]`, when it is plain letters and ranges.
fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    let mut out = "[".to_owned();
    if chars.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    let before = out.len();
    loop {
        match chars.next()? {
            ']' if out.len() > before => break,
            '[' | ']' | '\\' | '&' | '~' | '\n' => return None,
            c if !c.is_ascii() => return None,
            c => out.push(c),
        }
    }
    out.push(']');
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn what_means_the_same_in_both_is_said() {
        for (ours, posix) in [
            ("^Bump version", "^Bump version"),
            (r"^v\d+\.\d+$", "^v[0-9]+[.][0-9]+$"),
            ("^(Merge|Release) [a-z0-9_-]+", "^(Merge|Release) [a-z0-9_-]+"),
            (r"\[skip\]", "[[]skip[]]"),
        ] {
            assert_eq!(of(ours).as_deref(), Some(posix), "{ours}");
        }
    }

    #[test]
    fn what_posix_lacks_is_not_said_wrong() {
        for ours in [
            "(?i)bump", "a.*?b", "a()", "a|", "(|a)", "|a", r"\bwip\b", "x{3}", r"[\w-]", "é", r"\\", "", "*a",
            r"[a&&b]",
        ] {
            assert_eq!(of(ours), None, "{ours}");
        }
    }
}
