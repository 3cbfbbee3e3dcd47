//! The credentials of a configuration: an access token, a refresh token, or a
//! Service App.

use super::schema::variable;
use super::source::{Given, Origin, Source};
use safe_text::Secret;
use tf_provider::diagnostics::Diagnostic;
use tf_provider::object::Argument;
use webex_contact_center::Credentials;

/// The credentials as far as they are given.
#[derive(Debug)]
pub(super) enum GivenCredentials {
    /// All that is needed to get an access token, and where each credential comes from.
    Complete(Credentials, Vec<Origin>),
    /// None, which is fine as long as no call is needed.
    Absent,
    /// An argument whose value is known only after apply.
    Unknown(&'static str),
}

/// Why credentials cannot be used.
#[derive(Debug)]
pub(super) enum CredentialsProblem {
    /// Two kinds are given at once.
    Conflict(Diagnostic),
    /// A part is missing. The environment may hold it.
    Incomplete(Diagnostic),
}

impl From<CredentialsProblem> for Diagnostic {
    fn from(problem: CredentialsProblem) -> Self {
        match problem {
            CredentialsProblem::Conflict(message) | CredentialsProblem::Incomplete(message) => {
                message
            }
        }
    }
}

/// The arguments, as far as they are given.
struct Parts {
    access_token: Option<Given<Secret>>,
    client_id: Option<Given<String>>,
    client_secret: Option<Given<Secret>>,
    refresh_token: Option<Given<Secret>>,
    service_app_id: Option<Given<String>>,
}

/// Reads the credentials.
///
/// The argument that decides their kind (`service_app_id`, `refresh_token`,
/// `access_token`) is looked for in the provider block first. Variables of
/// another kind are then ignored, so that the shell cannot change the
/// meaning of a configuration.
///
/// # Errors
///
/// When two kinds are given at once, or a part is missing.
pub(super) fn find(source: &Source<'_>) -> Result<GivenCredentials, CredentialsProblem> {
    let mut parts = match collect(source) {
        Ok(parts) => parts,
        Err(unknown) => return Ok(GivenCredentials::Unknown(unknown)),
    };
    parts.drop_other_kinds_of_the_environment();
    parts.check_for_conflicts()?;
    let Parts { access_token, client_id, client_secret, refresh_token, service_app_id } = parts;
    // A client id or a client secret next to an access token is a mistake only in
    // the same place: variables may be there for other programs.
    let app = origin_of(&client_id).or_else(|| origin_of(&client_secret));
    let is_given_with = |token: Origin| app.is_some_and(|app| app.is_block() == token.is_block());
    match (service_app_id, refresh_token, access_token) {
        (Some(service_app), None, access_token) => {
            let (Some(client_id), Some(client_secret), Some(access_token)) =
                (&client_id, &client_secret, &access_token)
            else {
                let lacks = [
                    (client_id.is_none(), "client_id"),
                    (client_secret.is_none(), "client_secret"),
                    (access_token.is_none(), "access_token"),
                ];
                let way = "A Service App (service_app_id)";
                return Err(lacking(service_app.origin, way, &lacks));
            };
            let origins = vec![client_secret.origin, access_token.origin];
            let credentials = Credentials::ServiceApp {
                client_id: client_id.value.clone(),
                client_secret: client_secret.value.clone(),
                access_token: access_token.value.clone(),
                application_id: service_app.value,
            };
            Ok(GivenCredentials::Complete(credentials, origins))
        }
        (_, Some(refresh_token), _) => {
            let (Some(client_id), Some(client_secret)) = (&client_id, &client_secret) else {
                let lacks = [
                    (client_id.is_none(), "client_id"),
                    (client_secret.is_none(), "client_secret"),
                ];
                let way = "A refresh token (refresh_token)";
                return Err(lacking(refresh_token.origin, way, &lacks));
            };
            let origins = vec![client_secret.origin, refresh_token.origin];
            let credentials = Credentials::RefreshToken {
                client_id: client_id.value.clone(),
                client_secret: client_secret.value.clone(),
                refresh_token: refresh_token.value,
            };
            Ok(GivenCredentials::Complete(credentials, origins))
        }
        (None, None, Some(access_token)) if !is_given_with(access_token.origin) => {
            let origins = vec![access_token.origin];
            let credentials = Credentials::AccessToken(access_token.value);
            Ok(GivenCredentials::Complete(credentials, origins))
        }
        (None, None, _) => match app {
            Some(origin) => Err(incomplete(origin)),
            None => Ok(GivenCredentials::Absent),
        },
    }
}

fn collect(source: &Source<'_>) -> Result<Parts, &'static str> {
    fn known<T>(
        argument: &'static str,
        given: Argument<Given<T>>,
    ) -> Result<Option<Given<T>>, &'static str> {
        match given {
            Argument::Unknown => Err(argument),
            Argument::Absent => Ok(None),
            Argument::Known(given) => Ok(Some(given)),
        }
    }
    Ok(Parts {
        access_token: known("access_token", source.secret("access_token"))?,
        client_id: known("client_id", source.string("client_id"))?,
        client_secret: known("client_secret", source.secret("client_secret"))?,
        refresh_token: known("refresh_token", source.secret("refresh_token"))?,
        service_app_id: known("service_app_id", source.string("service_app_id"))?,
    })
}

impl Parts {
    fn drop_other_kinds_of_the_environment(&mut self) {
        let in_block = |origin: Option<Origin>| origin.is_some_and(Origin::is_block);
        let service_app = in_block(origin_of(&self.service_app_id));
        let refresh = in_block(origin_of(&self.refresh_token));
        let access = in_block(origin_of(&self.access_token));
        let before = self.ways_of_the_environment();
        if refresh || (access && !service_app) {
            keep_block(&mut self.service_app_id);
        }
        if service_app || access {
            keep_block(&mut self.refresh_token);
        }
        if refresh {
            keep_block(&mut self.access_token);
        }
        let after = self.ways_of_the_environment();
        for ignored in before.iter().filter(|way| !after.contains(way)) {
            tracing::warn!(
                "The environment variable {ignored} is not used, because the provider block sets \
                 another way to get an access token"
            );
        }
    }

