//! The API profile: given as an argument, named by the environment, or built in.

use std::path::Path;

use super::file;
use super::source::{Environment, Given, Source, convert};
use tf_provider::diagnostics::Diagnostic;
use tf_provider::object::{Argument, Configuration, Object};
use webex_contact_center::{Profile, ProfileProblem};

/// Reads the profile that the configuration gives.
///
/// # Errors
/// All problems of the profile, at once.
pub(super) fn read(source: &Source<'_>) -> Result<Argument<Given<Profile>>, Diagnostic> {
    let detail = "connector_path changes the built-in profile. Change the paths in api_profile \
                  instead, and remove connector_path.";
    let given = source.one_of("api_profile", "connector_path", detail)?;
    convert(given, |Given { value, origin }| {
        let profile = if origin.argument() == "connector_path" {
            Profile::built_in_at(&value).ok_or_else(|| {
                let path = "It must be a path of letters, digits, `-`, `_`, `.` and `~` between \
                            slashes.";
                origin.error("cannot be used", path)
            })
        } else if origin.is_block() {
            Profile::parse(&value)
                .map_err(|problems| origin.error("cannot be used", explained(&problems)))
        } else {
            open(&value).map_err(|problem| origin.error("cannot be used", problem))
        };
        Ok(Given { value: profile?, origin })
    })
}

/// Returns the profile in force in an environment, for people.
///
/// # Errors
/// The reason why there is none.
pub fn in_force(environment: Environment<'_>) -> Result<Profile, Diagnostic> {
    let nothing = Configuration::new(Object::default());
    let given = read(&Source::new(&nothing, environment))?;
    Ok(given.known().map_or_else(Profile::built_in, |given| given.value))
}

/// Reads the profile in a file.
fn open(path: &str) -> Result<Profile, String> {
    let bytes = file::read(Path::new(path))
        .map_err(|problem| format!("The file {path:?} cannot be read: {problem}."))?;
    let text = String::from_utf8_lossy(&bytes);
    Profile::parse(&text).map_err(|problems| {
        format!("The file {path:?} is not a valid API profile. {}", explained(&problems))
    })
}

/// Returns the problems of a profile, a line for each.
fn explained(problems: &[ProfileProblem]) -> String {
    let lines = problems.iter().map(|problem| format!("- {problem}")).collect::<Vec<_>>();
    format!(
        "It has these problems:\n{}\n\n`terraform-provider-webex profile --schema` prints the JSON \
         Schema of profiles.",
        lines.join("\n")
    )
}
