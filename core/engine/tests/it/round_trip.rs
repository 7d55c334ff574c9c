//! Reading undoes writing.

use kenal_core::format::container::Outline;
use kenal_core::format::write::{Tiers, UserRowInput, write_revocations, write_row};
use kenal_core::{
    Bundle, Catalogue, Churn, ConsentBits, Entry, Fault, Items, Kind, Revocations, Sections, Trending, UserRow,
    UserShard, Users,
};

use crate::shop;

#[test]
fn items_keep_everything_but_the_rounding_of_their_factors() {
    let inputs = shop::item_inputs(1, 97, 20);
    let written = shop::items_of(&inputs, 20);
    let items = Items::parse(&written.bytes).expect("own output");
    assert_eq!((items.len(), items.dims(), items.markets()), (97, 20, 4));
    assert_eq!(*items.model(), shop::MODEL);
    assert!(items.categories().iter().eq(shop::categories()));
    assert_eq!(items.category("category 3"), Some(shop::category(3)));
    assert_eq!(items.category("category 9"), None);
    let mut norms = Vec::new();
    for (input, item) in inputs.iter().zip(&written.index) {
        assert_eq!(items.id(*item), Some(input.id.as_str()));
        assert_eq!(items.find(&input.id), Some(*item));
        let attributes = items.attributes(*item).expect("an item");
        assert_eq!(
            (attributes.markets, attributes.category, attributes.price_band, attributes.in_stock),
            (input.markets, input.category, input.price_band, input.in_stock)
        );
        let mut y = [0.0; 20];
        assert!(items.dequantise(*item, &mut y));
        let largest = input.factor.iter().fold(0f32, |m, y| m.max(y.abs()));
        for (got, want) in y.iter().zip(&input.factor) {
            assert!((got - want).abs() <= largest / 127.0 * 0.5001, "{got} for {want}");
        }
        assert_eq!(items.boost(*item), input.boost);
        norms.push((*item, y.iter().map(|y| y * y).sum::<f32>().sqrt() * input.boost));
    }
    norms.sort_by_key(|(item, _)| *item);
    // By what they are before rounding.
    assert!(norms.windows(2).all(|w| w[0].1 >= w[1].1 * 0.99), "descending norms");
    for unknown in ["", "item-", "zzz"] {
        assert_eq!(items.find(unknown), None);
    }
    assert_eq!(items.idx(97), None);
    assert!(!items.dequantise(shop::item(97), &mut [0.0; 20]));
}

#[test]
fn factors_take_as_many_bytes_as_their_tier_and_are_as_exact() {
    let inputs = shop::item_inputs(1, 97, 20);
    let written = shop::tiered_items_of(&inputs, 20, Tiers { fine: 10, whole: 30 });
    // A stride of 32 for 20 numbers.
    let factors = |bytes| Outline::read(bytes).expect("good").parts()[1].len();
    assert_eq!(factors(&written.bytes), 30 * 32 + 67 * 16 + 10 * 16);
    assert_eq!(factors(&shop::items_of(&inputs, 20).bytes), 97 * 32);
    let items = Items::parse(&written.bytes).expect("own output");
    let (mut error, mut size) = ([0.0; 3], [0.0; 3]);
    for (input, item) in inputs.iter().zip(&written.index) {
        let mut y = [0.0; 20];
        assert!(items.dequantise(*item, &mut y));
        let (tier, sixteenths, greatest) = match item.get() {
            0..10 => (0, 1.0, 2039.0),
            10..30 => (1, 16.0, 127.0 * 16.0),
            _ => (2, 16.0, 7.0 * 16.0),
        };
        let scale = items.scale(*item).expect("an item") / 16.0;
        for (got, want) in y.iter().zip(&input.factor) {
            let code = got / scale / sixteenths;
            assert!((code - code.round()).abs() < 1e-3 && (got / scale).abs() <= greatest + 1e-2, "{item:?}: {code}");
            error[tier] += (got - want).powi(2);
            size[tier] += want.powi(2);
        }
    }
    let [fine, byte, half] = [0, 1, 2].map(|tier| error[tier] / size[tier]);
    assert!(fine < 2e-7 && byte < 5e-5 && half < 0.01, "{fine} {byte} {half}");
}

