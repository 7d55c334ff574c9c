//! Who people are: their household, and what of them changes over the years that their records span.

use std::hash::BuildHasher as _;

use rand::distr::Distribution as _;
use rand::distr::weighted::WeightedIndex;
use rand::{Rng, RngExt as _};
use rand_pcg::Pcg64Mcg;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::names::{Frequencies, Names, short};
use super::{For, chance, rates};

/// Whether people share homes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Living {
    /// In households: as it is, and what misleads a model whose fields are independent of each other.
    Together,
    /// Everybody in a home of their own, though neighbours share a postcode.
    Alone,
}

/// Where somebody lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub town: usize,
    /// Of the town's postcodes.
    pub postcode: u32,
}

/// A value, and those that took its place, each from a moment on: 0 is when the first record was made, 1 the last.
#[derive(Debug, Clone)]
pub(super) struct Changing<T>(Vec<(f64, T)>);

impl<T> Changing<T> {
    fn new(first: T) -> Changing<T> {
        Changing(vec![(0.0, first)])
    }

    fn then(&mut self, value: T, dice: &mut impl Rng) {
        let since = self.0.last().map_or(0.0, |(since, _)| *since);
        self.0.push((dice.random_range(since..1.0), value));
    }

    pub fn at(&self, moment: f64) -> &T {
        let known = self.0.iter().rev().find(|(since, _)| *since <= moment);
        &known.unwrap_or(&self.0[0]).1
    }
}

/// One person.
#[derive(Debug)]
pub(super) struct Person {
    pub first_name: String,
    pub surname: Changing<String>,
    /// Year, month, day.
    pub born: (u16, u8, u8),
    pub place: Changing<Place>,
    pub phone: Changing<String>,
    pub email: Changing<String>,
}

/// Towns, largest first, with names and postcodes.
#[derive(Debug)]
pub(super) struct Towns {
    names: Vec<String>,
    chances: WeightedIndex<f64>,
    postcodes: Vec<u32>,
}

impl Towns {
    fn new(names: &Names, households: u32) -> Towns {
        const ENDINGS: [&str; 7] = ["ton", "ville", "ford", "field", "bury", "port", " park"];
        let named = |rank: usize| format!("{}{}", names.surname.ranked(7 * rank + 3), ENDINGS[rank % ENDINGS.len()]);
        let weights: Vec<f64> = (1..=rates::TOWNS).map(|rank| 1.0 / rank as f64).collect();
        let whole: f64 = weights.iter().sum();
        let postcodes = |weight: &f64| {
            let households = weight / whole * f64::from(households);
            (households / f64::from(rates::HOUSEHOLDS_PER_POSTCODE)).ceil().max(1.0) as u32
        };
        Towns {
            names: (0..rates::TOWNS).map(named).collect(),
            postcodes: weights.iter().map(postcodes).collect(),
            chances: WeightedIndex::new(&weights).expect("weights above zero"),
        }
    }

    fn draw(&self, dice: &mut impl Rng) -> Place {
        self.within(self.chances.sample(dice), dice)
    }

    fn within(&self, town: usize, dice: &mut impl Rng) -> Place {
        Place { town, postcode: dice.random_range(0..self.postcodes[town]) }
    }

    pub fn name(&self, place: Place) -> &str {
        &self.names[place.town]
    }

    /// As in the United Kingdom: letters of the area, district, sector, unit.
    pub fn postcode(&self, place: Place) -> String {
        const UNIT: &[u8; 20] = b"abdefghjlnpqrstuwxyz";
        let letter = |n: usize| char::from(b'a' + (n % 26) as u8);
        let n = place.postcode as usize;
        let (unit, sector, district) = (n % 400, n / 400 % 10, n / 4_000);
        // Areas are shared by towns whose ranks are far apart: the district tells them apart.
        let district = district + 1 + 40 * (place.town / 676);
        let (first, second) = (letter(place.town / 26), letter(place.town));
        format!("{first}{second}{district} {sector}{}{}", char::from(UNIT[unit / 20]), char::from(UNIT[unit % 20]))
    }
}

