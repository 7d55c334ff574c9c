//! Nanoseconds per value of each normaliser, over values as the five systems write them.
//!
//! `cargo run --release -p kenal-identity --example normalise_speed`

use std::hint::black_box;
use std::time::Instant;

use kenal_identity::normalise::{date, device, email, name, nickname, phone, place};
use kenal_types::Market;

/// Values of each kind that are looked at in one round.
const ROUND_VALUES: usize = 200_000;
/// The best of these many rounds counts: other programs only make rounds slower.
const ROUNDS: usize = 5;

fn measure<T>(label: &str, values: &[&str], mut normalise: impl FnMut(&str) -> T) {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for &value in values.iter().cycle().take(ROUND_VALUES) {
            black_box(normalise(black_box(value)));
        }
        best = best.min(start.elapsed().as_nanos() as f64 / ROUND_VALUES as f64);
    }
    println!("{label:<28}{best:>8.0} ns");
}

fn main() {
    let names = [
        "Tan Mei Ling",
        "Ahmad bin Abdullah",
        "Dato' Seri Ahmad Rahman",
        "Siti Nurhaliza binti Tarudin",
        "mitchell green",
        "hugh clifford, 1st baron clifford of chudleigh",
        "Raju a/l Muthu",
        "Joko Widodo",
    ];
    measure("name, ASCII", &names, |t| name::name_words(None, None, Some(t)));
    measure("name, two parts", &["Mei Ling", "Ahmad", "Siti"], |t| name::name_words(Some(t), Some("Tan"), None));
    measure(
        "name, Thai, Han, Latin marks",
        &["นายสมชาย ใจดี", "陈美玲", "Nguyễn Thị Hoa"],
        |t| name::name_words(None, None, Some(t)),
    );
    measure("groups of a word", &["william", "tan", "soekarno", "mitchell", "xyzzyish"], |t| nickname::groups(t).len());
    let emails = [
        "Mei.Tan+shop@Gmail.com",
        "mei.tan@yahoo.com.sg",
        "a.lim@company.com.sg",
        "joko@hotmial.com",
        "ahmad90@outlook.com",
    ];
    measure("email", &emails, email::email);
    measure("phone, E.164", &["+6591234567", "+60123456781", "+66812345678", "+6281234567890"], |t| {
        phone::phone(t, Some(Market::Singapore))
    });
    measure("phone, national", &["9123 4567", "61234567", "(65) 8123-4567"], |t| {
        phone::phone(t, Some(Market::Singapore))
    });
    measure("phone, neighbour's mobile", &["+84912345678", "+639171234567"], |t| phone::phone(t, None));
    measure("phone, by the library", &["+442079460958", "+35312345678"], |t| phone::phone(t, None));
    measure("date, ISO", &["1980-06-05", "1999-12-31", "1958-05-77"], date::written);
    measure("date, other", &["05/06/1980", "5 June 1980", "19800605", "5 มิถุนายน 2523"], date::written);
    measure(
        "street",
        &["Blk 5 #03-12 Orchard Rd", "38 salkauskas crescent", "Jl. Sudirman Kav. 5 RT 003/RW 05"],
        place::street,
    );
    measure("city", &["KL", "Johor Bahru", "winston hills"], place::city);
    measure("postcode", &["238801", "S(238801)", "50450"], place::postcode);
    measure("device", &["B5372DB0-C21E-11E4-8DFC-AA07A5B093DB", "507f191e810c"], device::device);
}
