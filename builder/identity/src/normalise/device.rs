//! Device ids: advertising ids, vendor ids, anonymous ids of the app and the web page.

/// Shorter ids are serial numbers of nothing.
const BYTES_MIN: usize = 6;

/// Ids that whole product lines or blocked trackers report.
const NON_IDS: [&str; 4] = ["9774d56d682e549c", "unknown", "0123456789abcdef", "device_id_not_available"];

/// Lower-cased id, or `None` for an id that many devices share by construction.
pub fn device(text: &str) -> Option<String> {
    let id = super::bounded(text).to_lowercase();
    let meaningful = id.bytes().any(|b| !matches!(b, b'0' | b'-' | b'f' | b':'));
    (id.len() >= BYTES_MIN && meaningful && !NON_IDS.contains(&id.as_str()) && !super::is_non_value(&id)).then_some(id)
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
            ("9774d56d682e549c", None),
            ("null", None),
            ("", None),
            ("abc", None),
        ] {
            assert_eq!(super::device(text).as_deref(), expected, "{text}");
        }
    }
}
