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
//! - A local part made of the name says what the name already says: of the two, the greater counts; and so of any
//!   attribute and the field that it is found to follow from (`dependence`).

use serde::{Deserialize, Serialize};

use crate::comparison::{Comparison, name};
use crate::field::*;
use crate::schema::Schema;

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
    /// What stands for what, sorted.
    pub aliases: Vec<Alias>,
    /// Groups of fields of which one follows from another: of each, the strongest that speaks for counts, and the strongest
    /// that speaks against.
    pub dependent: Vec<Vec<Field>>,
}

/// Two values that were learnt to stand for each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Alias {
    /// Words of names, cities ([`Field::LOCALITY`]), or values of an attribute.
    pub field: Field,
    /// The one that sorts first.
    pub a: String,
    pub b: String,
}

/// `m`, `u` and weight of every level of one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldModel {
    pub field: Field,
    pub name: String,
    pub kind: Kind,
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
    /// `-log2` of the mean frequency of what random pairs on this level agree on.
    pub base_rarity_bits: f32,
}

/// What a fit found.
#[derive(Debug, Clone)]
pub(crate) struct Parameters {
    pub m: Levels<f64>,
    pub u: Levels<f64>,
    pub base_rarity: Levels<f32>,
    pub household_name_u: [f64; LEVELS_MAX],
    /// By field: pairs of one person behind `m`.
    pub fitted_on: [f64; Field::COUNT],
    pub dependent: Vec<Vec<Field>>,
}

/// A shift by rarity moves a weight by no more than this.
const SHIFT_BITS_MAX: f32 = 6.0;

/// Probability of each level of the name between two different people of one household, from level 0, before anything is
/// seen: a family name in common is usual in some of the four markets and unknown in others.
pub(crate) const HOUSEHOLD_NAME_U: [f64; LEVELS_MAX] = [0.0, 0.56, 0.05, 0.04, 0.3, 0.02, 0.01, 0.01, 0.01];

