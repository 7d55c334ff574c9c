//! What is known of items, from a file: the content that cold items get vectors from.
//!
//! ```text
//! category, brand     each value a feature
//! price               tenths of all prices, each a feature
//! any other column    its words, each a feature as large as it is rare; an item's words together have length 1
//! ```
//!
//! A feature that only one item has tells nothing of another, and is left out.

use std::path::Path;

use kenal_models::Interactions;
use kenal_tables::read::{Batch, ReadError, Reader};
use rustc_hash::FxHashMap;

/// Bands of prices.
const BANDS: usize = 10;

/// Content of items by id.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    items: FxHashMap<String, Content>,
}

#[derive(Debug, Clone, Default)]
struct Content {
    /// `column=value`.
    values: Vec<String>,
    price: Option<f64>,
    words: Vec<String>,
}

impl Catalogue {
    /// Reads a file with a column `item` and any others; of rows of the same item the first counts. Prices that are no
    /// numbers are as none.
    ///
    /// # Errors
    /// The file is missing, of another kind or broken, or has no column `item`.
    pub fn read(path: &Path) -> Result<Catalogue, ReadError> {
        let mut reader = Reader::open(path)?;
        let item = reader.column("item")?;
        let names: Vec<String> = reader.columns().iter().map(|c| c.to_lowercase()).collect();
        let used: Vec<usize> = (0..names.len()).filter(|&c| reader.readable(c).is_ok()).collect();
        reader.select(&used);
        let mut catalogue = Catalogue::default();
        let mut batch = Batch::new();
        while reader.next_batch(&mut batch)? {
            for row in 0..batch.rows_count() {
                let Some(id) = batch.get(row, item) else { continue };
                if catalogue.items.contains_key(id) {
                    continue;
                }
                let columns = used.iter().filter(|&&c| c != item);
                let cells = columns.filter_map(|&c| Some((names[c].as_str(), batch.get(row, c)?)));
                catalogue.items.insert(id.to_owned(), Content::of(cells));
            }
        }
        Ok(catalogue)
    }

    /// Items of which something is known.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Items × features, for these items in this order; an item that is not here has none.
    pub fn features(&self, ids: &[&str]) -> Interactions {
        let nothing = Content::default();
        let contents: Vec<&Content> = ids.iter().map(|id| self.items.get(*id).unwrap_or(&nothing)).collect();
        let mut prices: Vec<f64> = contents.iter().filter_map(|c| c.price).collect();
        prices.sort_unstable_by(f64::total_cmp);
        let band = |price: f64| prices.partition_point(|p| *p < price) * BANDS / prices.len().max(1);
        let named: Vec<Vec<(String, bool)>> = contents
            .iter()
            .map(|c| {
                let bands = c.price.map(|p| format!("price={}", band(p)));
                let plain = c.values.iter().cloned().chain(bands).map(|f| (f, false));
                plain.chain(c.words.iter().map(|w| (w.clone(), true))).collect()
            })
            .collect();
        let mut holders: FxHashMap<&str, u32> = FxHashMap::default();
        for (feature, _) in named.iter().flatten() {
            *holders.entry(feature).or_default() += 1;
        }
        let mut numbers: FxHashMap<&str, u32> = FxHashMap::default();
        let mut triples = Vec::new();
        for (item, features) in named.iter().enumerate() {
            let from = triples.len();
            let mut square = 0f32;
            for (feature, is_word) in features {
                let n = holders[feature.as_str()];
                if n < 2 {
                    continue;
                }
                let next = numbers.len() as u32;
                let number = *numbers.entry(feature).or_insert(next);
                let rarity = if *is_word { (ids.len() as f32 / n as f32).ln().max(0.01) } else { 0.0 };
                square += rarity * rarity;
                triples.push((item as u32, number, rarity));
            }
            for triple in &mut triples[from..] {
                triple.2 = if triple.2 > 0.0 { triple.2 / square.sqrt() } else { 1.0 };
            }
        }
        match Interactions::from_triples(ids.len(), numbers.len(), triples) {
            Ok(matrix) => matrix,
            Err(e) => unreachable!("features were numbered here: {e}"),
        }
    }
}

impl Content {
    fn of<'a>(cells: impl Iterator<Item = (&'a str, &'a str)>) -> Content {
        let mut content = Content::default();
        for (column, text) in cells.filter(|c| !c.1.trim().is_empty()) {
            match column {
                "category" | "brand" => content.values.push(format!("{column}={}", text.trim().to_lowercase())),
                "price" => content.price = text.trim().parse::<f64>().ok().filter(|p| p.is_finite()),
                _ => content.words.extend(words(text)),
            }
        }
        content.words.sort_unstable();
        content.words.dedup();
        content
    }
}

/// Runs of letters and digits, in lower case; single ones say nothing.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| w.chars().nth(1).is_some()).map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_becomes_features() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("items.csv");
        let text = "Item,Category,price,title\na,Toys,1.5,\"RED paper-chain, 2\"\nb,toys,2,red paper lamp\n\
                    c,Home,9,Blue lamp\na,Home,7,other\nd,,dear,x y\n,Toys,1,red\n";
        std::fs::write(&path, text).expect("written");
        let catalogue = Catalogue::read(&path).expect("read");
        assert_eq!(catalogue.len(), 4, "the first row of an item counts, and one without an id does not");
        let m = catalogue.features(&["a", "b", "c", "d", "e"]);
        let row = |i: usize| (m.row(i).0.to_vec(), m.row(i).1.to_vec());
        // Shared: category=toys, red, paper, lamp. Prices are in bands of their own here.
        assert_eq!(m.n_items(), 4);
        let ((a, values), (b, _)) = (row(0), row(1));
        assert_eq!(a.len(), 3);
        assert!(a.iter().all(|f| b.contains(f)) && b.len() == 4, "{a:?} {b:?}");
        let words: f32 = values[1..].iter().map(|v| v * v).sum();
        assert!(values[0] == 1.0 && (words - 1.0).abs() < 1e-6, "{values:?}");
        assert_eq!(row(2).0.len(), 1, "only the lamp is shared");
        assert!(row(3).0.is_empty() && row(4).0.is_empty(), "nothing is known of them");
        assert!(Catalogue::default().is_empty());
    }
}
