//! What people and other programs see: formats, init, doctor, explain, schema.

#[path = "../shared/rig.rs"]
mod rig;
mod support;

mod builds;
mod commands;
mod formats;
