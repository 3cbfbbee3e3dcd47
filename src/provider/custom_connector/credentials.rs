//! The credentials of a custom connector: the arguments that give them, and
//! what an update has to do about them.

use safe_text::Secret;
use tf_provider::object::{Configuration, Object, Plan};
use tf_provider::schema::Attribute;
use tf_provider::value::{Type, Value};
use webex_contact_center::{Client, Credential, Secrets};

use super::private_data::PrivateData;

/// The three arguments of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialArguments {
    /// The credential.
    pub credential: Credential,
    /// The argument whose value is stored in state. It names the credential in
    /// messages and in private state.
    pub stateful: &'static str,
    /// The write-only argument.
    pub write_only: &'static str,
    /// The argument whose change sends the write-only one again.
    pub version: &'static str,
    descriptions: [&'static str; 3],
}

macro_rules! arguments {
    ($credential:ident, $name:literal, $description:literal) => {
        CredentialArguments {
            credential: Credential::$credential,
            stateful: $name,
            write_only: concat!($name, "_wo"),
            version: concat!($name, "_wo_version"),
            descriptions: [
                concat!($description, ". It is stored in state; prefer `", $name, "_wo`."),
                concat!(
                    $description,
                    ", kept out of plan and state. Needs Terraform 1.11 or later."
                ),
                concat!("Any number. Change it to send `", $name, "_wo` to Webex again."),
            ],
        }
    };
}

/// The table.
pub const CREDENTIALS: [CredentialArguments; 3] = [
    arguments!(ClientSecret, "client_secret", "The OAuth 2.0 client secret"),
    arguments!(PrivateKey, "private_key", "The unencrypted private key (PEM) of `certificate`"),
    arguments!(Password, "password", "The password of `username`"),
];

impl CredentialArguments {
    /// Returns the row of a credential.
    #[must_use]
    pub fn of(credential: Credential) -> &'static Self {
        let [client_secret, private_key, password] = const { &CREDENTIALS };
        match credential {
            Credential::ClientSecret => client_secret,
            Credential::PrivateKey => private_key,
            Credential::Password => password,
        }
    }

    /// Returns the arguments for a schema.
    #[must_use]
    pub fn attributes(&self) -> [Attribute; 3] {
        let [stateful, write_only, version] = self.descriptions;
        [
            Attribute::secret(self.stateful, stateful),
            Attribute::write_only_secret(self.write_only, write_only)
                .stored_alternative(self.stateful),
            Attribute::optional(self.version, Type::Number, version),
        ]
    }

    /// Returns the names of the arguments.
    #[must_use]
    pub fn names(&self) -> [&'static str; 3] {
        [self.stateful, self.write_only, self.version]
    }

    /// Whether a configuration has the write-only argument, known yet or not.
    #[must_use]
    pub fn is_write_only(&self, configuration: &Configuration) -> bool {
        !configuration.object().get(self.write_only).is_null()
    }

    /// Whether a configuration gives the credential in either form, known yet or
    /// not.
    #[must_use]
    pub fn is_configured(&self, configuration: &Configuration) -> bool {
        !configuration.object().get(self.stateful).is_null() || self.is_write_only(configuration)
    }

    /// Returns the argument that gives the credential: the write-only one, if
    /// the configuration has it.
    #[must_use]
    pub fn argument(&self, configuration: &Configuration) -> &'static str {
        if self.is_write_only(configuration) { self.write_only } else { self.stateful }
    }

    /// Returns the value to send. The stateful form has it in the plan, which may
    /// differ from the configuration: `ignore_changes` keeps what is in state.
    fn value(&self, plan: &Plan, configuration: &Configuration) -> Option<Secret> {
        let planned = configuration.planned_secret(plan, self.stateful).known();
        planned.or_else(|| configuration.secret(self.write_only).known()).cloned()
    }
}

/// Returns the credentials that a request carries: those that its plan knows.
#[must_use]
pub fn planned_secrets(
    plan: &Plan,
    configuration: &Configuration,
    private: &PrivateData,
) -> Secrets {
    let known = CREDENTIALS.iter().filter(|row| !private.plan_ignores(row.stateful));
    known.filter_map(|row| Some((row.credential, row.value(plan, configuration)?))).collect()
}

/// Makes a client watch for the credentials of an object: no text from Webex may
/// show them, although the request at hand does not carry them.
pub fn watch(client: &Client, object: &Object) {
    for name in CREDENTIALS.iter().flat_map(|row| [row.stateful, row.write_only]) {
        if let Value::Secret(secret) = object.get(name) {
            secret.redact_with(|secret| client.watch(secret));
        }
    }
}

