//! Text that must not be shown, and text that must not deceive.
//!
//! [`Secret`] holds a credential and shows it nowhere by accident.
//! [`is_invisible`] detects the characters that hide or reorder other text.
//!
//! ```
//! use safe_text::{Secret, is_invisible};
//!
//! let password = Secret::from("hunter2");
//! assert_eq!(format!("{password:?}"), "Secret(…)");
//! assert!("name\u{202e}".chars().any(is_invisible));
//! ```

mod invisible;
mod secret;

pub use invisible::is_invisible;
pub use secret::Secret;
