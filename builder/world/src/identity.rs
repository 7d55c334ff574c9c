//! People before any system knows them: household, market, name, address, contacts, devices.
//!
//! Person `i` is a function of (seed, `i`, number of people). Households are runs of neighbouring people, which no
//! export shows, since every id and every order of rows goes through a permutation or a hash.

use kenal_types::{Date, Market};

use crate::dice::{Dice, For};
use crate::names::{self, Address, Community, Name};
use crate::permute::Permutation;
use crate::rates;

/// People in a block that households are cut from.
const BLOCK: u64 = 12;
/// Household sizes 1 to 6 and their shares.
const SIZES: [f64; 6] = [0.34, 0.24, 0.17, 0.14, 0.07, 0.04];
/// Room for addresses and numbers of one person over time.
pub(crate) const CONTACTS_MAX: u64 = 3;

/// What all members have in common.
#[derive(Debug, Clone)]
pub(crate) struct Household {
    pub(crate) first: u64,
    pub(crate) market: Market,
    pub(crate) community: Community,
    pub(crate) lineage: names::Lineage,
    pub(crate) address: Address,
    /// Members 0 and 1 give the same number.
    pub(crate) shares_phone: bool,
    /// Members 0 and 1 use the same device.
    pub(crate) shares_device: bool,
}

/// One human.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) index: u64,
    pub(crate) household: Household,
    pub(crate) name: Name,
    pub(crate) birth: Date,
    pub(crate) language: &'static str,
    /// Current first, then older ones.
    pub(crate) emails: Vec<String>,
    /// National numbers, current first.
    pub(crate) phones: Vec<String>,
    /// Devices, own or shared.
    pub(crate) devices: Vec<Device>,
}

#[derive(Debug, Clone)]
pub(crate) struct Device {
    pub(crate) id: String,
    pub(crate) anonymous_id: String,
    pub(crate) ios: bool,
    pub(crate) shared: bool,
    /// What its clock is ahead of the true time.
    pub(crate) skew_us: i64,
}

/// Whether one given name is the other, or its beginning: Citra and Citra Nurul.
fn alike(a: &str, b: &str) -> bool {
    a.split(' ').zip(b.split(' ')).all(|(a, b)| a == b)
}

/// Makes people up.
#[derive(Debug, Clone)]
pub(crate) struct People {
    pub(crate) seed: u64,
    pub(crate) count: u64,
    emails: Permutation,
    phones: Permutation,
}

impl People {
    pub(crate) fn new(seed: u64, count: u64) -> People {
        People {
            seed,
            count,
            emails: Permutation::new(count * CONTACTS_MAX, seed, 1),
            phones: Permutation::new(count * 2, seed, 2),
        }
    }

    /// The household that person `i` belongs to.
    pub(crate) fn household(&self, i: u64) -> Household {
        let start = i / BLOCK * BLOCK;
        let end = (start + BLOCK).min(self.count);
        let mut dice = Dice::new(self.seed, For::HouseholdSizes, start);
        let (mut first, mut size) = (start, 0);
        while first + size <= i {
            first += size;
            size = (dice.weighted(&SIZES) as u64 + 1).min(end - first);
        }
        let mut dice = Dice::new(self.seed, For::Household, first);
        let market = Market::ALL[dice.weighted(&[0.24, 0.29, 0.20, 0.27])];
        let community = names::community(market, &mut dice);
        let lineage = names::lineage(community, &mut dice);
        let address = Address::draw(market, &mut dice);
        let shares_phone = dice.chance(rates::SHARED_PHONE) && size > 1;
        let shares_device = dice.chance(rates::SHARED_DEVICE) && size > 1;
        Household { first, market, community, lineage, address, shares_phone, shares_device }
    }

    pub(crate) fn identity(&self, i: u64) -> Identity {
        let household = self.household(i);
        let (name, mut dice) = self.name(i, &household);
        // 16 to 80 years old in 2025, mostly around 35.
        let age_days = ((35.0 + 12.0 * dice.normal()).clamp(16.0, 80.0) * 365.25) as i32 + dice.below(365) as i32;
        let birth = Date(20_089 - age_days);
        let language = language(household.community, household.market, &mut dice);
        let extra = self.contact_changes(&mut dice);
        let full = name.full();
        let emails = (0..=extra)
            .map(|slot| {
                let mut dice = Dice::new(self.seed, For::Email, i * CONTACTS_MAX + slot);
                let serial = self.emails.at(i * CONTACTS_MAX + slot);
                names::email(&full, name.nickname.as_deref(), serial, &mut dice)
            })
            .collect();
        let phone = |person: u64, slot: u64| names::phone_national(household.market, self.phones.at(person * 2 + slot));
        let member = i - household.first;
        let owner = if household.shares_phone && member == 1 { household.first } else { i };
        let mut phones = vec![phone(owner, 0)];
        if dice.chance(0.08) {
            phones.push(phone(i, 1));
        }
        let devices = self.devices(i, member, &household, &mut dice);
        Identity { index: i, household, name, birth, language, emails, phones, devices }
    }

    /// The name of person `i`, and the dice that drew it, for what is drawn next. Nobody is named as somebody of the
    /// same household is: namesakes at one address would be told apart by no system and no neighbour.
    fn name(&self, i: u64, household: &Household) -> (Name, Dice) {
        let mut taken: Vec<Name> = Vec::new();
        let mut member = household.first;
        loop {
            let mut dice = Dice::new(self.seed, For::Identity, member);
            // Children of Chinese, Thai and Batak families share the family name; elsewhere the parents' names differ.
            let own_lineage = match household.community {
                Community::Chinese | Community::Thai | Community::Batak => dice.chance(0.2),
                _ => dice.chance(0.6),
            };
            let lineage =
                if own_lineage { names::lineage(household.community, &mut dice) } else { household.lineage.clone() };
            let mut name = names::draw(household.community, &lineage, &mut dice);
            while taken.iter().any(|other| alike(&other.given, &name.given)) {
                name = names::draw(household.community, &lineage, &mut dice);
            }
            if member == i {
                return (name, dice);
            }
            taken.push(name);
            member += 1;
        }
    }

