//! Showing enough of a value to recognise what is wrong with it, and too little to recognise a person.

/// How a value is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mask {
    /// As it is: not personal (a SKU, a time of order, a country).
    Open,
    /// First letter of the local part, and the domain.
    Email,
    /// Country code and the last two digits.
    Phone,
    /// The first letter.
    Text,
    /// The decade; a placeholder such as 1970-01-01 is shown, since it is nobody's.
    Birthday,
    /// An email or a phone.
    Contact,
}

/// Birthdays that systems write when they know none.
pub const PLACEHOLDER_DAYS: [&str; 3] = ["1900-01-01", "1970-01-01", "1901-01-01"];

impl Mask {
    /// The value as a report may show it. Same input, same output; never longer than 40 characters.
    pub fn apply(self, value: &str) -> String {
        let shown = match self {
            Mask::Open => value.to_owned(),
            Mask::Email => email(value),
            Mask::Phone => phone(value),
            Mask::Text => text(value),
            Mask::Birthday => birthday(value),
            Mask::Contact if value.contains('@') => email(value),
            Mask::Contact => phone(value),
        };
        if shown.chars().count() <= 40 {
            return shown;
        }
        shown.chars().take(39).chain(['…']).collect()
    }
}

/// `mei.tan@mail.example` → `m***@mail.example`. What has no `@` is not known to be an address at all.
fn email(value: &str) -> String {
    match value.rsplit_once('@') {
        Some((local, domain)) => format!("{}@{}", text(local), domain.trim()),
        None => text(value),
    }
}

/// `m***`; how long it was stays unknown too. Nothing stays of a value of one letter.
fn text(value: &str) -> String {
    let mut letters = value.trim().chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(_)) => format!("{first}***"),
        _ => "***".to_owned(),
    }
}

/// `+6591234567` → `+65******67`: stars for all digits but those of the country code and the last two; signs stay, since
/// they are often what is wrong. Other letters become stars: a name may stand before the number.
fn phone(value: &str) -> String {
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let head = if value.trim_start().starts_with('+') { 2 } else { 0 };
    // With few digits, showing four of them would show the number.
    let (head, tail) = if digits >= 8 { (head, 2) } else { (0, 0) };
    let mut seen = 0;
    let mask = |c: char| match c {
        c if c.is_ascii_digit() => {
            seen += 1;
            if seen <= head || seen > digits - tail { c } else { '*' }
        }
        '+' | '-' | '.' | '(' | ')' | ' ' | '/' => c,
        _ => '*',
    };
    value.chars().map(mask).collect()
}

/// `1987-06-05` → `198*-**-**`.
fn birthday(value: &str) -> String {
    if PLACEHOLDER_DAYS.contains(&value) {
        return value.to_owned();
    }
    match value.get(..3) {
        Some(decade) if value.len() == 10 => format!("{decade}*-**-**"),
        _ => text(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_recognisable_and_people_are_not() {
        for (mask, value, expected) in [
            (Mask::Email, "mei.tan@mail.example", "m***@mail.example"),
            (Mask::Email, "m@mail.example", "***@mail.example"),
            (Mask::Email, "mei.tan", "m***"),
            (Mask::Email, "a@b@mail.example", "a***@mail.example"),
            (Mask::Email, "", "***"),
            (Mask::Phone, "+6591234567", "+65******67"),
            (Mask::Phone, "+65 9123-4567", "+65 ****-**67"),
            (Mask::Phone, "0812345678", "********78"),
            (Mask::Phone, "999", "***"),
            (Mask::Phone, "ask Mei 91234567", "*** *** ******67"),
            (Mask::Text, "Tan", "T***"),
            (Mask::Text, "陈美", "陈***"),
            (Mask::Text, "X", "***"),
            (Mask::Birthday, "1987-06-05", "198*-**-**"),
            (Mask::Birthday, "1970-01-01", "1970-01-01"),
            (Mask::Contact, "mei@mail.example", "m***@mail.example"),
            (Mask::Contact, "+6591234567", "+65******67"),
            (Mask::Open, "SKU-1", "SKU-1"),
        ] {
            assert_eq!(mask.apply(value), expected, "{mask:?} {value}");
        }
        assert_eq!(Mask::Open.apply(&"x".repeat(99)).chars().count(), 40);
    }
}
