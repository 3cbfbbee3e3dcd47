//! Credentials that are not shown by accident, and characters that hide other text.
//!
//! [`Secret`] holds a credential. [`is_invisible`] detects characters that hide or
//! reorder text.
//!
//! ```
//! use safe_text::{Secret, is_invisible};
//!
//! let password = Secret::from("hunter2");
//! assert_eq!(format!("{password:?}"), "Secret(…)");
//! assert_eq!(password.expose(), "hunter2");
//! assert!("name\u{202e}".chars().any(is_invisible));
//! ```
//!
//! # Not supported
//!
//! Only the copy inside of a [`Secret`] is overwritten with zeros. Copies that the
//! program makes of [`Secret::expose`], or that other libraries keep, are not.
//! Memory may be swapped to disk.
//!
//! # Invariants
//!
//! - [`Secret`] implements neither `Display` nor `Serialize`, and its `Debug` shows
//!   a placeholder. Only [`Secret::expose`] returns the content.
//! - Dropping a [`Secret`] overwrites its content. Comparing two of the same length
//!   takes the same time for any content.

mod invisible;
mod secret;

pub use invisible::is_invisible;
pub use secret::Secret;