    /// How often the person changed email. With a share d of the warehouse's rows being duplicates there are
    /// d / (1 − d) extra rows a person; a quarter of those who change do so twice.
    fn contact_changes(&self, dice: &mut Dice) -> u64 {
        let extra = rates::WAREHOUSE_DUPLICATE / (1.0 - rates::WAREHOUSE_DUPLICATE);
        let once = extra / 1.25;
        match dice.unit() / once {
            u if u < 0.25 => 2,
            u if u < 1.0 => 1,
            _ => 0,
        }
    }

    fn devices(&self, i: u64, member: u64, household: &Household, dice: &mut Dice) -> Vec<Device> {
        let mut devices = Vec::new();
        let shared = household.shares_device && member < 2;
        if shared {
            devices.push(self.device(household.first * 4 + 3, true));
        }
        let own = u64::from(!shared || dice.chance(0.5)) + u64::from(dice.chance(0.2));
        devices.extend((0..own).map(|slot| self.device(i * 4 + slot, false)));
        devices
    }

    fn device(&self, serial: u64, shared: bool) -> Device {
        let mut dice = Dice::new(self.seed, For::Device, serial);
        let (id, anonymous_id) = (uuid(&mut dice).to_uppercase(), uuid(&mut dice));
        let ios = dice.chance(0.4);
        let skewed = dice.chance(rates::CLOCK_SKEW);
        let days = dice.between(1, 4) * if dice.chance(0.5) { 1 } else { -1 };
        let skew_us = if skewed { days * 86_400_000_000 + dice.between(0, 3_600_000_000) } else { 0 };
        Device { id, anonymous_id, ios, shared, skew_us }
    }
}

impl Identity {
    pub(crate) fn market(&self) -> Market {
        self.household.market
    }

    pub(crate) fn shares_phone(&self) -> bool {
        self.household.shares_phone && self.index - self.household.first < 2
    }
}

/// Version 4 in form.
pub(crate) fn uuid(dice: &mut Dice) -> String {
    let (a, b) = (dice.bits(), dice.bits());
    let (one, two, three) = (a >> 32, a >> 16 & 0xffff, a & 0xfff);
    format!("{one:08x}-{two:04x}-4{three:03x}-{:04x}-{:012x}", b >> 48 & 0x3fff | 0x8000, b & 0xffff_ffff_ffff)
}

/// BCP 47 tag of the language the person reads.
fn language(community: Community, market: Market, dice: &mut Dice) -> &'static str {
    let (own, english): (&'static str, &'static str) = match market {
        Market::Singapore => (if community == Community::Malay { "ms-SG" } else { "zh-SG" }, "en-SG"),
        Market::Malaysia => (if community == Community::Chinese { "zh-MY" } else { "ms-MY" }, "en-MY"),
        Market::Thailand => ("th-TH", "en-TH"),
        Market::Indonesia => ("id-ID", "en-ID"),
    };
    let english_share = match market {
        Market::Singapore => 0.75,
        Market::Malaysia => 0.35,
        Market::Thailand | Market::Indonesia => 0.10,
    };
    if community == Community::Indian || dice.chance(english_share) { english } else { own }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn households_cover_everyone_once_and_agree() {
        let people = People::new(11, 1000);
        let (mut first, mut households) = (0, 0);
        for i in 0..people.count {
            let household = people.household(i);
            if i == 0 || household.first == i {
                (first, households) = (i, households + 1);
            }
            assert_eq!((household.first, household.market), (first, people.household(first).market));
            assert!(i - first < SIZES.len() as u64);
            let given = people.identity(i).name.given;
            assert!(
                (first..i).all(|other| !alike(&people.identity(other).name.given, &given)),
                "namesakes in one household: {i}"
            );
        }
        assert!((300..700).contains(&households), "{households}");
    }

    #[test]
    fn addresses_belong_to_one_person_and_numbers_to_one_but_for_shared_phones() {
        let people = People::new(5, 4000);
        let (mut emails, mut phones, mut rows, mut shared) = (BTreeSet::new(), BTreeSet::new(), 0, 0);
        for i in 0..people.count {
            let identity = people.identity(i);
            rows += identity.emails.len();
            for email in identity.emails {
                assert!(emails.insert(email));
            }
            let own = identity.household.shares_phone && i == identity.household.first + 1;
            shared += u64::from(own);
            for (slot, phone) in identity.phones.into_iter().enumerate() {
                assert!(phones.insert((identity.household.market, phone)) || (own && slot == 0), "{i}");
            }
        }
        assert!(shared > 10);
        let duplicates = (rows - 4000) as f64 / rows as f64;
        assert!((duplicates - rates::WAREHOUSE_DUPLICATE).abs() < 0.02, "{duplicates}");
    }

    #[test]
    fn people_differ_between_seeds_and_not_between_runs() {
        let name = |seed, i| People::new(seed, 50).identity(i).name.full();
        assert_eq!(name(1, 7), name(1, 7));
        let same = (0..50).filter(|i| name(1, *i) == name(2, *i)).count();
        assert!(same < 10, "{same}");
    }
}
