//! Learns the API of custom connectors from recordings of a browser.
//!
//! A person creates, edits and deletes connectors in Control Hub while the browser records, and
//! says in a [`Form`] what was typed. [`learn`] finds the typed values again in the recorded
//! requests, by value and not by name, and writes an API profile. [`scrub`] makes a copy of a
//! recording that can be published.
//!
//! # Invariants
//!
//! - A profile and a report hold nothing that was typed, no id, no token, no cookie and no
//!   organization.
//! - An error holds nothing of a recording.
//! - Memory is bounded for any recording.

mod assemble;
mod call;
mod calls;
mod choices;
mod facts;
mod form;
mod har;
mod headers;
mod ids;
mod json;
mod learn;
mod listing;
mod load;
mod merge;
mod objects;
mod profile;
mod report;
mod resolve;
mod roles;
mod scrub;
mod slots;
mod stand_ins;
mod story;
mod tell;
mod values;

pub use form::{Form, FormError};
pub use har::{Bytes, Recording, RecordingError};
pub use learn::{LearnError, Outcome, learn};
pub use scrub::{ScrubError, Scrubbed, Scrubber, scrub};

#[cfg(test)]
mod tests;
