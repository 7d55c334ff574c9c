//! Every setting of a resolution, with its unit, its default and the reason for it.

use serde::{Deserialize, Serialize};

use crate::error::ResolveError;
use crate::schema::{AttributeKind, Schema};

/// Settings of one resolution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Seed of the samples that the model is fitted to.
    pub seed: u64,
    /// Share of the pairs linked automatically that must be right, by the fitted model.
    pub precision_min: f64,
    /// Least probability, by the fitted model, that any automatic link is right, however good the others are.
    pub link_probability_min: f64,
    /// Least probability at which a link that is not made is worth a steward's time.
    pub review_probability_min: f64,
    /// Least number of agreeing fields of such a link: one agreeing field is a coincidence, not a question.
    pub review_fields_min: usize,
    pub trust: TrustConfig,
    pub blocking: BlockingConfig,
    pub fit: FitConfig,
    pub guard: GuardConfig,
}

/// When an email address, phone number or account id decides alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrustConfig {
    /// Most people (groups of records with incompatible names or birth dates) seen under one value.
    pub people_per_value_max: usize,
    /// Most records under one value; a till's email and a call centre's phone have thousands.
    pub records_per_value_max: usize,
}

/// Which pairs are looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BlockingConfig {
    /// In order: a pair is reported under the first rule that makes it.
    pub rules: Vec<BlockingRule>,
    /// Largest block in which every pair is made, in records.
    pub block_records_max: usize,
    /// A larger block is split by each of these that its rule does not have; of what is still larger, no pairs are made.
    pub split: Vec<Part>,
    /// Most pairs of one rule, for each record of the input. A rule that makes more is left out, and says so.
    pub pairs_per_record_max: f64,
}

/// Records that agree on every part are paired.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BlockingRule {
    pub name: String,
    pub parts: Vec<Part>,
}

/// A part of a blocking key. A record with several values (emails, name words) has several keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Email,
    /// The part before the `@`.
    EmailLocal,
    Phone,
    /// The last eight digits.
    PhoneTail,
    /// All words of a name of two or more words.
    Name,
    NameWord,
    /// Consonants of a word of the name.
    NameSound,
    BirthDate,
    BirthYear,
    /// Month and day.
    BirthDay,
    Street,
    Postcode,
    /// The first half of a postcode.
    PostcodeArea,
    City,
    Device,
    OrderNumber,
    /// The same items on the same day; at least two items.
    Basket,
    /// A membership or security number.
    Number,
    /// An attribute, by its position in the schema.
    Attribute(u8),
}

/// How the model is fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FitConfig {
    /// Random pairs that `u` is counted on; with fewer possible pairs, all of them.
    pub random_pairs: u64,
    /// Pairs per blocking rule that EM sees.
    pub pairs_per_rule_max: u64,
    /// Rounds of EM per rule.
    pub iterations_max: u32,
    /// EM stops when no probability moves by more than this.
    pub delta_max: f64,
    /// Pseudo-pairs of the default `m` that keep a level nobody has seen from weighing infinitely much.
    pub prior_pairs: f64,
}

/// What a person may look like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GuardConfig {
    /// Most records of one person; what would exceed it goes to review.
    pub records_per_person_max: usize,
    /// How many bits below the threshold a pair may be for its people to be compared as wholes.
    pub group_bits: f64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            seed: 1,
            precision_min: 0.995,
            link_probability_min: 0.8,
            review_probability_min: 0.3,
            review_fields_min: 2,
            trust: TrustConfig::default(),
            blocking: BlockingConfig::default(),
            fit: FitConfig::default(),
            guard: GuardConfig::default(),
        }
    }
}

impl Default for TrustConfig {
    fn default() -> Self {
        TrustConfig { people_per_value_max: 1, records_per_value_max: 40 }
    }
}

impl Default for BlockingConfig {
    fn default() -> Self {
        use Part::*;
        let rule = |name: &str, parts: &[Part]| BlockingRule { name: name.to_owned(), parts: parts.to_vec() };
        BlockingConfig {
            rules: vec![
                rule("email", &[Email]),
                rule("phone", &[Phone]),
                rule("number", &[Number]),
                rule("order number", &[OrderNumber]),
                rule("device", &[Device]),
                rule("name word + birth date", &[NameWord, BirthDate]),
                rule("email local part", &[EmailLocal]),
                rule("phone tail", &[PhoneTail]),
                rule("same basket, same day", &[Basket]),
                rule("street", &[Street]),
                rule("name word + postcode", &[NameWord, Postcode]),
                rule("name + city", &[Name, City]),
                rule("birth date + postcode", &[BirthDate, Postcode]),
                rule("birth date + city", &[BirthDate, City]),
                rule("name", &[Name]),
            ],
            block_records_max: 60,
            split: vec![Name, NameWord, BirthDate, Postcode, Street],
            pairs_per_record_max: 20.0,
        }
    }
}

impl BlockingConfig {
    /// Rules for records of which nothing is known but their columns: what the company's rules find, and what is found
    /// through slips and gaps. Rules that make too many pairs leave themselves out.
    pub fn automatic(schema: &Schema) -> BlockingConfig {
        use Part::*;
        let mut config = BlockingConfig::default();
        let pairs = [
            ("name sound + birth date", [NameSound, BirthDate]),
            ("name word + day of birth", [NameWord, BirthDay]),
            ("name sound + postcode", [NameSound, Postcode]),
            ("name word + street", [NameWord, Street]),
            ("name word + postcode area", [NameWord, PostcodeArea]),
            ("name word + city", [NameWord, City]),
            ("street + postcode", [Street, Postcode]),
        ];
        let rules = pairs.map(|(name, parts)| BlockingRule { name: name.to_owned(), parts: parts.to_vec() });
        config.rules.extend(rules);
        let three =
            BlockingRule { name: "name sound + birth year + city".to_owned(), parts: vec![NameSound, BirthYear, City] };
        config.rules.push(three);
        for (n, attribute) in schema.attributes.iter().enumerate() {
            if matches!(attribute.kind, AttributeKind::Number) {
                config.rules.push(BlockingRule { name: attribute.name.clone(), parts: vec![Attribute(n as u8)] });
            }
        }
        config
    }
}

