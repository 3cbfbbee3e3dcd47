//! One line of the log.
//!
//! Whatever goes in, what comes out is one line of valid JSON, under
//! [`LINE_LIMIT`] bytes, with the reserved fields as strings. The line is
//! written into a buffer of bounded size from the start, so a value that would
//! take megabytes to print never does.

use std::fmt::{self, Display, Write};

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tracing::Level;

/// The size of a line, its end included, that Terraform reads in one piece.
pub(super) const LINE_LIMIT: usize = 64 << 10;

/// The most that the message may take; the rest is for the fields.
const MESSAGE_LIMIT: usize = 16 << 10;

/// The most that the name of one field may take.
const NAME_LIMIT: usize = 256;

/// The most that the value of one field may take.
const VALUE_LIMIT: usize = 8 << 10;

/// What stands in place of the rest of a text that is too long.
const CUT: &str = "… (truncated)";

/// Kept free for the end of the line, and the note that fields are missing.
const RESERVE: usize = 64;

/// Exactly six fractional digits, or Terraform does not understand it.
const TIMESTAMP: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

/// A line in the making.
pub(super) struct Line {
    buffer: String,
    missing: usize,
}

impl Line {
    /// Begins a line; `time` is in UTC.
    pub(super) fn new(
        level: Level,
        time: OffsetDateTime,
        module: &str,
        message: &dyn Display,
    ) -> Self {
        let mut line = Self { buffer: String::with_capacity(256), missing: 0 };
        line.buffer.push_str("{\"@level\":\"");
        line.buffer.push_str(name_of(level));
        line.buffer.push_str("\",\"@message\":");
        push_text(&mut line.buffer, MESSAGE_LIMIT, message);
        line.buffer.push_str(",\"@module\":");
        push_text(&mut line.buffer, NAME_LIMIT, &module);
        line.buffer.push_str(",\"@timestamp\":\"");
        // Years beyond 9999 cannot be written, and do not come.
        line.buffer.push_str(&time.format(TIMESTAMP).unwrap_or_default());
        line.buffer.push('"');
        line
    }

    /// Adds a field with text.
    pub(super) fn text(&mut self, name: &str, value: &dyn Display) {
        self.field(name, |buffer| push_text(buffer, VALUE_LIMIT, value));
    }

    /// Adds a field that is a number or a truth value in both Rust and JSON.
    pub(super) fn literal(&mut self, name: &str, value: Literal) {
        self.field(name, |buffer| {
            // Writing into a string cannot fail.
            let _ = write!(buffer, "{value}");
        });
    }

    /// Ends the line, line break included.
    pub(super) fn finish(mut self) -> String {
        if self.missing > 0 {
            let _ = write!(self.buffer, ",\"fields_truncated\":{}", self.missing);
        }
        self.buffer.push_str("}\n");
        self.buffer
    }

    fn field(&mut self, name: &str, push_value: impl FnOnce(&mut String)) {
        let before = self.buffer.len();
        self.buffer.push(',');
        // Names that begin with @ belong to the log itself.
        push_text(&mut self.buffer, NAME_LIMIT, &name.trim_start_matches('@'));
        self.buffer.push(':');
        push_value(&mut self.buffer);
        if self.buffer.len() + RESERVE > LINE_LIMIT {
            self.buffer.truncate(before);
            self.missing += 1;
        }
    }
}

/// A value that looks the same in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Literal {
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
}

impl Display for Literal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(formatter),
            Self::Signed(value) => value.fmt(formatter),
            Self::Unsigned(value) => value.fmt(formatter),
        }
    }
}

