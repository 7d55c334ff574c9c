//! Shopify: bulk-operation JSONL of customers, orders with their lines, and products with their variants.

use kenal_types::{Market, Money, Timestamp};

use crate::catalogue::{Catalogue, price_in};
use crate::consent::{Flag, Form, Holder};
use crate::dice::Dice;
use crate::json::{self, Object};
use crate::names::PhoneForm;
use crate::orders::{Line, Order, Outcome, Place, What};
use crate::rates::{self, Defect};
use crate::records::{Record, ShopifyRecord};

use super::{Emitter, Setup, Subject, stream, time_key};

/// A person and the account an order belongs to.
pub(crate) type Buyer<'a> = (&'a Subject<'a>, Option<&'a ShopifyRecord>);

/// Which of a product's lines.
pub(crate) enum ChildOf {
    Product,
    Variant,
}

const BROKEN_CUSTOMER: [(&str, &str); 2] = [("\"id\":", "\"was\":"), ("\"createdAt\":\"", "\"createdAt\":\"on ")];
/// Never under the order's own id: a broken copy must not take the lines of the order with it.
const BROKEN_ORDER: [(&str, &str); 2] =
    [("\"id\":", "\"was\":"), ("\"id\":\"gid://shopify/Order/", "\"id\":\"gid://shopify/Order/no-")];
const BROKEN_LINE: [(&str, &str); 2] =
    [("\"quantity\":", "\"count\":"), ("\"quantity\":", "\"quantity\":\"some\",\"q\":")];

/// The state of one marketing consent, as Shopify writes it.
struct Marketing {
    state: &'static str,
    level: &'static str,
    at: Option<Timestamp>,
}

