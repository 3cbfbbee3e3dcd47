//! Events that the user should learn once, apart from the results of calls.

use std::time::SystemTime;

use super::error::Error;

/// An event that the user should learn once, apart from the results of calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Webex returned a new refresh token. The client uses it until the process ends. The one in
    /// the user's configuration may expire.
    RefreshTokenReplaced {
        /// The expiry of the new one, if Webex returns it.
        valid_until: Option<SystemTime>,
    },
    /// Webex refuses the list of an organization's connectors, so they are read one by one.
    ListRefused(Error),
}
