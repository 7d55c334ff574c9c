//! Elements of the arrays in a JSON page, one at a time, without holding the page.
//!
//! A page is an object whose members are arrays of rows and a few scalars: `{"users":[…],"end_of_stream":true}`.
//! serde_json would need the whole page in memory to hand out borrowed elements, and one element that is not JSON
//! would lose the page. Here only the structure is followed (strings, brackets, commas); whether an element is JSON is
//! decided when it is decoded, so a bad one is rejected alone.
//!
//! Several pages may follow each other in one file.

use std::io::{self, BufRead};

use crate::limits::{JSON_DEPTH_MAX, ROW_BYTES_MAX};

/// Why a page cannot be followed to its end.
#[derive(Debug)]
pub(crate) enum PageError {
    Io(io::Error),
    /// What was expected where; never the content.
    Broken(String),
}

/// What comes next in a page; the bytes are in the caller's buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// An array member begins; it may be empty.
    Array,
    /// An element of the array member `key`, counted from 1 over the file. `cut` when it is longer than a row may be.
    Element { number: u64, cut: bool },
    /// A member that is no array.
    Scalar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    BetweenPages,
    /// Before a member, or the end of the page.
    Members,
    /// Within an array member, before an element or the end.
    Array,
}

/// Follows the pages of a file.
pub(crate) struct Elements<R> {
    pub(crate) content: R,
    place: Place,
    /// The member the last part belongs to.
    key: Vec<u8>,
    /// Elements so far.
    pub(crate) number: u64,
    /// Bytes consumed, for messages.
    offset: u64,
    /// A comma has been read, so another member or element must follow.
    comma: bool,
    /// At least one member or element stands before.
    begun: bool,
}

impl<R: BufRead> Elements<R> {
    pub(crate) fn new(content: R) -> Self {
        let key = Vec::new();
        Elements { content, place: Place::BetweenPages, key, number: 0, offset: 0, comma: false, begun: false }
    }

    /// Name of the member that the last part belongs to, as written between its quotes.
    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    /// The next part, or `None` at the end of the file.
    pub(crate) fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Part>, PageError> {
        loop {
            let Some(byte) = self.peek()? else {
                return match self.place {
                    Place::BetweenPages => Ok(None),
                    Place::Members | Place::Array => Err(self.broken("the file ends within the page")),
                };
            };
            match (self.place, byte) {
                (Place::BetweenPages, b'{') => self.enter(Place::Members),
                (Place::BetweenPages, _) => return Err(self.broken("expected a page, which is a JSON object")),
                (Place::Members, b'}') => {
                    self.leave(Place::BetweenPages)?;
                }
                (Place::Array, b']') => {
                    self.leave(Place::Members)?;
                }
                (Place::Members, _) => {
                    self.separate()?;
                    return self.member(buffer).map(Some);
                }
                (Place::Array, _) => {
                    self.separate()?;
                    let cut = self.value(buffer)?;
                    self.number += 1;
                    self.begun = true;
                    return Ok(Some(Part::Element { number: self.number, cut }));
                }
            }
        }
    }

    fn enter(&mut self, place: Place) {
        self.take(1);
        (self.place, self.comma, self.begun) = (place, false, false);
    }

    fn leave(&mut self, place: Place) -> Result<(), PageError> {
        if self.comma {
            return Err(self.broken("a comma with nothing after it"));
        }
        self.take(1);
        (self.place, self.comma, self.begun) = (place, false, true);
        Ok(())
    }

    /// Passes the comma between two members or elements.
    fn separate(&mut self) -> Result<(), PageError> {
        self.comma = false;
        if !self.begun {
            return Ok(());
        }
        if self.peek()? != Some(b',') {
            return Err(self.broken("expected a comma"));
        }
        self.take(1);
        self.comma = true;
        match self.peek()? {
            Some(b'}' | b']') => Err(self.broken("a comma with nothing after it")),
            Some(_) => {
                self.comma = false;
                Ok(())
            }
            None => Err(self.broken("the file ends within the page")),
        }
    }

