//! Builds what is measured, and says what came out: a table for people, a file
//! for programs, and how quiet the machine was.

use super::bars::{Bar, table};
use crate::programs::{cargo, git, output_of};
use crate::workspace::root;
use anyhow::{Context, bail};
use serde_json::json;
use std::path::{Path, PathBuf};

pub(super) fn print(bars: &[Bar], load_before: Option<&str>, file: &Path) -> anyhow::Result<()> {
    let cpus = u32::try_from(std::thread::available_parallelism()?.get())?;
    let load_after = load();
    let is_busy = load_after.as_deref().is_some_and(|load| is_busy(load, cpus));
    let machine = json!({
        "cpus": cpus,
        "busy": is_busy,
        "git": output_of(git(&root()).arg("version"))?.trim(),
        "load_before": load_before,
        "load_after": load_after,
    });
    print!("{}", table(bars));
    println!("\n{machine}");
    if is_busy {
        println!("others used this machine meanwhile: a bar that is met or missed here is not proven, measure again");
    }
    let report = json!({"machine": machine, "bars": bars.iter().map(Bar::json).collect::<Vec<_>>()});
    std::fs::write(file, format!("{report:#}\n")).with_context(|| file.display().to_string())?;
    println!("written to {}", file.display());
    Ok(())
}

/// Builds the program as it is released.
pub(super) fn released(target: &Path) -> anyhow::Result<PathBuf> {
    let built = cargo().current_dir(root()).args(["build", "--release", "--locked", "--package=gonogo"]).status()?;
    if !built.success() {
        bail!("the release build failed");
    }
    Ok(target.join("release").join(format!("gonogo{}", std::env::consts::EXE_SUFFIX)))
}

/// How busy the machine is, where it tells: the mean of a minute first.
pub(super) fn load() -> Option<String> {
    std::fs::read_to_string("/proc/loadavg").ok().map(|text| text.trim().to_owned())
}

/// Our own runs keep one to two processors busy; more is others' work, and the
/// program, which runs several gits side by side, loses more by it than one git.
fn is_busy(load: &str, cpus: u32) -> bool {
    let mean: Option<f64> = load.split(' ').next().and_then(|mean| mean.parse().ok());
    mean.is_some_and(|mean| mean > f64::from(cpus) * 1.25)
}

#[cfg(test)]
mod tests {
    use super::is_busy;

    #[test]
    fn a_load_that_is_not_ours_alone_is_said() {
        assert!(is_busy("5.29 6.50 6.00 5/123 31362", 2));
        assert!(!is_busy("1.90 6.50 6.00 5/123 31362", 2));
        assert!(!is_busy("", 2));
    }
}
