//! What the tests share: pairwise scores against a truth, and a generator of people that knows nothing of the crate.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::collections::{BTreeMap, HashMap};

use kenal_identity::{Basket, Config, Input, Known, Records, Resolution, resolve};
use kenal_types::{ContactPoint, CustomerRecord, Date, Market, PersonId, RecordKey, System, Timestamp};

/// Pairwise precision and recall of a partition.
#[derive(Debug, Clone, Copy)]
pub struct Score {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
}

/// `found` and `truth`: a cluster for every record, in the same order. Recall counts all true pairs.
pub fn score(found: &[u64], truth: &[u64]) -> Score {
    let pairs = |n: u64| n * (n - 1) / 2;
    let total = |keys: &mut dyn Iterator<Item = (u64, u64)>| {
        let mut sizes: HashMap<(u64, u64), u64> = HashMap::new();
        keys.for_each(|k| *sizes.entry(k).or_default() += 1);
        sizes.into_values().map(pairs).sum::<u64>() as f64
    };
    let both = total(&mut found.iter().copied().zip(truth.iter().copied()));
    let precision = both / total(&mut found.iter().map(|&f| (f, 0))).max(1.0);
    let recall = both / total(&mut truth.iter().map(|&t| (t, 0))).max(1.0);
    Score { precision, recall, f1: 2.0 * precision * recall / (precision + recall) }
}

/// By record of the input: its person, or a number of its own when it stays apart.
pub fn partition(found: &Resolution) -> Vec<u64> {
    let alone = |at: usize| u64::MAX - at as u64;
    found.persons.iter().enumerate().map(|(at, person)| person.map_or(alone(at), |p| p.0)).collect()
}

/// What was resolved, and what came out.
pub struct Solved {
    pub records: Records,
    pub found: Resolution,
}

impl Solved {
    pub fn of(records: &[CustomerRecord], baskets: &[(u32, Basket)], config: &Config) -> Solved {
        Solved::knowing(records, baskets, config, &[])
    }

    /// With the people of an earlier run.
    pub fn knowing(
        records: &[CustomerRecord],
        baskets: &[(u32, Basket)],
        config: &Config,
        prior: &[(RecordKey, PersonId)],
    ) -> Solved {
        let mut taken = Input { records, baskets }.take().expect("records that can be taken");
        let number = |key: &RecordKey| taken.find(key.system as u8, &key.id);
        let prior: Vec<(u32, PersonId)> = prior.iter().filter_map(|(key, p)| Some((number(key)?, *p))).collect();
        let known = Known { prior: &prior, ..Known::default() };
        let found = resolve(&mut taken, &known, config).expect("a resolution");
        Solved { records: taken, found }
    }

    pub fn persons(&self) -> BTreeMap<RecordKey, Option<PersonId>> {
        let key = |at: usize| self.records.key(at as u32).expect("a record of the five systems");
        self.found.persons.iter().enumerate().map(|(at, person)| (key(at), *person)).collect()
    }

    /// What a later run is to know.
    pub fn prior(&self) -> Vec<(RecordKey, PersonId)> {
        self.persons().into_iter().filter_map(|(key, person)| Some((key, person?))).collect()
    }
}

pub fn record(system: System, id: &str) -> CustomerRecord {
    CustomerRecord {
        key: RecordKey::new(system, id),
        given_name: None,
        family_name: None,
        full_name: None,
        emails: Vec::new(),
        phones: Vec::new(),
        birth_date: None,
        street: None,
        city: None,
        postcode: None,
        country: None,
        market: None,
        language: None,
        devices: Vec::new(),
        external_ids: Vec::new(),
        loyalty: None,
        merged_into: None,
        deleted: false,
        erase: false,
        created_at: None,
        updated_at: None,
        sequence: 0,
    }
}

pub fn contact(value: &str) -> ContactPoint {
    ContactPoint { value: value.to_owned(), verified: false, shared: false }
}

pub fn named(system: System, id: &str, name: &str) -> CustomerRecord {
    CustomerRecord { full_name: Some(name.to_owned()), ..record(system, id) }
}

