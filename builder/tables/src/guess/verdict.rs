//! What one column means, by its name and its values together.
//!
//! The thresholds are shares of values. A name needs little support (a third of the values, as many are dirty); values
//! without a name need to be nearly all of one kind, or to hold words that no other kind has.

use super::header::{Meaning, Named};
use super::profile::Profile;
use crate::mapping::{AttributeKind, Role};
use crate::names::grouped;

/// What a column means and why; without a meaning it is ignored.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdict {
    pub(super) meaning: Option<Meaning>,
    pub(super) why: String,
    /// The column's name says so too.
    pub(super) is_named: bool,
}

impl Verdict {
    pub(super) fn ignore(why: impl Into<String>) -> Self {
        Verdict { meaning: None, why: why.into(), is_named: false }
    }

    fn of(meaning: Meaning, why: String) -> Self {
        Verdict { meaning: Some(meaning), why, is_named: false }
    }
}

/// Judges a column that is not the id.
pub(super) fn verdict(named: Option<Named>, p: &Profile) -> Verdict {
    let Some(Named { meaning, exact }) = named else { return by_values(p) };
    match meaning {
        Meaning::Truth => {
            return Verdict::ignore("named like a truth label, which says who is who; never map it");
        }
        Meaning::Technical => {
            return Verdict::ignore("named like a technical column: a row number, a time or a version");
        }
        Meaning::Id => {
            let why = "named like an id, but not the one chosen; if it names a person across files, map it to `number`";
            return Verdict::ignore(why);
        }
        _ => {}
    }
    if p.filled == 0 {
        return match meaning {
            Meaning::Role(_) => Verdict {
                is_named: true,
                ..Verdict::of(meaning, "by its name; it is empty in the rows looked at".to_owned())
            },
            _ => Verdict::ignore("empty in the rows looked at"),
        };
    }
    if let Some(dull) = always_same(p) {
        return dull;
    }
    if fits(meaning, p) {
        let by = if exact { "by its name" } else { "by a part of its name" };
        return Verdict { is_named: true, ..Verdict::of(meaning, format!("{by}; {}", looks(meaning, p))) };
    }
    // `birth_day` is the whole date in one table and the day of the month in another.
    if meaning == Meaning::Role(Role::BirthDate) && p.digits_share(1..=2) >= 0.9 && p.distinct <= 31 {
        let why = format!("by its name; {} different numbers, as days of a month", p.distinct);
        return Verdict { is_named: true, ..Verdict::of(Meaning::BirthDay, why) };
    }
    let found = by_values(p);
    Verdict { why: format!("named like {}, but {}", label(meaning), found.why), ..found }
}

fn always_same(p: &Profile) -> Option<Verdict> {
    (p.distinct == 1 && p.filled > 1).then(|| Verdict::ignore("the same value in all rows, which tells nobody apart"))
}

/// Values do not contradict a name.
fn fits(meaning: Meaning, p: &Profile) -> bool {
    let some = |count| p.share(count) >= 0.3;
    let no_other = p.share(p.email) < 0.2 && p.share(p.date) < 0.5 && p.share(p.machine_code) < 0.5;
    match meaning {
        Meaning::Role(role) => match role {
            Role::Email => some(p.email),
            Role::Phone => some(p.phone_marked + p.phone_bare),
            Role::BirthDate => some(p.date),
            Role::Postcode => p.digits_share(3..=10) + p.share(p.lettered_postcode + p.code) >= 0.3 && no_other,
            Role::GivenName | Role::FamilyName | Role::FullName => some(p.words) && no_other,
            Role::City | Role::Country => (some(p.words) || p.mean_chars() <= 3.0) && no_other,
            Role::Street => p.share(p.integer + p.decimal) < 0.9 && no_other,
            Role::Device => p.share(p.multiword) < 0.3 && p.share(p.email) < 0.2,
            Role::Number => some(p.with_digit) && p.share(p.email) < 0.2,
        },
        Meaning::HouseNumber => some(p.house_number),
        Meaning::BirthYear | Meaning::BirthMonth | Meaning::BirthDay => some(p.integer),
        Meaning::Latitude | Meaning::Longitude => some(p.decimal),
        Meaning::Attribute(kind) => match kind {
            // Of many rows, half of which have a value of their own, none is a category.
            AttributeKind::Category => (p.filled < 100 || p.distinct * 2 < p.filled) && no_other,
            AttributeKind::Number => some(p.integer + p.decimal),
            AttributeKind::Date => some(p.date),
            AttributeKind::Text => no_other,
            AttributeKind::Place => false,
        },
        Meaning::Id | Meaning::Truth | Meaning::Technical => true,
    }
}

