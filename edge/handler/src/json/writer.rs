//! Writing JSON (RFC 8259): texts, numbers, and what stands between them, as serde would.

use alloc::string::String;

use super::shortest;

/// A JSON text in the making. Who writes puts the braces, names and commas.
#[derive(Debug, Default)]
pub struct Writer {
    out: String,
}

impl Writer {
    /// An empty text with room for `bytes`.
    pub fn with_capacity(bytes: usize) -> Self {
        Writer { out: String::with_capacity(bytes) }
    }

    /// The text.
    pub fn finish(self) -> String {
        self.out
    }

    /// JSON as it is.
    pub fn raw(&mut self, json: &str) -> &mut Self {
        self.out.push_str(json);
        self
    }

    /// A text in quotes.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.raw("\"");
        let mut from = 0;
        for (at, byte) in text.bytes().enumerate() {
            let short = match byte {
                b'"' => "\\\"",
                b'\\' => "\\\\",
                b'\n' => "\\n",
                b'\r' => "\\r",
                b'\t' => "\\t",
                0x08 => "\\b",
                0x0c => "\\f",
                0..b' ' => "\\u00",
                _ => continue,
            };
            self.out.push_str(text.get(from..at).unwrap_or_default());
            self.out.push_str(short);
            if short == "\\u00" {
                self.out.push_str(if byte < 16 { "0" } else { "1" });
                let digit = usize::from(byte & 15);
                self.out.push_str("0123456789abcdef".get(digit..=digit).unwrap_or_default());
            }
            from = at + 1;
        }
        self.out.push_str(text.get(from..).unwrap_or_default());
        self.raw("\"");
        self
    }

    /// A text in quotes, or `null`.
    pub fn optional(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.raw("null"),
        }
    }

    /// A whole number.
    pub fn number(&mut self, mut number: u64) -> &mut Self {
        let mut digits = [0u8; 20];
        let mut first = digits.len();
        for (at, digit) in digits.iter_mut().enumerate().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
            first = at;
            if number == 0 {
                break;
            }
        }
        self.out.push_str(core::str::from_utf8(digits.get(first..).unwrap_or_default()).unwrap_or_default());
        self
    }

    /// The shortest text that reads back to the same number; `null` for what is none.
    pub fn float(&mut self, number: f32) -> &mut Self {
        if !number.is_finite() {
            return self.raw("null");
        }
        shortest::push(number, &mut self.out);
        self
    }

    /// A list: what `one` writes of each, between brackets and commas.
    pub fn list<T>(&mut self, all: &[T], mut one: impl FnMut(&mut Self, &T)) -> &mut Self {
        self.raw("[");
        for (at, element) in all.iter().enumerate() {
            if at > 0 {
                self.raw(",");
            }
            one(self, element);
        }
        self.raw("]");
        self
    }
}
