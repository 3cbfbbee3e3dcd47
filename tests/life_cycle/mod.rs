//! The life cycle of a connector through the real CLI, for each kind.

mod duplicates;
mod import;
mod kinds;
mod spellings;
