//! A new check: its file with options, function and test, its page, and its
//! place in the registry, all working, to be changed from there.

mod name;

use crate::workspace::root;
use anyhow::{Context, bail};
use name::Name;
use std::path::{Path, PathBuf};

const CHECK: &str = include_str!("check.rs.template");
const PAGE: &str = include_str!("page.md.template");

pub(crate) fn run(name: &str) -> anyhow::Result<()> {
    let checks = root().join("crates/gonogo-checks");
    let name = Name::parse(name)?;
    for file in make(&checks, &name)? {
        println!("{}", crate::workspace::shown(&file));
    }
    println!("next: say what it finds where there is a TODO, then cargo xtask docs and ./test");
    Ok(())
}

/// Makes it in the crate of the checks; gives the files that are new or changed.
fn make(checks: &Path, name: &Name) -> anyhow::Result<[PathBuf; 4]> {
    let src = checks.join("src");
    let module = name.module();
    let [code, page, lib, registry] =
        [format!("{module}.rs"), format!("{module}.md"), "lib.rs".to_owned(), "registry.rs".to_owned()]
            .map(|file| src.join(file));
    refuse_taken(checks, name)?;
    // All is read and thought out before anything is written.
    let new_lib = with_module(&read(&lib)?, &module).context("crates/gonogo-checks/src/lib.rs")?;
    let new_registry = with_entry(&read(&registry)?, &module).context("crates/gonogo-checks/src/registry.rs")?;
    for (path, text) in
        [(&code, name.fill(CHECK)), (&page, name.fill(PAGE)), (&lib, new_lib), (&registry, new_registry)]
    {
        std::fs::write(path, text).with_context(|| path.display().to_string())?;
    }
    Ok([code, page, lib, registry])
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// A name that a check, a file, a folder or a dependency has already.
fn refuse_taken(checks: &Path, name: &Name) -> anyhow::Result<()> {
    let (module, name) = (name.module(), name.as_str());
    if gonogo_checks::documented().any(|(taken, ..)| taken == name) {
        bail!("there is a check `{name}` already");
    }
    for file in [format!("{module}.rs"), format!("{module}.md"), module.clone()] {
        if checks.join("src").join(&file).exists() {
            bail!("crates/gonogo-checks/src/{file} is there already: choose another name");
        }
    }
    let manifest = read(&checks.join("Cargo.toml"))?;
    let is_named = |line: &str| line.split(['.', ' ', '=']).next() == Some(name);
    if manifest.lines().skip_while(|line| *line != "[dependencies]").any(is_named) {
        bail!("`{name}` is a dependency of gonogo-checks, and no module can have its name: choose two words");
    }
    Ok(())
}

/// `lib.rs` with the module among the checks' modules, in their order.
fn with_module(lib: &str, module: &str) -> anyhow::Result<String> {
    let block =
        lib.find("\nmod ancestry;\n").context("there is no block of modules that begins with `mod ancestry;`")? + 1;
    let length = lib[block..].find("\n\n").context("the block of modules does not end")?;
    let line = format!("mod {module};");
    let mut lines: Vec<&str> = lib[block..block + length].lines().chain([line.as_str()]).collect();
    lines.sort_unstable();
    Ok(format!("{}{}{}", &lib[..block], lines.join("\n"), &lib[block + length..]))
}

/// `registry.rs` with the entry last in the list.
fn with_entry(registry: &str, module: &str) -> anyhow::Result<String> {
    let list = registry.find("pub const CHECKS: &[Entry] = &[\n").context("there is no list CHECKS")?;
    let end = list + registry[list..].find("\n];").context("the list CHECKS does not end")?;
    Ok(format!("{}\n    crate::{module}::ENTRY,{}", &registry[..end], &registry[end..]))
}

#[cfg(test)]
mod tests;
