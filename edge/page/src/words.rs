//! What a visitor reads beside an item: the reason, the price, the market's name.
//!
//! `web/sdk` says the same in the browser; `tests/cases/words.json` holds both to it.

use kenal_edge::{Price, Reason, ReasonKind};

/// From here on, cents are noise.
const WHOLE_FROM: u64 = 1_000;

/// Why an item is in a list.
pub fn reason(reason: &Reason, market: &str) -> String {
    let of = |named: &dyn Fn(&str) -> String, unnamed: &str| reason.title.as_deref().map_or(unnamed.to_owned(), named);
    match reason.kind {
        ReasonKind::BecauseBought => of(&|title| format!("Because you bought {title}"), "Because of what you bought"),
        ReasonKind::BecauseViewed => of(&|title| format!("Because you viewed {title}"), "Because of what you viewed"),
        ReasonKind::BecauseCarted => of(&|title| format!("Goes with {title} in your cart"), "Goes with your cart"),
        ReasonKind::BecauseHistory => "Because of what you like".to_owned(),
        ReasonKind::Similar => of(&|title| format!("Like {title}"), "Like what you are looking at"),
        ReasonKind::Pinned => "Chosen by the shop".to_owned(),
        ReasonKind::Trending => format!("Popular in {}", self::market(market)),
    }
}

/// The English name of a market; the code itself where we know no name.
pub fn market(code: &str) -> &str {
    match code {
        "ID" => "Indonesia",
        "MY" => "Malaysia",
        "PH" => "Philippines",
        "SG" => "Singapore",
        "TH" => "Thailand",
        "VN" => "Vietnam",
        code => code,
    }
}

/// A price as a shop of the market writes it; its parts as they are where the currency or the amount is a strange one.
pub fn price(price: &Price, market: &str) -> String {
    let Price { amount, currency } = price;
    match symbol(currency).zip(cents(amount)) {
        Some((symbol, cents)) => format!("{symbol}{}", digits(cents, market)),
        None => format!("{currency} {amount}"),
    }
}

fn symbol(currency: &str) -> Option<&'static str> {
    Some(match currency {
        "EUR" => "€",
        "GBP" => "£",
        "IDR" => "Rp\u{a0}",
        "MYR" => "RM\u{a0}",
        "PHP" => "₱",
        "SGD" | "USD" => "$",
        "THB" => "฿",
        "VND" => "₫",
        _ => return None,
    })
}

/// `12.5` in hundredths.
fn cents(amount: &str) -> Option<u64> {
    let (whole, part) = amount.split_once('.').unwrap_or((amount, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_number(whole) || !is_number(part) || part.len() > 2 {
        return None;
    }
    let part = part.parse::<u64>().ok()? * if part.len() == 1 { 10 } else { 1 };
    whole.parse::<u64>().ok()?.checked_mul(100)?.checked_add(part)
}

fn digits(cents: u64, market: &str) -> String {
    let (point, comma) = if market == "ID" { (',', '.') } else { ('.', ',') };
    if cents < WHOLE_FROM * 100 {
        return format!("{}{point}{:02}", cents / 100, cents % 100);
    }
    let whole = (cents + 50) / 100;
    let text = whole.to_string();
    let mut grouped = String::with_capacity(text.len() * 4 / 3 + 1);
    for (at, digit) in text.chars().enumerate() {
        if at > 0 && (text.len() - at).is_multiple_of(3) {
            grouped.push(comma);
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Cases {
        reasons: Vec<ReasonCase>,
        prices: Vec<PriceCase>,
    }

    #[derive(Deserialize)]
    struct ReasonCase {
        kind: ReasonKind,
        title: Option<String>,
        market: String,
        text: String,
    }

    #[derive(Deserialize)]
    struct PriceCase {
        amount: String,
        currency: String,
        market: String,
        text: String,
    }

    #[test]
    fn every_host_says_it_in_the_same_words() {
        let cases: Cases = serde_json::from_str(include_str!("../../../tests/cases/words.json")).expect("a list");
        for case in cases.reasons {
            let given = Reason { kind: case.kind, item: None, title: case.title };
            assert_eq!(reason(&given, &case.market), case.text);
        }
        for PriceCase { amount, currency, market, text } in cases.prices {
            assert_eq!(price(&Price { amount, currency }, &market), text);
        }
    }
}
