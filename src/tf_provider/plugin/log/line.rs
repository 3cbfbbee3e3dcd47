//! One line of the log.
//!
//! The output is always one line of valid JSON, under [`LINE_LIMIT`] bytes, with
//! the reserved fields as strings. Values are cut while they are formatted, so a
//! value that would take megabytes to print never does.

use std::fmt::{self, Display, Write};

use serde::{Serialize, Serializer};
use serde_json::Value as JsonValue;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tracing::Level;

/// The size of a line, including its end, that Terraform reads in one piece.
const LINE_LIMIT: usize = 64 << 10;

/// The limit of the message; the rest of the line is for the fields.
pub(super) const MESSAGE_LIMIT: usize = 16 << 10;

/// The limit of one field's name.
const NAME_LIMIT: usize = 256;

/// The limit of one field's value.
pub(super) const VALUE_LIMIT: usize = 8 << 10;

/// The mark at the end of a text that was cut.
const CUT: &str = "… (truncated)";

/// Kept free for the end of the line, and the number of dropped fields.
const RESERVE: usize = 64;

/// Exactly six fractional digits, or Terraform cannot read the time.
const TIMESTAMP: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

/// Builds a line.
pub(super) struct Line {
    /// The fields in the order in which they are written.
    fields: Vec<(String, JsonValue)>,
    /// An upper limit of the bytes that the fields take.
    size: usize,
    dropped: usize,
}

impl Line {
    /// Begins a line. `time` is in UTC.
    pub(super) fn new(
        level: Level,
        time: OffsetDateTime,
        module: &str,
        message: &dyn Display,
    ) -> Self {
        let mut line = Self { fields: Vec::with_capacity(8), size: 0, dropped: 0 };
        line.push("@level".to_owned(), level.as_str().to_ascii_lowercase().into());
        line.push("@message".to_owned(), bounded(MESSAGE_LIMIT, message).into());
        line.push("@module".to_owned(), bounded(NAME_LIMIT, module).into());
        // Only years beyond 9999 cannot be formatted.
        line.push("@timestamp".to_owned(), time.format(TIMESTAMP).unwrap_or_default().into());
        line
    }

    /// Adds a field, if it fits. Names that begin with `@` are reserved.
    pub(super) fn field(&mut self, name: &str, value: impl Into<JsonValue>) {
        let mut value = value.into();
        if let JsonValue::String(text) = &value {
            value = bounded(VALUE_LIMIT, text).into();
        }
        self.push(bounded(NAME_LIMIT, name.trim_start_matches('@')), value);
    }

    /// Ends the line, including the line break.
    pub(super) fn finish(mut self) -> String {
        if self.dropped > 0 {
            self.fields.push(("fields_truncated".to_owned(), self.dropped.into()));
        }
        // Strings, numbers and booleans always have a JSON form.
        let json = serde_json::to_string(&self).unwrap_or_default();
        let mut line = String::with_capacity(json.len() + 1);
        for character in json.chars() {
            if is_escaped(character) {
                // Writing into a string cannot fail.
                let _ = write!(line, "\\u{:04x}", u32::from(character));
            } else {
                line.push(character);
            }
        }
        line.push('\n');
        line
    }

    fn push(&mut self, name: String, value: JsonValue) {
        let value_size = match value.as_str() {
            Some(text) => encoded_size(text) + 2,
            None => value.to_string().len(),
        };
        // Quotes of the name, colon and comma.
        let size = self.size + encoded_size(&name) + 4 + value_size;
        if size + RESERVE > LINE_LIMIT {
            self.dropped += 1;
        } else {
            self.size = size;
            self.fields.push((name, value));
        }
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.fields.iter().map(|(name, value)| (name, value)))
    }
}

/// Shows a value in at most `limit` bytes of JSON, quotes included. A text that
/// is cut ends in a mark.
pub(super) fn bounded(limit: usize, value: impl Display) -> String {
    let mut bounded = Bounded { text: String::new(), left: limit - 2, is_cut: false };
    // It fails at the limit, or if the value refuses to be shown. Either way the
    // text ends here.
    let is_whole = write!(bounded, "{value}").is_ok() && !bounded.is_cut;
    let Bounded { mut text, mut left, .. } = bounded;
    if !is_whole {
        while left < CUT.len() {
            let Some(last) = text.pop() else { break };
            left += encoded_length(last);
        }
        text.push_str(CUT);
    }
    text
}

/// A text of limited length.
struct Bounded {
    text: String,
    left: usize,
    is_cut: bool,
}

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let left = self.left.checked_sub(encoded_length(character));
            let Some(left) = left.filter(|_| !self.is_cut) else {
                self.is_cut = true;
                return Err(fmt::Error);
            };
            self.left = left;
            self.text.push(character);
        }
        Ok(())
    }
}

/// Returns an upper limit of the bytes that a text takes inside a JSON string.
fn encoded_size(text: &str) -> usize {
    text.chars().map(encoded_length).sum()
}

