//! JSON objects written straight into a buffer, with keys in the order of the calls.
//!
//! A world of 4.1 million people is some hundred million objects; building each as a tree first costs more than
//! making up its contents.

use std::fmt::Display;
use std::io::Write as _;

/// An object being written.
pub(crate) struct Object<'b> {
    out: &'b mut Vec<u8>,
    first: bool,
}

/// Writes one object.
pub(crate) fn object(out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
    out.push(b'{');
    fill(&mut Object { out, first: true });
    out.push(b'}');
}

/// Writes a text with its quotes and escapes (RFC 8259, section 7).
pub(crate) fn text(out: &mut Vec<u8>, value: &str) {
    out.push(b'"');
    let plain = |b: &u8| *b >= 0x20 && *b != b'"' && *b != b'\\';
    if value.as_bytes().iter().all(plain) {
        out.extend_from_slice(value.as_bytes());
    } else {
        for c in value.chars() {
            match c {
                '"' => out.extend_from_slice(b"\\\""),
                '\\' => out.extend_from_slice(b"\\\\"),
                '\n' => out.extend_from_slice(b"\\n"),
                // Writing to memory does not fail.
                c if (c as u32) < 0x20 => drop(write!(out, "\\u{:04x}", c as u32)),
                c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
    }
    out.push(b'"');
}

impl Object<'_> {
    fn key(&mut self, key: &str) -> &mut Vec<u8> {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    pub(crate) fn text(&mut self, key: &str, value: &str) -> &mut Self {
        text(self.key(key), value);
        self
    }

    /// A text or null.
    pub(crate) fn maybe(&mut self, key: &str, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(key, value),
            None => self.null(key),
        }
    }

    /// A quoted value that needs no escapes: an id, a time, an amount.
    pub(crate) fn quoted(&mut self, key: &str, value: impl Display) -> &mut Self {
        drop(write!(self.key(key), "\"{value}\""));
        self
    }

    pub(crate) fn maybe_quoted(&mut self, key: &str, value: Option<impl Display>) -> &mut Self {
        match value {
            Some(value) => self.quoted(key, value),
            None => self.null(key),
        }
    }

    /// A number, `true`, or a value that is JSON already.
    pub(crate) fn bare(&mut self, key: &str, value: impl Display) -> &mut Self {
        drop(write!(self.key(key), "{value}"));
        self
    }

    pub(crate) fn null(&mut self, key: &str) -> &mut Self {
        self.bare(key, "null")
    }

    pub(crate) fn object(&mut self, key: &str, fill: impl FnOnce(&mut Object<'_>)) -> &mut Self {
        object(self.key(key), fill);
        self
    }

    /// A list of objects.
    pub(crate) fn list<T>(
        &mut self,
        key: &str,
        values: impl IntoIterator<Item = T>,
        mut fill: impl FnMut(&mut Object<'_>, T),
    ) -> &mut Self {
        let out = self.key(key);
        out.push(b'[');
        for (at, value) in values.into_iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            object(out, |o| fill(o, value));
        }
        out.push(b']');
        self
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, key: &str, values: &[&str]) -> &mut Self {
        let out = self.key(key);
        out.push(b'[');
        for (at, value) in values.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            text(out, value);
        }
        out.push(b']');
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut out = Vec::new();
        object(&mut out, |o| {
            o.text("name", "a \"b\"\\\n\u{1}ก").null("none").bare("n", -3).quoted("id", 7).texts("t", &["x", "y"]);
            o.object("in", |o| {
                o.bare("yes", true);
            })
            .list("l", [1, 2], |o, n| {
                o.bare("n", n);
            });
            o.maybe("m", None).maybe_quoted("q", Some(1.5)).maybe_quoted("r", None::<u8>);
        });
        let value: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
        let expected = serde_json::json!({
            "name": "a \"b\"\\\n\u{1}ก", "none": null, "n": -3, "id": "7", "t": ["x", "y"],
            "in": {"yes": true}, "l": [{"n": 1}, {"n": 2}], "m": null, "q": "1.5", "r": null,
        });
        assert_eq!(value, expected);
    }
}