/// Returns the names of the credentials that a request carries.
#[must_use]
pub fn names(secrets: &Secrets) -> Vec<&'static str> {
    let is_sent = |row: &&CredentialArguments| secrets.get(row.credential).is_some();
    CREDENTIALS.iter().filter(is_sent).map(|row| row.stateful).collect()
}

/// How a configuration treats the credentials of an existing connector.
#[derive(Debug)]
pub struct CredentialsPlan {
    /// Given in either form, known yet or not.
    pub configured: Vec<CredentialArguments>,
    /// Given in neither form. Webex keeps what it has as long as nothing is
    /// sent, so that they were given before is a difference to state only.
    pub unmanaged: Vec<CredentialArguments>,
    /// Given in the write-only form and never sent. A write-only value is in no
    /// state, so adding one to a connector that was imported, or created without
    /// it, is no difference that Terraform could see.
    pub never_sent: Vec<CredentialArguments>,
    /// To be sent although nothing that Terraform can compare differs: those
    /// that were never sent, or all while it is uncertain what Webex has.
    pub to_send: Vec<CredentialArguments>,
}

impl CredentialsPlan {
    /// Compares a configuration with what was sent before. A credential that the
    /// plan ignores counts as not given.
    #[must_use]
    pub fn new(configuration: &Configuration, private: &PrivateData) -> Self {
        let (configured, unmanaged) = CREDENTIALS.into_iter().partition::<Vec<_>, _>(|row| {
            row.is_configured(configuration) && !private.plan_ignores(row.stateful)
        });
        let is_new = |row: &&CredentialArguments| {
            row.is_write_only(configuration) && !private.has_sent(row.stateful)
        };
        let never_sent = configured.iter().filter(is_new).copied().collect::<Vec<_>>();
        let to_send = if private.uncertain { &configured } else { &never_sent }.clone();
        Self { configured, unmanaged, never_sent, to_send }
    }

    /// Returns the names of all arguments of the unmanaged credentials.
    pub fn unmanaged_arguments(&self) -> impl Iterator<Item = &'static str> {
        self.unmanaged.iter().flat_map(CredentialArguments::names)
    }
}

#[cfg(test)]
mod tests {
    use tf_provider::object::Object;
    use tf_provider::value::Value;

    use super::super::model::tests::connector;
    use super::super::schema::block;
    use super::*;

    fn with(argument: &str, value: Value) -> Configuration {
        Configuration::new(Object::null(block()).with(argument, value))
    }

    fn plan(configuration: &Configuration) -> CredentialsPlan {
        CredentialsPlan::new(configuration, &PrivateData::default())
    }

    fn stateful(rows: &[CredentialArguments]) -> Vec<&'static str> {
        rows.iter().map(|row| row.stateful).collect()
    }

    #[test]
    fn an_empty_credential_is_configured_and_not_sent() {
        let configuration = with("password_wo", Value::from(Secret::from("")));
        let nothing = Plan::default();
        let secrets = planned_secrets(&nothing, &configuration, &PrivateData::default());
        assert_eq!(names(&secrets), [""; 0]);
        assert_eq!(stateful(&plan(&configuration).configured), ["password"]);
    }

    #[test]
    fn a_credential_in_neither_form_is_unmanaged() {
        let unmanaged = |argument: &str, value: Value| {
            plan(&with(argument, value)).unmanaged_arguments().collect::<Vec<_>>()
        };
        assert_eq!(unmanaged("name", Value::from("x")).len(), 9);
        let others = [
            "client_secret",
            "client_secret_wo",
            "client_secret_wo_version",
            "private_key",
            "private_key_wo",
            "private_key_wo_version",
        ];
        // An unknown value may be a credential.
        for value in [Value::from(Secret::from("hunter2")), Value::Unknown] {
            assert_eq!(unmanaged("password", value.clone()), others);
            assert_eq!(unmanaged("password_wo", value), others);
        }
    }

    #[test]
    fn a_write_only_credential_is_to_be_sent_until_a_write_carried_it() {
        let private = PrivateData::of_write(&connector(), &["password"]);
        for value in [Value::from(Secret::from("hunter2")), Value::Unknown] {
            let configuration = with("password_wo", value);
            assert_eq!(stateful(&plan(&configuration).never_sent), ["password"]);
            let later = CredentialsPlan::new(&configuration, &private);
            assert_eq!(stateful(&later.never_sent), [""; 0]);
        }
        // Terraform itself sees the difference of the stateful form.
        let configuration = with("password", Value::from(Secret::from("hunter2")));
        assert_eq!(stateful(&plan(&configuration).never_sent), [""; 0]);
    }
}
