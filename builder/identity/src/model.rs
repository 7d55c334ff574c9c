//! The Fellegi–Sunter model and what a comparison weighs under it.
//!
//! Fellegi and Sunter, "A Theory for Record Linkage", JASA 64 (1969): the weight of agreeing on level `l` of field `f` is
//! `log2(m[f][l] / u[f][l])`, with `m` the level's probability among pairs of one person and `u` among pairs of two;
//! weights of independent fields add. Three departures, because fields are *not* independent:
//!
//! - Rare values weigh more: where both have the same value `v`, `u` is the frequency of `v` (term-frequency adjustment,
//!   Newcombe et al. 1959), never below one record in all, so that no single field outweighs the prior by itself.
//! - Things a household shares (address, device, a phone of several people) count once, by the strongest; and when they
//!   agree, a name that agrees in part only says "family", which is evidence against, not for.
//! - A local part made of the name says what the name already says: of the two, the greater counts.

use serde::{Deserialize, Serialize};

use crate::comparison::contact::{EMAIL_LOCAL_ALIKE, PHONE_SAME};
use crate::comparison::{BIRTH_DATE_NEAR, Comparison, DIFFERENT, Field, LEVELS_MAX, MISSING, name, place};

/// By field and level. Level 0 is not used.
pub(crate) type Levels<T> = [[T; LEVELS_MAX]; Field::COUNT];

/// A fitted model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    pub fields: Vec<FieldModel>,
    /// Probability of each level of the name, from level 1, between two different people of one household.
    pub household_name_u: Vec<f64>,
    /// Probability that two records taken at random are of one person.
    pub match_probability: f64,
    /// log2 of the number of records: no field weighs more.
    pub bits_max: f64,
}

/// `m`, `u` and weight of every level of one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldModel {
    pub field: Field,
    pub levels: Vec<LevelModel>,
    /// Pairs of one person that `m` was fitted on, by the model's own estimate; 0 when it is the default.
    pub fitted_on: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LevelModel {
    pub label: String,
    pub m: f64,
    pub u: f64,
    /// `log2(m / u)`, before the adjustment for the value's frequency.
    pub bits: f64,
}

/// How the frequency of the agreed value enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rarity {
    /// The value has no frequency of its own.
    None,
    /// The frequency stands for `u`.
    IsU,
    /// The level's weight moves by how much rarer the agreed part is than that of random pairs on the same level.
    Shifts,
}

const fn rarity(field: Field, level: u8) -> Rarity {
    match (field, level) {
        (Field::Name, name::ONLY_SAME | name::SAME)
        | (Field::BirthDate, 4)
        | (Field::Email, 3 | 5)
        | (Field::Phone, PHONE_SAME)
        | (Field::Street, 4)
        | (Field::Locality, 3..=5)
        | (Field::Device, 2)
        | (Field::Purchases, 5)
        | (Field::Loyalty, 3) => Rarity::IsU,
        (Field::Name, name::ONE_SAME | name::SAME_OR_CLOSE) => Rarity::Shifts,
        _ => Rarity::None,
    }
}

/// A shift by rarity moves a weight by no more than this.
const SHIFT_BITS_MAX: f32 = 6.0;

/// Probability of each level of the name between two different people of one household, from level 0, before anything is
/// seen: a family name in common is usual in some of the four markets and unknown in others.
pub(crate) const HOUSEHOLD_NAME_U: [f64; LEVELS_MAX] = [0.0, 0.56, 0.05, 0.04, 0.3, 0.02, 0.01, 0.01, 0.01];

/// `m` before anything is seen, from level 1; rows sum to 1. Learnt `m` replaces it as evidence grows.
const DEFAULT_M: [&[f64]; Field::COUNT] = [
    &[0.01, 0.005, 0.005, 0.04, 0.05, 0.03, 0.11, 0.75],
    &[0.03, 0.03, 0.07, 0.87],
    &[0.45, 0.05, 0.1, 0.02, 0.38],
    &[0.4, 0.03, 0.02, 0.55],
    &[0.2, 0.05, 0.15, 0.6],
    &[0.1, 0.05, 0.2, 0.05, 0.6],
    &[0.5, 0.5],
    &[0.5, 0.15, 0.1, 0.05, 0.2],
    &[0.05, 0.05, 0.9],
    &[0.02, 0.98],
];

pub(crate) fn default_m() -> Levels<f64> {
    let mut m = [[0.0; LEVELS_MAX]; Field::COUNT];
    for (row, defaults) in m.iter_mut().zip(DEFAULT_M) {
        row[1..=defaults.len()].copy_from_slice(defaults);
    }
    m
}

