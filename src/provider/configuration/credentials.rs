//! Which of the three ways to get an access token a configuration describes.

use super::source::{Given, Origin, Source};
use safe_text::Secret;
use tf_provider::diagnostics::{Diagnostic, Diagnostics};
use tf_provider::object::Argument;
use webex_contact_center::Credentials;

/// What was found.
#[derive(Debug)]
pub(super) enum ListSink {
    /// A whole way.
    Complete(Credentials),
    /// Nothing at all, which is fine as long as no call is needed.
    Nothing,
    /// An argument whose value is known only after apply.
    Unknown(&'static str),
}

/// Why no way was found.
#[derive(Debug)]
pub(super) enum Problem {
    /// Two ways at once.
    Conflict(Diagnostic),
    /// Half of a way. The environment may hold the other half.
    Incomplete(Diagnostic),
}

impl From<Problem> for Diagnostics {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Conflict(message) | Problem::Incomplete(message) => message.into(),
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

/// Finds the way.
///
/// The argument that decides the way (`service_app_id`, `refresh_token`,
/// `access_token`) is looked for in the provider block first; what the
/// environment says about another way is then ignored, so that a variable of
/// the shell cannot change what a configuration says.
///
/// # Errors
///
/// When two ways are given at once, or half of one.
pub(super) fn find(source: &Source<'_>) -> Result<ListSink, Problem> {
    let mut parts = match collect(source) {
        Ok(parts) => parts,
        Err(unknown) => return Ok(ListSink::Unknown(unknown)),
    };
    parts.drop_ways_of_the_environment();
    parts.check_for_conflicts()?;
    let Parts { access_token, client_id, client_secret, refresh_token, service_app_id } = parts;
    match (service_app_id, refresh_token, access_token) {
        (Some(service_app), None, access_token) => {
            let way = "a Service App (service_app_id)";
            Ok(ListSink::Complete(Credentials::ServiceApp {
                client_id: needed(client_id, "client_id", way, service_app.origin)?,
                client_secret: needed(client_secret, "client_secret", way, service_app.origin)?,
                access_token: needed(access_token, "access_token", way, service_app.origin)?,
                application_id: service_app.value,
            }))
        }
        (_, Some(refresh_token), _) => {
            let way = "a refresh token (refresh_token)";
            Ok(ListSink::Complete(Credentials::RefreshToken {
                client_id: needed(client_id, "client_id", way, refresh_token.origin)?,
                client_secret: needed(client_secret, "client_secret", way, refresh_token.origin)?,
                refresh_token: refresh_token.value,
            }))
        }
        (None, None, Some(access_token)) => {
            let half = origin_of(&client_id).or_else(|| origin_of(&client_secret));
            match half {
                Some(origin) if origin.is_block() == access_token.origin.is_block() => {
                    Err(Problem::Incomplete(half_given(origin)))
                }
                _ => Ok(ListSink::Complete(Credentials::AccessToken(access_token.value))),
            }
        }
        (None, None, None) => match origin_of(&client_id).or_else(|| origin_of(&client_secret)) {
            Some(origin) => Err(Problem::Incomplete(half_given(origin))),
            None => Ok(ListSink::Nothing),
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
        client_id: known("client_id", source.text("client_id"))?,
        client_secret: known("client_secret", source.secret("client_secret"))?,
        refresh_token: known("refresh_token", source.secret("refresh_token"))?,
        service_app_id: known("service_app_id", source.text("service_app_id"))?,
    })
}

impl Parts {
    fn drop_ways_of_the_environment(&mut self) {
        let in_block = |origin: Option<Origin>| origin.is_some_and(Origin::is_block);
        let service_app = in_block(origin_of(&self.service_app_id));
        let refresh = in_block(origin_of(&self.refresh_token));
        let access = in_block(origin_of(&self.access_token));
        if refresh || (access && !service_app) {
            keep_block(&mut self.service_app_id);
        }
        if service_app || access {
            keep_block(&mut self.refresh_token);
        }
        if refresh {
            keep_block(&mut self.access_token);
        }
    }

    fn check_for_conflicts(&self) -> Result<(), Problem> {
        let rivals = [
            origin_of(&self.refresh_token),
            origin_of(&self.service_app_id),
            // A Service App uses an access token; only a refresh token excludes it.
            origin_of(&self.access_token).filter(|_| self.refresh_token.is_some()),
        ];
        let mut rivals = rivals.into_iter().flatten();
        match (rivals.next(), rivals.next()) {
            (Some(first), Some(second)) => Err(Problem::Conflict(second.error(
                &format!("and {} exclude each other", first.name()),
                "They are two ways to get an access token. Keep one of them.",
            ))),
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

fn needed<T>(
    given: Option<Given<T>>,
    argument: &'static str,
    way: &str,
    decided_by: Origin,
) -> Result<T, Problem> {
    given.map(|given| given.value).ok_or_else(|| {
        let variable = super::schema::variable(argument);
        Problem::Incomplete(decided_by.error(
            &format!("needs {argument}"),
            format!(
                "To get an access token by {way}, {argument} must be set too, in the provider \
                 block or as {variable}."
            ),
        ))
    })
}

fn half_given(origin: Origin) -> Diagnostic {
    origin.error(
        "is not enough to get an access token",
        format!(
            "{} goes with refresh_token (WEBEX_REFRESH_TOKEN), or with service_app_id \
             (WEBEX_SERVICE_APP_ID) and access_token. Add what is missing, or remove it and use \
             access_token alone.",
            origin.argument()
        ),
    )
}