    /// Returns the variables that decide how an access token is got.
    fn ways_of_the_environment(&self) -> Vec<&'static str> {
        let deciding = [
            origin_of(&self.service_app_id),
            origin_of(&self.refresh_token),
            origin_of(&self.access_token),
        ];
        let given = deciding.into_iter().flatten().filter(|origin| !origin.is_block());
        given.map(Origin::name).collect()
    }

    fn check_for_conflicts(&self) -> Result<(), CredentialsProblem> {
        let rivals = [
            origin_of(&self.refresh_token),
            origin_of(&self.service_app_id),
            // A Service App uses an access token; only a refresh token excludes it.
            origin_of(&self.access_token).filter(|_| self.refresh_token.is_some()),
        ];
        let mut rivals = rivals.into_iter().flatten();
        match (rivals.next(), rivals.next()) {
            (Some(first), Some(second)) => {
                let detail = "Keep one of them. They are two ways to get an access token.";
                Err(CredentialsProblem::Conflict(second.excluded_by(first, detail)))
            }
            _ => Ok(()),
        }
    }
}

fn keep_block<T>(given: &mut Option<Given<T>>) {
    if given.as_ref().is_some_and(|given| !given.origin.is_block()) {
        *given = None;
    }
}

fn origin_of<T>(given: &Option<Given<T>>) -> Option<Origin> {
    given.as_ref().map(|given| given.origin)
}

/// Returns the error that an argument needs others, all of them at once.
fn lacking(origin: Origin, way: &str, lacks: &[(bool, &'static str)]) -> CredentialsProblem {
    let names = lacks.iter().filter(|(lacks, _)| *lacks).map(|(_, name)| *name);
    let names = names.collect::<Vec<_>>();
    let variables = names.iter().map(|name| variable(name)).collect::<Vec<_>>().join(" and ");
    CredentialsProblem::Incomplete(origin.error(
        &format!("needs {}", names.join(" and ")),
        format!(
            "Set {} in the provider block, or {variables}. {way} alone cannot get an access token.",
            names.join(" and ")
        ),
    ))
}

fn incomplete(origin: Origin) -> CredentialsProblem {
    CredentialsProblem::Incomplete(origin.error(
        "is not enough to get an access token",
        format!(
            "Set refresh_token (WEBEX_REFRESH_TOKEN), or service_app_id (WEBEX_SERVICE_APP_ID) and \
             access_token, with {0}. Or remove {0}, and use access_token alone.",
            origin.argument()
        ),
    ))
}
