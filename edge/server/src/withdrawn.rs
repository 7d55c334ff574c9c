//! Who withdrew consent since the bundle was built: salted keys, nothing else.
//!
//! It holds until the server ends, whatever bundles come: one may have been built before the withdrawal. A later "granted"
//! does not undo it: a server that starts with a new bundle, whose consent stage sees the evidence, decides that. When the
//! set is full, everyone counts as withdrawn, since dropping a key would mean personalising somebody who said no.

use std::collections::HashSet;

use kenal_edge::VisitorKey;

/// Keys kept at most: 1 % of ten million visitors a day, in 3 MB.
pub const WITHDRAWN_MAX: usize = 100_000;

/// The set of withdrawn keys.
#[derive(Debug, Default)]
pub struct Withdrawn {
    keys: HashSet<VisitorKey>,
    overflow: bool,
}

impl Withdrawn {
    /// Adds a key; nothing changes when it is already in.
    pub fn add(&mut self, key: VisitorKey) {
        if self.keys.len() < WITHDRAWN_MAX {
            self.keys.insert(key);
        } else if !self.keys.contains(&key) {
            self.overflow = true;
        }
    }

    /// Whether this visitor may not be personalised.
    pub fn contains(&self, key: &VisitorKey) -> bool {
        self.overflow || self.keys.contains(key)
    }
}

#[cfg(test)]
mod tests {
    use kenal_edge::Hash;

    use super::*;

    #[test]
    fn a_full_set_personalises_nobody() {
        let key = |n: usize| VisitorKey::new(&Hash::default(), &n.to_string());
        let mut withdrawn = Withdrawn::default();
        for n in 0..WITHDRAWN_MAX {
            withdrawn.add(key(n));
        }
        withdrawn.add(key(0));
        assert!(withdrawn.contains(&key(0)));
        assert!(!withdrawn.contains(&key(WITHDRAWN_MAX)));
        withdrawn.add(key(WITHDRAWN_MAX));
        assert!(withdrawn.contains(&key(WITHDRAWN_MAX)));
        assert!(withdrawn.contains(&key(WITHDRAWN_MAX + 1)), "fail closed");
    }
}
