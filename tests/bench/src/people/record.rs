//! What a system wrote down of a person at some moment.

use rand::{Rng, RngExt as _};

use super::names::short;
use super::person::{Person, Towns};
use super::{damage, rates};

/// First name, surname, birth date, town, postcode, email, phone; empty where there is none.
pub(super) fn of(person: &Person, towns: &Towns, dice: &mut impl Rng) -> [String; 7] {
    let moment: f64 = dice.random();
    let place = *person.place.at(moment);
    let mut first_name = person.first_name.clone();
    if dice.random_bool(rates::NICKNAME) {
        first_name = short(&first_name).map_or(first_name, str::to_owned);
    } else if dice.random_bool(rates::INITIAL) {
        first_name.truncate(1);
    }
    let mut values = [
        first_name,
        person.surname.at(moment).clone(),
        date(person.born, dice),
        towns.name(place).to_owned(),
        towns.postcode(place),
        person.email.at(moment).clone(),
        person.phone.at(moment).clone(),
    ];
    if dice.random_bool(rates::SWAPPED_NAMES) {
        values.swap(0, 1);
    }
    for (column, value) in values.iter_mut().enumerate() {
        if dice.random_bool(rates::MISSING[column]) {
            value.clear();
        } else if dice.random_bool(rates::MISSPELT[column]) {
            damage::misspell(value, dice);
        }
    }
    values
}

fn date((year, month, day): (u16, u8, u8), dice: &mut impl Rng) -> String {
    let (month, day) = match dice.random::<f64>() {
        x if x < rates::SWAPPED_DATE && day <= 12 => (day, month),
        x if x >= 1.0 - rates::YEAR_ONLY => (1, 1),
        _ => (month, day),
    };
    format!("{year}-{month:02}-{day:02}")
}