impl Emitter<'_> {
    pub(super) fn shopify(&mut self, subject: &Subject<'_>, dice: &mut Dice) {
        for (at, account) in subject.records.shopify.iter().enumerate() {
            self.customer(subject, account, at == 0, dice);
        }
        let market = subject.identity.market();
        for order in subject.history.orders.iter().filter(|o| o.place != Place::Store) {
            let account = subject.records.shopify_at(order.at).filter(|_| !order.guest);
            self.shopify_order(order, market, Some((subject, account)), None, dice);
        }
        if dice.chance(rates::TEST_ORDER)
            && let Some(order) = subject.history.orders.first()
        {
            self.counts.add(Defect::TestOrder);
            let number = self.setup.ids.test_order_number(order.serial);
            self.shopify_order(order, market, None, Some(number), dice);
        }
    }

    fn customer(&mut self, subject: &Subject<'_>, account: &ShopifyRecord, main: bool, dice: &mut Dice) {
        let record = &account.record;
        self.count_slips(record);
        let email = self.email_state(subject, main, dice);
        let sms = sms_state(subject, main);
        let data_sale = main && subject.consents.last(Holder::Shopify, |f| f == Form::DataSale).is_some();
        let orders: Vec<&Order> = subject
            .history
            .orders
            .iter()
            .filter(|o| o.place != Place::Store && !o.guest && o.at <= self.setup.clock.synced)
            .filter(|o| subject.records.shopify_at(o.at).is_some_and(|s| s.number == account.number))
            .collect();
        let spent: i64 = orders.iter().map(|o| total(o, Market::Singapore).0).sum();
        let shape = dice.weighted(&[
            rates::LEGACY_CONSENT_SHAPE,
            rates::NEW_CONSENT_SHAPE,
            1.0 - rates::LEGACY_CONSENT_SHAPE - rates::NEW_CONSENT_SHAPE,
        ]);
        match shape {
            0 => self.counts.add(Defect::LegacyConsentShape),
            1 => self.counts.add(Defect::NewConsentShape),
            _ => {}
        }
        let id = account.number;
        json::object(&mut self.row, |o| {
            o.quoted("id", format_args!("gid://shopify/Customer/{id}")).quoted("legacyResourceId", id);
            o.text("firstName", &record.name.given);
            o.maybe("lastName", Some(record.name.family.as_str()).filter(|f| !f.is_empty()));
            o.maybe("email", record.email.as_deref()).maybe("phone", record.phone.as_deref());
            o.text("state", if main { "ENABLED" } else { "DISABLED" }).text("locale", subject.identity.language);
            o.quoted("createdAt", record.created_at).quoted("updatedAt", record.updated_at);
            o.bare("verifiedEmail", main).quoted("numberOfOrders", orders.len());
            o.object("amountSpent", |o| {
                o.quoted("amount", Money(spent)).text("currencyCode", "SGD");
            });
            o.texts("tags", if spent > 100_000 { &["vip"] } else { &[] }).bare("taxExempt", false);
            if shape != 1 {
                legacy(o, "emailMarketingConsent", &email, None);
                legacy(o, "smsMarketingConsent", &sms, record.phone.as_ref().map(|_| "SHOPIFY"));
            }
            if shape != 0 {
                by_address(o, &email, record.email.as_deref());
                by_number(o, &sms, record.phone.as_deref());
            }
            o.bare("dataSaleOptOut", data_sale);
            address(o, subject, record);
        });
        let key = self.shuffled(&record.id);
        self.send_breakable(stream::CUSTOMERS, key, BROKEN_CUSTOMER, true, dice);
    }

    fn email_state(&mut self, subject: &Subject<'_>, main: bool, dice: &mut Dice) -> Marketing {
        let not = Marketing { state: "NOT_SUBSCRIBED", level: "UNKNOWN", at: None };
        if !main {
            return not;
        }
        let consents = subject.consents;
        let told = consents.last(Holder::Shopify, |f| matches!(f, Form::Email | Form::Erasure));
        let Some(act) = told else {
            if consents.pending {
                self.counts.add(Defect::PendingOptIn);
                let at = Some(subject.records.shopify[0].record.created_at);
                return Marketing { state: "PENDING", level: "CONFIRMED_OPT_IN", at };
            }
            return not;
        };
        if consents.undated {
            self.counts.add(Defect::NullConsentTime);
        }
        let at = (!consents.undated).then_some(act.at);
        if act.form == Form::Erasure {
            self.counts.add(Defect::Redacted);
            return Marketing { state: "REDACTED", level: "UNKNOWN", at };
        }
        let level = if dice.chance(0.8) { "CONFIRMED_OPT_IN" } else { "SINGLE_OPT_IN" };
        Marketing { state: if act.yes == 0 { "UNSUBSCRIBED" } else { "SUBSCRIBED" }, level, at }
    }

    /// Address typos and phone forms, counted wherever a record of a person is written.
    pub(super) fn count_slips(&mut self, record: &Record) {
        if record.email_typo {
            self.counts.add(Defect::EmailTypo);
        }
        if record.phone.is_some() {
            self.counts.add(match record.phone_form {
                PhoneForm::E164 => Defect::PhoneE164,
                PhoneForm::PlusSpaced => Defect::PhoneSpaced,
                PhoneForm::TrunkZero => Defect::PhoneTrunkZero,
                PhoneForm::DoubleZero => Defect::PhoneDoubleZero,
                PhoneForm::Plain => Defect::PhonePlain,
                PhoneForm::Dashed => Defect::PhoneDashed,
            });
        }
        if !record.name.faithful {
            self.counts.add(record.name.slip);
        }
    }

    /// One order and its lines. With `test` it is a copy made by the staff under that number.
    pub(super) fn shopify_order(
        &mut self,
        order: &Order,
        market: Market,
        buyer: Option<Buyer<'_>>,
        test: Option<u64>,
        dice: &mut Dice,
    ) {
        let clock = self.setup.clock;
        if order.place == Place::Store && test.is_none() {
            return;
        }
        if order.at > clock.synced {
            if order.place == Place::App && test.is_none() {
                self.counts.add(Defect::OrderBeforeSync);
            }
            return;
        }
        let account = buyer.and_then(|(_, account)| account);
        let number = test.unwrap_or_else(|| self.setup.ids.order_number(order));
        let id = 6_000_000_000 + number * 7;
        let (cancelled_at, refunded_at) = match order.outcome {
            Outcome::Cancelled(at) if at <= clock.synced => (Some(at), Some(at)),
            Outcome::Returned(at) if at <= clock.synced => (None, Some(at)),
            _ => (None, None),
        };
        let inline = dice.chance(rates::REFUND_INLINE);
        if refunded_at.is_some() && inline {
            self.counts.add(Defect::RefundInline);
        }
        let email = self.order_email(order, buyer, test.is_some(), dice);
        let all_back = order.lines.iter().all(|l| l.returned == l.quantity);
        let paid = match (refunded_at, all_back) {
            (None, _) => "PAID",
            (Some(_), true) => "REFUNDED",
            (Some(_), false) => "PARTIALLY_REFUNDED",
        };
        let total = [total(order, Market::Singapore), total(order, market)];
        let created = Timestamp::from_seconds(order.at.seconds());
        let touched = refunded_at.unwrap_or(Timestamp(created.0 + 90 * Timestamp::US_PER_S));
        json::object(&mut self.row, |o| {
            o.quoted("id", format_args!("gid://shopify/Order/{id}")).quoted("legacyResourceId", id);
            o.quoted("name", format_args!("#{number}")).maybe("email", email.as_deref()).null("phone");
            o.quoted("createdAt", created).quoted("processedAt", created);
            o.quoted("updatedAt", Timestamp::from_seconds(touched.seconds()));
            o.maybe_quoted("cancelledAt", cancelled_at.map(|t| Timestamp::from_seconds(t.seconds())));
            o.text("displayFinancialStatus", paid);
            o.text("displayFulfillmentStatus", if cancelled_at.is_some() { "UNFULFILLED" } else { "FULFILLED" });
            o.text("currencyCode", "SGD").object("totalPriceSet", |o| amounts(o, market, total));
            match account {
                None => o.null("customer"),
                Some(account) => o.object("customer", |o| {
                    o.quoted("id", format_args!("gid://shopify/Customer/{}", account.number));
                    o.maybe("email", account.record.email.as_deref());
                }),
            };
            let refunds = refunded_at.filter(|_| inline).map(|_| id + 1);
            o.list("refunds", refunds, |o, refund| {
                o.quoted("id", format_args!("gid://shopify/Refund/{refund}"));
            });
            o.texts("tags", &[]).bare("test", test.is_some());
            o.text("sourceName", if order.place == Place::App { "mobile_app" } else { "web" });
        });
        let key = time_key(created);
        self.send_breakable(stream::ORDERS, key, BROKEN_ORDER, true, dice);
        self.order_children(order, market, id, refunded_at.is_some() && !inline, dice);
    }

    /// `""` or the address for guests; the account's otherwise.
    fn order_email(&mut self, order: &Order, buyer: Option<Buyer<'_>>, test: bool, dice: &mut Dice) -> Option<String> {
        if test {
            return Some("qa@work.example".to_owned());
        }
        if order.guest {
            self.counts.add(Defect::GuestOrder);
            if dice.chance(rates::EMPTY_EMAIL) {
                self.counts.add(Defect::EmptyEmail);
                return Some(String::new());
            }
        }
        match buyer {
            Some((subject, _)) => Some(subject.identity.emails[subject.records.email_at(order.at)].clone()),
            None => Some(format!("guest{}@mail.example", self.setup.ids.order_number(order))),
        }
    }

    /// Lines follow their order, but often after other orders and their lines.
    fn order_children(&mut self, order: &Order, market: Market, id: u64, refund: bool, dice: &mut Dice) {
        let created = time_key(Timestamp::from_seconds(order.at.seconds()));
        let parent = format!("gid://shopify/Order/{id}");
        for (at, line) in order.lines.iter().enumerate() {
            line_item(&mut self.row, self.setup.catalogue, market, line, id * 128 + at as u64, &parent);
            if matches!(line.what, What::Custom(_)) {
                self.counts.add(Defect::CustomItem);
            }
            let far = dice.chance(rates::FAR_CHILD);
            if far {
                self.counts.add(Defect::FarChild);
            }
            let later = if far { dice.between(3_600, 5 * 86_400) } else { dice.between(1, 600) } as u64;
            self.send_breakable(stream::ORDERS, created + later * 1_000_000, BROKEN_LINE, true, dice);
        }
        if dice.chance(rates::CHILD_WITHOUT_ID) {
            self.counts.add(Defect::ChildWithoutId);
            json::object(&mut self.row, |o| {
                o.text("allocationMethod", "ACROSS").text("targetType", "LINE_ITEM").text("__parentId", &parent);
            });
            self.send(stream::ORDERS, created + 700_000_000);
        }
        if refund {
            json::object(&mut self.row, |o| {
                o.quoted("id", format_args!("gid://shopify/Refund/{}", id + 1)).text("__parentId", &parent);
            });
            self.send(stream::ORDERS, created + 800_000_000);
        }
    }
}

