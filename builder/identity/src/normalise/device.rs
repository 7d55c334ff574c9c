//! Device ids: advertising ids, vendor ids, anonymous ids of the app and the web page. As they are, but for case.

/// Shorter ids are serial numbers of nothing.
const BYTES_MIN: usize = 6;
/// Longest id; a longer text is a token or a page, and no id of a device.
pub const DEVICE_BYTES_MAX: usize = 256;

/// Ids that whole product lines, emulators or blocked trackers report.
const NON_IDS: [&str; 24] = [
    "9774d56d682e549c",
    "0123456789abcdef",
    "0123456789abcdef0123456789abcdef",
    "fedcba9876543210",
    "01234567-89ab-cdef-0123-456789abcdef",
    "123456789012345",
    "012345678912345",
    "012345678901234",
    "004999010640000",
    "1234567890",
    "123456",
    "12345678",
    "123456789",
    "02:00:00:00:00:00",
    "device_id_not_available",
    "not_available",
    "not available",
    "undefined",
    "(null)",
    "[object object]",
    "unknown",
    "emulator",
    "simulator",
    "android_id",
];

/// Lower-cased id, or `None` for an id that many devices share by construction.
///
/// At most [`DEVICE_BYTES_MAX`] bytes. O(length); allocates the id.
pub fn device(text: &str) -> Option<String> {
    let text = super::bounded(text);
    if !(BYTES_MIN..=DEVICE_BYTES_MAX).contains(&text.len()) {
        return None;
    }
    let id = text.to_ascii_lowercase();
    // 00000000-0000-…, ffffffff-ffff-…, and one key held.
    let first = id.bytes().next();
    let meaningful = id.bytes().any(|b| !matches!(b, b'0' | b'-' | b'f' | b':' | b' '))
        && id.bytes().any(|b| Some(b) != first && !matches!(b, b'-' | b':'));
    (meaningful && !NON_IDS.contains(&id.as_str()) && !super::is_non_value(&id)).then_some(id)
}

#[cfg(test)]
mod tests {
    #[test]
    fn devices() {
        for (text, expected) in [
            (" B5372DB0-C21E-11E4-8DFC-AA07A5B093DB ", Some("b5372db0-c21e-11e4-8dfc-aa07a5b093db")),
            ("507f191e810c", Some("507f191e810c")),
            ("00000000-0000-0000-0000-000000000000", None),
            ("ffffffff-ffff-ffff-ffff-ffffffffffff", None),
            ("11111111-1111-1111-1111-111111111111", None),
            ("9774d56d682e549c", None),
            ("02:00:00:00:00:00", None),
            ("[object Object]", None),
            ("UNDEFINED", None),
            ("(null)", None),
            ("null", None),
            ("", None),
            ("abc", None),
            (&"ab".repeat(10_000_000), None),
        ] {
            let found = super::device(text);
            assert_eq!(found.as_deref(), expected, "{text:.40}");
            if let Some(found) = found {
                assert_eq!(super::device(&found).as_deref(), expected);
            }
        }
    }
}