    /// A member's name and colon; gives its value unless that is an array, which is entered.
    fn member(&mut self, buffer: &mut Vec<u8>) -> Result<Part, PageError> {
        if self.peek()? != Some(b'"') {
            return Err(self.broken("expected a member's name in quotes"));
        }
        self.value(buffer)?;
        self.key.clear();
        self.key.extend_from_slice(buffer.get(1..buffer.len().saturating_sub(1)).unwrap_or_default());
        if self.peek()? != Some(b':') {
            return Err(self.broken("expected a colon after a member's name"));
        }
        self.take(1);
        if self.peek()? == Some(b'[') {
            self.enter(Place::Array);
            return Ok(Part::Array);
        }
        self.value(buffer)?;
        self.begun = true;
        Ok(Part::Scalar)
    }

    /// Copies one value: a string, an object or array with all in it, or whatever stands before the next delimiter.
    fn value(&mut self, buffer: &mut Vec<u8>) -> Result<bool, PageError> {
        buffer.clear();
        let mut scan = ValueScan::default();
        let mut cut = false;
        loop {
            let chunk = self.content.fill_buf().map_err(PageError::Io)?;
            if chunk.is_empty() {
                return Err(self.broken("the file ends within a value"));
            }
            let (length, ended) = match scan.advance(chunk) {
                Scanned::Ended(length) => (length, true),
                Scanned::Goes => (chunk.len(), false),
                Scanned::TooDeep => return Err(self.broken("brackets are nested too deeply")),
            };
            let room = ROW_BYTES_MAX.saturating_sub(buffer.len()).min(length);
            buffer.extend_from_slice(chunk.get(..room).unwrap_or_default());
            cut |= room < length;
            self.take(length);
            if ended {
                return if scan.seen { Ok(cut) } else { Err(self.broken("expected a value")) };
            }
        }
    }

    /// The next byte that is not white space, not consumed.
    fn peek(&mut self) -> Result<Option<u8>, PageError> {
        loop {
            let chunk = self.content.fill_buf().map_err(PageError::Io)?;
            if chunk.is_empty() {
                return Ok(None);
            }
            match chunk.iter().position(|b| !matches!(b, b' ' | b'\n' | b'\r' | b'\t')) {
                Some(at) => {
                    let byte = chunk.get(at).copied();
                    self.take(at);
                    return Ok(byte);
                }
                None => {
                    let all = chunk.len();
                    self.take(all);
                }
            }
        }
    }

    fn take(&mut self, bytes: usize) {
        self.content.consume(bytes);
        self.offset += bytes as u64;
    }

    fn broken(&self, what: &str) -> PageError {
        PageError::Broken(format!("byte {}: {what}", self.offset))
    }
}

/// Where a scan stands within a value, over chunks.
#[derive(Debug, Default)]
struct ValueScan {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// A value, not only a delimiter, was there.
    seen: bool,
}

enum Scanned {
    /// The value ends before this byte of the chunk.
    Ended(usize),
    /// It goes on in the next chunk.
    Goes,
    TooDeep,
}

