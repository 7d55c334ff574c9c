//! Words that tell what a column of words holds. Names of people are in `name_words`.

use rustc_hash::FxHashSet;

use super::name_words::{FAMILY_NAMES, GIVEN_NAMES};

/// Countries as they are written out, those of the region first.
const COUNTRIES: &[&str] = &[
    "singapore",
    "malaysia",
    "thailand",
    "indonesia",
    "vietnam",
    "viet nam",
    "philippines",
    "brunei",
    "cambodia",
    "laos",
    "myanmar",
    "china",
    "hong kong",
    "taiwan",
    "japan",
    "south korea",
    "korea",
    "india",
    "pakistan",
    "bangladesh",
    "sri lanka",
    "nepal",
    "australia",
    "new zealand",
    "united states",
    "united states of america",
    "usa",
    "canada",
    "mexico",
    "brazil",
    "argentina",
    "chile",
    "colombia",
    "peru",
    "united kingdom",
    "uk",
    "great britain",
    "england",
    "scotland",
    "wales",
    "ireland",
    "france",
    "germany",
    "deutschland",
    "spain",
    "españa",
    "portugal",
    "italy",
    "netherlands",
    "belgium",
    "switzerland",
    "austria",
    "poland",
    "sweden",
    "norway",
    "denmark",
    "finland",
    "russia",
    "ukraine",
    "turkey",
    "greece",
    "egypt",
    "south africa",
    "nigeria",
    "kenya",
    "israel",
    "saudi arabia",
    "united arab emirates",
    "iran",
    "iraq",
];

/// How genders are written.
const GENDERS: &[&str] = &[
    "m",
    "f",
    "male",
    "female",
    "man",
    "woman",
    "other",
    "x",
    "u",
    "unknown",
    "non-binary",
    "nonbinary",
    "lelaki",
    "perempuan",
    "laki-laki",
    "pria",
    "wanita",
    "nam",
    "nữ",
    "nu",
    "chai",
    "ying",
    "hombre",
    "mujer",
    "masculino",
    "femenino",
    "homme",
    "femme",
    "masculin",
    "féminin",
    "mann",
    "frau",
    "männlich",
    "weiblich",
    "w",
    "mr",
    "mrs",
    "ms",
    "miss",
];

/// The word lists, ready to be asked.
#[derive(Debug)]
pub(super) struct Words {
    given: FxHashSet<&'static str>,
    family: FxHashSet<&'static str>,
    countries: FxHashSet<&'static str>,
    genders: FxHashSet<&'static str>,
}

impl Words {
    pub(super) fn new() -> Self {
        let set = |words: &[&'static str]| words.iter().copied().collect();
        let names = |words: &'static str| words.split_whitespace().collect();
        Words {
            given: names(GIVEN_NAMES),
            family: names(FAMILY_NAMES),
            countries: set(COUNTRIES),
            genders: set(GENDERS),
        }
    }

    /// A word in lower case is a frequent given name.
    pub(super) fn is_given(&self, word: &str) -> bool {
        self.given.contains(word)
    }

    /// A word in lower case is a frequent family name.
    pub(super) fn is_family(&self, word: &str) -> bool {
        self.family.contains(word)
    }

    /// A value in lower case is a country.
    pub(super) fn is_country(&self, value: &str) -> bool {
        self.countries.contains(value)
    }

    /// A value in lower case is a gender, or a title that says one.
    pub(super) fn is_gender(&self, value: &str) -> bool {
        self.genders.contains(value)
    }
}
