//! A map from texts, in ascending order: what a manifest has in the place of a `BTreeMap`, whose tree is much code in
//! a module that browsers download.

#[cfg(feature = "write")]
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

/// A few values under texts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TextMap<V>(Vec<(String, V)>);

impl<V> TextMap<V> {
    /// An empty map.
    pub const fn new() -> TextMap<V> {
        TextMap(Vec::new())
    }

    /// How many values there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value under `text`.
    pub fn get(&self, text: &str) -> Option<&V> {
        let at = self.0.binary_search_by(|(there, _)| there.as_str().cmp(text)).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    /// The texts and values, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &V)> {
        self.0.iter().map(|(text, value)| (text, value))
    }

    /// The values.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    /// Puts a value behind all others; `None` when its text is not above theirs.
    pub(crate) fn push(&mut self, text: String, value: V) -> Option<()> {
        let above = self.0.last().is_none_or(|(last, _)| *last < text);
        above.then(|| self.0.push((text, value)))
    }

    /// Puts a value under `text`, in the place of the one that is there.
    #[cfg(feature = "write")]
    pub fn insert(&mut self, text: String, value: V) {
        match self.0.binary_search_by(|(there, _)| there.cmp(&text)) {
            Ok(at) => self.0.splice(at..=at, [(text, value)]).for_each(drop),
            Err(at) => self.0.insert(at, (text, value)),
        }
    }

    /// Forgets all values.
    #[cfg(feature = "write")]
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl<'a, V> IntoIterator for &'a TextMap<V> {
    type Item = (&'a String, &'a V);
    type IntoIter = core::iter::Map<core::slice::Iter<'a, (String, V)>, fn(&'a (String, V)) -> (&'a String, &'a V)>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(text, value)| (text, value))
    }
}

#[cfg(feature = "write")]
impl<V> From<BTreeMap<String, V>> for TextMap<V> {
    fn from(map: BTreeMap<String, V>) -> Self {
        TextMap(map.into_iter().collect())
    }
}

#[cfg(feature = "write")]
impl<V> FromIterator<(String, V)> for TextMap<V> {
    fn from_iter<I: IntoIterator<Item = (String, V)>>(values: I) -> Self {
        BTreeMap::from_iter(values).into()
    }
}

#[cfg(feature = "write")]
impl<V: serde::Serialize> serde::Serialize for TextMap<V> {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_map(self)
    }
}

#[cfg(all(test, feature = "write"))]
mod tests {
    use super::*;

    #[test]
    fn texts_ascend_and_are_found() {
        let mut map =
            TextMap::from_iter([("b", 1), ("a", 2), ("c", 3)].map(|(text, value)| (String::from(text), value)));
        map.insert("b".into(), 4);
        map.insert("aa".into(), 5);
        let all: Vec<(&str, i32)> = map.iter().map(|(text, value)| (text.as_str(), *value)).collect();
        assert_eq!(all, [("a", 2), ("aa", 5), ("b", 4), ("c", 3)]);
        assert_eq!((map.get("aa"), map.get("d"), map.len()), (Some(&5), None, 4));
        assert_eq!(map.push("c".into(), 6), None, "twice");
        assert_eq!(map.push("bb".into(), 6), None, "below the last");
        assert_eq!(map.push("d".into(), 6), Some(()));
        assert!(map.values().copied().eq([2, 5, 4, 3, 6]));
    }
}
