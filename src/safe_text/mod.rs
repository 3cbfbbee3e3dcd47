//! Credentials that are not shown by accident, and texts from elsewhere that hide nothing.
//!
//! [`Secret`] holds a credential. [`Shown`] is a text from elsewhere in a form that a
//! terminal can show. [`hidden`] finds characters that hide or reorder text.
//!
//! ```
//! use safe_text::{Secret, Shown, hidden};
//!
//! let password = Secret::from("hunter2");
//! assert_eq!(format!("{password:?}"), "Secret(…)");
//! assert_eq!(password.expose(), "hunter2");
//! assert!(hidden("name\u{202e}").next().is_some());
//! assert_eq!(Shown::new("name\u{202e}").to_string(), r"name\u{202e}");
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
mod shown;

pub use invisible::{hidden, is_invisible};
pub use secret::Secret;
pub use shown::{Shown, shown_lines};
