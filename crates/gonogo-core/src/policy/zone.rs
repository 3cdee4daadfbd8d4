//! Time zones by their names, as a policy writes them.

use jiff::tz::TimeZone;

/// Where none is written.
pub(crate) fn utc() -> String {
    "UTC".to_owned()
}

/// The zone of that name; UTC is known on every machine.
pub(crate) fn zone(name: &str) -> Result<TimeZone, String> {
    if name == "UTC" {
        return Ok(TimeZone::UTC);
    }
    TimeZone::get(name).map_err(|_| {
        format!("`{name}` is no time zone that this machine knows: write one like Europe/Berlin, or install tzdata")
    })
}