fn sms_state(subject: &Subject<'_>, main: bool) -> Marketing {
    let told = subject.consents.last(Holder::Shopify, |f| f == Form::Sms).filter(|_| main);
    let Some(act) = told else { return Marketing { state: "NOT_SUBSCRIBED", level: "UNKNOWN", at: None } };
    let state = if act.yes == 0 { "UNSUBSCRIBED" } else { "SUBSCRIBED" };
    Marketing { state, level: "SINGLE_OPT_IN", at: Some(act.at) }
}

fn legacy(o: &mut Object<'_>, key: &str, marketing: &Marketing, collected: Option<&str>) {
    o.object(key, |o| {
        o.text("marketingState", marketing.state).text("marketingOptInLevel", marketing.level);
        o.maybe_quoted("consentUpdatedAt", marketing.at);
        if let Some(collected) = collected {
            o.text("consentCollectedFrom", collected);
        }
    });
}

fn by_address(o: &mut Object<'_>, marketing: &Marketing, email: Option<&str>) {
    o.object("defaultEmailAddress", |o| {
        o.maybe("emailAddress", email).text("marketingState", marketing.state);
        o.text("marketingOptInLevel", marketing.level).maybe_quoted("marketingUpdatedAt", marketing.at);
        o.bare("validFormat", true);
    });
}