#[test]
fn the_bytes_do_not_depend_on_the_order_of_the_input() {
    let mut inputs = shop::item_inputs(3, 40, 16);
    let straight = shop::items_of(&inputs, 16).bytes;
    inputs.reverse();
    assert_eq!(straight, shop::items_of(&inputs, 16).bytes);
}

#[test]
fn the_edges_of_the_items_section() {
    let empty = shop::items(1, 0, 16);
    assert!(Items::parse(&empty).expect("no items").is_empty());
    for dims in [1, 15, 16, 17, 255, 256] {
        for whole in [5, 2, 0] {
            let bytes = shop::tiered_items(2, 5, dims, whole / 2, whole);
            assert_eq!(Items::parse(&bytes).expect("own output").dims(), dims);
        }
    }
    let mut zero = shop::item_inputs(2, 3, 4);
    zero[1].factor = vec![0.0; 4];
    let written = shop::items_of(&zero, 4);
    let items = Items::parse(&written.bytes).expect("a zero factor is a factor");
    let mut y = [1.0; 4];
    assert!(items.dequantise(written.index[1], &mut y));
    assert_eq!(y, [0.0; 4]);
    assert_eq!(written.index[1], shop::item(2), "the smallest norm comes last");
}

#[test]
fn trending_lists() {
    let bytes = shop::trending(10);
    let trending = Trending::parse(&bytes).expect("own output");
    assert_eq!((trending.items(), trending.len()), (10, 8));
    let list: Vec<_> = trending.list(shop::market(1), None).map(|s| (s.item.get(), s.score.get())).collect();
    assert_eq!(list, [(9, 6.0), (6, 5.0), (3, 4.0), (0, 3.0), (7, 2.0), (4, 1.0), (1, 0.0)]);
    assert_eq!(trending.list(shop::market(1), Some(shop::category(1))).count(), 7);
    assert_eq!(trending.list(shop::market(1), Some(shop::category(2))).count(), 0);
    assert_eq!(trending.list(shop::market(9), None).count(), 0);
}

#[test]
fn churn_probabilities() {
    let bytes = shop::churn();
    let churn = Churn::parse(&bytes).expect("own output");
    assert!(churn.names().iter().eq(["recency_days", "orders"]));
    assert!(churn.coefficients().eq([0.8, -0.5]));
    for (features, z) in [([40.0, 3.0], -0.25), ([65.0, 1.0], 1.05), ([1e30, 3.0], f64::INFINITY)] {
        let expected = 1.0 / (1.0 + (-(1.5 * z + 0.125f64)).exp());
        let got = churn.probability(&features).expect("two features");
        assert!((f64::from(got) - expected).abs() < 1e-6, "{got} for {expected}");
    }
    assert_eq!(churn.probability(&[1.0]), None);
    assert_eq!(churn.probability(&[f32::NAN, 1.0]), None);
}

#[test]
fn revocations_have_no_false_negatives_and_few_false_positives() {
    for n in [0, 1, 2, 3, 10, 1000, 50_000] {
        let bytes = shop::revocations(n);
        let filter = Revocations::parse(&bytes).expect("own output");
        assert_eq!(u64::from(filter.len()), n);
        assert!((0..n).all(|i| filter.contains(shop::Random(i).next())), "{n}");
        let wrong = (0..20_000u64).filter(|i| filter.contains(shop::Random(1 << 40 | i).next())).count();
        assert!(wrong < 160, "{wrong} of 20000 false at {n} keys; 78 are expected");
        assert!(n > 0 || wrong == 0);
    }
    let twice = write_revocations(&[5, 5, 7]).expect("repetition does not matter");
    assert_eq!(twice, write_revocations(&[7, 5]).expect("nor does order"));
}

