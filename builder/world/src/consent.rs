//! What people decided about their data, and what the systems have of it.
//!
//! A person makes *acts*: explicit, dated decisions, each about some cells (purpose × channel), each told to one
//! system. The truth of a cell is the last act about it; without any, the person has not consented. Beside acts there
//! is noise that nobody decided: bulk imports, double opt-ins that were not finished, states without a date.
//!
//! So that no refusal can be missed by who follows the rules of the consent page, a yes in a record that cannot be
//! tied to the record with a later no by the same, flawless address is not made: see [`keep_provable`]. What remains
//! wrong in the systems is only ever wrong in the safe direction for a reader who follows the rules, and in the unsafe
//! one for a reader who takes any flag at its word.

use kenal_types::Timestamp;

use crate::dice::{Dice, For};
use crate::rates::{self, Defect, DefectCounts};
use crate::records::{Record, Records, Setting};

/// Sets of cells.
pub(crate) mod cells {
    pub(crate) const PERSONALISE_ONSITE: u8 = 1;
    pub(crate) const PERSONALISE_PUSH: u8 = 2;
    pub(crate) const TRAIN: u8 = 4;
    pub(crate) const MARKET_EMAIL: u8 = 8;
    pub(crate) const MARKET_SMS: u8 = 16;
    pub(crate) const MARKET_VOICE: u8 = 32;
    pub(crate) const MARKET_PUSH: u8 = 64;
    pub(crate) const MEASURE: u8 = 128;
    pub(crate) const PERSONALISE: u8 = PERSONALISE_ONSITE | PERSONALISE_PUSH;
    pub(crate) const MARKET: u8 = MARKET_EMAIL | MARKET_SMS | MARKET_VOICE | MARKET_PUSH;
    pub(crate) const ALL: u8 = 255;

    /// Purpose and channel of each bit.
    pub(crate) const NAMES: [(&str, &str); 8] = [
        ("personalise", "onsite"),
        ("personalise", "push"),
        ("train", "onsite"),
        ("market", "email"),
        ("market", "sms"),
        ("market", "voice"),
        ("market", "push"),
        ("measure", "onsite"),
    ];
}

/// Days between two decisions of one person at least: more than an offline queue can shift an event.
const APART_DAYS: f64 = 8.0;

/// Which record an act was told to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    Shopify,
    Zendesk,
    Contact,
    Warehouse,
    App,
}

