//! The records as columns of numbers, in canonical order: what blocking, comparison and clustering read.
//!
//! Built once: values are normalised in parallel a chunk at a time, then numbered in record order by two threads, so
//! that at no time more than a chunk of normalised texts exists beside the columns.

use kenal_types::{CustomerRecord, Date, Market, System};
use rayon::prelude::*;

use crate::input::Input;
use crate::normalise::{date, device, email, name, phone, place};
use crate::purchases::Purchases;
use crate::vocabulary::{NONE, Rows, Vocabulary};

/// Values kept per record and kind: more emails than this are a mailing list, and every pair compares all of them.
const VALUES_MAX: usize = 8;
/// Records normalised at a time.
const CHUNK_RECORDS: usize = 1 << 15;

/// Emails, phones or devices: several per record.
#[derive(Debug, Default)]
pub(crate) struct Values {
    pub vocabulary: Vocabulary,
    /// Sorted value numbers of each record.
    pub of: Rows<u32>,
    /// By value: the system says that several people use it, or it is an office's.
    pub shared: Vec<bool>,
    /// By value: groups of records under it that cannot be one person. Filled in by `trust`.
    pub people: Vec<u16>,
}

/// A text of words: the whole, and its words.
#[derive(Debug, Default)]
pub(crate) struct Phrases {
    /// Distinct wholes.
    pub whole: Vocabulary,
    /// The whole of each record, or [`NONE`].
    pub of: Vec<u32>,
    pub word: Vocabulary,
    /// Sorted word numbers of each *whole*.
    pub words: Rows<u32>,
}

#[derive(Debug, Default)]
pub(crate) struct Table {
    pub names: Phrases,
    /// Days since 1970, or [`NO_DATE`].
    pub birth: Vec<i32>,
    pub birth_dates: Vocabulary,
    pub birth_of: Vec<u32>,
    pub emails: Values,
    /// By email: its local part, and the letters of the local part.
    pub email_local: Vec<u32>,
    pub email_stem: Vec<u32>,
    pub locals: Vocabulary,
    pub stems: Vocabulary,
    pub phones: Values,
    pub streets: Phrases,
    pub postcodes: Vocabulary,
    pub postcode: Vec<u32>,
    pub cities: Vocabulary,
    pub city: Vec<u32>,
    pub devices: Values,
    pub loyalty_numbers: Vocabulary,
    pub loyalty: Vec<u32>,
    pub purchases: Purchases,
    pub system: Vec<System>,
    pub standing: Vec<Standing>,
}

pub(crate) const NO_DATE: i32 = i32::MIN;

/// What a record is in its own system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Standing {
    /// Neither deleted nor merged into another record.
    pub active: bool,
    /// The system has verified an email or phone of it.
    pub verified: bool,
}

impl Table {
    /// `order`: positions in `input` in canonical order.
    pub(crate) fn build(input: &Input, order: &[u32]) -> Table {
        let mut table = Table {
            purchases: Purchases::build(input, order),
            names: Phrases { word: Vocabulary::outlined(), ..Phrases::default() },
            streets: Phrases { whole: Vocabulary::outlined(), ..Phrases::default() },
            locals: Vocabulary::outlined(),
            cities: Vocabulary::outlined(),
            ..Table::default()
        };
        for chunk in order.chunks(CHUNK_RECORDS) {
            let rows: Vec<Row> = chunk.par_iter().map(|&at| Row::of(&input.records[at as usize])).collect();
            table.push(&rows);
        }
        table.freeze();
        table
    }

    pub(crate) fn len(&self) -> u32 {
        self.system.len() as u32
    }

    pub(crate) fn birth_date(&self, record: u32) -> Option<Date> {
        let day = self.birth[record as usize];
        (day != NO_DATE).then_some(Date(day))
    }

    fn push(&mut self, rows: &[Row]) {
        let Table {
            names,
            birth,
            birth_dates,
            birth_of,
            emails,
            email_local,
            email_stem,
            locals,
            stems,
            phones,
            streets,
            ..
        } = self;
        let (postcodes, postcode, cities, city) =
            (&mut self.postcodes, &mut self.postcode, &mut self.cities, &mut self.city);
        let (devices, numbers, loyalty) = (&mut self.devices, &mut self.loyalty_numbers, &mut self.loyalty);
        rayon::join(
            || {
                for row in rows {
                    names.push(&row.name);
                    streets.push(&row.street);
                    birth.push(row.birth.map_or(NO_DATE, |d| d.0));
                    birth_of.push(one(birth_dates, row.birth.map(|d| d.0.to_string()).as_deref()));
                    postcode.push(one(postcodes, row.postcode.as_deref()));
                    city.push(one(cities, row.city.as_deref()));
                }
            },
            || {
                for row in rows {
                    emails.push(row.emails.iter().map(|(e, shared)| (e.address.as_str(), *shared)));
                    push_locals(emails, email_local, email_stem, locals, stems);
                    phones.push(row.phones.iter().map(|(p, shared)| (p.as_str(), *shared)));
                    devices.push(row.devices.iter().map(|d| (d.as_str(), false)));
                    loyalty.push(one(numbers, row.loyalty.as_deref()));
                }
            },
        );
        self.system.extend(rows.iter().map(|r| r.system));
        self.standing.extend(rows.iter().map(|r| r.standing));
    }