/// What one pair says, field by field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Weighed {
    pub levels: [u8; Field::COUNT],
    /// Hundredths of a bit: integers, so that sums and histograms do not depend on the order of adding.
    pub centibits: [i16; Field::COUNT],
}

impl Weighed {
    pub(crate) fn total(&self) -> i32 {
        self.centibits.iter().map(|&c| i32::from(c)).sum()
    }

    /// Fields that speak for one person.
    pub(crate) fn fields_for(&self) -> usize {
        self.centibits.iter().filter(|&&c| c > 0).count()
    }
}

/// The model as scoring uses it.
#[derive(Debug, Clone)]
pub(crate) struct Scorer {
    bits: Levels<f32>,
    log2_m: Levels<f32>,
    base_rarity: Levels<f32>,
    household_name: [f32; LEVELS_MAX],
    bits_max: f32,
}

impl Scorer {
    /// `base_rarity`: `-log2` of the mean frequency of what random pairs on each level agree on.
    pub(crate) fn new(
        m: &Levels<f64>,
        u: &Levels<f64>,
        base_rarity: &Levels<f32>,
        household_name_u: &[f64; LEVELS_MAX],
        records: u32,
    ) -> Scorer {
        let mut bits = [[0.0; LEVELS_MAX]; Field::COUNT];
        let mut log2_m = bits;
        for field in Field::ALL {
            let f = field as usize;
            for level in 1..=field.top() as usize {
                bits[f][level] = (m[f][level] / u[f][level]).log2() as f32;
                log2_m[f][level] = m[f][level].log2() as f32;
            }
        }
        let mut household_name = [0.0; LEVELS_MAX];
        for (l, own) in household_name.iter_mut().enumerate().skip(1) {
            *own = (m[Field::Name as usize][l] / household_name_u[l]).log2() as f32;
        }
        Scorer { bits, log2_m, base_rarity: *base_rarity, household_name, bits_max: (records.max(2) as f32).log2() }
    }

    /// `-log2` of the probability that two records of one person conflict on the field.
    pub(crate) fn conflict_bits(&self, field: Field) -> f32 {
        let conflicting = |level: u8| match field {
            Field::Name => !name::is_compatible(level),
            Field::BirthDate => level < BIRTH_DATE_NEAR,
            _ => level == DIFFERENT,
        };
        let m = &self.log2_m[field as usize];
        let share: f32 = (1..=field.top()).filter(|&l| conflicting(l)).map(|l| m[usize::from(l)].exp2()).sum();
        -share.min(1.0).log2()
    }

    pub(crate) fn weigh(&self, pair: &Comparison) -> Weighed {
        let mut bits = [0.0_f32; Field::COUNT];
        for field in Field::ALL {
            bits[field as usize] = self.field_bits(field, pair);
        }
        if pair.email_made_of_name && pair.level(Field::Email) >= EMAIL_LOCAL_ALIKE {
            count_once(&mut bits, &[Field::Name, Field::Email]);
        }
        self.household(pair, &mut bits);
        Weighed { levels: pair.levels, centibits: bits.map(|b| (b * 100.0).round() as i16) }
    }

    fn field_bits(&self, field: Field, pair: &Comparison) -> f32 {
        let (f, level) = (field as usize, pair.level(field));
        if level == MISSING {
            return 0.0;
        }
        let l = level as usize;
        let bits = match rarity(field, level) {
            Rarity::None => self.bits[f][l],
            Rarity::IsU => self.log2_m[f][l] + pair.rarity_bits[f],
            Rarity::Shifts => {
                let shift = pair.rarity_bits[f] - self.base_rarity[f][l];
                self.bits[f][l] + shift.clamp(-SHIFT_BITS_MAX, SHIFT_BITS_MAX)
            }
        };
        // "One of these g people": the value narrows all the records down to g, and no further.
        let shared = match pair.sharers[f] {
            0 | 1 => self.bits_max,
            people => self.bits_max - f32::from(people).log2(),
        };
        bits.min(self.bits_max).min(shared)
    }

    fn household(&self, pair: &Comparison, bits: &mut [f32; Field::COUNT]) {
        let phone_agrees = pair.level(Field::Phone) == PHONE_SAME;
        let agrees = phone_agrees || pair.level(Field::Street) >= place::MOST_WORDS || pair.level(Field::Device) == 2;
        if !agrees {
            return;
        }
        let level = pair.level(Field::Name);
        if level != MISSING && !name::is_compatible(level) {
            bits[Field::Name as usize] = bits[Field::Name as usize].min(self.household_name[usize::from(level)]);
        }
        let phone_of_several = phone_agrees && pair.sharers[Field::Phone as usize] > 1;
        if phone_of_several {
            count_once(bits, &[Field::Phone, Field::Street, Field::Locality, Field::Device]);
        } else {
            count_once(bits, &[Field::Street, Field::Locality, Field::Device]);
        }
    }
}

