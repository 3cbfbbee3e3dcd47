//! The log level that the user asked for.

use tracing::Level;

/// Reads the level from the environment. `None` means that logging is off.
///
/// The most specific variable that is set decides: `TF_LOG_PROVIDER_<NAME>`,
/// then `TF_LOG_PROVIDER`, then `TF_LOG`. Terraform reads an unknown word (and
/// `JSON`, which selects the form of its own log) as `TRACE`. So does this, or
/// the user would miss lines that Terraform is ready to show.
pub(super) fn from_environment(
    provider: &str,
    look_up: impl Fn(&str) -> Option<String>,
) -> Option<Level> {
    let specific = format!("TF_LOG_PROVIDER_{}", provider.to_uppercase().replace('-', "_"));
    let value = [specific.as_str(), "TF_LOG_PROVIDER", "TF_LOG"]
        .into_iter()
        .find_map(|name| look_up(name).filter(|value| !value.is_empty()))?;
    match value.to_uppercase().as_str() {
        "OFF" => None,
        "ERROR" => Some(Level::ERROR),
        "WARN" => Some(Level::WARN),
        "INFO" => Some(Level::INFO),
        "DEBUG" => Some(Level::DEBUG),
        _ => Some(Level::TRACE),
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::from_environment;

    fn level(variables: &[(&str, &str)]) -> Option<Level> {
        from_environment("my-cloud", |name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn most_specific_variable_decides_the_level() {
        assert_eq!(level(&[]), None);
        assert_eq!(level(&[("TF_LOG", "")]), None);
        let general = ("TF_LOG", "info");
        let providers = ("TF_LOG_PROVIDER", "WARN");
        let own = ("TF_LOG_PROVIDER_MY_CLOUD", "debug");
        assert_eq!(level(&[general]), Some(Level::INFO));
        assert_eq!(level(&[general, providers]), Some(Level::WARN));
        assert_eq!(level(&[general, providers, own]), Some(Level::DEBUG));
        assert_eq!(level(&[general, ("TF_LOG_PROVIDER", "off")]), None);
        assert_eq!(level(&[general, ("TF_LOG_PROVIDER", "")]), Some(Level::INFO));
    }

    #[test]
    fn unknown_level_is_trace() {
        for word in ["TRACE", "json", "loud"] {
            assert_eq!(level(&[("TF_LOG", word)]), Some(Level::TRACE), "{word}");
        }
        assert_eq!(level(&[("TF_LOG", "Error")]), Some(Level::ERROR));
    }
}
