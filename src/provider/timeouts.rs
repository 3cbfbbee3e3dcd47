//! The `timeouts` block, which limits the time of an operation with its retries.

use std::time::Duration;

use tf_provider::diagnostics::{Diagnostic, Diagnostics};
use tf_provider::object::{Argument, Object};
use tf_provider::schema::{Attribute, Block, NestedBlock};
use tf_provider::value::{Path, Step, Type};

/// The block's name.
const BLOCK: &str = "timeouts";

/// The operations that can be limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeout {
    /// Creating, with all retries and the check after a lost response.
    Create,
    /// Reading.
    Read,
    /// Changing, with deactivation and reactivation where needed.
    Update,
    /// Deleting, with deactivation where needed.
    Delete,
}

impl Timeout {
    const ALL: [Self; 4] = [Self::Create, Self::Read, Self::Update, Self::Delete];

    fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// Returns the limit when none is configured. Saving can be slow, because
    /// Webex first checks the credentials with the third party.
    #[must_use]
    pub fn by_default(self) -> Duration {
        match self {
            Self::Create | Self::Update => Duration::from_secs(10 * 60),
            Self::Read | Self::Delete => Duration::from_secs(5 * 60),
        }
    }

    /// Returns the limit that a configuration, plan or state holds.
    #[must_use]
    pub fn of(self, object: &Object) -> Duration {
        let configured = object.block(BLOCK).known().and_then(|block| {
            let text = block.string(self.name()).known()?.to_owned();
            parse(&text)
        });
        configured.unwrap_or_else(|| self.by_default())
    }
}

/// Returns the schema of the block.
#[must_use]
pub fn block() -> NestedBlock {
    let attributes = vec![
        Attribute::optional(
            "create",
            Type::String,
            "The limit for creating, such as `90s`, `5m` or `1h30m`. Default `10m`.",
        ),
        Attribute::optional("read", Type::String, "The limit for reading. Default `5m`."),
        Attribute::optional("update", Type::String, "The limit for updating. Default `10m`."),
        Attribute::optional("delete", Type::String, "The limit for deleting. Default `5m`."),
    ];
    let description = "How long an operation can take, including waits and retries.".into();
    NestedBlock::single(BLOCK, Block { description, attributes, blocks: Vec::new() }).local()
}

/// Checks the block of a configuration.
#[must_use]
pub fn validate(configuration: &Object) -> Diagnostics {
    let Argument::Known(block) = configuration.block(BLOCK) else { return Diagnostics::new() };
    let wrong = Timeout::ALL.iter().filter_map(|timeout| {
        let text = block.string(timeout.name()).known()?;
        parse(text).is_none().then(|| {
            Diagnostic::error(
                format!("{BLOCK}.{} is not a duration", timeout.name()),
                format!(
                    "{text:?} cannot be read. Write numbers with units, such as \"90s\", \"5m\" or \
                     \"1h30m\", in all more than zero and at most 24 hours."
                ),
            )
            .at(Path::attribute(BLOCK).then(Step::Attribute(timeout.name().to_owned())))
        })
    });
    wrong.collect()
}

/// Parses a duration in the form of Go, which users of Terraform know: decimal
/// numbers, each with a unit of `h`, `m`, `s` or `ms`.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits =
            rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let (number, after) = rest.split_at(digits);
        let length = after.find(|character: char| !character.is_ascii_alphabetic());
        let (unit, after) = after.split_at(length.unwrap_or(after.len()));
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            _ => return None,
        };
        let part = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?;
        total = total.checked_add(part)?;
        rest = after;
    }
    (total > Duration::ZERO && total <= Duration::from_secs(24 * 3600)).then_some(total)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::parse;

    #[test]
    fn durations_are_read_in_the_form_of_go() {
        assert_eq!(parse("90s"), Some(Duration::from_secs(90)));
        assert_eq!(parse("1h30m"), Some(Duration::from_secs(5400)));
        assert_eq!(parse("1.5m"), Some(Duration::from_secs(90)));
        assert_eq!(parse("250ms"), Some(Duration::from_millis(250)));
        for wrong in ["", "10", "m", "5 m", "-5m", "0s", "25h", "1e9s", "1.2.3s", "5µs", "∞"] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }
}
