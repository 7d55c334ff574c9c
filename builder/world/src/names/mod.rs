//! Names, addresses, email addresses and phone numbers of four markets, and how differently the systems write them.
//!
//! [`draw`] makes up a name for a community; [`Writer`] writes it down as one system would have it.

mod contact;
mod tables;
mod written;

use kenal_types::Market;

use crate::dice::Dice;

pub(crate) use contact::{Address, PhoneForm, email, email_typo, phone_national, phone_written};
pub(crate) use written::{Style, Written, write};

/// A tradition of naming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Community {
    Chinese,
    Malay,
    Indian,
    Thai,
    Javanese,
    Indonesian,
    Batak,
}

/// Shares of the communities by market, after the four censuses in round figures.
pub(crate) fn community(market: Market, dice: &mut Dice) -> Community {
    use Community::{Batak, Chinese, Indian, Indonesian, Javanese, Malay, Thai};
    let (communities, weights): (&[Community], &[f64]) = match market {
        Market::Singapore => (&[Chinese, Malay, Indian], &[0.76, 0.14, 0.10]),
        Market::Malaysia => (&[Malay, Chinese, Indian], &[0.66, 0.25, 0.09]),
        Market::Thailand => (&[Thai, Chinese], &[0.97, 0.03]),
        Market::Indonesia => (&[Javanese, Indonesian, Batak, Chinese], &[0.42, 0.42, 0.09, 0.07]),
    };
    communities[dice.weighted(weights)]
}

/// What people of one household have in common in their names.
#[derive(Debug, Clone)]
pub(crate) struct Lineage {
    /// Family name, father's name, or for families without either a name that is drawn anew for each member.
    pub(crate) family: String,
    /// Another romanisation of it.
    pub(crate) family_other: String,
}

pub(crate) fn lineage(community: Community, dice: &mut Dice) -> Lineage {
    let same = |name: &str| Lineage { family: name.to_owned(), family_other: name.to_owned() };
    match community {
        Community::Chinese => {
            let (family, other) = dice.pick(tables::CHINESE_FAMILY);
            Lineage { family: (*family).to_owned(), family_other: (*other).to_owned() }
        }
        Community::Malay => {
            let (first, short) = dice.pick(tables::MALAY_FIRST_M);
            let name = dice.pick(tables::MALAY_M);
            let first_too = dice.chance(0.4);
            let with = |f: &str| if first_too { format!("{f} {name}") } else { (*name).to_string() };
            Lineage { family: with(first), family_other: with(short) }
        }
        Community::Indian => same(dice.pick::<&str>(tables::INDIAN_FATHERS)),
        Community::Thai => {
            let head = dice.pick(tables::THAI_FAMILY_HEADS);
            let tail = dice.pick(tables::THAI_FAMILY_TAILS);
            let family = format!("{head}{tail}");
            // The same Thai letters, romanised by ear.
            let family_other = family.replace("charoen", "jaroen").replace("wong", "vong").replace("siri", "siree");
            Lineage { family, family_other }
        }
        Community::Javanese | Community::Indonesian => same(dice.pick::<&str>(tables::INDONESIAN_SECOND)),
        Community::Batak => same(dice.pick::<&str>(tables::BATAK_FAMILY)),
    }
}

/// A person's name in its parts.
#[derive(Debug, Clone)]
pub(crate) struct Name {
    pub(crate) community: Community,
    pub(crate) female: bool,
    /// Own name without family or father.
    pub(crate) given: String,
    /// A shortened or differently romanised own name.
    pub(crate) given_other: String,
    /// Empty for people of one name.
    pub(crate) family: String,
    pub(crate) family_other: String,
    /// English or everyday name, if the person uses one.
    pub(crate) nickname: Option<String>,
}

impl Name {
    /// In the order of the community, in full.
    pub(crate) fn full(&self) -> String {
        write(self, Style::Official, &mut Dice::new(0, crate::dice::For::Written, 0)).full
    }
}

pub(crate) fn draw(community: Community, lineage: &Lineage, dice: &mut Dice) -> Name {
    let female = dice.chance(0.52);
    let two = |names: &'static [&'static str], dice: &mut Dice| format!("{} {}", dice.pick(names), dice.pick(names));
    let english = |dice: &mut Dice| {
        let names = if female { tables::ENGLISH_F } else { tables::ENGLISH_M };
        dice.chance(0.35).then(|| (*dice.pick(names)).to_owned())
    };
    let (given, given_other, nickname) = match community {
        Community::Chinese => {
            let given = two(if female { tables::CHINESE_SYLLABLES_F } else { tables::CHINESE_SYLLABLES_M }, dice);
            let joined = given.replace(' ', "");
            (given, joined, english(dice))
        }
        Community::Malay => {
            let names = if female { tables::MALAY_F } else { tables::MALAY_M };
            let (first, short) = dice.pick(if female { tables::MALAY_FIRST_F } else { tables::MALAY_FIRST_M });
            let name = dice.pick(names);
            if dice.chance(0.6) {
                (format!("{first} {name}"), format!("{short} {name}"), None)
            } else {
                let second = dice.pick(names);
                (format!("{name} {second}"), (*name).to_owned(), None)
            }
        }
        Community::Indian => {
            let name = *dice.pick(if female { tables::INDIAN_F } else { tables::INDIAN_M });
            (name.to_owned(), name.replace("th", "t"), None)
        }
        Community::Thai => {
            let (name, nick) = dice.pick(if female { tables::THAI_F } else { tables::THAI_M });
            let other = name.replace("ch", "j").replace("Th", "T").replace("ph", "p").replace("Ph", "P");
            ((*name).to_owned(), other, Some((*nick).to_owned()))
        }
        Community::Javanese => {
            let names = if female { tables::JAVANESE_F } else { tables::JAVANESE_M };
            let given = if dice.chance(0.5) { (*dice.pick(names)).to_owned() } else { two(names, dice) };
            // Old and new spelling of the same sound.
            let other = given.replace('u', "oe").replace('j', "dj");
            (given, other, None)
        }
        Community::Indonesian | Community::Batak => {
            let names = if female { tables::INDONESIAN_F } else { tables::INDONESIAN_M };
            let given = if dice.chance(0.6) { (*dice.pick(names)).to_owned() } else { two(names, dice) };
            let other = given.split(' ').next().unwrap_or(&given).to_owned();
            (given, other, None)
        }
    };
    // Three Javanese in ten have one name only; the others take a second one, as Indonesians do.
    let single = community == Community::Javanese && dice.chance(0.3);
    let (family, family_other) =
        if single { (String::new(), String::new()) } else { (lineage.family.clone(), lineage.family_other.clone()) };
    Name { community, female, given, given_other, family, family_other, nickname }
}