/// Judges by the values alone. Kinds come in the order of how sure they are.
fn by_values(p: &Profile) -> Verdict {
    if p.filled == 0 {
        return Verdict::ignore("empty in the rows looked at");
    }
    if let Some(dull) = always_same(p) {
        return dull;
    }
    let say = |meaning| Verdict::of(meaning, looks(meaning, p));
    let role = |role| say(Meaning::Role(role));
    if p.share(p.email) >= 0.6 {
        return role(Role::Email);
    }
    if p.share(p.date) >= 0.8 {
        return dates(p);
    }
    if p.share(p.machine_code) >= 0.8 {
        if p.distinct * 10 > p.filled * 9 {
            return Verdict::ignore("long codes, nearly each of them once: they tell rows apart, not people");
        }
        return role(Role::Device);
    }
    if p.share(p.phone_marked) >= 0.6
        || (p.share(p.phone_marked) >= 0.2 && p.share(p.phone_marked + p.phone_bare) >= 0.8)
    {
        return role(Role::Phone);
    }
    if p.share(p.longitude) >= 0.8 {
        return say(if p.latitude == p.longitude { Meaning::Latitude } else { Meaning::Longitude });
    }
    if p.share(p.lettered_postcode) >= 0.6 {
        return role(Role::Postcode);
    }
    if p.share(p.group_number) >= 0.6 {
        return role(Role::Number);
    }
    if p.share(p.integer) >= 0.9 {
        return numbers(p);
    }
    if p.share(p.integer + p.decimal) >= 0.9 {
        return say(Meaning::Attribute(AttributeKind::Number));
    }
    if p.share(p.house_number) >= 0.9 {
        return say(Meaning::HouseNumber);
    }
    if p.share(p.street) >= 0.4 {
        return role(Role::Street);
    }
    words(p)
}

fn dates(p: &Profile) -> Verdict {
    let (least, most) = p.years.unwrap_or_default();
    if p.share(p.with_time) >= 0.5 {
        return Verdict::ignore("times of day: when something was done, not who someone is");
    }
    let birth = most - least >= 15;
    let meaning = if birth { Meaning::Role(Role::BirthDate) } else { Meaning::Attribute(AttributeKind::Date) };
    Verdict::of(meaning, looks(meaning, p))
}

fn numbers(p: &Profile) -> Verdict {
    if p.is_rising() {
        return Verdict::ignore("numbers that rise with the rows: a row's number, or that of a group");
    }
    let length = p.common_digits();
    let even = p.digits_share(length..=length) >= 0.85;
    let repeats = p.distinct * 5 < p.filled * 4;
    let meaning = match length {
        // Numbers of one length that many share and that are many.
        4..=6 if even && repeats && p.distinct >= 20 => Meaning::Role(Role::Postcode),
        // A postcode of six digits is above; what is left of that length is a number of a person.
        length if length >= 6 => Meaning::Role(Role::Number),
        1..=5 if p.distinct >= 20 && p.share(p.house_number) >= 0.9 => Meaning::HouseNumber,
        _ if p.distinct <= 10 => Meaning::Attribute(AttributeKind::Category),
        _ => Meaning::Attribute(AttributeKind::Number),
    };
    Verdict::of(meaning, looks(meaning, p))
}

