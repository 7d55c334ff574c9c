//! Every defect of the exports, how often it occurs, and where the figure comes from. One table: what is not here is
//! not done on purpose.
//!
//! "The case" is the shop that `DESIGN.md` describes; "formats F" is the list of must-haves of the formats page, which
//! gives no rates, so a plausible one is stated here. Rates are shares of what the third column names.

use std::fmt;

macro_rules! rates {
    ($($(#[$doc:meta])* $name:ident, $constant:ident = $share:expr, $of:expr, $source:expr;)*) => {
        /// A defect that is counted while exports are written.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Defect {
            $($(#[$doc])* $name,)*
        }

        impl Defect {
            pub const ALL: &[Defect] = &[$(Defect::$name,)*];
        }

        $(pub(crate) const $constant: f64 = $share;)*

        /// The table, in the order of [`Defect::ALL`].
        pub const RATES: &[Rate] = &[$(Rate {
            defect: Defect::$name,
            share: $constant,
            of: $of,
            source: $source,
        },)*];
    };
}

/// How often a defect occurs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    pub defect: Defect,
    /// Share of what `of` names, in [0, 1].
    pub share: f64,
    pub of: &'static str,
    pub source: &'static str,
}

rates! {
    // Who is who.
    /// A phone ticket's user has no email address.
    ZendeskNoEmail, ZENDESK_NO_EMAIL = 0.23, "Zendesk users", "the case: 23 % have no email";
    /// Changing email or phone makes a new synthetic id.
    WarehouseDuplicate, WAREHOUSE_DUPLICATE = 0.195, "warehouse customers", "the case: 800,000 of 4.1 million";
    /// Two members of a household use one device.
    SharedDevice, SHARED_DEVICE = 0.10, "households of two or more", "the case: shared devices";
    /// Two members of a household give one number.
    SharedPhone, SHARED_PHONE = 0.06, "households of two or more", "the case: shared phones";
    /// Zendesk knows that a number is shared.
    SharedPhoneMarked, SHARED_PHONE_MARKED = 0.7, "Zendesk users on a shared phone", "formats F";
    /// The CRM merged two contacts; the loser stays as a deleted row.
    MergedContact, MERGED_CONTACT = 0.05, "contacts", "the case: merged contacts";
    /// Everyday or English name instead of the own one.
    Nickname, NICKNAME = 0.06, "names in a form (twice as many by an agent)", "assumed";
    /// Mohd for Muhammad, Oe for U, Wong for Ng.
    OtherRomanisation, OTHER_ROMANISATION = 0.08, "names in a form (twice as many by an agent)", "assumed";
    NameTypo, NAME_TYPO = 0.02, "names in a form (twice as many by an agent)", "assumed";
    EmailTypo, EMAIL_TYPO = 0.008, "email addresses typed by an agent or at checkout", "assumed";
    /// `+65…` as it should be.
    PhoneE164, PHONE_E164 = 0.40, "phone numbers", "formats F";
    PhoneSpaced, PHONE_SPACED = 0.20, "phone numbers", "formats F: +65 with spaces";
    PhoneTrunkZero, PHONE_TRUNK_ZERO = 0.20, "phone numbers", "formats F: 0-prefix (Singapore has none)";
    PhoneDoubleZero, PHONE_DOUBLE_ZERO = 0.05, "phone numbers", "formats F: 00";
    PhonePlain, PHONE_PLAIN = 0.10, "phone numbers", "formats F: country code without plus";
    PhoneDashed, PHONE_DASHED = 0.05, "phone numbers", "formats C: (513) 555-7611";
    /// A Zendesk user with an email and a phone identity, or two addresses.
    TwoIdentities, TWO_IDENTITIES = 0.5, "Zendesk users with an email", "formats F";
    /// A device used by somebody who never signs in.
    AnonymousDevice, ANONYMOUS_DEVICE = 0.06, "people without an app account", "assumed";

    // Consent.
    /// A person said yes and later no, or the other way round, in general in two systems.
    ConflictingConsent, CONFLICTING_CONSENT = 0.25, "people who said something", "the case: conflicting consents";
    /// A row with an old opt-in is synced after the withdrawal made elsewhere.
    StaleOptInSyncedLater, STALE_OPT_IN = 0.30, "withdrawals after an opt-in elsewhere", "formats F";
    /// A bulk load set the flag; nobody agreed.
    ImportedOptIn, IMPORTED_OPT_IN = 0.10, "warehouse customers", "consent rule 2: imports";
    /// Double opt-in that was never finished.
    PendingOptIn, PENDING_OPT_IN = 0.04, "Shopify customers", "formats F";
    /// `consentUpdatedAt` is null beside a state.
    NullConsentTime, NULL_CONSENT_TIME = 0.05, "Shopify customers with a marketing state", "formats F";
    Redacted, REDACTED = 0.004, "Shopify customers", "formats F";
    /// `ShouldForget` on the CRM's Individual.
    ShouldForget, SHOULD_FORGET = 0.003, "individuals", "formats D";
    /// Consent in the shape before April 2025.
    LegacyConsentShape, LEGACY_CONSENT_SHAPE = 0.35, "Shopify customers", "formats A: accept both shapes";
    NewConsentShape, NEW_CONSENT_SHAPE = 0.45, "Shopify customers; the others have both", "formats A: accept both shapes";

    // Time.
    /// Loaded a night late.
    LateLoad, LATE_LOAD = 0.01, "warehouse orders", "the case: nightly lag";
    /// In the app's events, not yet in Shopify.
    OrderBeforeSync, ORDER_BEFORE_SYNC = 1.0, "app orders after the last nightly sync", "formats F";
    /// Sent up to three days after it happened.
    OfflineQueue, OFFLINE_QUEUE = 0.02, "app sessions", "formats F: three days late";
    /// The clock is days off.
    ClockSkew, CLOCK_SKEW = 0.02, "devices", "formats F: days either way";
    /// `sentAt` before `originalTimestamp`: the corrected time lies in the future.
    FutureEvent, FUTURE_EVENT = 0.0005, "app events", "formats E: can land in the future";
    DuplicateEvent, DUPLICATE_EVENT = 0.01, "app events", "formats F: same messageId, same payload";
    /// Same messageId, other payload.
    AlteredEvent, ALTERED_EVENT = 0.001, "app events", "formats F: same messageId, other payload";
    BatchedEvents, BATCHED_EVENTS = 0.15, "app sessions", "formats E: batch objects";
    OldEventName, OLD_EVENT_NAME = 0.03, "app sessions", "formats E: names before v2";
    /// `generated_timestamp` moves, `updated_at` does not.
    TouchOnly, TOUCH_ONLY = 0.05, "tickets", "formats F";
    TicketDeleted, TICKET_DELETED = 0.01, "tickets", "formats F";
    /// The same version again on a later page.
    RepeatedOnPage, REPEATED_ON_PAGE = 0.01, "Zendesk users", "formats C: exports repeat items";

    // Orders.
    /// `customer` null.
    GuestOrder, GUEST_ORDER = 0.06, "orders of the model; of a purchases file, those without a customer", "the case: guest orders";
    EmptyEmail, EMPTY_EMAIL = 0.6, "guest orders", "formats F: guest order with email \"\"";
    /// A line item far below its order, after other orders and their lines.
    FarChild, FAR_CHILD = 0.10, "line items", "formats F: child before sibling";
    ChildWithoutId, CHILD_WITHOUT_ID = 0.05, "Shopify orders", "formats F: discount application";
    TestOrder, TEST_ORDER = 0.003, "people (one each)", "formats A: test orders";
    /// A refund in the order's list, or as a line of its own.
    RefundInline, REFUND_INLINE = 0.5, "refunded orders; the others' refunds are lines", "formats A: tolerate both";
    CustomItem, CUSTOM_ITEM = 0.004, "orders of the model; of a purchases file, its postage lines", "formats A: product null";

    // Files.
    HeaderRepeated, HEADER_REPEATED = 1.0, "pages of a CRM result", "formats F";
    EmbeddedNewline, EMBEDDED_NEWLINE = 0.15, "contacts with a street", "formats F: street on two lines";
    EmbeddedQuote, EMBEDDED_QUOTE = 0.02, "contacts", "formats F";
    ShortId, SHORT_ID = 0.10, "contacts, and references to people and purposes", "formats F: 15 characters";
    BrokenJson, BROKEN_JSON = 0.0010, "JSON lines, as extra ones", "dead letters";
    MissingField, MISSING_FIELD = 0.0010, "rows, as extra ones", "dead letters";
    WrongType, WRONG_TYPE = 0.0010, "rows, as extra ones", "dead letters";
}

impl Defect {
    pub fn rate(self) -> &'static Rate {
        &RATES[self as usize]
    }

    /// Lower-case words, as in tables.
    pub fn name(self) -> String {
        let mut name = String::new();
        for c in format!("{self:?}").chars() {
            if c.is_ascii_uppercase() && !name.is_empty() {
                name.push(' ');
            }
            name.push(c.to_ascii_lowercase());
        }
        name
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name())
    }
}

/// How often each defect occurred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefectCounts(Vec<u64>);

impl Default for DefectCounts {
    fn default() -> Self {
        DefectCounts(vec![0; Defect::ALL.len()])
    }
}

impl DefectCounts {
    pub(crate) fn add(&mut self, defect: Defect) {
        self.0[defect as usize] += 1;
    }

    pub(crate) fn merge(&mut self, other: &DefectCounts) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine += theirs;
        }
    }

    pub fn of(&self, defect: Defect) -> u64 {
        self.0[defect as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum_and_within_bounds() {
        assert_eq!(RATES.len(), Defect::ALL.len());
        for (at, rate) in RATES.iter().enumerate() {
            assert_eq!(rate.defect as usize, at);
            assert!(
                rate.share > 0.0 && rate.share <= 1.0 && !rate.of.is_empty() && !rate.source.is_empty(),
                "{rate:?}"
            );
        }
        assert_eq!(Defect::ZendeskNoEmail.name(), "zendesk no email");
        let forms = [PHONE_E164, PHONE_SPACED, PHONE_TRUNK_ZERO, PHONE_DOUBLE_ZERO, PHONE_PLAIN, PHONE_DASHED];
        assert!((forms.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }
}