/// Everybody.
#[derive(Debug)]
pub(super) struct Residents {
    seed: u64,
    names: Names,
    towns: Towns,
    domains: Frequencies,
    /// By person: their household, and which of its members they are.
    homes: Vec<(u32, u8)>,
    /// By person and email address of theirs: how many had taken the same before.
    taken: Vec<[u16; EMAILS]>,
}

const EMAILS: usize = 3;
/// Year of birth of the youngest customers.
const YOUNGEST: i32 = 2008;

/// What the members of a household share.
struct Household {
    surname: String,
    first_name: String,
    male: bool,
    born_year: i32,
    place: Place,
    phone: String,
    /// Birthday of twins.
    twins: (u16, u8, u8),
}

impl Residents {
    pub fn new(seed: u64, people: u32, living: Living, names: Names) -> Residents {
        let sizes = WeightedIndex::new(rates::HOUSEHOLD_SIZES).expect("weights above zero");
        let members_max = if living == Living::Alone { 1 } else { rates::HOUSEHOLD_SIZES.len() };
        let mut dice = chance(seed, For::Household, u64::MAX);
        let (mut homes, mut households) = (Vec::with_capacity(people as usize), 0);
        while homes.len() < people as usize {
            let size = (sizes.sample(&mut dice) + 1).min(members_max).min(people as usize - homes.len());
            homes.extend((0..size as u8).map(|member| (households, member)));
            households += 1;
        }
        let towns = Towns::new(&names, households);
        let public: f64 = rates::DOMAINS.iter().map(|d| d.1).sum();
        let work: f64 = (1..=rates::WORK_DOMAINS).map(|rank| 1.0 / rank as f64).sum();
        let employers = (1..=rates::WORK_DOMAINS).map(|rank| {
            (format!("{}-works.com", names.surname.ranked(rank + 11)), (1.0 - public) / work / rank as f64)
        });
        let domains = rates::DOMAINS.iter().map(|(d, share)| ((*d).to_owned(), *share)).chain(employers).collect();
        let domains = Frequencies::new(domains).expect("weights above zero");
        let mut residents = Residents { seed, names, towns, domains, homes, taken: Vec::new() };
        residents.take_emails();
        residents
    }

    pub fn people_count(&self) -> u32 {
        self.homes.len() as u32
    }

    pub fn towns(&self) -> &Towns {
        &self.towns
    }

    /// Gives every address to one person: who comes later gets a number behind it, as providers do.
    fn take_emails(&mut self) {
        let mut owners: FxHashMap<u64, u16> = FxHashMap::default();
        let mut taken = vec![[0; EMAILS]; self.homes.len()];
        for (person, taken) in taken.iter_mut().enumerate() {
            for (n, (_, email)) in self.person(person as u32).email.0.iter().enumerate() {
                // A hash that collides only puts a needless number behind an address.
                let count = owners.entry(FxBuildHasher.hash_one(email)).or_default();
                taken[n] = *count;
                *count = count.saturating_add(1);
            }
        }
        self.taken = taken;
    }

    fn household(&self, number: u32) -> Household {
        let mut dice = chance(self.seed, For::Household, u64::from(number));
        let male = dice.random_bool(0.5);
        let born_year = dice.random_range(1935..2000);
        Household {
            surname: self.names.surname.draw(&mut dice).to_owned(),
            first_name: self.names.first[usize::from(male)].draw(&mut dice).to_owned(),
            male,
            born_year,
            place: self.towns.draw(&mut dice),
            phone: landline(&mut dice),
            twins: birthday(born_year + 28, &mut dice),
        }
    }

