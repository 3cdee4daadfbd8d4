//! What an act says, as it is sent: masked, in parts, from any byte on. However often
//! it is read from the beginning, it gives the same bytes.

use gonogo_remote::starter::{Mask, Masked};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::PathBuf;

/// A part is no longer.
const PART: usize = 240 << 10;
/// More is not sent of one act.
pub(super) const MOST: u64 = 256 << 20;

pub(super) struct Output {
    path: PathBuf,
    mask: Mask,
    most: u64,
    /// It is there once it is begun.
    file: Option<File>,
    /// None once all is said.
    masked: Option<Masked>,
    /// So many masked bytes were read.
    at_byte: u64,
    /// So many of them are there already.
    sent: u64,
    /// Instead of all else.
    last_words: Option<Vec<u8>>,
    is_withheld: bool,
    buffer: Vec<u8>,
}

impl Output {
    pub(super) fn of(path: PathBuf, mask: Mask, most: u64) -> Self {
        let masked = Some(mask.stream());
        let buffer = vec![0; PART];
        Self { path, mask, most, file: None, masked, at_byte: 0, sent: 0, last_words: None, is_withheld: false, buffer }
    }

    /// Nothing of it is sent but why.
    pub(super) fn withheld(path: PathBuf, why: &str) -> Self {
        let words =
            format!("\ngonogo: {why}: what it says from here on is in {} on the runner's host\n", path.display());
        let mut output = Self::of(path, Mask::default(), 0);
        (output.masked, output.last_words, output.is_withheld) = (None, Some(words.into_bytes()), true);
        output
    }

    /// From here on it goes on.
    pub(super) fn go_to(&mut self, byte: u64) {
        if byte < self.at_byte && !self.is_withheld {
            (self.file, self.masked, self.at_byte) = (None, Some(self.mask.stream()), 0);
        }
        self.sent = byte;
    }

    /// What comes next, and at which byte; nothing where there is nothing new. With
    /// `is_over` nothing more is written.
    pub(super) fn part(&mut self, is_over: bool) -> std::io::Result<Option<(u64, Vec<u8>)>> {
        if let Some(words) = self.last_words.take() {
            return Ok(Some((self.sent, words)));
        }
        while let Some(masked) = &mut self.masked {
            let file = match &mut self.file {
                Some(file) => file,
                none => match File::open(&self.path) {
                    Ok(file) => none.insert(file),
                    Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                    Err(error) => return Err(error),
                },
            };
            let length = file.read(&mut self.buffer)?;
            let mut said = match length {
                0 if is_over => self.masked.take().map(Masked::end).unwrap_or_default(),
                0 => return Ok(None),
                _ => masked.more(&self.buffer[..length]),
            };
            if self.at_byte + said.len() as u64 > self.most {
                said.truncate(usize::try_from(self.most - self.at_byte).unwrap_or(0));
                let (most, path) = (self.most >> 20, self.path.display());
                let line =
                    format!("\ngonogo: it says more than {most} MB: the rest is in {path} on the runner's host\n");
                said.extend(line.into_bytes());
                self.masked = None;
            }
            let begins = self.at_byte;
            self.at_byte += said.len() as u64;
            let known = self.sent.saturating_sub(begins).min(said.len() as u64);
            said.drain(..usize::try_from(known).unwrap_or(0));
            if !said.is_empty() {
                return Ok(Some((begins + known, said)));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;
    use std::collections::BTreeMap;

    fn mask() -> Mask {
        Mask::of(&BTreeMap::from([("TOKEN".to_owned(), SecretString::from("s3cr3t"))])).unwrap()
    }

    fn all(output: &mut Output) -> Vec<u8> {
        let mut all = Vec::new();
        while let Some((_, part)) = output.part(true).unwrap() {
            assert!(part.len() <= 256 << 10);
            all.extend(part);
        }
        all
    }

    #[test]
    fn from_any_byte_on_it_is_the_same() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = (0..30_000).map(|line| format!("{line} s3cr3t says\n")).collect::<Vec<_>>().concat();
        std::fs::write(file.path(), &text).unwrap();
        let whole = all(&mut Output::of(file.path().to_owned(), mask(), MOST));
        assert_eq!(String::from_utf8(whole.clone()).unwrap(), text.replace("s3cr3t", "***"));
        for from in [0, 1, 3, 245_760, 300_001, whole.len()] {
            let mut output = Output::of(file.path().to_owned(), mask(), MOST);
            output.go_to(from as u64);
            let first = output.part(true).unwrap();
            assert!(first.as_ref().is_none_or(|(at, _)| *at == from as u64), "{from}");
            let rest = [first.map(|(_, part)| part).unwrap_or_default(), all(&mut output)].concat();
            assert!(rest == whole[from..], "{from}");
            output.go_to(7);
            assert!(all(&mut output) == whole[7..], "back again");
        }
    }

    #[test]
    fn over_a_limit_it_says_so_once() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "x".repeat(2 << 20)).unwrap();
        let mut output = Output::of(file.path().to_owned(), mask(), 1 << 20);
        let said = String::from_utf8(all(&mut output)).unwrap();
        let (much, line) = said.split_at(1 << 20);
        assert!(much.bytes().all(|byte| byte == b'x'));
        let expected = format!(
            "\ngonogo: it says more than 1 MB: the rest is in {} on the runner's host\n",
            file.path().display()
        );
        assert_eq!(line, expected);
        let mut again = Output::of(file.path().to_owned(), mask(), 1 << 20);
        again.go_to(said.len() as u64);
        assert_eq!(again.part(true).unwrap(), None);
    }
}