#[test]
fn users_and_rows() {
    let bytes = shop::users(9);
    let users = Users::parse(&bytes).expect("own output");
    assert_eq!((users.items(), users.users(), users.shard_bits(), users.shards()), (9, 3, 1, 2));
    assert_eq!(users.shard(&[0x7f; 16]), (0, &[1; 32]));
    assert_eq!(users.shard(&[0x80; 16]), (1, &[2; 32]));

    let bytes = shop::shard(9);
    let shard = UserShard::parse(&bytes).expect("own output");
    assert_eq!((shard.number(), shard.shard_bits(), shard.len()), (1, 1, 3));
    assert_eq!(shard.row(&[0x82; 16]), None);
    assert_eq!(shard.row(&[0xff; 16]), Some(&[][..]));
    assert!(shard.iter().map(|(key, _)| key[0]).eq([0x80, 0x81, 0xff]));
    let row = UserRow::parse(shard.row(&[0x81; 16]).expect("there"), 9).expect("own output");
    assert!(row.consent().contains(ConsentBits::PERSONALISE_ONSITE));
    assert!(!row.consent().contains(ConsentBits::MARKET_EMAIL));
    assert_eq!((row.churn_decile(), row.market()), (Some(7), Some(shop::market(2))));
    let entry = |item, confidence, together, again| Entry { item, confidence, together: Some(together), again };
    assert!(row.history().eq([entry(0, 2.0, 1.0, 0.75), entry(2, 1.5, 0.5, 0.0)]));
    assert!(row.bought().iter().eq([0, 3]));
    assert!(row.bought().contains(shop::item(3)) && !row.bought().contains(shop::item(2)));

    let nothing = write_row(&UserRowInput::default(), 0).expect("an empty row");
    let row = UserRow::parse(&nothing, 0).expect("own output");
    assert_eq!((nothing.len(), row.churn_decile(), row.market(), row.history().len()), (8, None, None, 0));
}

#[test]
fn catalogue_entries() {
    let bytes = shop::catalogue(6);
    let catalogue = Catalogue::parse(&bytes).expect("own output");
    assert_eq!((catalogue.len(), catalogue.markets()), (6, 4));
    assert_eq!(catalogue.title(shop::item(4)), Some("Titel № 4"));
    assert_eq!(catalogue.price(shop::item(4), shop::market(3)), Some(304));
    assert_eq!(catalogue.price(shop::item(0), shop::market(0)), None, "price 0: not sold there");
    assert_eq!(catalogue.price(shop::item(4), shop::market(4)), None);
    assert_eq!(catalogue.category(shop::item(4)), Some(shop::category(4)));
    assert_eq!(catalogue.title(shop::item(6)), None);
}

#[test]
fn sections_must_belong_together() {
    let (items, trending, revocations) = (shop::items(1, 9, 8), shop::trending(9), shop::revocations(2));
    let (users, churn, catalogue, blend) = (shop::users(9), shop::churn(), shop::catalogue(9), shop::blend(9));
    let good = Sections {
        items: &items,
        trending: &trending,
        revocations: &revocations,
        users: Some(&users),
        churn: Some(&churn),
        catalogue: Some(&catalogue),
        blend: Some(&blend),
    };
    assert!(Bundle::parse(&good).is_ok());
    let (other_trending, other_users, other_catalogue) = (shop::trending(8), shop::users(8), shop::catalogue(8));
    let other_blend = shop::blend(8);
    for (sections, section) in [
        (Sections { trending: &other_trending, ..good }, Kind::Trending),
        (Sections { users: Some(&other_users), ..good }, Kind::Users),
        (Sections { catalogue: Some(&other_catalogue), ..good }, Kind::Catalogue),
        (Sections { blend: Some(&other_blend), ..good }, Kind::Blend),
    ] {
        let error = Bundle::parse(&sections).expect_err("eight is not nine");
        assert_eq!((error.section, error.fault), (section, Fault::Mismatch { found: 8, expected: 9 }));
    }
}

#[test]
fn an_outline_shows_the_parts_of_any_section() {
    let bytes = shop::shard(9);
    let outline = Outline::read(&bytes).expect("a section");
    assert_eq!((outline.kind, outline.version), (Kind::UserShard, 2));
    assert!(outline.parts().iter().map(|p| p.len()).eq([16, 48, 16, 96]));
}
