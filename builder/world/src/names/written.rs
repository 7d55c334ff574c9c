//! A name as one system has it: reordered, shortened, romanised otherwise, or mistyped.

use crate::dice::Dice;
use crate::rates::{self, Defect};

use super::{Community, Name};

/// How carefully a system takes names down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// As in the passport.
    Official,
    /// As people type it into a form.
    Typed,
    /// As an agent hears it over the phone.
    Heard,
}

/// A name as written by one system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) given: String,
    pub(crate) family: String,
    pub(crate) full: String,
    /// Nothing was changed but the order and the word between own and father's name.
    pub(crate) faithful: bool,
    /// What was done to it last, when it is not.
    pub(crate) slip: Defect,
}

/// Writes a name. Which variations happen is drawn at the rates of [`rates`]; an agent makes twice as many.
pub(crate) fn write(name: &Name, style: Style, dice: &mut Dice) -> Written {
    let factor = match style {
        Style::Official => 0.0,
        Style::Typed => 1.0,
        Style::Heard => 2.0,
    };
    let (mut given, mut family, mut faithful) = (name.given.clone(), name.family.clone(), true);
    let mut slip = Defect::OtherRomanisation;
    if let Some(nickname) = name.nickname.as_ref().filter(|_| dice.chance(rates::NICKNAME * factor)) {
        given.clone_from(nickname);
        (faithful, slip) = (false, Defect::Nickname);
    } else if dice.chance(rates::OTHER_ROMANISATION * factor) && name.given_other != name.given {
        given.clone_from(&name.given_other);
        faithful = false;
    }
    if dice.chance(rates::OTHER_ROMANISATION * factor / 4.0) && name.family_other != name.family {
        family.clone_from(&name.family_other);
        faithful = false;
    }
    if dice.chance(rates::NAME_TYPO * factor) {
        (faithful, slip) = (false, Defect::NameTypo);
        if dice.chance(0.5) || family.is_empty() { typo(&mut given, dice) } else { typo(&mut family, dice) }
    }
    let full = join(name, &given, &family, style, dice);
    let shouted = style == Style::Heard && dice.chance(0.15);
    let case = |t: String| if shouted { t.to_uppercase() } else { t };
    Written { given: case(given), family: case(family), full: case(full), faithful, slip }
}

/// Own and family name in the order and with the words of the community.
fn join(name: &Name, given: &str, family: &str, style: Style, dice: &mut Dice) -> String {
    if family.is_empty() {
        return given.to_owned();
    }
    let loose = style != Style::Official && dice.chance(0.3);
    match name.community {
        Community::Chinese if loose => format!("{given} {family}"),
        Community::Chinese => format!("{family} {given}"),
        Community::Malay if loose => format!("{given} {family}"),
        Community::Malay => {
            let short = style != Style::Official && dice.chance(0.3);
            let between = match (name.female, short) {
                (true, false) => "binti",
                (true, true) => "bte",
                (false, false) => "bin",
                (false, true) => "b.",
            };
            format!("{given} {between} {family}")
        }
        Community::Indian if !loose => {
            let between = if name.female { "d/o" } else { "s/o" };
            format!("{given} {between} {family}")
        }
        _ => format!("{given} {family}"),
    }
}

/// One mistake of the fingers: two letters swapped, one lost, one doubled, or a vowel for another.
pub(super) fn typo(text: &mut String, dice: &mut Dice) {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.len() < 3 {
        return;
    }
    let at = 1 + dice.below(letters.len() as u64 - 2) as usize;
    match dice.below(4) {
        0 => letters.swap(at, at + 1),
        1 => drop(letters.remove(at)),
        2 => letters.insert(at, letters[at]),
        _ => letters[at] = if letters[at] == 'a' { 'e' } else { 'a' },
    }
    *text = letters.into_iter().collect();
}

#[cfg(test)]
mod tests {
    use crate::dice::For;

    use super::*;

    fn name(community: Community, given: &str, family: &str, female: bool) -> Name {
        let own = |t: &str| t.to_owned();
        Name {
            community,
            female,
            given: own(given),
            given_other: own("Other"),
            family: own(family),
            family_other: own(family),
            nickname: None,
        }
    }

    #[test]
    fn official_names_follow_the_community() {
        for (community, given, family, female, expected) in [
            (Community::Chinese, "Mei Ling", "Tan", true, "Tan Mei Ling"),
            (Community::Malay, "Nur Aisyah", "Ahmad Hassan", true, "Nur Aisyah binti Ahmad Hassan"),
            (Community::Malay, "Hafiz", "Osman", false, "Hafiz bin Osman"),
            (Community::Indian, "Arun", "Krishnan", false, "Arun s/o Krishnan"),
            (Community::Thai, "Somchai", "Srisukthong", false, "Somchai Srisukthong"),
            (Community::Javanese, "Sutrisno", "", false, "Sutrisno"),
        ] {
            let mut dice = Dice::new(1, For::Written, 0);
            let written = write(&name(community, given, family, female), Style::Official, &mut dice);
            assert_eq!((written.full.as_str(), written.faithful), (expected, true));
        }
    }

    #[test]
    fn agents_vary_names_more_than_forms_do() {
        let name = name(Community::Thai, "Somchai", "Srisukthong", false);
        let varied =
            |style| (0..4000).filter(|i| !write(&name, style, &mut Dice::new(1, For::Written, *i)).faithful).count();
        let (typed, heard) = (varied(Style::Typed), varied(Style::Heard));
        assert!(typed > 100 && heard > typed * 3 / 2, "{typed} {heard}");
    }
}
