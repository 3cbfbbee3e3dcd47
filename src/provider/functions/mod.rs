//! The functions of the provider. They are pure and work offline.
//!
//! Each error names the argument at fault and gives advice. The computation of a
//! function is apart from its signature.

mod arguments;
pub mod decode_id;
pub mod encode_id;
pub mod rebind_connectors;
pub mod webex_id;