fn words(p: &Profile) -> Verdict {
    let say = |meaning| Verdict::of(meaning, looks(meaning, p));
    let category = Meaning::Attribute(AttributeKind::Category);
    let few = p.distinct <= 12 || (p.filled >= 200 && p.distinct * 30 < p.filled);
    if p.share(p.gender) >= 0.9 && p.distinct <= 8 {
        return say(category);
    }
    if p.share(p.country) >= 0.6 {
        return say(Meaning::Role(Role::Country));
    }
    if p.share(p.words) < 0.4 && p.share(p.multiword) < 0.5 && !few {
        let why =
            "codes of a meaning that the values do not show; if they name a person, map it to `number` or `device`";
        return Verdict::ignore(why);
    }
    let (given, family) = (p.share(p.given), p.share(p.family));
    if p.share(p.multiword) >= 0.6 && given >= 0.15 {
        return say(Meaning::Role(Role::FullName));
    }
    // Names of towns are often names of people too, so one word in ten is not enough for a given name.
    if given >= 0.2 && given >= family && p.filled >= 10 && p.distinct > 12 {
        return say(Meaning::Role(Role::GivenName));
    }
    if family >= 0.08 && family > given && p.share(p.multiword) < 0.4 && p.distinct > 12 {
        return say(Meaning::Role(Role::FamilyName));
    }
    say(if few { category } else { Meaning::Attribute(AttributeKind::Text) })
}

/// What the values look like, for a reason.
fn looks(meaning: Meaning, p: &Profile) -> String {
    let filled = grouped(p.filled as u64);
    let percent = |count: usize| format!("{:.0} % of {filled} values", 100.0 * p.share(count));
    let different = format!("{} different in {filled} values", grouped(p.distinct as u64));
    match meaning {
        Meaning::Role(Role::Email) => format!("{} are email addresses", percent(p.email)),
        Meaning::Role(Role::Phone) => format!("{} look like phone numbers", percent(p.phone_marked + p.phone_bare)),
        Meaning::Role(Role::BirthDate) | Meaning::Attribute(AttributeKind::Date) => {
            let (least, most) = p.years.unwrap_or_default();
            format!("{} are dates, from {least} to {most}", percent(p.date))
        }
        Meaning::Role(Role::Postcode) if p.share(p.lettered_postcode) >= 0.5 => {
            format!("{} are letters and digits as in postcodes", percent(p.lettered_postcode))
        }
        Meaning::Role(Role::Postcode) => format!("{different}, mostly of {} digits", p.common_digits()),
        Meaning::Role(Role::GivenName | Role::FullName) if p.given > 0 => {
            format!("{} begin with a frequent given name, {different}", percent(p.given))
        }
        Meaning::Role(Role::FamilyName) if p.family > 0 => {
            format!("{} end with a frequent family name, {different}", percent(p.family))
        }
        Meaning::Role(Role::Street) => format!("{} look like streets", percent(p.street)),
        Meaning::Role(Role::Country) if p.country > 0 => format!("{} are countries", percent(p.country)),
        Meaning::HouseNumber => format!("{} look like house numbers", percent(p.house_number)),
        Meaning::Latitude | Meaning::Longitude => format!("{} are degrees with decimals", percent(p.longitude)),
        Meaning::Role(Role::Number) if p.integer * 2 > p.filled => {
            format!("{different}, mostly of {} digits", p.common_digits())
        }
        _ => different,
    }
}

/// What a name is like, for a reason.
fn label(meaning: Meaning) -> &'static str {
    match meaning {
        Meaning::Role(role) => match role {
            Role::GivenName => "a given name",
            Role::FamilyName => "a family name",
            Role::FullName => "a name",
            Role::BirthDate => "a birth date",
            Role::Email => "an email address",
            Role::Phone => "a phone number",
            Role::Street => "a street",
            Role::City => "a city",
            Role::Postcode => "a postcode",
            Role::Country => "a country",
            Role::Device => "a device",
            Role::Number => "a membership or security number",
        },
        Meaning::HouseNumber => "a house number",
        Meaning::BirthYear | Meaning::BirthMonth | Meaning::BirthDay => "a part of a birth date",
        Meaning::Latitude | Meaning::Longitude => "a coordinate",
        Meaning::Attribute(_) => "an attribute",
        Meaning::Id => "an id",
        Meaning::Truth => "a truth label",
        Meaning::Technical => "a technical column",
    }
}