/// Where in the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The app's three switches.
    Switches {
        personalisation: bool,
        advertising: bool,
        analytics: bool,
    },
    /// A choice of the CRM: data use purpose and contact point type.
    Choice(CrmPurpose, &'static str),
    Email,
    Sms,
    DataSale,
    Flag(Flag),
    Field,
    Tag,
    WarehousePersonalisation,
    WarehouseMarketing,
    Promotions,
    Erasure,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CrmPurpose {
    Personalisation,
    Marketing,
    Training,
    Measurement,
}

impl CrmPurpose {
    pub(crate) const ALL: [CrmPurpose; 4] =
        [CrmPurpose::Personalisation, CrmPurpose::Marketing, CrmPurpose::Training, CrmPurpose::Measurement];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            CrmPurpose::Personalisation => "Personalisation",
            CrmPurpose::Marketing => "Marketing",
            CrmPurpose::Training => "Model training",
            CrmPurpose::Measurement => "Measurement",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flag {
    EmailOut,
    NoCalls,
    NoProfiling,
    NoProcessing,
    NoTracking,
    NoSolicit,
    Forget,
}

/// One explicit decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Act {
    pub(crate) at: Timestamp,
    pub(crate) holder: Holder,
    pub(crate) form: Form,
    pub(crate) yes: u8,
    pub(crate) no: u8,
}

/// What a person decided, in order of time, and the noise beside it.
#[derive(Debug, Clone)]
pub(crate) struct Consents {
    pub(crate) acts: Vec<Act>,
    pub(crate) pending: bool,
    pub(crate) undated: bool,
    /// A bulk load set the warehouse's flags at this time.
    pub(crate) imported: Option<Timestamp>,
}

impl Consents {
    pub(crate) fn draw(setting: &Setting<'_>, records: &Records, counts: &mut DefectCounts) -> Consents {
        let mut dice = Dice::new(setting.ids.seed(), For::Consent, setting.identity.index);
        let mut mind = Mind { setting, records, dice: &mut dice, acts: Vec::new() };
        mind.personalise_and_train();
        mind.market();
        mind.measure();
        mind.erase();
        let mut acts = mind.acts;
        // Of two decisions at one moment the refusal counts, as in rule 3.
        acts.sort_by_key(|a| (a.at, a.no != 0));
        keep_provable(&mut acts, records);
        count_conflicts(&acts, counts);
        let imported = dice.chance(rates::IMPORTED_OPT_IN).then(|| {
            let days = dice.between(5, 120);
            setting.now.plus_days(-days)
        });
        let email_told = acts.iter().any(|a| a.form == Form::Email || a.form == Form::Erasure);
        // The others of the shop's customers, a little more than half, have said yes or no by email already.
        let pending = !email_told && dice.chance(rates::PENDING_OPT_IN * 2.08);
        let undated = dice.chance(rates::NULL_CONSENT_TIME);
        Consents { acts, pending, undated, imported }
    }

    /// The last act in a place.
    pub(crate) fn last(&self, holder: Holder, of: impl Fn(Form) -> bool) -> Option<&Act> {
        self.acts.iter().rev().find(|a| a.holder == holder && of(a.form))
    }

    pub(crate) fn flag(&self, flag: Flag) -> Option<&Act> {
        self.last(Holder::Contact, |f| f == Form::Flag(flag))
    }

    /// The truth of each cell: the last decision about it, if any.
    pub(crate) fn truth(&self) -> [Option<(bool, Timestamp)>; 8] {
        let mut truth = [None; 8];
        for act in &self.acts {
            for (bit, cell) in truth.iter_mut().enumerate() {
                if (act.yes | act.no) >> bit & 1 == 1 {
                    *cell = Some((act.yes >> bit & 1 == 1, act.at));
                }
            }
        }
        truth
    }
}

/// The record an act was told to.
pub(crate) fn record(records: &Records, holder: Holder) -> Option<&Record> {
    match holder {
        Holder::Shopify => records.shopify.first().map(|s| &s.record),
        Holder::Zendesk => records.zendesk.as_ref().map(|z| &z.record),
        Holder::Contact => records.contact.as_ref().map(|c| &c.record),
        Holder::Warehouse => records.warehouse.first(),
        Holder::App => records.app.as_ref().map(|a| &a.record),
    }
}

/// Drops every yes that a later no of another record overrules without a flawless address in common: no reader could
/// know that both are of one person. Dropping an act can only leave the earlier ones, so one pass in order suffices
/// when each act is judged against the acts after it.
fn keep_provable(acts: &mut Vec<Act>, records: &Records) {
    let tied = |a: Holder, b: Holder| {
        let slot = |h| record(records, h).and_then(|r| r.email_slot);
        a == b || (slot(a).is_some() && slot(a) == slot(b))
    };
    let mut at = 0;
    while at < acts.len() {
        let act = acts[at];
        let overruled =
            acts.iter().skip(at + 1).any(|later| later.no & act.yes != 0 && !tied(act.holder, later.holder));
        if overruled {
            acts.remove(at);
        } else {
            at += 1;
        }
    }
}

fn count_conflicts(acts: &[Act], counts: &mut DefectCounts) {
    let clash = |a: &Act, b: &Act| a.yes & b.no != 0 || a.no & b.yes != 0;
    let mut pairs = acts.iter().enumerate().flat_map(|(n, a)| acts.iter().skip(n + 1).map(move |b| (a, b)));
    if pairs.any(|(a, b)| a.holder != b.holder && clash(a, b)) {
        counts.add(Defect::ConflictingConsent);
    }
}

/// A person making up their mind.
struct Mind<'a> {
    setting: &'a Setting<'a>,
    records: &'a Records,
    dice: &'a mut Dice,
    acts: Vec<Act>,
}