impl ValueScan {
    fn advance(&mut self, chunk: &[u8]) -> Scanned {
        let mut at = 0;
        while let Some(rest) = chunk.get(at..).filter(|r| !r.is_empty()) {
            if self.escaped {
                (self.escaped, at) = (false, at + 1);
                continue;
            }
            if self.in_string {
                // Most bytes of an export are within strings.
                match memchr::memchr2(b'"', b'\\', rest) {
                    None => return Scanned::Goes,
                    Some(found) => {
                        self.escaped = rest.get(found) == Some(&b'\\');
                        self.in_string = self.escaped;
                        at += found + 1;
                        if !self.in_string && self.depth == 0 {
                            return Scanned::Ended(at);
                        }
                    }
                }
                continue;
            }
            match rest.first().copied().unwrap_or_default() {
                b'"' => {
                    if self.seen && self.depth == 0 {
                        return Scanned::Ended(at);
                    }
                    self.in_string = true;
                }
                b'{' | b'[' => {
                    self.depth += 1;
                    if self.depth > JSON_DEPTH_MAX {
                        return Scanned::TooDeep;
                    }
                }
                b'}' | b']' if self.depth == 0 => return Scanned::Ended(at),
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Scanned::Ended(at + 1);
                    }
                }
                b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' if self.depth == 0 => return Scanned::Ended(at),
                _ => {}
            }
            self.seen = true;
            at += 1;
        }
        Scanned::Goes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All parts as `key=bytes`, with a tiny read buffer, or where it broke.
    fn check(page: &str, buffer_bytes: usize) -> Result<Vec<String>, String> {
        let mut elements = Elements::new(io::BufReader::with_capacity(buffer_bytes, page.as_bytes()));
        let (mut buffer, mut seen) = (Vec::new(), Vec::new());
        loop {
            match elements.next(&mut buffer) {
                Ok(None) => return Ok(seen),
                Ok(Some(Part::Array)) => {}
                Ok(Some(_)) => {
                    let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
                    seen.push(format!("{}={}", text(elements.key()), text(&buffer)));
                }
                Err(PageError::Broken(what)) => return Err(what),
                Err(PageError::Io(e)) => panic!("memory does not fail: {e}"),
            }
        }
    }

    #[test]
    fn parts_of_pages() {
        for (page, expected) in [
            ("", vec![]),
            ("{}", vec![]),
            (r#"{"users":[]}"#, vec![]),
            (r#"{"users":[{"id":1},{"id":2}],"end":true}"#, vec![r#"users={"id":1}"#, r#"users={"id":2}"#, "end=true"]),
            (r#" { "a" : [ 1 , "x,]\"}" , [2,[3]] , null ] } "#, vec!["a=1", r#"a="x,]\"}""#, "a=[2,[3]]", "a=null"]),
            (r#"{"a":[1]}{"a":[2]}"#, vec!["a=1", "a=2"]),
            ("{\"a\":[1]}\n\n{\"b\":\"c\"}\n", vec!["a=1", "b=\"c\""]),
            (r#"{"a":[{"bad":nonsense},{"id":2}]}"#, vec![r#"a={"bad":nonsense}"#, r#"a={"id":2}"#]),
            (r#"{"a":{"deep":[1,{"x":"}"}]},"b":-1.5e3}"#, vec![r#"a={"deep":[1,{"x":"}"}]}"#, "b=-1.5e3"]),
        ] {
            for buffer_bytes in [1, 3, 4096] {
                assert_eq!(check(page, buffer_bytes), Ok(expected.iter().map(|s| (*s).to_owned()).collect()), "{page}");
            }
        }
    }

    #[test]
    fn broken_pages_say_where() {
        for (page, part) in [
            (r#"{"users":[{"id":1},{"id""#, "ends within a value"),
            (r#"{"users":[{"id":1}"#, "ends within the page"),
            (r#"{"users":[{"id":1}]"#, "ends within the page"),
            (r#"{"users":[{"id":1},"#, "ends within the page"),
            (r#"{"users":[{"id":1} {"id":2}]}"#, "byte 19: expected a comma"),
            (r#"{"users":[1,]}"#, "comma with nothing after"),
            (r#"{"a":1,}"#, "comma with nothing after"),
            (r#"{"users":[,1]}"#, "expected a value"),
            (r#"{"users" [1]}"#, "expected a colon"),
            (r#"{users:[1]}"#, "member's name"),
            (r#"[{"id":1}]"#, "byte 0: expected a page"),
            ("id,name", "expected a page"),
            (&format!(r#"{{"a":{}"#, "[".repeat(1000)), "too deeply"),
            (&format!(r#"{{"a":{}"#, "[{\"b\":".repeat(1000)), "too deeply"),
        ] {
            let what = check(page, 4096).expect_err(page);
            assert!(what.contains(part), "{page}: {what}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut elements = Elements::new(&bytes[..]);
            let mut buffer = Vec::new();
            let mut parts = 0;
            while let Ok(Some(_)) = elements.next(&mut buffer) {
                parts += 1;
                prop_assert!(parts <= bytes.len());
            }
        }

        #[test]
        fn elements_come_out_as_they_went_in(
            rows in proptest::collection::vec(("\\PC{0,12}", any::<i32>(), any::<bool>()), 0..20),
            pretty in any::<bool>(),
        ) {
            let rows: Vec<_> = rows.iter().map(|(s, n, b)| serde_json::json!({"s": s, "n": [n, b]})).collect();
            let page = serde_json::json!({"users": rows, "end_of_stream": true});
            let text = if pretty { serde_json::to_string_pretty(&page) } else { serde_json::to_string(&page) };
            let mut elements = Elements::new(io::BufReader::with_capacity(7, io::Cursor::new(text.expect("JSON"))));
            let (mut buffer, mut seen) = (Vec::new(), Vec::new());
            while let Some(part) = elements.next(&mut buffer).expect("a page") {
                if let Part::Element { .. } = part {
                    seen.push(serde_json::from_slice::<serde_json::Value>(&buffer).expect("JSON"));
                }
            }
            prop_assert_eq!(seen, rows);
        }
    }
}