/// Of the fields that speak for, only the strongest is counted; what speaks against stays.
fn count_once(bits: &mut [f32; Field::COUNT], fields: &[Field]) {
    let most = fields.iter().map(|&f| bits[f as usize]).fold(0.0, f32::max);
    let mut kept = false;
    for &field in fields {
        let own = &mut bits[field as usize];
        if *own > 0.0 {
            let strongest = *own >= most && !kept;
            kept |= strongest;
            if !strongest {
                *own = 0.0;
            }
        }
    }
}

impl Model {
    pub(crate) fn new(
        m: &Levels<f64>,
        u: &Levels<f64>,
        fitted_on: &[f64; Field::COUNT],
        household_name_u: &[f64; LEVELS_MAX],
        match_probability: f64,
        records: u32,
    ) -> Model {
        let level = |field: Field, l: usize| {
            let (m, u) = (m[field as usize][l], u[field as usize][l]);
            LevelModel { label: field.levels()[l].to_owned(), m, u, bits: (m / u).log2() }
        };
        let fields = Field::ALL.map(|field| FieldModel {
            field,
            levels: (1..=field.top() as usize).map(|l| level(field, l)).collect(),
            fitted_on: fitted_on[field as usize],
        });
        let household_name_u = household_name_u[1..].to_vec();
        Model {
            fields: fields.to_vec(),
            household_name_u,
            match_probability,
            bits_max: f64::from(records.max(2)).log2(),
        }
    }

    /// Weight at which the probability of one person is `probability`, in bits.
    pub fn threshold_bits(&self, probability: f64) -> f64 {
        let odds = |p: f64| (p / (1.0 - p)).log2();
        odds(probability) - odds(self.match_probability)
    }

    /// Probability that a pair of this weight is of one person.
    pub fn probability(&self, weight_bits: f64) -> f64 {
        let odds = (self.match_probability / (1.0 - self.match_probability)).log2() + weight_bits;
        1.0 / (1.0 + (-odds).exp2())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_probabilities() {
        for (field, row) in Field::ALL.into_iter().zip(DEFAULT_M) {
            assert_eq!(row.len(), field.top() as usize, "{field:?}");
            assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{field:?}");
        }
    }

    #[test]
    fn thresholds_and_probabilities_undo_each_other() {
        let m = default_m();
        let model = Model::new(&m, &m, &[0.0; Field::COUNT], &HOUSEHOLD_NAME_U, 1e-5, 1000);
        for p in [0.01, 0.5, 0.99, 0.9999] {
            assert!((model.probability(model.threshold_bits(p)) - p).abs() < 1e-9);
        }
    }

    #[test]
    fn correlated_fields_count_once_and_contradictions_stay() {
        let mut bits = [0.0; Field::COUNT];
        bits[Field::Street as usize] = 12.0;
        bits[Field::Locality as usize] = 9.0;
        bits[Field::Device as usize] = -1.0;
        count_once(&mut bits, &[Field::Street, Field::Locality, Field::Device]);
        assert_eq!(bits[Field::Street as usize], 12.0);
        assert_eq!(bits[Field::Locality as usize], 0.0);
        assert_eq!(bits[Field::Device as usize], -1.0);
    }

    /// A family on one phone: the phone narrows everybody down to two people, and the name says which.
    #[test]
    fn a_shared_phone_joins_the_same_name_and_not_the_family() {
        let mut u = default_m();
        for row in &mut u {
            row.iter_mut().skip(1).for_each(|p| *p = 0.1);
        }
        let scorer = Scorer::new(&default_m(), &u, &[[0.0; LEVELS_MAX]; Field::COUNT], &HOUSEHOLD_NAME_U, 1 << 20);
        let mut pair = Comparison::default();
        pair.levels[Field::Phone as usize] = PHONE_SAME;
        pair.rarity_bits[Field::Phone as usize] = 20.0;
        pair.sharers[Field::Phone as usize] = 2;
        pair.levels[Field::Street as usize] = 4;
        pair.rarity_bits[Field::Street as usize] = 20.0;
        pair.levels[Field::Name as usize] = name::ONE_SAME;
        let family = scorer.weigh(&pair).total();
        pair.levels[Field::Name as usize] = name::SAME;
        pair.rarity_bits[Field::Name as usize] = 15.0;
        let same = scorer.weigh(&pair).total();
        assert!(family < 2000 && same > 3200, "{family} {same}");
    }
}