impl Mind<'_> {
    fn has(&self, holder: Holder) -> bool {
        record(self.records, holder).is_some()
    }

    fn act(&mut self, at: Timestamp, holder: Holder, form: Form, yes: u8, no: u8) {
        self.acts.push(Act { at, holder, form, yes, no });
    }

    /// A decision time, and an earlier one for who had decided otherwise before.
    fn times(&mut self) -> (Timestamp, Timestamp) {
        // The shop has asked for a year; what was said before was lost when the systems changed.
        let joined = self.setting.history.joined.max(self.setting.now.plus_days(-375));
        let latest = self.setting.now.plus_days(-2);
        let span = latest.0.saturating_sub(joined.0).max(1);
        let last = Timestamp(joined.0 + (span as f64 * (0.15 + 0.85 * self.dice.unit())) as i64);
        let days = APART_DAYS + self.dice.exponential(90.0);
        let earlier = Timestamp(last.0 - (days * Timestamp::US_PER_DAY as f64) as i64);
        let whole = |t: Timestamp| Timestamp::from_seconds(t.seconds());
        (whole(earlier), whole(last))
    }

    /// One yes or no about personalisation and training, told somewhere.
    fn tell_personalise(&mut self, at: Timestamp, yes: bool) {
        use cells::{MARKET_PUSH, MEASURE, PERSONALISE, PERSONALISE_ONSITE, TRAIN};
        let set = |mask: u8| if yes { (mask, 0) } else { (0, mask) };
        let places = [Holder::App, Holder::Contact, Holder::Zendesk, Holder::Warehouse];
        let weights: Vec<f64> = places
            .iter()
            .zip(if yes { [0.60, 0.30, 0.0, 0.02] } else { [0.45, 0.30, 0.15, 0.10] })
            .map(|(place, weight)| if self.has(*place) { weight } else { 0.0 })
            .collect();
        match places[self.dice.weighted(&weights)] {
            Holder::App => {
                let (advertising, analytics) = (self.dice.chance(if yes { 0.6 } else { 0.1 }), self.dice.chance(0.7));
                let bits = [(yes, PERSONALISE | TRAIN), (advertising, MARKET_PUSH), (analytics, MEASURE)];
                let (agreed, refused) = bits.iter().fold((0, 0), |(a, r), (on, mask)| match on {
                    true => (a | mask, r),
                    false => (a, r | mask),
                });
                let form = Form::Switches { personalisation: yes, advertising, analytics };
                self.act(at, Holder::App, form, agreed, refused);
            }
            Holder::Contact if !yes && self.dice.chance(0.35) => {
                self.act(at, Holder::Contact, Form::Flag(Flag::NoProfiling), 0, PERSONALISE | TRAIN);
            }
            Holder::Contact => {
                let (a, r) = set(PERSONALISE_ONSITE);
                self.act(at, Holder::Contact, Form::Choice(CrmPurpose::Personalisation, "Web"), a, r);
                let (a, r) = set(TRAIN);
                self.act(at, Holder::Contact, Form::Choice(CrmPurpose::Training, "Web"), a, r);
            }
            Holder::Zendesk => self.act(at, Holder::Zendesk, Form::Field, 0, PERSONALISE_ONSITE),
            _ => {
                let (a, r) = set(PERSONALISE);
                self.act(at, Holder::Warehouse, Form::WarehousePersonalisation, a, r);
            }
        }
    }

    /// Three people in a hundred never say anything; of the others, by market, three in four agree in the end.
    fn personalise_and_train(&mut self) {
        if self.dice.chance(0.03) {
            return;
        }
        let agrees = [0.78, 0.76, 0.72, 0.75][self.setting.identity.market() as usize];
        let yes = self.dice.chance(agrees);
        let (earlier, last) = self.times();
        // Who refuses has often agreed before; the other way round is rarer.
        if self.dice.chance(if yes { 0.10 } else { 0.70 }) {
            self.tell_personalise(earlier, !yes);
        }
        self.tell_personalise(last, yes);
    }

    fn market(&mut self) {
        use cells::{MARKET, MARKET_EMAIL, MARKET_SMS, MARKET_VOICE};
        let (earlier, last) = self.times();
        if self.has(Holder::Shopify) && self.dice.chance(0.6) {
            let left = self.dice.chance(0.3);
            if self.dice.chance(0.7) {
                self.act(if left { earlier } else { last }, Holder::Shopify, Form::Email, MARKET_EMAIL, 0);
            }
            if left {
                self.act(last, Holder::Shopify, Form::Email, 0, MARKET_EMAIL);
            }
        }
        let (earlier, last) = self.times();
        if self.has(Holder::Shopify) && self.dice.chance(0.25) {
            self.act(earlier, Holder::Shopify, Form::Sms, MARKET_SMS, 0);
            if self.dice.chance(0.3) {
                self.act(last, Holder::Shopify, Form::Sms, 0, MARKET_SMS);
            }
        }
        if self.has(Holder::Shopify) && self.dice.chance(0.01) {
            self.act(last, Holder::Shopify, Form::DataSale, 0, MARKET);
        }
        let (earlier, last) = self.times();
        if self.has(Holder::Contact) {
            if self.dice.chance(0.30) {
                let yes = self.dice.chance(0.8);
                let set = |mask| if yes { (mask, 0) } else { (0, mask) };
                let (a, r) = set(MARKET_EMAIL);
                self.act(earlier, Holder::Contact, Form::Choice(CrmPurpose::Marketing, "Email"), a, r);
                if self.dice.chance(0.4) {
                    let (a, r) = set(MARKET_SMS | MARKET_VOICE);
                    self.act(earlier, Holder::Contact, Form::Choice(CrmPurpose::Marketing, "Phone"), a, r);
                }
            }
            if self.dice.chance(0.08) {
                self.act(last, Holder::Contact, Form::Flag(Flag::EmailOut), 0, MARKET_EMAIL);
            }
            if self.dice.chance(0.08) {
                self.act(last, Holder::Contact, Form::Flag(Flag::NoCalls), 0, MARKET_VOICE);
            }
            if self.dice.chance(0.02) {
                self.act(last, Holder::Contact, Form::Flag(Flag::NoSolicit), 0, MARKET);
            }
            let member = self.records.contact.as_ref().is_some_and(|c| c.loyalty.is_some());
            if member && self.dice.chance(0.12) {
                self.act(last, Holder::Contact, Form::Promotions, 0, MARKET);
            }
        }
        if self.has(Holder::Zendesk) && self.dice.chance(0.04) {
            self.act(last, Holder::Zendesk, Form::Tag, 0, MARKET);
        }
        let (earlier, _) = self.times();
        if self.dice.chance(0.10) {
            let yes = self.dice.chance(0.75);
            let (a, r) = if yes { (MARKET, 0) } else { (0, MARKET) };
            self.act(earlier, Holder::Warehouse, Form::WarehouseMarketing, a, r);
        }
    }

    fn measure(&mut self) {
        let (earlier, last) = self.times();
        if self.has(Holder::Contact) && self.dice.chance(0.10) {
            let form = Form::Choice(CrmPurpose::Measurement, "Web");
            self.act(earlier, Holder::Contact, form, cells::MEASURE, 0);
        }
        if self.has(Holder::Contact) && self.dice.chance(0.02) {
            self.act(last, Holder::Contact, Form::Flag(Flag::NoTracking), 0, cells::MEASURE);
        }
    }

    /// Wishes about all data. Nothing is said after them.
    fn erase(&mut self) {
        let latest = self.setting.now.plus_days(-1);
        if self.has(Holder::Contact) && self.dice.chance(0.008) {
            self.act(latest, Holder::Contact, Form::Flag(Flag::NoProcessing), 0, cells::ALL);
        }
        if self.has(Holder::Contact) && self.dice.chance(rates::SHOULD_FORGET) {
            self.act(latest, Holder::Contact, Form::Flag(Flag::Forget), 0, cells::ALL);
        }
        if self.has(Holder::Shopify) && self.dice.chance(rates::REDACTED) {
            self.act(latest, Holder::Shopify, Form::Erasure, 0, cells::ALL);
        }
    }
}