    pub fn person(&self, number: u32) -> Person {
        let (home, member) = self.homes[number as usize];
        let home = self.household(home);
        let mut dice = chance(self.seed, For::Person, u64::from(number));
        let male = match member {
            0 => home.male,
            1 => home.male ^ dice.random_bool(0.95),
            _ => dice.random_bool(0.5),
        };
        let namesake = member > 1 && male == home.male && dice.random_bool(rates::NAMESAKE);
        let first_name = match member {
            0 => home.first_name.clone(),
            _ if namesake => home.first_name.clone(),
            _ => self.names.first[usize::from(male)].draw(&mut dice).to_owned(),
        };
        let own = member > 0 && !dice.random_bool(rates::SAME_SURNAME);
        let mut surname = Changing::new(if own { self.surname(&mut dice) } else { home.surname.clone() });
        if dice.random_bool(rates::RENAMED[usize::from(male)]) {
            surname.then(self.surname(&mut dice), &mut dice);
        }
        let born = match member {
            0 => birthday(home.born_year, &mut dice),
            1 => birthday(home.born_year + dice.random_range(-6..=6), &mut dice),
            _ if dice.random_bool(rates::TWIN) => home.twins,
            _ => birthday(home.born_year + dice.random_range(20..=40), &mut dice),
        };
        let mut place = Changing::new(home.place);
        if dice.random_bool(rates::MOVED) {
            let near = dice.random_bool(rates::MOVED_WITHIN_TOWN);
            let new = if near { self.towns.within(home.place.town, &mut dice) } else { self.towns.draw(&mut dice) };
            place.then(new, &mut dice);
        }
        let mut phone = Changing::new(if dice.random_bool(rates::LANDLINE) { home.phone } else { mobile(&mut dice) });
        if dice.random_bool(rates::NEW_PHONE) {
            phone.then(mobile(&mut dice), &mut dice);
        }
        let email = self.emails(number, &first_name, &surname, born.0, &mut dice);
        Person { first_name, surname, born, place, phone, email }
    }

    fn surname(&self, dice: &mut impl Rng) -> String {
        self.names.surname.draw(dice).to_owned()
    }

    fn emails(
        &self,
        number: u32,
        first_name: &str,
        surname: &Changing<String>,
        born: u16,
        dice: &mut Pcg64Mcg,
    ) -> Changing<String> {
        let address = |n: usize, surname: &str, dice: &mut Pcg64Mcg| {
            let initial = &first_name[..1];
            let mut local = match dice.random_range(0..6) {
                0 => format!("{first_name}.{surname}"),
                1 => format!("{first_name}{surname}"),
                2 => format!("{initial}{surname}"),
                3 => format!("{first_name}{:02}", born % 100),
                4 => format!("{}.{surname}{:02}", short(first_name).unwrap_or(first_name), born % 100),
                _ => format!("{surname}.{first_name}"),
            };
            local.retain(|c| c != ' ');
            match self.taken.get(number as usize).map_or(0, |taken| taken[n]) {
                0 => {}
                before => local.push_str(&format!("{}", before + 1)),
            }
            format!("{local}@{}", self.domains.draw(dice))
        };
        let mut emails = Changing::new(address(0, surname.at(0.0), dice));
        for n in 1..EMAILS {
            if !dice.random_bool(rates::NEW_EMAIL) {
                break;
            }
            let next = address(n, surname.at(1.0), dice);
            emails.then(next, dice);
        }
        emails
    }
}

fn birthday(year: i32, dice: &mut impl Rng) -> (u16, u8, u8) {
    const DAYS: [u8; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let month = dice.random_range(1..=12_u8);
    // Nobody is too young to be a customer: who would be is as old as if born the same years before.
    let year = if year > YOUNGEST { 2 * YOUNGEST - year } else { year };
    (year as u16, month, dice.random_range(1..=DAYS[usize::from(month) - 1]))
}

fn mobile(dice: &mut impl Rng) -> String {
    const SECOND: [u8; 5] = [4, 5, 7, 8, 9];
    let second = SECOND[dice.random_range(0..SECOND.len())];
    format!("+447{second}{:08}", dice.random_range(0..100_000_000))
}

fn landline(dice: &mut impl Rng) -> String {
    const AREAS: [u16; 8] = [113, 114, 115, 116, 121, 131, 151, 161];
    let area = AREAS[dice.random_range(0..AREAS.len())];
    format!("+44{area}{}", dice.random_range(2_000_000..9_000_000))
}
