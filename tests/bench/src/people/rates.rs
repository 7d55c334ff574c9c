//! How people live and how records err: each figure with where it comes from, or why it was chosen.
//!
//! Sources: Damerau (1964), "A technique for computer detection and correction of spelling errors": four fifths of
//! misspellings are one insertion, deletion, substitution or transposition. Christen and Pudjijono (2009), "Accurate
//! synthetic generation of realistic personal information": frequency tables, households, and few errors a record.
//! Hernández and Stolfo (1998), "Real-world data is dirty": moved and married people, missing values, swapped fields.
//! Shares without a source are of the size that those papers and the peers' own test data (`historical 50k`, `febrl3`)
//! show; none was chosen by looking at a result.

/// Records of one person at most.
pub const RECORDS_PER_PERSON_MAX: u64 = 17;
/// After each record the chance of one more: 2.4 records a person on average, and a few people with 17.
pub const ANOTHER_RECORD: f64 = 0.58;

/// Members of a household, 1 to 5: about the census of England and Wales, 2021 (30, 34, 16, 13 and 7 of a hundred).
pub const HOUSEHOLD_SIZES: [f64; 5] = [0.30, 0.34, 0.16, 0.13, 0.07];
/// Of the household's further members: the same surname as the first.
pub const SAME_SURNAME: f64 = 0.75;
/// Named after the first of the household: father and son.
pub const NAMESAKE: f64 = 0.02;
/// A third or later member born on the day of the one before: twins.
pub const TWIN: f64 = 0.03;
/// Gives the household's own phone as theirs; most have a mobile phone of their own and give that.
pub const LANDLINE: f64 = 0.15;

/// Households to a postcode, as in the United Kingdom.
pub const HOUSEHOLDS_PER_POSTCODE: u32 = 15;
/// Towns, whose sizes follow Zipf's law.
pub const TOWNS: usize = 800;

/// Over the years that the records span: moved house; of those, within the town.
pub const MOVED: f64 = 0.35;
pub const MOVED_WITHIN_TOWN: f64 = 0.5;
/// Changed surname, of women and of men.
pub const RENAMED: [f64; 2] = [0.20, 0.02];
pub const NEW_PHONE: f64 = 0.30;
/// A second email address, and a third after it.
pub const NEW_EMAIL: f64 = 0.45;

/// No value, by column: first name, surname, birth date, town, postcode, email, phone.
pub const MISSING: [f64; 7] = [0.01, 0.01, 0.15, 0.08, 0.10, 0.30, 0.35];
/// A misspelt value, by column.
pub const MISSPELT: [f64; 7] = [0.05, 0.06, 0.03, 0.03, 0.03, 0.02, 0.03];
/// Of misspelt values, those with a second error (Damerau: a fifth).
pub const SECOND_ERROR: f64 = 0.2;
/// Insertion, deletion, substitution, transposition.
pub const ERROR_KINDS: [f64; 4] = [0.22, 0.28, 0.35, 0.15];
/// Of substitutions, those by a neighbouring key.
pub const NEIGHBOUR_KEY: f64 = 0.6;

/// The short form of a first name that has one.
pub const NICKNAME: f64 = 0.12;
/// Only the first letter of the first name.
pub const INITIAL: f64 = 0.02;
/// First name and surname in each other's place.
pub const SWAPPED_NAMES: f64 = 0.005;
/// Day and month in each other's place, where both can be.
pub const SWAPPED_DATE: f64 = 0.01;
/// The first of January: only the year was known.
pub const YEAR_ONLY: f64 = 0.01;

/// Domains of email and the share of addresses that each has; the rest are at [`WORK_DOMAINS`] employers.
pub const DOMAINS: [(&str, f64); 9] = [
    ("gmail.com", 0.38),
    ("hotmail.com", 0.15),
    ("yahoo.com", 0.13),
    ("outlook.com", 0.09),
    ("icloud.com", 0.06),
    ("aol.com", 0.03),
    ("live.com", 0.03),
    ("btinternet.com", 0.02),
    ("protonmail.com", 0.01),
];
/// Employers with a domain of their own, whose sizes follow Zipf's law.
pub const WORK_DOMAINS: usize = 5_000;