impl Consents {
    /// Makes some rows with an overruled yes look newer than the no that overruled it: they were synced later, and
    /// who goes by the row's time instead of the decision's gets it wrong.
    pub(crate) fn sync_late(&self, records: &mut Records, setting: &Setting<'_>, counts: &mut DefectCounts) {
        let mut dice = Dice::new(setting.ids.seed(), For::Consent, !setting.identity.index);
        for (at, yes) in self.acts.iter().enumerate() {
            let overruled = self.acts.iter().skip(at + 1).find(|no| no.no & yes.yes != 0 && no.holder != yes.holder);
            let row = match yes.holder {
                Holder::Shopify => records.shopify.first_mut().map(|s| &mut s.record),
                Holder::Warehouse => records.warehouse.first_mut(),
                Holder::Contact => records.contact.as_mut().map(|c| &mut c.record),
                Holder::Zendesk | Holder::App => None,
            };
            if let (Some(no), Some(row)) = (overruled, row) {
                if dice.chance(rates::STALE_OPT_IN) {
                    let since = setting.now.0.saturating_sub(no.at.0).max(2);
                    row.updated_at = Timestamp::from_seconds(Timestamp(no.at.0 + dice.between(1, since)).seconds());
                }
                if row.updated_at > no.at {
                    counts.add(Defect::StaleOptInSyncedLater);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use kenal_types::Date;

    use crate::emit::Clock;
    use crate::identity::People;
    use crate::records::Ids;
    use crate::{catalogue, model, tickets};

    use super::*;

    fn everybody(count: u64, mut each: impl FnMut(&Records, &Consents)) {
        let (seed, end) = (3, Date(20_770));
        let (people, catalogue) = (People::new(seed, count), catalogue::model(seed));
        let ids = Ids::new(seed, count, count * model::ORDERS_MAX);
        let now = Clock::new(end).now;
        for i in 0..count {
            let identity = people.identity(i);
            let history = model::history(seed, i, identity.market(), end, &catalogue);
            let tickets = tickets::draw(seed, i, &history, now).len();
            let setting = Setting { identity: &identity, history: &history, ids: &ids, tickets, now };
            let records = Records::draw(&setting);
            let consents = Consents::draw(&setting, &records, &mut DefectCounts::default());
            each(&records, &consents);
        }
    }

    #[test]
    fn every_refusal_is_told_where_a_careful_reader_finds_it() {
        let (mut refusals, mut overruled) = (0, 0);
        everybody(3000, |records, consents| {
            assert!(consents.acts.is_sorted_by_key(|a| a.at));
            let acts = &consents.acts;
            assert!(acts.iter().all(|a| record(records, a.holder).is_some() && a.yes & a.no == 0));
            for (bit, said) in consents.truth().into_iter().enumerate() {
                let Some((false, at)) = said else { continue };
                refusals += 1;
                let no = acts.iter().rev().find(|a| a.no >> bit & 1 == 1).expect("a refusal somebody made");
                assert_eq!(no.at, at);
                for yes in acts.iter().filter(|a| a.yes >> bit & 1 == 1) {
                    overruled += 1;
                    let slot = |holder| record(records, holder).and_then(|r| r.email_slot);
                    let tied = slot(yes.holder).is_some() && slot(yes.holder) == slot(no.holder);
                    assert!(yes.at < no.at && (yes.holder == no.holder || tied), "{yes:?} {no:?}");
                }
            }
        });
        assert!(refusals > 1000 && overruled > 200, "{refusals} {overruled}");
    }

    #[test]
    fn decisions_about_personalisation_are_days_apart() {
        everybody(1500, |_, consents| {
            let about = cells::PERSONALISE_ONSITE;
            let times: Vec<_> = consents.acts.iter().filter(|a| (a.yes | a.no) & about != 0).collect();
            for pair in times.windows(2).filter(|p| !matches!(p[1].form, Form::Flag(_) | Form::Erasure)) {
                let days = pair[1].at.days_since(pair[0].at);
                assert!(days > APART_DAYS - 0.001, "{days}: an offline queue could swap them");
            }
        });
    }
}
