//! Lines of a file, one buffer for all of them.

use std::io::{self, BufRead};

use crate::limits::ROW_BYTES_MAX;

/// Reads lines ended by LF or CRLF; the last one may lack its end.
pub(crate) struct Lines<R> {
    pub(crate) content: R,
    number: u64,
}

/// One line, in the caller's buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    /// From 1.
    pub(crate) number: u64,
    /// Bytes in the file, with the line's end.
    pub(crate) bytes: u64,
    /// The line is longer than a row may be; the buffer holds its beginning.
    pub(crate) cut: bool,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(content: R) -> Self {
        Lines { content, number: 0 }
    }

    /// The next line without its end, in `buffer`, or `None` at the end of the file.
    pub(crate) fn next(&mut self, buffer: &mut Vec<u8>) -> io::Result<Option<Line>> {
        buffer.clear();
        let (mut bytes, mut ended) = (0_u64, false);
        while !ended {
            let available = self.content.fill_buf()?;
            if available.is_empty() {
                break;
            }
            let end = memchr::memchr(b'\n', available);
            ended = end.is_some();
            let text = end.and_then(|end| available.get(..end)).unwrap_or(available);
            let room = ROW_BYTES_MAX.saturating_sub(buffer.len()).min(text.len());
            buffer.extend_from_slice(text.get(..room).unwrap_or(text));
            let taken = text.len() + usize::from(ended);
            bytes += taken as u64;
            self.content.consume(taken);
        }
        if bytes == 0 {
            return Ok(None);
        }
        self.number += 1;
        let cut = bytes > buffer.len() as u64 + 2 && buffer.len() >= ROW_BYTES_MAX;
        if ended && buffer.last() == Some(&b'\r') {
            buffer.pop();
        }
        Ok(Some(Line { number: self.number, bytes, cut }))
    }
}

/// Only white space, so no row.
pub(crate) fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_of_all_kinds() {
        for (text, expected) in [
            ("", vec![]),
            ("a", vec!["a"]),
            ("a\nb\n", vec!["a", "b"]),
            ("a\r\n\r\nb", vec!["a", "", "b"]),
            ("\n\n", vec!["", ""]),
            ("a\r", vec!["a\r"]),
        ] {
            let mut lines = Lines::new(std::io::BufReader::with_capacity(2, text.as_bytes()));
            let (mut buffer, mut seen, mut bytes) = (Vec::new(), Vec::new(), 0);
            while let Some(line) = lines.next(&mut buffer).expect("memory does not fail") {
                seen.push(String::from_utf8(buffer.clone()).expect("ASCII"));
                assert_eq!(line.number, seen.len() as u64);
                assert!(!line.cut);
                bytes += line.bytes;
            }
            assert_eq!(seen, expected, "{text:?}");
            assert_eq!(bytes, text.len() as u64, "{text:?}");
        }
    }

    #[test]
    fn an_endless_line_is_cut_and_the_next_one_is_whole() {
        let mut text = vec![b'x'; ROW_BYTES_MAX + 10];
        text.extend_from_slice(b"\nnext\n");
        let mut lines = Lines::new(&text[..]);
        let mut buffer = Vec::new();
        let line = lines.next(&mut buffer).expect("memory").expect("a line");
        assert_eq!((line.cut, buffer.len(), line.bytes), (true, ROW_BYTES_MAX, ROW_BYTES_MAX as u64 + 11));
        let line = lines.next(&mut buffer).expect("memory").expect("a line");
        assert_eq!((line.cut, line.number, &buffer[..]), (false, 2, &b"next"[..]));
    }
}
