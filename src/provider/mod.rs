//! Room.

pub mod functions;
