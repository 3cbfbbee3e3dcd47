//! The content of a connector's private state.
//!
//! It is plain text in the state file: numbers and names, no credentials.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use tf_provider::object::PrivateState;
use webex_contact_center::{Connector, Error, LastWrite, Version};

/// The values that Webex returned for arguments of our last write, where it spelled them otherwise
/// than they were sent.
pub type Returned = BTreeMap<String, String>;

/// Who may have written a connector last, after a write of ours that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastWriter {
    /// We have: a write of ours was confirmed, by itself or as a step of a failed one.
    Us,
    /// We have not: the write that failed has changed nothing.
    NotUs,
    /// Somebody else was faster.
    SomeoneElse,
    /// It is not known whether our write was carried out, or may still be.
    Unknown,
}

/// The provider's own data about a connector, next to its state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PrivateData {
    /// The connector's `version` when it was read last. A PUT carries it, so
    /// that an edit between plan and apply is noticed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// When our own last write was done, by Webex's clock, in milliseconds
    /// since 1970. None after an import, and none after a write of which it is
    /// not known whether it was carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub written: Option<i64>,
    /// When we created the connector, in milliseconds since 1970, until a response shows it: by
    /// Webex's clock, or by that of this machine if no response had the time. Webex may show it
    /// late, so one that is not found until then is not gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<i64>,
    /// When somebody else saved the connector after that: a credential may
    /// have changed. It stays until the credentials are sent again.
    #[serde(rename = "touched", skip_serializing_if = "Option::is_none")]
    pub external_change: Option<i64>,
    /// The credentials that our last write carried, by the names of their
    /// stateful arguments. Names only; nothing after an import.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sent: Vec<String>,
    /// Whether Webex may hold other credentials than `sent` says, or none,
    /// because a write of ours did not complete. It stays until the credentials
    /// are sent again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub uncertain: bool,
    /// Whether a write of ours has deactivated the connector, or may have, and has not activated
    /// it again. The next apply does, also when `ignore_changes` hides the difference.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deactivated: bool,
    /// The credentials that the configuration of a plan gives, by the names of
    /// their stateful arguments. None outside of a plan. Terraform takes
    /// arguments in `ignore_changes` out of the configuration that it plans with,
    /// and applies with the whole one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned: Option<Vec<String>>,
    /// The values that Webex stored for our last write. State keeps what was sent as long as Webex
    /// has this.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub returned: Returned,
}

impl PrivateData {
    /// Decodes private state.
    #[must_use]
    pub fn decode(private: &PrivateState) -> Self {
        private.decode()
    }

    /// Decodes private state to plan with: an earlier plan does not count.
    #[must_use]
    pub fn before_plan(private: &PrivateState) -> Self {
        Self { planned: None, ..Self::decode(private) }
    }

    /// Records our own write, which carried these credentials.
    #[must_use]
    pub fn of_write(connector: &Connector, sent: &[&str]) -> Self {
        Self {
            version: connector.version.clone(),
            written: connector.last_updated_time,
            created: None,
            external_change: None,
            sent: sent.iter().map(|&credential| credential.to_owned()).collect(),
            uncertain: false,
            deactivated: false,
            planned: None,
            returned: Returned::new(),
        }
    }

    /// Records our own create, which carried these credentials.
    #[must_use]
    pub fn of_create(connector: &Connector, sent: &[&str]) -> Self {
        let created = connector.last_updated_time.or(connector.created_time).or_else(now);
        Self { created, ..Self::of_write(connector, sent) }
    }

    /// Records that the response to our own create was lost. Somebody else may have saved the connector
    /// before it was found.
    #[must_use]
    pub fn with_lost_response(self, connector: &Connector) -> Self {
        Self { written: connector.created_time.or(self.written), ..self }
    }

    /// Records that the activation or deactivation after our own write failed. If it may have been
    /// carried out, it has moved the time of the last change.
    #[must_use]
    pub fn with_failed_switch(self, error: Option<&Error>) -> Self {
        let written = self.written.filter(|_| !error.is_some_and(|error| error.outcome_unknown));
        Self { written, ..self }
    }

    /// Records what Webex made of the values of our own write.
    #[must_use]
    pub fn with_returned(self, returned: Returned) -> Self {
        Self { returned, ..self }
    }

    /// Records a create of which only the id came back.
    #[must_use]
    pub fn of_unread_write(sent: &[&str]) -> Self {
        let sent = sent.iter().map(|&credential| credential.to_owned()).collect();
        Self { sent, created: now(), ..Self::default() }
    }