    fn freeze(&mut self) {
        for vocabulary in [
            &mut self.names.whole,
            &mut self.names.word,
            &mut self.birth_dates,
            &mut self.emails.vocabulary,
            &mut self.locals,
            &mut self.stems,
            &mut self.phones.vocabulary,
            &mut self.streets.whole,
            &mut self.streets.word,
            &mut self.postcodes,
            &mut self.cities,
            &mut self.devices.vocabulary,
            &mut self.loyalty_numbers,
        ] {
            vocabulary.freeze();
        }
    }
}

/// Appends the local parts of the addresses that are new, in the order of their numbers.
fn push_locals(
    emails: &Values,
    email_local: &mut Vec<u32>,
    email_stem: &mut Vec<u32>,
    locals: &mut Vocabulary,
    stems: &mut Vocabulary,
) {
    while email_local.len() < emails.vocabulary.len() {
        let address = emails.vocabulary.get(email_local.len() as u32);
        let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
        let stem: String = local.chars().filter(|c| c.is_alphabetic()).collect();
        let id = locals.intern(local);
        locals.count(&[id]);
        email_local.push(id);
        // Four letters are initials and a year's guess: blocks of them would be large and say little.
        email_stem.push(if stem.chars().count() >= 5 { stems.intern(&stem) } else { NONE });
    }
}

fn one(vocabulary: &mut Vocabulary, text: Option<&str>) -> u32 {
    let Some(text) = text else { return NONE };
    let id = vocabulary.intern(text);
    vocabulary.count(&[id]);
    id
}

impl Values {
    fn push<'a>(&mut self, values: impl Iterator<Item = (&'a str, bool)>) {
        let mut ids = Vec::with_capacity(2);
        for (text, shared) in values {
            let id = self.vocabulary.intern(text);
            if self.shared.len() <= id as usize {
                self.shared.push(false);
                self.people.push(0);
            }
            self.shared[id as usize] |= shared;
            ids.push(id);
        }
        ids.sort_unstable();
        ids.dedup();
        self.vocabulary.count(&ids);
        self.of.push(&ids);
    }
}

impl Phrases {
    /// `words` in the order in which the whole is spelt.
    pub(crate) fn push(&mut self, words: &[String]) {
        if words.is_empty() {
            self.of.push(NONE);
            return;
        }
        let whole = self.whole.intern(&words.join(" "));
        self.whole.count(&[whole]);
        let mut ids: Vec<u32> = words.iter().map(|w| self.word.intern(w)).collect();
        ids.sort_unstable();
        if whole as usize == self.words.len() {
            self.words.push(&ids);
        }
        ids.dedup();
        self.word.count(&ids);
        self.of.push(whole);
    }

    /// Word numbers of a record.
    pub(crate) fn words_of(&self, record: u32) -> &[u32] {
        match self.of[record as usize] {
            NONE => &[],
            whole => self.words.row(whole),
        }
    }
}

/// The normalised values of one record.
struct Row {
    name: Vec<String>,
    birth: Option<Date>,
    emails: Vec<(email::Email, bool)>,
    phones: Vec<(String, bool)>,
    street: Vec<String>,
    postcode: Option<String>,
    city: Option<String>,
    devices: Vec<String>,
    loyalty: Option<String>,
    system: System,
    standing: Standing,
}

impl Row {
    fn of(record: &CustomerRecord) -> Row {
        let market = record.market.or_else(|| record.country.as_deref().and_then(Market::from_country));
        let mut emails: Vec<(email::Email, bool)> = Vec::with_capacity(record.emails.len().min(VALUES_MAX));
        for point in record.emails.iter().take(VALUES_MAX) {
            if let Some(found) = email::email(&point.value) {
                let shared = point.shared || found.role;
                emails.push((found, shared));
            }
        }
        let phones = record.phones.iter().take(VALUES_MAX);
        let phones = phones.filter_map(|p| Some((phone::phone(&p.value, market)?, p.shared))).collect();
        let mut devices: Vec<String> =
            record.devices.iter().take(VALUES_MAX).filter_map(|d| device::device(d)).collect();
        // A record of a device that nobody has signed in on is its device.
        if let (System::App, Some(id)) = (record.key.system, record.key.id.strip_prefix("device/")) {
            devices.extend(device::device(id));
        }
        let loyalty = record.loyalty.as_ref().and_then(|l| place::code(&l.number));
        let verified = record.emails.iter().chain(&record.phones).any(|p| p.verified);
        Row {
            name: name::name_words(
                record.given_name.as_deref(),
                record.family_name.as_deref(),
                record.full_name.as_deref(),
            ),
            birth: record.birth_date.and_then(date::birth_date),
            emails,
            phones,
            street: record.street.as_deref().and_then(place::street).unwrap_or_default(),
            postcode: record.postcode.as_deref().and_then(place::postcode),
            city: record.city.as_deref().and_then(place::city),
            devices,
            loyalty,
            system: record.key.system,
            standing: Standing { active: !record.deleted && record.merged_into.is_none(), verified },
        }
    }
}
