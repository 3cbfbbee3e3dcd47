//! The life cycle of a connector through the real CLI, for each kind.

mod import;
mod kinds;
mod spellings;