    /// Records a write that failed, and the connector that was found after it, if
    /// any.
    ///
    /// A failed write may have moved the time of the last change all the same,
    /// by deactivating the connector and activating it again. That must not
    /// look like somebody else's edit later on. The time moves only with a write of
    /// ours that is confirmed: otherwise an edit by others would be forgotten.
    #[must_use]
    pub fn after_failure(self, last_writer: LastWriter, found: Option<&Connector>) -> Self {
        let version = found.map_or(self.version, |connector| connector.version.clone());
        let written = match (last_writer, found) {
            (LastWriter::Unknown, _) => None,
            (LastWriter::SomeoneElse | LastWriter::NotUs, _) | (LastWriter::Us, None) => {
                self.written
            }
            (LastWriter::Us, Some(connector)) => connector.last_updated_time,
        };
        let created = self.created.filter(|_| found.is_none());
        Self { version, written, created, planned: None, ..self }
    }

    /// Records whether a failed write has left it uncertain which credentials
    /// Webex has.
    #[must_use]
    pub fn with_uncertainty(self, is_uncertain: bool) -> Self {
        Self { uncertain: self.uncertain || is_uncertain, ..self }
    }

    /// Records whether a failed write has left the connector deactivated.
    #[must_use]
    pub fn with_deactivation(self, is_deactivated: bool) -> Self {
        Self { deactivated: self.deactivated || is_deactivated, ..self }
    }

    /// Returns what is known of our last write.
    #[must_use]
    pub fn last_write(&self) -> LastWrite {
        LastWrite { version: self.version.clone(), time: self.written, created: self.created }
    }

    /// Records a read.
    #[must_use]
    pub fn after_read(self, connector: &Connector) -> Self {
        let theirs = match (self.written, connector.last_updated_time) {
            (Some(written), Some(now)) if now > written => Some(now),
            _ => None,
        };
        let external_change = theirs.or(self.external_change);
        let deactivated = self.deactivated && connector.active != Some(true);
        let version = connector.version.clone();
        Self { version, created: None, external_change, deactivated, planned: None, ..self }
    }

    /// Forgets credentials that the configuration no longer gives, so that they
    /// are sent again if they are added again.
    #[must_use]
    pub fn without(mut self, unmanaged: &[&str]) -> Self {
        self.sent.retain(|sent| !unmanaged.contains(&sent.as_str()));
        self.planned = None;
        self
    }

    /// Records the credentials that the configuration of a plan gives.
    #[must_use]
    pub fn with_plan(self, credentials: impl Iterator<Item = &'static str>) -> Self {
        Self { planned: Some(credentials.map(str::to_owned).collect()), ..self }
    }

    /// Whether the plan knows nothing of a credential, although the configuration
    /// may give it.
    #[must_use]
    pub fn plan_ignores(&self, credential: &str) -> bool {
        self.planned.as_ref().is_some_and(|all| !all.iter().any(|name| name == credential))
    }

    /// Whether a credential was in our last write.
    #[must_use]
    pub fn has_sent(&self, credential: &str) -> bool {
        self.sent.iter().any(|sent| sent == credential)
    }

    /// Encodes it for Terraform.
    #[must_use]
    pub fn encode(&self) -> PrivateState {
        PrivateState::encode(self)
    }
}

