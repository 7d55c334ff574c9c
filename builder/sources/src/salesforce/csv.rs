//! Records of a CSV, with their bytes as received.
//!
//! The `csv` crate is the test's oracle and not used here, for two reasons: it never refuses a stray quote, so one
//! of them silently swallows the rows up to the next, and it does not give a record's own bytes for the dead-letter
//! table. Here a record whose quotes do not fit is rejected alone: reading goes on at the next line of the file.

use std::io::{self, BufRead};

use crate::limits::ROW_BYTES_MAX;

/// One record. Fields are unquoted; quotes within them are single again.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// Physical line of its first byte, from 1.
    pub(super) line: u64,
    /// As received, without the line's end.
    pub(super) raw: Vec<u8>,
    text: String,
    ends: Vec<usize>,
    /// Why it is no record.
    pub(super) malformed: Option<&'static str>,
}

impl Record {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The field at a position, as written.
    pub(super) fn field(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)?;
        let start = if at == 0 { 0 } else { *self.ends.get(at - 1)? };
        self.text.get(start..end)
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|at| self.field(at))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Unquoted,
    Quoted,
    /// After a quote within a quoted field: doubled, or the field's end.
    QuoteSeen,
}

enum Step {
    /// The record is complete; so many bytes of the line's end follow it.
    Complete(usize),
    /// It goes on in the next line.
    Open,
    Malformed(&'static str),
}

/// Reads records ended by LF or CRLF, outside quotes.
pub(super) struct Records<R> {
    pub(super) content: R,
    delimiter: u8,
    /// Physical lines read so far.
    lines: u64,
    /// Bytes read ahead for a record that turned out malformed.
    ahead: Vec<u8>,
    ahead_at: usize,
    unescaped: Vec<u8>,
}

impl<R: BufRead> Records<R> {
    pub(super) fn new(content: R, delimiter: u8) -> Self {
        Records { content, delimiter, lines: 0, ahead: Vec::new(), ahead_at: 0, unescaped: Vec::new() }
    }

    /// The next record that is not a blank line; `false` at the end of the file.
    pub(super) fn next(&mut self, record: &mut Record) -> io::Result<bool> {
        loop {
            record.raw.clear();
            record.ends.clear();
            record.malformed = None;
            if !self.line(&mut record.raw)? {
                return Ok(false);
            }
            record.line = self.lines;
            if record.line == 1 && record.raw.starts_with(b"\xef\xbb\xbf") {
                record.raw.drain(..3);
            }
            if !crate::lines::is_blank(&record.raw) {
                break;
            }
        }
        self.unescaped.clear();
        let (mut state, mut at, first_line) = (State::FieldStart, 0, record.raw.len());
        let malformed = loop {
            match self.split(record, &mut state, at) {
                Step::Complete(line_end) => {
                    record.raw.truncate(record.raw.len() - line_end);
                    break None;
                }
                Step::Malformed(why) => break Some(why),
                Step::Open => {
                    at = record.raw.len();
                    if at > ROW_BYTES_MAX {
                        break Some("a quote is opened and not closed within 16 MiB");
                    }
                    if !self.line(&mut record.raw)? {
                        break Some("a quote is opened and not closed");
                    }
                }
            }
        };
        let text = String::from_utf8(std::mem::take(&mut self.unescaped));
        match (malformed, text) {
            (Some(why), _) => self.give_back(record, first_line, why),
            (None, Err(_)) => record.malformed = Some("not UTF-8"),
            (None, Ok(text)) => {
                self.unescaped = std::mem::replace(&mut record.text, text).into_bytes();
            }
        }
        Ok(true)
    }

    /// Keeps the first physical line as the malformed record and returns the others to the input.
    fn give_back(&mut self, record: &mut Record, first_line: usize, why: &'static str) {
        let mut ahead = record.raw.split_off(first_line);
        self.lines = record.line;
        ahead.extend_from_slice(self.ahead.get(self.ahead_at..).unwrap_or_default());
        (self.ahead, self.ahead_at) = (ahead, 0);
        record.ends.clear();
        record.malformed = Some(why);
        while record.raw.last().is_some_and(|b| matches!(b, b'\n' | b'\r')) {
            record.raw.pop();
        }
    }

    /// Appends one physical line with its end.
    fn line(&mut self, raw: &mut Vec<u8>) -> io::Result<bool> {
        let before = raw.len();
        if let Some(rest) = self.ahead.get(self.ahead_at..).filter(|r| !r.is_empty()) {
            let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
            raw.extend_from_slice(rest.get(..length).unwrap_or(rest));
            self.ahead_at += length;
            if self.ahead_at == self.ahead.len() {
                (self.ahead, self.ahead_at) = (Vec::new(), 0);
            }
        }
        if raw.last() != Some(&b'\n') || raw.len() == before {
            // Bounded: a "line" of many gigabytes is read in parts, each of which is its own malformed record.
            let room = (ROW_BYTES_MAX as u64).saturating_mul(2);
            io::Read::take(&mut self.content, room).read_until(b'\n', raw)?;
        }
        self.lines += u64::from(raw.len() > before);
        Ok(raw.len() > before)
    }