fn encoded_length(character: char) -> usize {
    match character {
        '"' | '\\' => 2,
        escaped if is_escaped(escaped) => 6,
        plain => plain.len_utf8(),
    }
}

/// Whether a character is written as `\uXXXX`: the ones that JSON forbids, and
/// all others that some program reads as the end of a line.
fn is_escaped(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use std::fmt::{self, Display};

    use proptest::prelude::*;
    use serde_json::{Map, Value};
    use time::OffsetDateTime;
    use time::macros::datetime;
    use tracing::Level;

    use super::{CUT, LINE_LIMIT, Line};

    fn line(message: &dyn Display) -> Line {
        Line::new(Level::INFO, datetime!(2026-01-02 03:04:05.000006 UTC), "provider", message)
    }

    /// Returns the fields, after checking everything that Terraform relies on.
    fn read(line: &str) -> Map<String, Value> {
        assert!(line.len() < LINE_LIMIT, "{} bytes", line.len());
        let content = line.strip_suffix('\n').unwrap();
        let ends_a_line = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        assert!(!content.contains(ends_a_line), "{content:?}");
        let Value::Object(fields) = serde_json::from_str(content).unwrap() else {
            panic!("not an object: {content}")
        };
        for reserved in ["@level", "@message", "@module", "@timestamp"] {
            assert!(fields[reserved].is_string(), "{reserved}: {content}");
        }
        let fraction = fields["@timestamp"].as_str().unwrap().split_once('.').unwrap().1;
        assert_eq!(fraction.len(), "000000Z".len(), "{content}");
        fields
    }

    #[test]
    fn line_has_the_documented_form() {
        let mut line = line(&"Hello");
        line.field("tf_rpc", "ReadResource");
        line.field("answered", true);
        line.field("count", u64::MAX);
        line.field("offset", -1);
        assert_eq!(
            line.finish(),
            "{\"@level\":\"info\",\"@message\":\"Hello\",\"@module\":\"provider\",\
             \"@timestamp\":\"2026-01-02T03:04:05.000006Z\",\"tf_rpc\":\"ReadResource\",\
             \"answered\":true,\"count\":18446744073709551615,\"offset\":-1}\n"
        );
    }

    #[test]
    fn whole_second_has_six_fractional_digits() {
        let time = datetime!(2026-12-31 23:59:59 UTC);
        let line = Line::new(Level::WARN, time, "provider", &"").finish();
        assert_eq!(read(&line)["@timestamp"], "2026-12-31T23:59:59.000000Z");
    }

    #[test]
    fn reserved_field_names_lose_their_prefix() {
        let mut line = line(&"real");
        line.field("@message", 1);
        line.field("@@level", "fatal");
        let fields = read(&line.finish());
        assert_eq!(fields["@message"], "real");
        assert_eq!(fields["@level"], "info");
        assert_eq!((&fields["message"], &fields["level"]), (&1.into(), &"fatal".into()));
    }

    #[test]
    fn long_texts_are_cut_and_marked() {
        // Each character takes six bytes in the first, three in the second.
        for text in ["\u{1}".repeat(100_000), "€".repeat(100_000)] {
            let mut line = line(&text);
            line.field("field", text.as_str());
            let fields = read(&line.finish());
            for name in ["@message", "field"] {
                let kept = fields[name].as_str().unwrap();
                let kept = kept.strip_suffix(CUT).unwrap();
                assert!(kept.len() > 1000 && text.starts_with(kept), "{name}");
            }
        }
    }

    #[test]
    fn fields_that_do_not_fit_are_counted() {
        let mut line = line(&"m".repeat(100_000));
        for _ in 0..1000 {
            line.field("field", "x".repeat(1000));
        }
        let fields = read(&line.finish());
        assert!(fields["fields_truncated"].as_u64().unwrap() > 900, "{fields:?}");
    }

    #[test]
    fn endless_value_is_cut() {
        struct Endless;
        impl Display for Endless {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                loop {
                    formatter.write_str("for ever ")?;
                }
            }
        }
        read(&line(&Endless).finish());
    }

    proptest! {
        #[test]
        fn any_fields_make_one_valid_line(
            time in -62_000_000_000_000_000_000_i128..253_000_000_000_000_000_000_i128,
            module in any::<String>(),
            message in any::<String>(),
            texts in proptest::collection::vec((any::<String>(), any::<String>()), 0..20),
            number in any::<i64>(),
            repeated in 1_usize..10_000,
        ) {
            let time = OffsetDateTime::from_unix_timestamp_nanos(time).unwrap();
            let mut line = Line::new(Level::ERROR, time, &module, &message);
            line.field("number", number);
            for (name, value) in &texts {
                line.field(name, value.repeat(repeated));
            }
            let fields = read(&line.finish());
            prop_assert_eq!(&fields["@message"], &Value::from(message));
            if !texts.iter().any(|(name, _)| name.trim_start_matches('@') == "number") {
                prop_assert_eq!(&fields["number"], &Value::from(number));
            }
        }
    }
}
