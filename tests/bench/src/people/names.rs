//! Names by frequency, and short forms of first names.

use std::io::Read as _;

use anyhow::{Context as _, Result};
use rand::Rng;
use rand::distr::Distribution as _;
use rand::distr::weighted::WeightedIndex;

/// See `data/README.md`.
const FILE: &[u8] = include_bytes!("../../data/names.csv.gz");

/// First names and what they are shortened to, of the most frequent names.
const SHORT: [(&str, &str); 48] = [
    ("james", "jim"),
    ("robert", "bob"),
    ("michael", "mike"),
    ("william", "bill"),
    ("david", "dave"),
    ("richard", "rick"),
    ("charles", "charlie"),
    ("joseph", "joe"),
    ("thomas", "tom"),
    ("christopher", "chris"),
    ("daniel", "dan"),
    ("donald", "don"),
    ("kenneth", "ken"),
    ("steven", "steve"),
    ("edward", "ted"),
    ("ronald", "ron"),
    ("anthony", "tony"),
    ("matthew", "matt"),
    ("timothy", "tim"),
    ("jeffrey", "jeff"),
    ("andrew", "andy"),
    ("raymond", "ray"),
    ("gregory", "greg"),
    ("joshua", "josh"),
    ("patrick", "pat"),
    ("peter", "pete"),
    ("walter", "walt"),
    ("benjamin", "ben"),
    ("samuel", "sam"),
    ("alexander", "alex"),
    ("patricia", "pat"),
    ("barbara", "barb"),
    ("elizabeth", "liz"),
    ("jennifer", "jenny"),
    ("susan", "sue"),
    ("margaret", "peggy"),
    ("dorothy", "dot"),
    ("nancy", "nan"),
    ("deborah", "debbie"),
    ("jessica", "jess"),
    ("cynthia", "cindy"),
    ("kathleen", "kathy"),
    ("rebecca", "becky"),
    ("pamela", "pam"),
    ("katherine", "kate"),
    ("christine", "chris"),
    ("victoria", "vicky"),
    ("judith", "judy"),
];

/// The lists.
#[derive(Debug)]
pub(super) struct Names {
    /// Of women and of men.
    pub first: [Frequencies; 2],
    pub surname: Frequencies,
}

/// Texts, each with its chance.
#[derive(Debug)]
pub(super) struct Frequencies {
    texts: Vec<String>,
    chances: WeightedIndex<f64>,
}

impl Frequencies {
    pub fn new(rows: Vec<(String, f64)>) -> Result<Frequencies> {
        let (texts, weights): (Vec<String>, Vec<f64>) = rows.into_iter().unzip();
        Ok(Frequencies { texts, chances: WeightedIndex::new(weights).context("weights of names")? })
    }

    pub fn draw(&self, dice: &mut impl Rng) -> &str {
        &self.texts[self.chances.sample(dice)]
    }

    /// The one of this rank, over again from the most frequent when there are fewer.
    pub fn ranked(&self, rank: usize) -> &str {
        &self.texts[rank % self.texts.len()]
    }
}

impl Names {
    pub fn read() -> Result<Names> {
        let mut text = String::new();
        flate2::read::GzDecoder::new(FILE).read_to_string(&mut text).context("unpacking the names")?;
        let mut lists: [Vec<(String, f64)>; 3] = Default::default();
        for line in text.lines().skip(1) {
            let mut fields = line.split(',');
            let mut next = || fields.next().with_context(|| format!("names: `{line}` has too few fields"));
            let list = match next()? {
                "female" => 0,
                "male" => 1,
                _ => 2,
            };
            lists[list].push((next()?.to_owned(), next()?.parse().with_context(|| format!("names: `{line}`"))?));
        }
        let [women, men, surnames] = lists;
        let first = [Frequencies::new(women)?, Frequencies::new(men)?];
        Ok(Names { first, surname: Frequencies::new(surnames)? })
    }
}

/// The short form of a first name.
pub(super) fn short(first_name: &str) -> Option<&'static str> {
    SHORT.iter().find(|(long, _)| *long == first_name).map(|(_, short)| *short)
}