fn name_of(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// Appends text as a JSON string of at most `limit` bytes, quotes included.
fn push_text(buffer: &mut String, limit: usize, text: &dyn Display) {
    buffer.push('"');
    let end = buffer.len() + limit - 2 - CUT.len();
    let mut escaped = Escaped { buffer, end, cut: false };
    // It fails when the limit is reached, or when the value refuses to be
    // shown; either way there is no more of it.
    let whole = write!(escaped, "{text}").is_ok();
    if !whole || escaped.cut {
        buffer.push_str(CUT);
    }
    buffer.push('"');
}

/// Writes text in the form that it has inside of a JSON string.
struct Escaped<'a> {
    buffer: &'a mut String,
    /// The length that the buffer must not exceed.
    end: usize,
    cut: bool,
}

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|character| self.write_char(character))
    }

    fn write_char(&mut self, character: char) -> fmt::Result {
        let before = self.buffer.len();
        match character {
            '"' | '\\' => {
                self.buffer.push('\\');
                self.buffer.push(character);
            }
            '\n' => self.buffer.push_str("\\n"),
            // Besides what JSON forbids, everything that some program takes
            // for the end of a line.
            control if control.is_control() || matches!(control, '\u{2028}' | '\u{2029}') => {
                write!(self.buffer, "\\u{:04x}", u32::from(control))?;
            }
            plain => self.buffer.push(plain),
        }
        if self.buffer.len() > self.end {
            self.buffer.truncate(before);
            self.cut = true;
            return Err(fmt::Error);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::{self, Display};

    use proptest::prelude::*;
    use serde_json::{Map, Value};
    use time::OffsetDateTime;
    use time::macros::datetime;
    use tracing::Level;

    use super::{CUT, LINE_LIMIT, Line, Literal};

    fn line(message: &dyn Display) -> Line {
        Line::new(Level::INFO, datetime!(2026-01-02 03:04:05.000006 UTC), "provider", message)
    }

    /// What Terraform reads, after checking everything it relies on.
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
    fn a_line_reads_as_documented() {
        let mut line = line(&"Hello");
        line.text("tf_rpc", &"ReadResource");
        line.literal("answered", Literal::Bool(true));
        line.literal("count", Literal::Unsigned(u64::MAX));
        line.literal("offset", Literal::Signed(-1));
        assert_eq!(
            line.finish(),
            "{\"@level\":\"info\",\"@message\":\"Hello\",\"@module\":\"provider\",\
             \"@timestamp\":\"2026-01-02T03:04:05.000006Z\",\"tf_rpc\":\"ReadResource\",\
             \"answered\":true,\"count\":18446744073709551615,\"offset\":-1}\n"
        );
    }

    #[test]
    fn a_round_second_has_six_digits_too() {
        let time = datetime!(2026-12-31 23:59:59 UTC);
        let line = Line::new(Level::WARN, time, "provider", &"").finish();
        assert_eq!(read(&line)["@timestamp"], "2026-12-31T23:59:59.000000Z");
    }

    #[test]
    fn reserved_names_cannot_be_taken() {
        let mut line = line(&"real");
        line.literal("@message", Literal::Signed(1));
        line.text("@@level", &"fatal");
        let fields = read(&line.finish());
        assert_eq!(fields["@message"], "real");
        assert_eq!(fields["@level"], "info");
        assert_eq!((&fields["message"], &fields["level"]), (&1.into(), &"fatal".into()));
    }

    #[test]
    fn long_texts_end_in_a_mark() {
        // Every character of the one takes six bytes, of the other three.
        for text in ["\u{1}".repeat(100_000), "€".repeat(100_000)] {
            let mut line = line(&text);
            line.text("field", &text);
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
            line.text("field", &"x".repeat(1000));
        }
        let fields = read(&line.finish());
        assert!(fields["fields_truncated"].as_u64().unwrap() > 900, "{fields:?}");
    }

    #[test]
    fn an_endless_value_is_given_up() {
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
        fn whatever_goes_in_one_valid_line_comes_out(
            time in -62_000_000_000_000_000_000_i128..253_000_000_000_000_000_000_i128,
            module in any::<String>(),
            message in any::<String>(),
            texts in proptest::collection::vec((any::<String>(), any::<String>()), 0..20),
            number in any::<i64>(),
            repeated in 1_usize..10_000,
        ) {
            let time = OffsetDateTime::from_unix_timestamp_nanos(time).unwrap();
            let mut line = Line::new(Level::ERROR, time, &module, &message);
            line.literal("number", Literal::Signed(number));
            for (name, value) in &texts {
                line.text(name, &value.repeat(repeated));
            }
            let fields = read(&line.finish());
            prop_assert_eq!(&fields["@message"], &Value::from(message));
            if !texts.iter().any(|(name, _)| name.trim_start_matches('@') == "number") {
                prop_assert_eq!(&fields["number"], &Value::from(number));
            }
        }
    }
}