/// `m` of every field before anything is seen.
pub(crate) fn default_m(schema: &Schema) -> Levels<f64> {
    let mut m = [[0.0; LEVELS_MAX]; Field::COUNT];
    for (field, kind) in schema.fields() {
        m[field.at()][1..=kind.top()].copy_from_slice(kind.default_m());
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
    kinds: [Option<Kind>; Field::COUNT],
    bits: Levels<f32>,
    log2_m: Levels<f32>,
    base_rarity: Levels<f32>,
    household_name: [f32; LEVELS_MAX],
    dependent: Vec<Vec<Field>>,
    bits_max: f32,
}

impl Scorer {
    pub(crate) fn of(model: &Model) -> Scorer {
        let mut bits = [[0.0; LEVELS_MAX]; Field::COUNT];
        let (mut log2_m, mut base_rarity) = (bits, bits);
        let mut kinds = [None; Field::COUNT];
        let mut household_name = [0.0; LEVELS_MAX];
        for field in &model.fields {
            let f = field.field.at();
            kinds[f] = Some(field.kind);
            for (l, level) in field.levels.iter().enumerate() {
                bits[f][l + 1] = (level.m / level.u).log2() as f32;
                log2_m[f][l + 1] = level.m.log2() as f32;
                base_rarity[f][l + 1] = level.base_rarity_bits;
            }
            if field.field == Field::NAME {
                for (l, (level, u)) in field.levels.iter().zip(&model.household_name_u).enumerate() {
                    household_name[l + 1] = (level.m / u).log2() as f32;
                }
            }
        }
        let (dependent, bits_max) = (model.dependent.clone(), model.bits_max as f32);
        Scorer { kinds, bits, log2_m, base_rarity, household_name, dependent, bits_max }
    }

    pub(crate) fn weigh(&self, pair: &Comparison) -> Weighed {
        self.weigh_whole(pair, |_| 1)
    }

    /// Weighs an agreement that is the best of several tries: `tries` by field.
    pub(crate) fn weigh_whole(&self, pair: &Comparison, tries: impl Fn(Field) -> u32) -> Weighed {
        let mut bits = [0.0_f32; Field::COUNT];
        for (f, field) in Field::all().enumerate().filter(|(f, _)| pair.levels[*f] != MISSING) {
            let own = self.field_bits(field, pair);
            bits[f] = if own > 0.0 { (own - (tries(field).max(1) as f32).log2()).max(0.0) } else { own };
        }
        if pair.email_made_of_name && pair.level(Field::EMAIL) >= EMAIL_LOCAL_ALIKE {
            count_once(&mut bits, &[Field::NAME, Field::EMAIL]);
        }
        self.household(pair, &mut bits);
        for group in &self.dependent {
            count_once(&mut bits, group);
            count_against_once(&mut bits, group);
        }
        let centibits = |b: f32| if b == 0.0 { 0 } else { (b * 100.0).round() as i16 };
        Weighed { levels: pair.levels, centibits: bits.map(centibits) }
    }

    /// What one field of a pair weighs by itself; 0 where it is missing.
    #[inline]
    pub(crate) fn field_bits(&self, field: Field, pair: &Comparison) -> f32 {
        let (f, level) = (field.at(), pair.level(field));
        let Some(kind) = self.kinds[f].filter(|_| level != MISSING) else { return 0.0 };
        let l = usize::from(level);
        let bits = match kind.rarity(level) {
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
        let phone_agrees = pair.level(Field::PHONE) == PHONE_SAME;
        let agrees =
            phone_agrees || pair.level(Field::STREET) >= TEXT_MOST || pair.level(Field::DEVICE) == DEVICE_SHARED;
        if !agrees {
            return;
        }
        let level = pair.level(Field::NAME);
        if level != MISSING && !name::is_compatible(level) {
            bits[Field::NAME.at()] = bits[Field::NAME.at()].min(self.household_name[usize::from(level)]);
        }
        let phone_of_several = phone_agrees && pair.sharers[Field::PHONE.at()] > 1;
        if phone_of_several {
            count_once(bits, &[Field::PHONE, Field::STREET, Field::LOCALITY, Field::DEVICE]);
        } else {
            count_once(bits, &[Field::STREET, Field::LOCALITY, Field::DEVICE]);
        }
    }
}

/// Of the fields that speak for, only the strongest is counted; what speaks against stays.
fn count_once(bits: &mut [f32; Field::COUNT], fields: &[Field]) {
    let most = fields.iter().map(|&f| bits[f.at()]).fold(0.0, f32::max);
    let mut kept = false;
    for &field in fields {
        let own = &mut bits[field.at()];
        if *own > 0.0 {
            let strongest = *own >= most && !kept;
            kept |= strongest;
            if !strongest {
                *own = 0.0;
            }
        }
    }
}

/// Of the fields that speak against, only the strongest is counted.
fn count_against_once(bits: &mut [f32; Field::COUNT], fields: &[Field]) {
    fields.iter().for_each(|&f| bits[f.at()] = -bits[f.at()]);
    count_once(bits, fields);
    fields.iter().for_each(|&f| bits[f.at()] = -bits[f.at()]);
}

impl Model {
    pub(crate) fn new(schema: &Schema, found: &Parameters, match_probability: f64, records: u32) -> Model {
        let level = |field: Field, kind: Kind, l: usize| {
            let (m, u) = (found.m[field.at()][l], found.u[field.at()][l]);
            let base_rarity_bits = found.base_rarity[field.at()][l];
            LevelModel { label: kind.levels()[l].to_owned(), m, u, bits: (m / u).log2(), base_rarity_bits }
        };
        let fields = schema.fields().map(|(field, kind)| FieldModel {
            field,
            name: schema.field_name(field).to_owned(),
            kind,
            levels: (1..=kind.top()).map(|l| level(field, kind, l)).collect(),
            fitted_on: found.fitted_on[field.at()],
        });
        Model {
            fields: fields.collect(),
            household_name_u: found.household_name_u[1..].to_vec(),
            match_probability,
            bits_max: f64::from(records.max(2)).log2(),
            aliases: Vec::new(),
            dependent: found.dependent.clone(),
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

    fn model(u: Levels<f64>, records: u32) -> Model {
        let schema = Schema::company();
        let found = Parameters {
            m: default_m(&schema),
            u,
            base_rarity: [[0.0; LEVELS_MAX]; Field::COUNT],
            household_name_u: HOUSEHOLD_NAME_U,
            fitted_on: [0.0; Field::COUNT],
            dependent: Vec::new(),
        };
        Model::new(&schema, &found, 1e-5, records)
    }

    #[test]
    fn thresholds_and_probabilities_undo_each_other() {
        let model = model(default_m(&Schema::company()), 1000);
        for p in [0.01, 0.5, 0.99, 0.9999] {
            assert!((model.probability(model.threshold_bits(p)) - p).abs() < 1e-9);
        }
    }

    #[test]
    fn correlated_fields_count_once_and_contradictions_stay() {
        let mut bits = [0.0; Field::COUNT];
        bits[Field::STREET.at()] = 12.0;
        bits[Field::LOCALITY.at()] = 9.0;
        bits[Field::DEVICE.at()] = -1.0;
        count_once(&mut bits, &[Field::STREET, Field::LOCALITY, Field::DEVICE]);
        assert_eq!(bits[Field::STREET.at()], 12.0);
        assert_eq!(bits[Field::LOCALITY.at()], 0.0);
        assert_eq!(bits[Field::DEVICE.at()], -1.0);
    }

    /// A family on one phone: the phone narrows everybody down to two people, and the name says which.
    #[test]
    fn a_shared_phone_joins_the_same_name_and_not_the_family() {
        let mut u = default_m(&Schema::company());
        for row in &mut u {
            row.iter_mut().skip(1).for_each(|p| *p = 0.1);
        }
        let scorer = Scorer::of(&model(u, 1 << 20));
        let mut pair = Comparison::default();
        pair.levels[Field::PHONE.at()] = PHONE_SAME;
        pair.rarity_bits[Field::PHONE.at()] = 20.0;
        pair.sharers[Field::PHONE.at()] = 2;
        pair.levels[Field::STREET.at()] = 4;
        pair.rarity_bits[Field::STREET.at()] = 20.0;
        pair.levels[Field::NAME.at()] = name::ONE_SAME;
        let family = scorer.weigh(&pair).total();
        pair.levels[Field::NAME.at()] = name::SAME;
        pair.rarity_bits[Field::NAME.at()] = 15.0;
        let same = scorer.weigh(&pair).total();
        assert!(family < 2000 && same > 3200, "{family} {same}");
    }
}
