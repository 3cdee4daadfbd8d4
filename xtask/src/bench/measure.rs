//! Whole processes: how long they take, and how much memory they come to need.

use anyhow::{Context, bail};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// From the start to the end of a program whose output is read and thrown away.
pub(super) fn wall_read(command: &mut Command) -> anyhow::Result<Duration> {
    let begin = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    if let Some(mut out) = child.stdout.take() {
        std::io::copy(&mut out, &mut std::io::sink())?;
    }
    let ended = child.wait()?;
    let took = begin.elapsed();
    if !ended.success() {
        bail!("{command:?} ended with {ended}");
    }
    Ok(took)
}

/// The same of a program that writes to /dev/null. Which exit codes it has is
/// the caller's question: see [`ends_with`].
pub(super) fn wall(command: &mut Command) -> anyhow::Result<Duration> {
    let begin = Instant::now();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    Ok(begin.elapsed())
}

/// Runs it once; another exit code than these is an error with what it said.
pub(super) fn ends_with(command: &mut Command, codes: &[i32]) -> anyhow::Result<()> {
    let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output()?;
    if !ended.status.code().is_some_and(|code| codes.contains(&code)) {
        bail!("{command:?} ended with {}: {}", ended.status, String::from_utf8_lossy(&ended.stderr).trim_end());
    }
    Ok(())
}

/// The most memory that a process itself held, in MB, without its children.
/// `wait4` would count those; so its own high-water mark is read while it runs.
pub(super) fn peak_memory(command: &mut Command) -> anyhow::Result<f64> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0;
    while child.try_wait()?.is_none() {
        if let Some(seen) = std::fs::read_to_string(&status).ok().as_deref().and_then(high_water) {
            peak = seen;
        }
        std::thread::sleep(Duration::from_micros(300));
    }
    if peak == 0.0 {
        bail!("{status} did not tell how much memory {command:?} held");
    }
    Ok(peak)
}

/// `VmHWM:    1234 kB` in MB.
fn high_water(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024.0 / 1e6)
}

pub(super) fn milliseconds(list: &[Duration]) -> Vec<f64> {
    list.iter().map(|d| d.as_secs_f64() * 1e3).collect()
}

pub(super) fn median(list: &[f64]) -> f64 {
    let mut sorted = list.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.get(middle) {
        None => f64::NAN,
        Some(upper) if sorted.len().is_multiple_of(2) => f64::midpoint(sorted[middle - 1], *upper),
        Some(upper) => *upper,
    }
}

/// Two runs in turn, A B A B, after one of each that does not count.
pub(super) fn in_turn(
    pairs: usize,
    mut a: impl FnMut() -> anyhow::Result<Duration>,
    mut b: impl FnMut() -> anyhow::Result<Duration>,
) -> anyhow::Result<(Vec<f64>, Vec<f64>)> {
    a().and_then(|_| b()).context("the warm-up")?;
    let (mut of_a, mut of_b) = (Vec::new(), Vec::new());
    for _ in 0..pairs {
        of_a.push(a()?);
        of_b.push(b()?);
    }
    Ok((milliseconds(&of_a), milliseconds(&of_b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let of = |list: &[f64]| format!("{}", median(list));
        assert_eq!([of(&[3.0, 1.0, 2.0]), of(&[4.0, 1.0, 2.0, 3.0])], ["2", "2.5"]);
    }

    #[test]
    fn the_high_water_mark_is_read() {
        assert_eq!(high_water("VmPeak:\t 9 kB\nVmHWM:\t    1000 kB\n").map(|mb| format!("{mb}")).unwrap(), "1.024");
        assert_eq!(high_water("Name:\tzombie\n"), None);
    }
}
