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
use kenal_tables::read::{Batch, Reader};
use rustc_hash::FxHashMap;

use crate::read::{InputError, Refused};

/// Bands of prices.
const BANDS: usize = 10;

/// Remarks that are kept to be shown; all are counted.
const SHOWN_MAX: usize = 10;

/// Content of items by id.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// In the order of the file.
    ids: Vec<String>,
    contents: Vec<Content>,
    places: FxHashMap<String, usize>,
    pub read_count: u64,
    /// Rows of which something cannot be used.
    pub refused_count: u64,
    /// The first of them.
    pub refused: Vec<Refused>,
}

#[derive(Debug, Clone, Default)]
struct Content {
    /// `column=value`.
    values: Vec<String>,
    category: Option<String>,
    price: Option<f64>,
    words: Vec<String>,
}

impl Catalogue {
    /// Reads a file with a column `item` and any others. A row without an item, one of an item that was there before, and
    /// a price that is no number are said and counted; of the last all but the price is used.
    ///
    /// # Errors
    /// The file is missing, of another kind or broken, or has no column `item` or none beside it.
    pub fn read(path: &Path) -> Result<Catalogue, InputError> {
        let mut reader = Reader::open(path)?;
        let item = reader.column("item")?;
        reader.readable(item)?;
        let names: Vec<String> = reader.columns().iter().map(|c| c.to_lowercase()).collect();
        let used: Vec<usize> = (0..names.len()).filter(|&c| reader.readable(c).is_ok()).collect();
        if used.len() < 2 {
            return Err(InputError::Protocol(format!("{}: no column says anything of an item", path.display())));
        }
        reader.select(&used);
        let mut catalogue = Catalogue::default();
        let mut batch = Batch::new();
        while reader.next_batch(&mut batch)? {
            for rejected in batch.take_rejected() {
                catalogue.refuse(rejected.line, rejected.reason.to_string());
            }
            for row in 0..batch.rows_count() {
                let line = batch.line(row);
                let Some(id) = batch.get(row, item) else {
                    catalogue.refuse(line, "no item".to_owned());
                    continue;
                };
                if catalogue.places.contains_key(id) {
                    catalogue.refuse(line, format!("item `{id}` was there before"));
                    continue;
                }
                let columns = used.iter().filter(|&&c| c != item);
                let cells = columns.filter_map(|&c| Some((names[c].as_str(), batch.get(row, c)?)));
                let (content, is_readable) = Content::of(cells);
                if !is_readable {
                    catalogue.refuse(line, "`price` is no finite number".to_owned());
                }
                catalogue.places.insert(id.to_owned(), catalogue.ids.len());
                catalogue.ids.push(id.to_owned());
                catalogue.contents.push(content);
            }
        }
        for rejected in batch.take_rejected() {
            catalogue.refuse(rejected.line, rejected.reason.to_string());
        }
        catalogue.read_count = reader.counts().read;
        Ok(catalogue)
    }

    fn refuse(&mut self, line: u64, why: String) {
        self.refused_count += 1;
        if self.refused.len() < SHOWN_MAX {
            self.refused.push(Refused { line, why });
        }
    }

    fn content(&self, id: &str) -> Option<&Content> {
        self.places.get(id).map(|&at| &self.contents[at])
    }

    /// Items in the order of the file.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// The value of the column `category`, in lower case.
    pub fn category(&self, id: &str) -> Option<&str> {
        self.content(id)?.category.as_deref()
    }

    /// Items of which something is known.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Items × features, for these items in this order; an item that is not here has none.
    pub fn features(&self, ids: &[&str]) -> Interactions {
        let nothing = Content::default();
        let contents: Vec<&Content> = ids.iter().map(|id| self.content(id).unwrap_or(&nothing)).collect();
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
    /// What cells say, and whether a price can be read, if there is one.
    fn of<'a>(cells: impl Iterator<Item = (&'a str, &'a str)>) -> (Content, bool) {
        let (mut content, mut is_readable) = (Content::default(), true);
        for (column, text) in cells.filter(|c| !c.1.trim().is_empty()) {
            match column {
                "category" | "brand" => {
                    let value = text.trim().to_lowercase();
                    content.values.push(format!("{column}={value}"));
                    content.category = content.category.or_else(|| (column == "category").then_some(value));
                }
                "price" => {
                    content.price = text.trim().parse::<f64>().ok().filter(|p| p.is_finite());
                    is_readable = content.price.is_some();
                }
                _ => content.words.extend(words(text)),
            }
        }
        content.words.sort_unstable();
        content.words.dedup();
        (content, is_readable)
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
        assert_eq!(catalogue.ids(), ["a", "b", "c", "d"], "the first row of an item counts");
        let said: Vec<(u64, &str)> = catalogue.refused.iter().map(|r| (r.line, r.why.as_str())).collect();
        assert_eq!(said, [(5, "item `a` was there before"), (6, "`price` is no finite number"), (7, "no item")]);
        assert_eq!(
            (catalogue.category("b"), catalogue.category("d"), catalogue.refused_count),
            (Some("toys"), None, 3)
        );
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
        std::fs::write(&path, "item\na\n").expect("written");
        let error = Catalogue::read(&path).expect_err("nothing is said of it");
        assert!(error.to_string().contains("items.csv: no column says anything"), "{error}");
    }
}