fn by_number(o: &mut Object<'_>, marketing: &Marketing, phone: Option<&str>) {
    match phone {
        None => {
            o.null("defaultPhoneNumber");
        }
        Some(phone) => {
            o.object("defaultPhoneNumber", |o| {
                o.text("phoneNumber", phone).text("marketingState", marketing.state);
                o.text("marketingOptInLevel", marketing.level).maybe_quoted("marketingUpdatedAt", marketing.at);
                o.text("marketingCollectedFrom", "SHOPIFY");
            });
        }
    }
}

fn address(o: &mut Object<'_>, subject: &Subject<'_>, record: &Record) {
    let Some(short) = record.address else {
        o.null("defaultAddress").texts("addresses", &[]);
        return;
    };
    let home = &subject.identity.household.address;
    let market = subject.identity.market();
    let fill = |o: &mut Object<'_>| {
        o.text("address1", &home.street(short)).null("address2").text("city", home.city);
        o.text("zip", &home.postcode).text("country", market.name()).text("countryCodeV2", market.code());
    };
    o.object("defaultAddress", fill).list("addresses", [()], |o, ()| fill(o));
}

fn amounts(o: &mut Object<'_>, market: Market, [shop, shown]: [Money; 2]) {
    o.object("shopMoney", |o| {
        o.quoted("amount", shop).text("currencyCode", "SGD");
    });
    o.object("presentmentMoney", |o| {
        o.quoted("amount", shown).text("currencyCode", market.currency().code());
    });
}

