//! Reading JSON (RFC 8259) value by value, for what knows which value comes next.
//!
//! serde's generic reader is larger than all that ranks; this one reads objects of known fields, lists, texts,
//! numbers and booleans, and nothing else. Nothing recurses: a value of another kind is refused where it starts. A refusal
//! says what was found and what was expected, and of the text itself no more than the name of a field or of a variant.

use alloc::borrow::Cow;
use alloc::string::String;

use crate::error::{RequestError, shortened};

/// A refusal: where, and in which words.
#[derive(Debug)]
pub(crate) struct Wrong {
    at: usize,
    what: String,
}

/// A text, and how far it was read.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    text: &'a str,
    at: usize,
}

/// A number as it was written.
struct Number {
    at: usize,
    negative: bool,
    /// The digits, as many of them as 64 bits hold, and by what power of ten they count.
    digits: u64,
    exponent: i32,
    /// Neither point nor exponent, and all digits fit.
    integer: bool,
}

/// Reads one value, and refuses what follows it.
pub(crate) fn whole<'a, T>(
    json: &'a [u8],
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, Wrong>,
) -> Result<T, RequestError> {
    let read = || {
        let text = core::str::from_utf8(json).map_err(|e| wrong(e.valid_up_to(), &["invalid unicode code point"]))?;
        let mut reader = Reader { text, at: 0 };
        let value = read(&mut reader)?;
        match reader.peek() {
            None => Ok(value),
            Some(_) => Err(wrong(reader.at, &["trailing characters"])),
        }
    };
    read().map_err(|Wrong { at, what }| {
        let before = json.get(..at).unwrap_or(json);
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let column = 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count();
        RequestError::Json { line, column, what: shortened(&what) }
    })
}

#[cold]
#[inline(never)]
fn wrong(at: usize, what: &[&str]) -> Wrong {
    Wrong { at, what: what.concat() }
}

/// Names in a message: `a`, `b`.
#[cold]
fn listed(names: &[&str]) -> String {
    let mut list = String::new();
    for name in names {
        let comma = if list.is_empty() { "`" } else { ", `" };
        list.extend([comma, *name, "`"]);
    }
    list
}