/// SplitMix64: small, seeded, and none of the crate's own.
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub fn chance(&mut self, p: f64) -> bool {
        (self.next() >> 11) as f64 / ((1_u64 << 53) as f64) < p
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// Earlier ones are likelier, as with names.
    pub fn skewed<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let (a, b) = (self.below(from.len()), self.below(from.len()));
        &from[a.min(b)]
    }

    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.below(at + 1));
        }
    }
}

/// A generated company: records with the person behind each, and what they bought.
pub struct Company {
    pub records: Vec<CustomerRecord>,
    pub truth: Vec<u64>,
    pub baskets: Vec<(u32, Basket)>,
}

const SYLLABLES: [&str; 40] = [
    "an", "ba", "chen", "da", "fei", "gu", "hana", "ika", "jun", "kai", "lim", "mei", "nur", "oka", "pra", "qi", "raj",
    "siti", "tan", "umi", "vin", "wei", "xin", "yong", "zain", "ali", "bin", "cha", "dewi", "eka", "fara", "gan",
    "hui", "ibra", "jo", "kum", "lan", "mala", "nita", "som",
];
const DOMAINS: [&str; 6] = ["gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "shop.sg", "mail.my"];

struct Household {
    street: String,
    city: String,
    postcode: String,
    phone: String,
    device: String,
    family: String,
}

struct Person {
    given: String,
    family: String,
    birth: Date,
    email: String,
    former_email: String,
    phone: String,
    device: String,
    tastes: Vec<u32>,
}

/// People in households; each in some of the five systems, with the slips, gaps and shared things of the real ones.
pub fn company(people: usize, seed: u64) -> Company {
    let mut dice = Dice(seed);
    let names = vocabulary(&mut dice, 400 + people / 50, 2);
    let families = vocabulary(&mut dice, 150 + people / 100, 2);
    let streets = vocabulary(&mut dice, 200 + people / 40, 3);
    let mut company = Company { records: Vec::new(), truth: Vec::new(), baskets: Vec::new() };
    let mut home = household(&mut dice, &streets, &families);
    for number in 0..people {
        if dice.chance(0.6) {
            home = household(&mut dice, &streets, &families);
        }
        let person = person(&mut dice, number, &names, &home);
        add_person(&mut dice, &mut company, number as u64, &person, &home);
    }
    company
}

fn vocabulary(dice: &mut Dice, size: usize, parts: usize) -> Vec<String> {
    (0..size).map(|_| (0..parts).map(|_| *dice.pick(&SYLLABLES)).collect()).collect()
}

fn household(dice: &mut Dice, streets: &[String], families: &[String]) -> Household {
    let city = dice.below(40);
    Household {
        street: format!("{} Jalan {}", 1 + dice.below(300), dice.pick(streets)),
        city: format!("{}{}", SYLLABLES[city], SYLLABLES[(city * 7 + 3) % 40]),
        postcode: format!("{}", 10_000 + city * 2000 + dice.below(900)),
        phone: format!("+603{}", 20_000_000 + dice.below(70_000_000)),
        device: format!("tablet-{:016x}", dice.next()),
        family: dice.skewed(families).clone(),
    }
}

fn person(dice: &mut Dice, number: usize, names: &[String], home: &Household) -> Person {
    let mut given = dice.skewed(names).clone();
    if dice.chance(0.5) {
        given = format!("{given} {}", dice.skewed(names));
    }
    let stem = format!("{}.{}", given.replace(' ', ""), home.family);
    Person {
        email: format!("{stem}{}@{}", dice.below(90), dice.pick(&DOMAINS)),
        former_email: format!("{}{}@{}", given.replace(' ', "_"), number % 1000, dice.pick(&DOMAINS)),
        given,
        family: home.family.clone(),
        birth: Date(dice.below(20_000) as i32 - 8_000),
        phone: format!("+601{}", 10_000_000 + dice.below(89_999_999)),
        device: format!("phone-{:016x}", dice.next()),
        tastes: (0..12).map(|_| (dice.below(70) * dice.below(70)) as u32).collect(),
    }
}

fn add_person(dice: &mut Dice, company: &mut Company, number: u64, person: &Person, home: &Household) {
    let orders: Vec<(String, Date, Vec<u32>)> = (0..dice.below(5))
        .map(|n| {
            let items = (0..1 + dice.below(4)).map(|_| *dice.pick(&person.tastes)).collect();
            (format!("{number}{n:02}"), Date(19_000 + dice.below(700) as i32), items)
        })
        .collect();
    let copies = [
        (System::Shopify, usize::from(dice.chance(0.75))),
        (System::Warehouse, if dice.chance(0.25) { 2 } else { usize::from(dice.chance(0.8)) }),
        (System::Zendesk, usize::from(dice.chance(0.35))),
        (System::Salesforce, usize::from(dice.chance(0.4))),
        (System::App, usize::from(dice.chance(0.4))),
    ];
    for (system, count) in copies {
        for copy in 0..count {
            let at = company.records.len() as u32;
            let id = format!("{:x}", Dice(number * 64 + system as u64 * 8 + copy as u64).next());
            let mut row = record(system, &id);
            fill(dice, &mut row, person, home, copy);
            if matches!(system, System::Shopify | System::Warehouse) {
                for (order, day, items) in &orders {
                    let own_copy = system == System::Shopify || count == 1 || order.len() % 2 == copy;
                    if own_copy && dice.chance(0.9) {
                        let order_number = Some(order.clone());
                        company.baskets.push((at, Basket { order_number, day: *day, items: items.clone() }));
                    }
                }
            }
            company.records.push(row);
            company.truth.push(number);
        }
    }
}

fn fill(dice: &mut Dice, row: &mut CustomerRecord, person: &Person, home: &Household, copy: usize) {
    let system = row.key.system;
    let given = slip(dice, &person.given, 0.05);
    let family = slip(dice, &person.family, 0.05);
    row.market = Some(Market::Malaysia);
    row.created_at = Some(Timestamp::from_seconds(1_500_000_000 + dice.below(200_000_000) as i64));
    if matches!(system, System::Shopify | System::Salesforce | System::App) {
        (row.given_name, row.family_name) = (Some(given), Some(family));
    } else if dice.chance(0.5) {
        row.full_name = Some(format!("{family} {given}").to_uppercase());
    } else {
        row.full_name = Some(format!("{given} {family}"));
    }
    let email = if copy > 0 { &person.former_email } else { &person.email };
    if dice.chance(match system {
        System::Shopify => 1.0,
        System::Zendesk => 0.77,
        _ => 0.85,
    }) {
        let mut point = contact(&slip(dice, email, 0.02));
        point.verified = system == System::Shopify;
        row.emails.push(point);
    }
    if dice.chance(0.7) {
        let shared = dice.chance(0.1);
        row.phones.push(contact(if shared { &home.phone } else { &person.phone }));
    }
    if matches!(system, System::Salesforce | System::Warehouse) {
        row.birth_date = match dice.below(20) {
            0 => Some(Date(0)),
            1 => Some(Date(person.birth.0 + 1)),
            2..=4 => None,
            _ => Some(person.birth),
        };
    }
    if matches!(system, System::Shopify | System::Warehouse | System::Salesforce) && dice.chance(0.85) {
        row.street = Some(slip(dice, &home.street, 0.1));
        row.city = Some(home.city.clone());
        row.postcode = Some(home.postcode.clone());
    }
    if system == System::App {
        row.devices.push(if dice.chance(0.2) { home.device.clone() } else { person.device.clone() });
    }
    if system == System::Shopify && dice.chance(0.2) {
        row.devices.push(person.device.clone());
    }
}

/// One letter dropped, doubled or swapped, with probability `p`.
fn slip(dice: &mut Dice, text: &str, p: f64) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    if chars.len() > 3 && dice.chance(p) {
        let at = 1 + dice.below(chars.len() - 2);
        match dice.below(3) {
            0 => drop(chars.remove(at)),
            1 => chars.insert(at, chars[at]),
            _ => chars.swap(at, at + 1),
        }
    }
    chars.into_iter().collect()
}
