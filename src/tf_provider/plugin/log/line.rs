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