/// Returns the time of this machine, in milliseconds since 1970.
fn now() -> Option<i64> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::{LastWriter, PrivateData};
    use crate::provider::custom_connector::model::tests::connector;
    use tf_provider::object::PrivateState;
    use webex_contact_center::{Connector, Error, ErrorDetails, ErrorKind, Operation, Version};

    #[test]
    fn private_data_round_trips() {
        let private = PrivateData {
            version: Some(3.into()),
            written: Some(1_774_641_703_000),
            created: Some(1_774_641_703_000),
            external_change: None,
            sent: vec!["password".to_owned()],
            uncertain: true,
            deactivated: true,
            planned: Some(vec!["password".to_owned()]),
            returned: [("token_url".to_owned(), "https://a.example/t/".to_owned())].into(),
        };
        assert_eq!(PrivateData::decode(&private.encode()), private);
    }

    #[test]
    fn unreadable_private_state_is_empty() {
        for bytes in [&b""[..], b"\xff", b"[]", b"{\"version\":[3]}"] {
            let private = PrivateState::from_bytes(bytes.to_vec());
            assert_eq!(PrivateData::decode(&private), PrivateData::default());
        }
    }

    /// The same connector after another save.
    fn saved_again(connector: &Connector) -> Connector {
        let mut saved = connector.clone();
        saved.last_updated_time = saved.last_updated_time.map(|time| time + 1);
        saved.version = Some(match saved.version {
            Some(Version::Number(number)) => (number + 1).into(),
            other => panic!("{other:?}"),
        });
        saved
    }

    #[test]
    fn external_change_is_kept_until_our_next_write() {
        let ours = PrivateData::of_write(&connector(), &["password"]);
        assert_eq!(ours.clone().after_read(&connector()).external_change, None);

        let theirs = saved_again(&connector());
        let after = ours.after_read(&theirs);
        assert_eq!(after.external_change, theirs.last_updated_time);
        assert_eq!(after.version, Some(8.into()));
        assert_eq!(after.clone().after_read(&theirs).external_change, theirs.last_updated_time);

        let again = PrivateData::of_write(&saved_again(&theirs), &["password"]);
        assert_eq!(again.after_read(&saved_again(&theirs)).external_change, None);
    }

    #[test]
    fn created_connector_counts_as_new_until_it_is_shown() {
        let ours = PrivateData::of_create(&connector(), &[]);
        assert_eq!(ours.created, connector().last_updated_time);
        assert_eq!(ours.clone().after_failure(LastWriter::NotUs, None).created, ours.created);
        let shown = ours.clone().after_failure(LastWriter::NotUs, Some(&connector()));
        assert_eq!(shown.created, None);
        assert_eq!(ours.after_read(&connector()).created, None);
        assert_eq!(PrivateData::of_write(&connector(), &[]).created, None);
        // No response had a time.
        let mut without = connector();
        (without.created_time, without.last_updated_time) = (None, None);
        assert!(PrivateData::of_create(&without, &[]).created.is_some());
        assert!(PrivateData::of_unread_write(&[]).created.is_some());
    }

    #[test]
    fn switch_that_may_have_been_carried_out_is_no_external_change() {
        let error = |outcome_unknown| {
            let details = ErrorDetails::new(Operation::DeactivateConnector, ErrorKind::ServerError);
            Error::from(ErrorDetails { outcome_unknown, ..details })
        };
        let switched = saved_again(&connector());
        for (outcome_unknown, change) in [(true, None), (false, switched.last_updated_time)] {
            let error = error(outcome_unknown);
            let ours = PrivateData::of_write(&connector(), &[]).with_failed_switch(Some(&error));
            assert_eq!(ours.after_read(&switched).external_change, change);
        }
    }

    #[test]
    fn edit_before_a_lost_create_is_found_is_an_external_change() {
        let mut found = saved_again(&connector());
        found.created_time = connector().last_updated_time;
        let lost = PrivateData::of_create(&found, &["password"]).with_lost_response(&found);
        assert_eq!(lost.after_read(&found).external_change, found.last_updated_time);
    }

    #[test]
    fn imported_connector_has_no_external_change() {
        assert_eq!(PrivateData::default().after_read(&connector()).external_change, None);
    }

    #[test]
    fn our_failed_write_is_no_external_change() {
        let ours = PrivateData::of_write(&connector(), &["password"]);
        // Deactivated, refused, and activated again.
        let undone = saved_again(&saved_again(&connector()));
        let private = ours.clone().after_failure(LastWriter::Us, Some(&undone));
        assert_eq!(private.after_read(&undone).external_change, None);
        // Carried out or not: nobody knows.
        let private = ours.clone().after_failure(LastWriter::Unknown, None);
        assert_eq!(private.after_read(&saved_again(&connector())).external_change, None);
        // Nothing was done.
        let private = ours.clone().after_failure(LastWriter::Us, None);
        assert_eq!(private, ours);
    }

    #[test]
    fn stale_write_reveals_an_external_change() {
        let ours = PrivateData::of_write(&connector(), &["password"]);
        let theirs = saved_again(&connector());
        let private = ours.after_failure(LastWriter::SomeoneElse, Some(&theirs));
        assert_eq!(private.version, theirs.version);
        assert_eq!(private.after_read(&theirs).external_change, theirs.last_updated_time);
    }

    #[test]
    fn failed_write_without_effect_hides_no_external_change() {
        let ours = PrivateData::of_write(&connector(), &["password"]);
        // Before somebody else's edit.
        let private = ours.clone().after_failure(LastWriter::NotUs, Some(&connector()));
        let theirs = saved_again(&connector());
        assert_eq!(private.after_read(&theirs).external_change, theirs.last_updated_time);
        // After it.
        let private = ours.after_failure(LastWriter::NotUs, Some(&theirs));
        assert_eq!(private.version, theirs.version);
        assert_eq!(private.after_read(&theirs).external_change, theirs.last_updated_time);
    }

    #[test]
    fn failed_delete_keeps_external_change_and_sent_names() {
        let theirs = saved_again(&connector());
        let private = PrivateData::of_write(&connector(), &["password"]).after_read(&theirs);
        let undone = saved_again(&theirs);
        let private = private.after_failure(LastWriter::Us, Some(&undone)).after_read(&undone);
        assert_eq!(private.external_change, theirs.last_updated_time);
        assert!(private.has_sent("password") && !private.has_sent("client_secret"));
    }

    #[test]
    fn uncertain_credentials_stay_uncertain_until_sent() {
        let doubtful = PrivateData::of_write(&connector(), &["password"]).with_uncertainty(true);
        let later = doubtful.after_read(&connector());
        let later = later.after_failure(LastWriter::Us, None).with_uncertainty(false);
        assert!(later.uncertain && later.has_sent("password"));
        assert!(PrivateData::decode(&later.encode()).uncertain);
        assert!(!PrivateData::of_write(&connector(), &["password"]).uncertain);
    }
}