/// What the order came to.
pub(super) fn total(order: &Order, market: Market) -> Money {
    Money(order.lines.iter().map(|l| price_in(market, l.pence).0 * l.quantity).sum())
}

fn line_item(row: &mut Vec<u8>, catalogue: &Catalogue, market: Market, line: &Line, id: u64, parent: &str) {
    let prices = [price_in(Market::Singapore, line.pence), price_in(market, line.pence)];
    json::object(row, |o| {
        o.quoted("id", format_args!("gid://shopify/LineItem/{id}")).text("__parentId", parent);
        match line.what {
            What::Item { item, variant } => {
                let product = &catalogue.items[item as usize];
                let (_, name) = product.variants[usize::from(variant)];
                let plain = product.variants.len() == 1;
                let full = if plain { product.title.clone() } else { format!("{} - {name}", product.title) };
                o.text("name", &full).text("title", &product.title);
                o.maybe("variantTitle", (!plain).then_some(name)).text("sku", &product.sku(variant));
                o.bare("quantity", line.quantity).object("originalUnitPriceSet", |o| amounts(o, market, prices));
                o.object("product", |o| {
                    o.quoted("legacyResourceId", product.id);
                });
                o.object("variant", |o| {
                    o.quoted("legacyResourceId", product.variant_id(variant));
                });
            }
            What::Custom(code) => {
                o.text("name", code).text("title", code).null("variantTitle").text("sku", code);
                o.bare("quantity", line.quantity).object("originalUnitPriceSet", |o| amounts(o, market, prices));
                o.null("product").null("variant");
            }
        }
        o.texts("discountAllocations", &[]).texts("taxLines", &[]);
    });
}

/// Calls `each` with the lines of all products and variants.
pub(crate) fn product_lines<E>(
    setup: &Setup<'_>,
    mut each: impl FnMut(ChildOf, &[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let catalogue = setup.catalogue;
    let created = setup.clock.now.plus_days(-700);
    let mut order: Vec<usize> = (0..catalogue.items.len()).collect();
    order.sort_by_key(|at| catalogue.items[*at].id);
    let mut row = Vec::new();
    for item in order.into_iter().map(|at| &catalogue.items[at]) {
        let category = catalogue.categories[item.category];
        let handle: String =
            item.title.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let id = item.id;
        json::object(&mut row, |o| {
            o.quoted("id", format_args!("gid://shopify/Product/{id}")).text("title", &item.title);
            o.quoted("handle", format_args!("{handle}-{}", item.code.to_lowercase())).text("vendor", "Kedai");
            o.text("productType", category).texts("tags", &[&category.to_lowercase()]);
            o.text("status", if item.active { "ACTIVE" } else { "ARCHIVED" });
            o.quoted("createdAt", created).quoted("updatedAt", setup.clock.synced.plus_days(-1));
        });
        each(ChildOf::Product, &row)?;
        row.clear();
        for (at, (_, name)) in item.variants.iter().enumerate() {
            let mut dice = Dice::new(setup.people.seed, crate::dice::For::Catalogue, item.id + at as u64);
            json::object(&mut row, |o| {
                o.quoted("id", format_args!("gid://shopify/ProductVariant/{}", item.variant_id(at as u8)));
                o.quoted("__parentId", format_args!("gid://shopify/Product/{id}")).text("title", name);
                o.text("sku", &item.sku(at as u8)).quoted("price", price_in(Market::Singapore, item.pence));
                let stock = if dice.chance(0.04) { 0 } else { dice.between(1, 400) };
                o.bare("position", at + 1).bare("inventoryQuantity", stock);
                let option = if item.variants.len() == 1 { "Title" } else { "Option" };
                o.list("selectedOptions", [()], |o, ()| {
                    o.text("name", option).text("value", name);
                });
            });
            each(ChildOf::Variant, &row)?;
            row.clear();
        }
    }
    Ok(())
}

/// Whether the CRM knows of the wish to be forgotten.
pub(super) fn forgets(subject: &Subject<'_>) -> bool {
    subject.consents.flag(Flag::Forget).is_some()
}