impl<'a> Reader<'a> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is not blank.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.byte() {
            self.at += 1;
        }
        self.byte()
    }

    /// Passes `byte` if it is next.
    fn passes(&mut self, byte: u8) -> bool {
        let next = self.peek() == Some(byte);
        self.at += usize::from(next);
        next
    }

    /// Passes one of `,` and `close`; whether it was `close`.
    fn closes(&mut self, close: u8, what: &'static str) -> Result<bool, Wrong> {
        match self.peek() {
            Some(byte) if byte == close || byte == b',' => {
                self.at += 1;
                Ok(byte == close)
            }
            Some(_) => Err(wrong(self.at, &["expected `,` or the end of ", what])),
            None => Err(self.ended(what)),
        }
    }

    #[cold]
    fn ended(&self, what: &'static str) -> Wrong {
        wrong(self.at, &["EOF while parsing ", what])
    }

    /// The next value is of another kind than `expected`.
    #[cold]
    #[inline(never)]
    fn unexpected(&mut self, expected: &str) -> Wrong {
        let found = match self.peek() {
            Some(b'"') => "string",
            Some(b'{') => "map",
            Some(b'[') => "sequence",
            Some(b't' | b'f') => "boolean",
            Some(b'n') => "null",
            Some(b'-' | b'0'..=b'9') => "number",
            Some(_) => return wrong(self.at, &["expected value"]),
            None => return self.ended("a value"),
        };
        wrong(self.at, &["invalid type: ", found, ", expected ", expected])
    }

    /// An object: calls `each` for each of its members with the position of its name in `fields`, and returns which were
    /// there, a bit each.
    ///
    /// At most 32 fields are known; another name, or one twice, is refused.
    pub(crate) fn object(
        &mut self,
        expected: &'static str,
        fields: &'static [&'static str],
        each: &mut dyn FnMut(&mut Self, usize) -> Result<(), Wrong>,
    ) -> Result<u32, Wrong> {
        if !self.passes(b'{') {
            return Err(self.unexpected(expected));
        }
        let mut seen = 0u32;
        if self.passes(b'}') {
            return Ok(seen);
        }
        loop {
            match self.peek() {
                Some(b'"') => {}
                Some(_) => return Err(wrong(self.at, &["expected the name of a field"])),
                None => return Err(self.ended("an object")),
            }
            let at = self.at;
            let name = self.text(expected)?;
            let Some(field) = fields.iter().position(|field| *field == name) else {
                return Err(wrong(at, &["unknown field `", &name, "`, expected one of ", &listed(fields)]));
            };
            let bit = 1u32.checked_shl(field as u32).unwrap_or(0);
            if seen & bit != 0 {
                return Err(wrong(at, &["duplicate field `", &name, "`"]));
            }
            seen |= bit;
            if !self.passes(b':') {
                return Err(match self.byte() {
                    None => self.ended("an object"),
                    Some(_) => wrong(self.at, &["expected `:`"]),
                });
            }
            each(self, field)?;
            if self.closes(b'}', "an object")? {
                return Ok(seen);
            }
        }
    }

    /// The refusal of an object without `field`.
    #[cold]
    pub(crate) fn missing(&self, field: &str) -> Wrong {
        wrong(self.at, &["missing field `", field, "`"])
    }

    /// A list: calls `each` where an element starts.
    pub(crate) fn list(&mut self, each: &mut dyn FnMut(&mut Self) -> Result<(), Wrong>) -> Result<(), Wrong> {
        if !self.passes(b'[') {
            return Err(self.unexpected("a sequence"));
        }
        if self.passes(b']') {
            return Ok(());
        }
        loop {
            each(self)?;
            if self.closes(b']', "a list")? {
                return Ok(());
            }
        }
    }

    fn word(&mut self, word: &str) -> bool {
        let next = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word));
        self.at += if next { word.len() } else { 0 };
        next
    }

    /// Passes `null` if it is next.
    pub(crate) fn null(&mut self) -> bool {
        self.peek() == Some(b'n') && self.word("null")
    }

    pub(crate) fn boolean(&mut self) -> Result<bool, Wrong> {
        match self.peek() {
            Some(b't') if self.word("true") => Ok(true),
            Some(b'f') if self.word("false") => Ok(false),
            Some(b't' | b'f') => Err(wrong(self.at, &["expected value"])),
            _ => Err(self.unexpected("a boolean")),
        }
    }

    /// Whether a number or a boolean is next.
    pub(crate) fn is_plain(&mut self) -> bool {
        matches!(self.peek(), Some(b'-' | b'0'..=b'9' | b't' | b'f'))
    }

    /// A refusal of the value that is next, in words that do not repeat it.
    #[cold]
    pub(crate) fn refuse(&self, what: &str) -> Wrong {
        wrong(self.at, &[what])
    }

    /// The position among `names` of a text.
    pub(crate) fn variant(&mut self, names: &[&str]) -> Result<usize, Wrong> {
        let (_, at) = (self.peek(), self.at);
        let name = self.text("a variant")?;
        let known = names.iter().position(|known| *known == name);
        known.ok_or_else(|| wrong(at, &["unknown variant `", &name, "`, expected one of ", &listed(names)]))
    }

    pub(crate) fn text(&mut self, expected: &str) -> Result<Cow<'a, str>, Wrong> {
        if !self.passes(b'"') {
            return Err(self.unexpected(expected));
        }
        let mut changed: Option<String> = None;
        let mut from = self.at;
        loop {
            let Some(byte) = self.byte() else { return Err(self.ended("a string")) };
            if byte < b' ' {
                return Err(wrong(self.at, &["control character in a string"]));
            }
            if byte != b'"' && byte != b'\\' {
                self.at += 1;
                continue;
            }
            // Both are of one byte, so the cuts are between characters.
            let piece = self.text.get(from..self.at).unwrap_or_default();
            self.at += 1;
            if byte == b'"' {
                return Ok(match changed {
                    None => Cow::Borrowed(piece),
                    Some(mut text) => {
                        text.push_str(piece);
                        Cow::Owned(text)
                    }
                });
            }
            let text = changed.get_or_insert_default();
            text.push_str(piece);
            text.push(self.escaped()?);
            from = self.at;
        }
    }

    /// What stands behind a backslash.
    fn escaped(&mut self) -> Result<char, Wrong> {
        let Some(byte) = self.byte() else { return Err(self.ended("a string")) };
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return Err(wrong(self.at, &["invalid escape"])),
        })
    }

    /// A UTF-16 unit, or two that are a pair.
    fn unicode(&mut self) -> Result<char, Wrong> {
        let first = self.hex()?;
        let mut code = first;
        if (0xd800..0xdc00).contains(&first) && self.word("\\u") {
            let second = self.hex()?;
            if (0xdc00..0xe000).contains(&second) {
                code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            }
        }
        char::from_u32(code).ok_or_else(|| wrong(self.at, &["lone surrogate in an escape"]))
    }

    fn hex(&mut self) -> Result<u32, Wrong> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.byte().and_then(|byte| char::from(byte).to_digit(16));
            code = code << 4 | digit.ok_or_else(|| wrong(self.at, &["invalid escape"]))?;
            self.at += 1;
        }
        Ok(code)
    }

    /// How many digits are next; they are added to the number.
    fn digits(&mut self, number: &mut Number, after_point: bool) -> usize {
        let from = self.at;
        while let Some(byte @ b'0'..=b'9') = self.byte() {
            self.at += 1;
            let longer = number.digits.checked_mul(10).and_then(|d| d.checked_add(u64::from(byte - b'0')));
            let Some(longer) = longer.filter(|_| number.exponent <= 0) else {
                // One that does not fit, and all behind it.
                number.integer = false;
                number.exponent = number.exponent.saturating_add(i32::from(!after_point));
                continue;
            };
            number.digits = longer;
            number.exponent = number.exponent.saturating_sub(i32::from(after_point));
        }
        self.at - from
    }

    fn number(&mut self, expected: &str) -> Result<Number, Wrong> {
        if !matches!(self.peek(), Some(b'-' | b'0'..=b'9')) {
            return Err(self.unexpected(expected));
        }
        let mut number = Number { at: self.at, negative: false, digits: 0, exponent: 0, integer: true };
        if self.byte() == Some(b'-') {
            number.negative = true;
            self.at += 1;
        }
        let zero = self.byte() == Some(b'0');
        let before = self.digits(&mut number, false);
        let mut well = before > 0 && (before == 1 || !zero);
        if self.byte() == Some(b'.') {
            self.at += 1;
            number.integer = false;
            well &= self.digits(&mut number, true) > 0;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            number.integer = false;
            let minus = self.byte() == Some(b'-');
            self.at += usize::from(matches!(self.byte(), Some(b'-' | b'+')));
            let from = self.at;
            let mut exponent = 0i32;
            while let Some(byte @ b'0'..=b'9') = self.byte() {
                self.at += 1;
                exponent = exponent.saturating_mul(10).saturating_add(i32::from(byte - b'0'));
            }
            well &= self.at > from;
            number.exponent = number.exponent.saturating_add(if minus { -exponent } else { exponent });
        }
        if well { Ok(number) } else { Err(wrong(self.at, &["invalid number"])) }
    }

    /// A whole number within the type's bounds.
    pub(crate) fn integer<T: TryFrom<i128>>(&mut self, expected: &str) -> Result<T, Wrong> {
        let number = self.number(expected)?;
        // Minus zero is a floating-point number.
        let whole = number.integer && !(number.negative && number.digits == 0);
        let value = i128::from(number.digits) * if number.negative { -1 } else { 1 };
        let fitting = whole.then(|| T::try_from(value).ok()).flatten();
        fitting.ok_or_else(|| wrong(number.at, &["invalid value: number, expected ", expected]))
    }

    /// Any number, to the nearest but for the last bit of 64.
    pub(crate) fn float(&mut self) -> Result<f32, Wrong> {
        let number = self.number("a number")?;
        let (mut value, mut exponent) = (number.digits as f64, number.exponent);
        while exponent != 0 && value != 0.0 && value.is_finite() {
            // 10²² is the greatest power of ten that 64 bits hold exactly.
            let step = exponent.unsigned_abs().min(22);
            let power = (0..step).fold(1.0, |power: f64, _| power * 10.0);
            value = if exponent > 0 { value * power } else { value / power };
            exponent -= if exponent > 0 { step as i32 } else { -(step as i32) };
        }
        if !value.is_finite() {
            return Err(wrong(number.at, &["number out of range"]));
        }
        Ok(if number.negative { -value as f32 } else { value as f32 })
    }
}
