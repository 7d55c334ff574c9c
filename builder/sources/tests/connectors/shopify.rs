//! Shopify's cases.

use kenal_sources::{FileKind, FileState};
use kenal_types::{Channel, Decision, Market, Mechanism, Money, OrderStatus, Purpose, System};

use crate::harness::{at, fixture, gzip, read, read_fixtures};

#[test]
fn customers_in_both_consent_shapes() {
    let reading = read_fixtures(System::Shopify);
    let customers = reading.customers();
    let by_id = |id: &str| customers.iter().find(|c| c.key.id == id).expect("a customer");
    let ana = by_id("1001");
    assert_eq!((ana.given_name.as_deref(), ana.family_name.as_deref()), (Some("Ana"), Some("Fixture")));
    assert_eq!((ana.emails[0].value.as_str(), ana.emails[0].verified), ("ana@example.com", true));
    assert_eq!((ana.street.as_deref(), ana.market), (Some("1 Test Street, #02-03"), Some(Market::Singapore)));
    // No address, one phone: the calling code tells.
    let budi = by_id("1002");
    assert_eq!((budi.phones.len(), budi.market, budi.emails.len()), (1, Some(Market::Indonesia), 1));
    assert_eq!(by_id("1003").market, None);
    assert!(by_id("1004").erase && !budi.erase);
    assert!(customers.iter().all(|c| c.key.id != "1005"));
    assert!(reading.faults().contains(&"customers.jsonl:5 createdAt bad_value".to_owned()));
}

#[test]
fn consents_keep_what_is_known_and_no_more() {
    let reading = read_fixtures(System::Shopify);
    let consents = reading.consents();
    let of = |id: &str| consents.iter().find(|c| c.signal_id == id).unwrap_or_else(|| panic!("no signal {id}"));
    for (id, channel, decision, mechanism, decided_at) in [
        (
            "1001/emailMarketingConsent",
            Channel::Email,
            Decision::OptIn,
            Mechanism::DoubleOptIn,
            Some("2024-11-02T03:04:05Z"),
        ),
        // A null date stays null: "now" would outdate every refusal.
        ("1001/smsMarketingConsent", Channel::Sms, Decision::Unknown, Mechanism::Import, None),
        (
            "1002/emailMarketingConsent",
            Channel::Email,
            Decision::Pending,
            Mechanism::Import,
            Some("2026-09-30T00:00:00Z"),
        ),
        (
            "1002/smsMarketingConsent",
            Channel::Sms,
            Decision::OptIn,
            Mechanism::CheckboxUnticked,
            Some("2026-09-30T00:00:00Z"),
        ),
        ("1003/emailMarketingConsent", Channel::Email, Decision::OptIn, Mechanism::Import, None),
    ] {
        let signal = of(id);
        assert_eq!((signal.purpose, signal.channel), (Purpose::Market, Some(channel)), "{id}");
        assert_eq!((signal.decision, signal.mechanism), (decision, mechanism), "{id}");
        assert_eq!(signal.decided_at, decided_at.map(at), "{id}");
    }
    assert_eq!(of("1002/smsMarketingConsent").contact_point.as_deref(), Some("+62 812 0000 0002"));
    let sale = of("1003/dataSaleOptOut");
    assert_eq!((sale.channel, sale.decision, sale.decided_at), (None, Decision::OptOut, None));
    let redacted: Vec<_> = consents.iter().filter(|c| c.decision == Decision::Redacted).collect();
    assert_eq!(redacted.len(), Purpose::ALL.len());
    assert!(redacted.iter().all(|c| c.subject.id == "1004" && c.channel.is_none()));
}

#[test]
fn orders_and_children_in_any_order() {
    let reading = read_fixtures(System::Shopify);
    let orders = reading.orders();
    let [one, two, three] = &orders[..] else { panic!("{} orders", orders.len()) };
    assert_eq!((one.number.as_str(), one.total, one.status), ("1001", Money(2750), OrderStatus::Completed));
    // What the customer saw tells the market; the order's money is the shop's.
    assert_eq!((one.market, one.currency.code()), (Some(Market::Malaysia), "SGD"));
    assert_eq!(one.customer.as_ref().map(ToString::to_string).as_deref(), Some("shopify:1001"));
    // The nightly sync at the operation's own hour: the order of the 18th was known on the 19th.
    assert_eq!(one.known_at, at("2026-11-19T02:00:00Z"));
    // A guest who left the email empty; where it was sent decides.
    assert_eq!((two.customer.is_none(), two.email.as_deref(), two.status), (true, None, OrderStatus::Cancelled));
    assert_eq!((two.market, two.ordered_at), (Some(Market::Thailand), at("2026-11-18T11:00:00Z")));
    assert_eq!((three.status, three.market), (OrderStatus::Refunded, Some(Market::Indonesia)));

    // The child that stood before its parent comes last, with the parent's sequence.
    let lines = reading.lines();
    assert_eq!(lines.iter().map(|l| l.line_id.as_str()).collect::<Vec<_>>(), ["22", "31", "21"]);
    assert!(lines.iter().all(|l| l.sequence == if l.order_id == "1" { one.sequence } else { three.sequence }));
    assert_eq!(
        (lines[0].item_id.as_deref(), lines[0].sku.as_deref(), lines[0].title.as_deref()),
        (None, None, Some("Gone"))
    );
    assert_eq!((lines[1].item_id.as_deref(), lines[2].item_id.as_deref()), (Some("78"), Some("77")));
    assert_eq!((lines[2].quantity, lines[2].unit_price), (2, Money(990)));
    // The export says that there was none, which is more than not saying.
    assert_eq!(lines[2].discount, Some(Money(0)));
}