impl Default for FitConfig {
    fn default() -> Self {
        FitConfig {
            random_pairs: 600_000,
            pairs_per_rule_max: 50_000,
            iterations_max: 200,
            delta_max: 1e-5,
            prior_pairs: 10.0,
        }
    }
}

impl Default for GuardConfig {
    fn default() -> Self {
        GuardConfig { records_per_person_max: 64, group_bits: 8.0 }
    }
}

impl Config {
    /// For data of which nothing is known beforehand. The model takes what depends on each other for independent in some
    /// data and is too careful in others; of three public sets, .97 by the model was .992 and more in truth.
    pub fn outside() -> Config {
        Config { precision_min: 0.97, link_probability_min: 0.4, review_probability_min: 0.1, ..Config::default() }
    }

    /// # Errors
    /// [`ResolveError::BadSetting`] for the first setting outside its range.
    pub fn check(&self) -> Result<(), ResolveError> {
        let bad = |setting, value: &dyn ToString, expected| {
            Err(ResolveError::BadSetting { setting, value: value.to_string(), expected })
        };
        let probability = |p: f64| p > 0.0 && p < 1.0;
        if !probability(self.precision_min) {
            return bad("precision_min", &self.precision_min, "between 0 and 1, both excluded");
        }
        if !probability(self.link_probability_min) {
            return bad("link_probability_min", &self.link_probability_min, "between 0 and 1, both excluded");
        }
        if !probability(self.review_probability_min) || self.review_probability_min > self.link_probability_min {
            return bad(
                "review_probability_min",
                &self.review_probability_min,
                "above 0 and at most link_probability_min",
            );
        }
        if self.blocking.rules.is_empty() || self.blocking.rules.len() > crate::pairs::RULES_MAX {
            return bad("blocking.rules", &self.blocking.rules.len(), "1 to 200 rules");
        }
        if self.blocking.rules.iter().any(|r| r.parts.is_empty() || r.parts.len() > 4) {
            return bad("blocking.rules.parts", &"a rule with none or too many", "1 to 4 parts in every rule");
        }
        if self.blocking.block_records_max < 2 || self.blocking.block_records_max > 100_000 {
            return bad("blocking.block_records_max", &self.blocking.block_records_max, "2 to 100000 records");
        }
        if self.fit.random_pairs == 0 || self.fit.pairs_per_rule_max == 0 || self.fit.iterations_max == 0 {
            return bad("fit", &0, "at least one pair and one iteration");
        }
        if self.fit.prior_pairs.is_nan() || self.fit.prior_pairs <= 0.0 || self.fit.delta_max.is_nan() {
            return bad("fit.prior_pairs", &self.fit.prior_pairs, "above 0");
        }
        if self.guard.records_per_person_max < 2 {
            return bad("guard.records_per_person_max", &self.guard.records_per_person_max, "at least 2 records");
        }
        if !(0.0..=64.0).contains(&self.guard.group_bits) {
            return bad("guard.group_bits", &self.guard.group_bits, "0 to 64 bits");
        }
        if self.blocking.pairs_per_record_max.is_nan() || self.blocking.pairs_per_record_max <= 0.0 {
            return bad("blocking.pairs_per_record_max", &self.blocking.pairs_per_record_max, "above 0");
        }
        if self.trust.people_per_value_max == 0 || self.trust.records_per_value_max < 2 {
            return bad("trust", &0, "at least one person and two records per value");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_survive_a_file() {
        let config = Config::default();
        assert_eq!(config.check(), Ok(()));
        let text = toml::to_string(&config).expect("settings can be written");
        assert_eq!(toml::from_str::<Config>(&text).expect("and read"), config);
        assert!(toml::from_str::<Config>("sead = 3").is_err(), "a misspelt setting is not ignored");
    }

    #[test]
    fn each_setting_out_of_range_is_named() {
        type Change = fn(&mut Config);
        let cases: [(&str, Change); 10] = [
            ("link_probability_min", |c| c.link_probability_min = 1.0),
            ("review_probability_min", |c| c.review_probability_min = 0.999),
            ("blocking.rules", |c| c.blocking.rules.clear()),
            ("blocking.rules.parts", |c| c.blocking.rules[0].parts.clear()),
            ("blocking.block_records_max", |c| c.blocking.block_records_max = 1),
            ("guard.records_per_person_max", |c| c.guard.records_per_person_max = 1),
            ("guard.group_bits", |c| c.guard.group_bits = -1.0),
            ("precision_min", |c| c.precision_min = 0.0),
            ("blocking.pairs_per_record_max", |c| c.blocking.pairs_per_record_max = 0.0),
            ("fit.prior_pairs", |c| c.fit.prior_pairs = f64::NAN),
        ];
        for (name, change) in cases {
            let mut config = Config::default();
            change(&mut config);
            match config.check() {
                Err(ResolveError::BadSetting { setting, .. }) => assert_eq!(setting, name),
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}