    /// Goes on splitting `record.raw` from `at`.
    fn split(&mut self, record: &mut Record, state: &mut State, mut at: usize) -> Step {
        let text = &mut self.unescaped;
        while let Some(rest) = record.raw.get(at..).filter(|r| !r.is_empty()) {
            let byte = rest.first().copied().unwrap_or_default();
            let line_end = match rest {
                [b'\n', ..] => 1,
                [b'\r', b'\n', ..] => 2,
                _ => 0,
            };
            match *state {
                State::Quoted => {
                    let end = memchr::memchr(b'"', rest).unwrap_or(rest.len());
                    text.extend_from_slice(rest.get(..end).unwrap_or(rest));
                    at += end + 1;
                    if end == rest.len() {
                        return Step::Open;
                    }
                    *state = State::QuoteSeen;
                    continue;
                }
                State::QuoteSeen if byte == b'"' => {
                    text.push(b'"');
                    *state = State::Quoted;
                }
                _ if line_end > 0 => {
                    record.ends.push(text.len());
                    return Step::Complete(line_end);
                }
                _ if byte == self.delimiter => {
                    record.ends.push(text.len());
                    *state = State::FieldStart;
                }
                State::QuoteSeen => return Step::Malformed("a quote within a quoted field is not doubled"),
                State::FieldStart if byte == b'"' => *state = State::Quoted,
                State::FieldStart | State::Unquoted => {
                    let stop = rest.iter().position(|&b| b == self.delimiter || b == b'\n' || b == b'\r');
                    // A lone CR belongs to the field.
                    let length = stop.map_or(rest.len(), |s| s.max(1));
                    text.extend_from_slice(rest.get(..length).unwrap_or(rest));
                    at += length;
                    *state = State::Unquoted;
                    continue;
                }
            }
            at += 1;
        }
        // The file's last line may lack its end.
        match *state {
            State::Quoted => Step::Open,
            State::FieldStart | State::Unquoted | State::QuoteSeen => {
                record.ends.push(text.len());
                Step::Complete(0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Records as `line: fields`, or `line! raw` for malformed ones.
    fn check(text: &[u8], delimiter: u8) -> Vec<String> {
        let mut records = Records::new(io::BufReader::with_capacity(3, text), delimiter);
        let (mut record, mut seen) = (Record::default(), Vec::new());
        while records.next(&mut record).expect("memory does not fail") {
            seen.push(match record.malformed {
                Some(_) => format!("{}! {}", record.line, String::from_utf8_lossy(&record.raw)),
                None => format!("{}: {}", record.line, record.fields().collect::<Vec<_>>().join("|")),
            });
        }
        seen
    }

    #[test]
    fn records() {
        for (text, expected) in [
            ("", vec![]),
            ("\"Id\",\"Name\"\n\"1\",\"a\"\n", vec!["1: Id|Name", "2: 1|a"]),
            ("\"Id\",\"Name\"\r\n\"1\",\"\"\r\n", vec!["1: Id|Name", "2: 1|"]),
            ("\u{feff}\"Id\"\n", vec!["1: Id"]),
            ("a,\"line\nbreak\r\n2\",b\nc,d,e", vec!["1: a|line\nbreak\r\n2|b", "4: c|d|e"]),
            ("\"say \"\"hi\"\"\",x", vec!["1: say \"hi\"|x"]),
            ("\"\"\"\"\n", vec!["1: \""]),
            ("\n\na\n\n", vec!["3: a"]),
            ("a,\n,b\n", vec!["1: a|", "2: |b"]),
            ("a\rb,c\n", vec!["1: a\rb|c"]),
            // A stray quote costs its own line only.
            ("\"a\"b\",c\n\"d\",\"e\"\n", vec!["1! \"a\"b\",c", "2: d|e"]),
            ("\"a,b\n\"c\",\"d\"\n\"e\",\"f\"\n", vec!["1! \"a,b", "2: c|d", "3: e|f"]),
            ("x\n\"never closed\ny\nz", vec!["1: x", "2! \"never closed", "3: y", "4: z"]),
        ] {
            assert_eq!(check(text.as_bytes(), b','), expected, "{text:?}");
        }
        assert_eq!(check(b"a\xff,b\nc,d\n", b','), ["1! a\u{fffd},b", "2: c|d"]);
        for delimiter in *b",\t|;^`" {
            let text = "a,b".replace(',', &char::from(delimiter).to_string());
            assert_eq!(check(text.as_bytes(), delimiter), ["1: a|b"]);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end_and_raw_bytes_are_all_there(
            bytes in proptest::collection::vec(prop_oneof![Just(b'"'), Just(b'\n'), Just(b','), any::<u8>()], 0..300)
        ) {
            let mut records = Records::new(&bytes[..], b',');
            let (mut record, mut raw, mut line) = (Record::default(), 0, 0);
            while records.next(&mut record).expect("memory does not fail") {
                raw += record.raw.len();
                prop_assert!(record.line > line);
                line = record.line;
            }
            prop_assert!(raw <= bytes.len());
        }

        #[test]
        fn well_formed_csv_reads_as_the_csv_crate_reads_it(
            rows in proptest::collection::vec(proptest::collection::vec("[a-c\",;\n\r ]{0,6}", 2..4), 1..12),
            crlf in any::<bool>(),
        ) {
            let width = rows[0].len();
            let mut writer = csv::WriterBuilder::new()
                .quote_style(csv::QuoteStyle::Always)
                .terminator(if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') })
                .from_writer(Vec::new());
            let rows: Vec<_> = rows.into_iter().filter(|r| r.len() == width).collect();
            for row in &rows {
                writer.write_record(row).expect("memory does not fail");
            }
            let text = writer.into_inner().expect("memory does not fail");
            let mut records = Records::new(io::BufReader::with_capacity(5, &text[..]), b',');
            let mut record = Record::default();
            for row in &rows {
                prop_assert!(records.next(&mut record).expect("memory does not fail"));
                prop_assert_eq!(record.malformed, None);
                prop_assert_eq!(record.fields().collect::<Vec<_>>(), row.iter().map(String::as_str).collect::<Vec<_>>());
            }
            prop_assert!(!records.next(&mut record).expect("memory does not fail"));
        }
    }
}
