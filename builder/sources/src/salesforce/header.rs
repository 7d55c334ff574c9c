//! The header of a page: which delimiter, which object, which column where.

use crate::error::Quarantine;
use crate::report::FileKind;

use super::csv::{Record, Records};

/// The six delimiters of Bulk API 2.0, the default first.
const DELIMITERS: [(u8, &str); 6] =
    [(b',', "','"), (b'\t', "tab"), (b'|', "'|'"), (b';', "';'"), (b'^', "'^'"), (b'`', "'`'")];

/// An understood header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(super) delimiter: u8,
    pub(super) kind: FileKind,
    columns: Vec<String>,
}

impl Header {
    /// Understands the first record of a file, of which `head` is the beginning.
    pub(super) fn understand(head: &[u8]) -> Result<Header, Quarantine> {
        let (mut widest, mut best): (Vec<String>, &str) = (Vec::new(), "','");
        for (delimiter, name) in DELIMITERS {
            let columns = first_record(head, delimiter);
            if columns.iter().any(|c| c == "Id") {
                let kind = kind_of(&columns).ok_or_else(|| unknown_object(&columns))?;
                return Ok(Header { delimiter, kind, columns });
            }
            if columns.len() > widest.len() {
                (widest, best) = (columns, name);
            }
        }
        let plural = if widest.len() == 1 { "" } else { "s" };
        let hint = if widest.len() == 1 { "is the delimiter something else?" } else { "is it a Salesforce export?" };
        let what = format!(
            "no column named Id; the header has {} column{plural} when split by {best}; {hint} (tried {})",
            widest.len(),
            DELIMITERS.map(|(_, name)| name).join(" ")
        );
        Err(Quarantine::BadHeader { what })
    }

    /// Positions of columns, in the order asked.
    pub(super) fn columns<const N: usize>(&self, names: [&str; N]) -> [Option<usize>; N] {
        names.map(|name| self.columns.iter().position(|c| c == name))
    }

    pub(super) fn len(&self) -> usize {
        self.columns.len()
    }

    /// Every page repeats the header, also when pages were joined to one file.
    pub(super) fn is_repeated_by(&self, record: &Record) -> bool {
        record.len() == self.columns.len() && record.fields().eq(self.columns.iter().map(String::as_str))
    }
}

fn first_record(head: &[u8], delimiter: u8) -> Vec<String> {
    let mut record = Record::default();
    match Records::new(head, delimiter).next(&mut record) {
        Ok(true) if record.malformed.is_none() => record.fields().map(|f| f.trim().to_owned()).collect(),
        // Quotes that do not fit this delimiter: counted roughly, for the message.
        Ok(true) => record.raw.split(|b| *b == delimiter).map(|f| String::from_utf8_lossy(f).into_owned()).collect(),
        _ => Vec::new(),
    }
}

/// The object, by columns that only it has.
fn kind_of(columns: &[String]) -> Option<FileKind> {
    let has = |name: &str| columns.iter().any(|c| c == name);
    if has("PrivacyConsentStatus") && has("PartyId") {
        Some(FileKind::ContactPointTypeConsent)
    } else if has("MembershipNumber") {
        Some(FileKind::LoyaltyProgramMember)
    } else if has("HasOptedOutProcessing") || has("HasOptedOutProfiling") || has("ShouldForget") {
        Some(FileKind::Individual)
    } else if has("HasOptedOutOfEmail") || has("MasterRecordId") || has("IndividualId") {
        Some(FileKind::Contact)
    } else if has("Name") {
        Some(FileKind::Names)
    } else {
        None
    }
}

fn unknown_object(columns: &[String]) -> Quarantine {
    let what = format!(
        "{} columns, and none that tells a Contact, an Individual, a ContactPointTypeConsent, a LoyaltyProgramMember \
         or a DataUsePurpose",
        columns.len()
    );
    Quarantine::BadHeader { what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_and_delimiters() {
        for (columns, kind) in [
            (&["Id", "Email", "MasterRecordId", "IndividualId"][..], FileKind::Contact),
            (&["Id", "FirstName", "HasOptedOutProfiling", "ShouldForget"], FileKind::Individual),
            (&["Id", "Name", "PartyId", "PrivacyConsentStatus"], FileKind::ContactPointTypeConsent),
            (&["Id", "ContactId", "MembershipNumber"], FileKind::LoyaltyProgramMember),
            (&["Id", "Name"], FileKind::Names),
        ] {
            for (delimiter, _) in DELIMITERS {
                for quote in ["", "\""] {
                    let text = columns.iter().map(|c| format!("{quote}{c}{quote}")).collect::<Vec<_>>();
                    let text = text.join(&char::from(delimiter).to_string());
                    let header = Header::understand(text.as_bytes()).expect(&text);
                    assert_eq!(
                        (header.delimiter, header.kind, header.len()),
                        (delimiter, kind, columns.len()),
                        "{text}"
                    );
                }
            }
        }
    }

    #[test]
    fn headers_that_are_none_say_what_was_tried() {
        for (text, part) in [
            ("\"Id\":\"Name\"\n", "is the delimiter something else?"),
            ("Id:Email:IndividualId\n", "no column named Id; the header has 1 column when split by ','"),
            ("a,b,c\n", "the header has 3 columns when split by ','"),
            ("a;b;c\n", "the header has 3 columns when split by ';'"),
            ("Id,Subject\n", "2 columns, and none that tells a Contact"),
        ] {
            let message = Header::understand(text.as_bytes()).expect_err(text).to_string();
            assert!(message.starts_with("line 1: ") && message.contains(part), "{text}: {message}");
        }
    }
}
