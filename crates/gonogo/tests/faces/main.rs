//! What people and other programs see: formats, init, doctor, explain, schema.

mod support;

mod commands;
mod formats;
