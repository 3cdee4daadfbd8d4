//! Masks secrets in a stream of bytes, however it is cut into parts.

use super::patterns::{self, MaskError};
use aho_corasick::{AhoCorasick, MatchKind};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::fmt;

const MASKED: &[u8] = b"***";

/// Knows the secrets of an act.
#[derive(Clone, Default)]
pub struct Mask {
    /// None without secrets.
    finder: Option<AhoCorasick>,
    patterns: Vec<Vec<u8>>,
}

/// A stream, masked.
#[derive(Clone)]
pub struct Masked {
    mask: Mask,
    /// What may be the beginning of a secret.
    held: Vec<u8>,
    /// So many bytes of what is held belong to a secret that began before.
    hidden: usize,
    /// Whether the last byte was hidden: what follows it needs no mask of its own.
    is_hiding: bool,
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mask").finish_non_exhaustive()
    }
}

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Masked").finish_non_exhaustive()
    }
}

impl Mask {
    pub fn of(secrets: &BTreeMap<String, SecretString>) -> Result<Self, MaskError> {
        let patterns: Vec<Vec<u8>> = patterns::of(secrets)?.into_iter().collect();
        let finder = || AhoCorasick::builder().match_kind(MatchKind::Standard).build(&patterns);
        let finder = (!patterns.is_empty()).then(finder).transpose();
        let finder = finder.map_err(|error| MaskError::Automaton(error.to_string()))?;
        Ok(Self { finder, patterns })
    }

    pub fn stream(&self) -> Masked {
        Masked { mask: self.clone(), held: Vec::new(), hidden: 0, is_hiding: false }
    }

    /// Where the first secret begins that is not whole yet.
    fn settled(&self, bytes: &[u8]) -> usize {
        let begun = |pattern: &Vec<u8>| {
            let most = pattern.len().saturating_sub(1).min(bytes.len());
            (1..=most).rev().find(|length| bytes.ends_with(&pattern[..*length]))
        };
        bytes.len() - self.patterns.iter().filter_map(begun).max().unwrap_or(0)
    }
}

impl Masked {
    /// What can be said of it already.
    pub fn more(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        let settled = self.mask.settled(&self.held);
        self.release(settled)
    }

    /// All that is left: nothing comes after it.
    pub fn end(mut self) -> Vec<u8> {
        let all = self.held.len();
        self.release(all)
    }

    /// Each byte of a secret is hidden, also where two of them overlap, and what is
    /// hidden in a row has one mask. So it does not matter how the stream was cut.
    fn release(&mut self, settled: usize) -> Vec<u8> {
        let Some(finder) = &self.mask.finder else { return std::mem::take(&mut self.held) };
        let mut ends = vec![0; settled];
        for found in finder.find_overlapping_iter(&self.held).filter(|found| found.start() < settled) {
            let end = &mut ends[found.start()];
            *end = found.end().max(*end);
        }
        let mut said = Vec::with_capacity(settled);
        for (at, end) in ends.into_iter().enumerate() {
            self.hidden = self.hidden.max(end);
            let hides = at < self.hidden;
            match (hides, self.is_hiding) {
                (true, false) => said.extend_from_slice(MASKED),
                (true, true) => {}
                (false, _) => said.push(self.held[at]),
            }
            self.is_hiding = hides;
        }
        self.held.drain(..settled);
        self.hidden = self.hidden.saturating_sub(settled);
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    fn mask(secrets: &[&str]) -> Mask {
        let named = secrets.iter().enumerate().map(|(at, secret)| (format!("S{at}"), SecretString::from(*secret)));
        Mask::of(&named.collect()).unwrap()
    }

    fn masked(mask: &Mask, parts: &[&[u8]]) -> Vec<u8> {
        let mut stream = mask.stream();
        let mut said: Vec<u8> = parts.iter().flat_map(|part| stream.more(part)).collect();
        said.extend(stream.end());
        said
    }

    fn text(mask: &Mask, text: &str) -> String {
        String::from_utf8(masked(mask, &[text.as_bytes()])).unwrap()
    }

    #[test]
    fn a_secret_is_masked_in_all_its_forms() {
        let mask = mask(&["p@ss w\"rd/1", "other-one"]);
        for said in ["p@ss w\"rd/1", "p%40ss%20w%22rd%2F1", "p%40ss+w%22rd%2f1", "p@ss w\\\"rd/1", "other-oneother-one"]
        {
            assert_eq!(text(&mask, &format!("a {said} b")), "a *** b");
        }
        let basic = STANDARD.encode("robot:p@ss w\"rd/1");
        let said = text(&mask, &format!("authorization: Basic {basic}"));
        assert!(said.starts_with("authorization: Basic cm9ib3Q6***"), "{said}");
        assert_eq!(text(&mask, "p@ss w\"rd"), "p@ss w\"rd", "a part of it is none");
    }

    #[test]
    fn overlapping_secrets_leave_no_rest() {
        assert_eq!(text(&mask(&["abcd", "cdefg"]), "x abcdefg x"), "x *** x");
        assert_eq!(text(&mask(&["aaaa"]), "x aaaaaa x"), "x *** x");
    }

    #[test]
    fn what_cannot_become_a_secret_is_said_at_once() {
        let mut stream = mask(&["secret-of-a-kind"]).stream();
        assert_eq!(stream.more(b"waiting for the lock: sec"), b"waiting for the lock: ");
        assert_eq!(stream.more(b"ond"), b"second");
        assert_eq!(stream.more(b" secret-of-a-"), b" ");
        assert_eq!(stream.more(b"kind"), b"***");
        assert_eq!(stream.end(), b"");
        assert_eq!(mask(&[]).stream().more(b"all"), b"all");
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_bytes_and_no_secret(
            secrets in proptest::collection::vec("[ab/+é ]{4,7}", 1..3),
            pieces in proptest::collection::vec((0_u8..5, "[ab/+ *%2F]{0,5}"), 0..12),
            cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..9),
        ) {
            let secrets: Vec<&str> = secrets.iter().map(|secret| secret.trim()).filter(|s| s.chars().count() > 3).collect();
            prop_assume!(!secrets.is_empty());
            let mask = mask(&secrets);
            let mut all = Vec::new();
            for (kind, noise) in &pieces {
                let secret = secrets[usize::from(*kind) % secrets.len()];
                match kind {
                    0 | 1 => all.extend_from_slice(secret.as_bytes()),
                    2 => all.extend(STANDARD.encode(format!("{noise}{secret}")).into_bytes()),
                    3 => all.extend(form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>().into_bytes()),
                    _ => {}
                }
                all.extend_from_slice(noise.as_bytes());
            }
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(all.len() + 1)).collect();
            cuts.sort_unstable();
            let mut parts: Vec<&[u8]> = Vec::new();
            let mut from = 0;
            for cut in cuts.into_iter().chain([all.len()]) {
                parts.push(&all[from..cut]);
                from = cut;
            }
            let said = masked(&mask, &parts);
            prop_assert_eq!(&said, &masked(&mask, &[&all]));
            for pattern in &mask.patterns {
                prop_assert!(!said.windows(pattern.len()).any(|window| window == &pattern[..]));
            }
        }
    }
}