#[test]
fn every_bad_line_of_orders_is_rejected_for_its_reason() {
    let faults = read_fixtures(System::Shopify).faults();
    let of_orders: Vec<_> = faults.iter().filter(|f| f.starts_with("orders")).map(String::as_str).collect();
    assert_eq!(
        of_orders,
        [
            "orders.jsonl:9 test test_row",
            "orders.jsonl:10 __parentId test_row",
            "orders.jsonl:12 currencyCode bad_value",
            "orders.jsonl:13 __parentId orphan",
            "orders.jsonl:14 originalUnitPriceSet.shopMoney.amount missing_field",
            "orders.jsonl:15 id unknown_kind",
            "orders.jsonl:16 id unknown_kind",
            "orders.jsonl:17 id unknown_kind",
            "orders.jsonl:18  syntax",
            "orders.jsonl:11 __parentId orphan",
        ]
    );
}

#[test]
fn products_and_variants() {
    let reading = read_fixtures(System::Shopify);
    let items = reading.items();
    assert_eq!(items.iter().map(|i| (i.item_id.as_str(), i.active)).collect::<Vec<_>>(), [("77", true), ("78", false)]);
    assert_eq!((items[0].category.as_deref(), items[1].category.as_deref()), (Some("Games"), None));
    assert_eq!(items[0].tags, ["card", "family"]);
    let variants = reading.variants();
    assert_eq!(
        variants.iter().map(|v| (v.variant_id.as_str(), v.item_id.as_str(), v.stock)).collect::<Vec<_>>(),
        [("781", "78", 0), ("701", "77", 5)]
    );
    let faults = reading.faults();
    assert!(faults.contains(&"products.jsonl:5 __parentId orphan".to_owned()));
    assert!(faults.contains(&"products.jsonl:6 price bad_value".to_owned()));
}

#[test]
fn the_operation_is_the_watermark_and_its_counts_are_checked() {
    let reading = read_fixtures(System::Shopify);
    let orders = reading.file("orders.jsonl");
    assert_eq!((orders.kind, orders.state.clone(), orders.read), (FileKind::ShopifyOrders, FileState::Whole, 18));
    assert_eq!(orders.watermark, Some(at("2026-11-20T02:00:00Z")));
    assert_eq!(reading.report.watermarks()[&FileKind::ShopifyOrders], Some(at("2026-11-20T02:00:00Z")));

    let products = fixture(System::Shopify, "products.jsonl");
    let sidecar = fixture(System::Shopify, "products.operation.json");
    let short = &products[..products.len() - 200];
    let reading = read(System::Shopify, &[("products.jsonl", short), ("products.operation.json", &sidecar)]);
    let message = reading.quarantine("products.jsonl");
    assert!(message.contains("products.jsonl: quarantined: products.operation.json says"), "{message}");
    assert!(reading.kept.accepted.is_empty());

    // Packed, the promised size is that of the content.
    let packed = gzip(&products);
    let reading = read(System::Shopify, &[("products.jsonl.gz", &packed), ("products.operation.json", &sidecar)]);
    assert_eq!((reading.items().len(), reading.file("products.jsonl.gz").bytes), (2, packed.len() as u64));
}

#[test]
fn failed_running_and_empty_operations() {
    let products = fixture(System::Shopify, "products.jsonl");
    let node = |status: &str, count: u32| {
        format!(
            r#"{{"status":"{status}","objectCount":"{count}","rootObjectCount":"0","fileSize":"0","createdAt":"2026-11-20T02:00:00Z"}}"#
        )
    };
    let failed = node("FAILED", 99);
    let reading =
        read(System::Shopify, &[("products.jsonl", &products), ("products.operation.json", failed.as_bytes())]);
    let file = reading.file("products.jsonl");
    assert_eq!((file.state.clone(), file.watermark, reading.items().len()), (FileState::Partial, None, 2));
    assert_eq!(reading.report.watermarks()[&FileKind::ShopifyProducts], None);

    let running = node("RUNNING", 6);
    let reading =
        read(System::Shopify, &[("products.jsonl", &products), ("products.operation.json", running.as_bytes())]);
    assert!(reading.quarantine("products.jsonl").contains("the operation is RUNNING"));

    let nothing = node("COMPLETED", 0);
    let reading = read(
        System::Shopify,
        &[
            ("products.jsonl", &products),
            ("orders.operation.json", nothing.as_bytes()),
            ("customers.jsonl", b""),
            ("customers.operation.json", nothing.as_bytes()),
        ],
    );
    assert_eq!(reading.report.files.len(), 2, "an operation that found nothing has no file to miss");
    assert_eq!(reading.file("customers.jsonl").state, FileState::Whole);
    let unchecked = reading.file("products.jsonl");
    assert!(unchecked.to_string().contains("no products.operation.json beside it"), "{unchecked}");
    assert_eq!(unchecked.watermark, None);

    let missing = node("COMPLETED", 120);
    let reading =
        read(System::Shopify, &[("products.jsonl", &products), ("orders.operation.json", missing.as_bytes())]);
    assert!(reading.quarantine("orders.operation.json").contains("says 120 objects, but the file"));
}
