//! One request to one response: gate, row, events, rules, ranking, reasons.
//!
//! The ranking is the core's; what is decided here is which of a request's words reach it. A person's row and events
//! reach it only through the permit that the core's gate gives. Whatever closes the gate, the answer is the trending
//! list.

use alloc::borrow::ToOwned;
use alloc::vec::Vec;

use kenal_bundle::Manifest;
use kenal_core::diversity::candidates;
use kenal_core::{
    Ask, Bundle, CategoryIdx, Choice, EventKind, Gate, ItemIdx, MarketIdx, Permit, Relation, Revocation, Rules, Score,
    Scored, Scratch, UserRow, Who, because, diversify, gate, personalise, similar, trending,
};

use crate::error::{CATEGORIES_NAMED_MAX, RequestError};
use crate::request::{Consent, LiveEvent, LiveKind, Request, Slot, seconds};
use crate::response::{FallbackReason, Price, Reason, ReasonKind, Recommended};

/// What an answer rests on beside the sections.
pub(crate) struct Terms<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) revocation: Revocation,
    pub(crate) opened_at_s: u64,
}

/// The market that a request names.
pub(crate) fn market(manifest: &Manifest, code: &str) -> Result<MarketIdx, RequestError> {
    manifest.market(code).ok_or_else(|| {
        let known = manifest.markets.iter().map(|market| market.code.clone()).collect();
        RequestError::Market { given: code.to_owned(), known }
    })
}

/// The category that a request names, if it names one.
pub(crate) fn category(bundle: &Bundle<'_>, request: &Request) -> Result<Option<CategoryIdx>, RequestError> {
    request.category.as_deref().map(|given| category_named(bundle, given)).transpose()
}

fn category_named(bundle: &Bundle<'_>, given: &str) -> Result<CategoryIdx, RequestError> {
    bundle.items.category(given).ok_or_else(|| {
        let categories = bundle.items.categories();
        let known = categories.iter().take(CATEGORIES_NAMED_MAX).map(str::to_owned).collect();
        RequestError::Category { given: given.to_owned(), known, count: categories.len() }
    })
}

/// The items of an answer, and why they are not personalised if they are not.
pub(crate) struct Ranked {
    pub(crate) items: Vec<Recommended>,
    pub(crate) fallback: Option<FallbackReason>,
}

/// A request in the bundle's own terms.
struct Question<'a> {
    request: &'a Request,
    market: MarketIdx,
    category: Option<CategoryIdx>,
    /// The item of a product page.
    context: Option<ItemIdx>,
    not_categories: Vec<CategoryIdx>,
    /// To be put first; nothing else is put there.
    pins: Vec<ItemIdx>,
    exclude: Vec<ItemIdx>,
    events: Vec<kenal_core::LiveEvent>,
}

/// One recommended item before it is worded.
struct Pick {
    scored: Scored,
    kind: ReasonKind,
    because: Option<ItemIdx>,
}

/// Answers `request` from `bundle`; `row` is the visitor's, unparsed.
///
/// # Errors
/// When the category is none of the bundle's.
pub(crate) fn answer(
    bundle: &Bundle<'_>,
    terms: &Terms<'_>,
    market: MarketIdx,
    request: &Request,
    row: Option<&[u8]>,
    scratch: &mut Scratch,
) -> Result<Ranked, RequestError> {
    let question = Question::read(bundle, market, request)?;
    let row = row.map(|bytes| UserRow::parse(bytes, bundle.items.len()));
    let picked = match pass(&question, terms, row.as_ref()) {
        Ok(permit) => personalised(bundle, &question, permit, row.as_ref().and_then(|r| r.as_ref().ok()), scratch),
        Err(reason) => Err(reason),
    };
    let (picks, fallback) = match picked {
        Ok(picks) => (picks, None),
        Err(reason) => (from_trending(bundle, &question, scratch), Some(reason)),
    };
    let items = picks.iter().filter_map(|pick| card(bundle, terms, question.market, pick)).collect();
    Ok(Ranked { items, fallback })
}

impl<'a> Question<'a> {
    fn read(bundle: &Bundle<'_>, market: MarketIdx, request: &'a Request) -> Result<Self, RequestError> {
        let category = category(bundle, request)?;
        let context = match request.slot {
            Slot::Product => request.item.as_deref().and_then(|id| bundle.items.find(id)),
            Slot::Home | Slot::Cart | Slot::Again => None,
        };
        // An id that this bundle does not have needs no excluding and says nothing.
        let mut exclude: Vec<ItemIdx> = Vec::new();
        for item in request.exclude.iter().filter_map(|id| bundle.items.find(id)).chain(context) {
            // A few hundred at most, for which the library's sort is much code.
            if let Err(at) = exclude.binary_search(&item) {
                exclude.insert(at, item);
            }
        }
        let mut pins: Vec<ItemIdx> = Vec::new();
        for pin in request.pins.iter().filter_map(|id| bundle.items.find(id)) {
            if !exclude.contains(&pin) && !pins.contains(&pin) {
                pins.push(pin);
            }
        }
        let not_categories: Result<_, _> =
            request.not_categories.iter().map(|given| category_named(bundle, given)).collect();
        let mut events: Vec<_> = request.events.iter().filter_map(|event| live(bundle, event)).collect();
        // Being on an item's page is looking at it, now.
        events.extend(context.map(|item| kenal_core::LiveEvent {
            item,
            at_s: seconds(request.now),
            kind: EventKind::View,
        }));
        let not_categories = not_categories?;
        Ok(Question { request, market, category, context, not_categories, pins, exclude, events })
    }

    fn rules(&self) -> Rules<'_> {
        Rules {
            market: Some(self.market),
            category: self.category,
            not_categories: &self.not_categories,
            price_bands: self.request.price_bands,
            exclude: &self.exclude,
            ..Rules::default()
        }
    }

    /// Those of the pins that `rules` allow, and everything not to be put behind them.
    fn pinned(&self, bundle: &Bundle<'_>, rules: &Rules<'_>) -> (Vec<Pick>, Vec<ItemIdx>) {
        let allowed = self.pins.iter().copied().filter(|pin| rules.allow(&bundle.items, *pin));
        let pins: Vec<ItemIdx> = allowed.take(self.request.k as usize).collect();
        let pick = |item: &ItemIdx| Pick {
            scored: Scored { item: *item, score: Score::ZERO },
            kind: ReasonKind::Pinned,
            because: None,
        };
        (pins.iter().map(pick).collect(), pins.iter().chain(&self.exclude).copied().collect())
    }
}

fn live(bundle: &Bundle<'_>, event: &LiveEvent) -> Option<kenal_core::LiveEvent> {
    let kind = match event.kind {
        LiveKind::View => EventKind::View,
        LiveKind::Cart => EventKind::CartAdd,
        LiveKind::Remove => EventKind::CartRemove,
        LiveKind::Purchase => EventKind::Purchase,
    };
    Some(kenal_core::LiveEvent { item: bundle.items.find(&event.item)?, at_s: seconds(event.time), kind })
}

/// Puts the question to the core's gate, and words its refusal.
fn pass<E>(
    question: &Question<'_>,
    terms: &Terms<'_>,
    row: Option<&Result<UserRow<'_>, E>>,
) -> Result<Permit, FallbackReason> {
    let request = question.request;
    let who = match (&request.visitor, row) {
        _ if request.fallback.is_some() => Who::Unreadable,
        (None, _) => Who::Nobody,
        (Some(_), None) => Who::Stranger,
        (Some(_), Some(Ok(row))) => Who::Known(row.consent()),
        (Some(_), Some(Err(_))) => Who::Unreadable,
    };
    let ask = Ask {
        choice: match request.consent {
            Consent::Granted => Choice::Granted,
            Consent::Denied => Choice::Denied,
            Consent::Unset => Choice::Unset,
        },
        gpc: request.gpc,
        now_s: seconds(request.now).max(terms.opened_at_s),
        expires_at_s: terms.manifest.expires_at,
        revocation: terms.revocation,
        who,
        live_events: !question.events.is_empty(),
    };
    match gate(&ask) {
        Gate::Open(permit) => Ok(permit),
        // The host's reason stands where the gate only knows that the row was not to be had. A no of the visitor's
        // own, or of the bundle's, is the better answer, and the gate gives it first.
        Gate::Closed(kenal_core::FallbackReason::Unreadable) => {
            Err(request.fallback.unwrap_or(FallbackReason::RowUnreadable))
        }
        Gate::Closed(reason) => Err(reason.into()),
    }
}

fn personalised(
    bundle: &Bundle<'_>,
    question: &Question<'_>,
    permit: Permit,
    row: Option<&UserRow<'_>>,
    scratch: &mut Scratch,
) -> Result<Vec<Pick>, FallbackReason> {
    let now = seconds(question.request.now);
    let loaded = scratch.visit.load(permit, &bundle.items, row, &question.events, now);
    debug_assert!(loaded.is_ok(), "a request has fewer events than the core takes");
    if let Some(item) = question.context {
        scratch.visit.on_page_of(item);
    }
    let again = question.request.slot == Slot::Again;
    let bought = row.map(UserRow::bought).filter(|_| !again).unwrap_or_default();
    let rules = Rules { bought, ..question.rules() };
    let (mut pinned, exclude) = question.pinned(bundle, &Rules { visit: Some(&scratch.visit), ..rules });
    let rules = Rules { exclude: &exclude, ..rules };
    let wanted = question.request.k as usize - pinned.len();
    let diversity = question.request.diversity;
    let picks = if diversity > 0.0 {
        personalise(bundle, &rules, again, candidates(wanted), scratch)
            .map(drop)
            .map(|()| diversify(&bundle.items, diversity, wanted, &mut scratch.top).to_vec())
    } else {
        personalise(bundle, &rules, again, wanted, scratch).map(<[Scored]>::to_vec)
    };
    let picks = picks.map_err(FallbackReason::from).map(|list| {
        let word = |scored: Scored| match because(bundle, again, scored.item, scratch) {
            // Nothing of the history spoke for it: it fills the list.
            _ if bundle.blend.is_some() && scored.score == Score::ZERO => {
                Pick { scored, kind: ReasonKind::Trending, because: None }
            }
            None => Pick { scored, kind: ReasonKind::BecauseHistory, because: None },
            Some(because) => Pick { scored, kind: kind(because.relation), because: Some(because.item) },
        };
        pinned.extend(list.into_iter().map(word));
        pinned
    });
    // The memory serves the next visitor; nothing of this one stays in it.
    scratch.visit.clear();
    scratch.fold_in.clear();
    scratch.together.clear();
    picks
}

const fn kind(relation: Relation) -> ReasonKind {
    match relation {
        Relation::Bought => ReasonKind::BecauseBought,
        Relation::InCart => ReasonKind::BecauseCarted,
        Relation::Viewed => ReasonKind::BecauseViewed,
    }
}

/// What everybody sees: on a product page first what is like its item, then what is trending in the market.
fn from_trending(bundle: &Bundle<'_>, question: &Question<'_>, scratch: &mut Scratch) -> Vec<Pick> {
    let k = question.request.k as usize;
    let rules = question.rules();
    let (mut picks, mut exclude) = question.pinned(bundle, &rules);
    let like = |scored: Scored| Pick { scored, kind: ReasonKind::Similar, because: question.context };
    if let Some(item) = question.context {
        let rules = Rules { exclude: &exclude, ..rules };
        let alike = similar(&bundle.items, item, &rules, k - picks.len(), &mut scratch.top);
        picks.extend(alike.iter().copied().map(like));
        exclude.extend(alike.iter().map(|scored| scored.item));
    }
    let (wanted, diversity) = (k - picks.len(), question.request.diversity);
    let rules = Rules { exclude: &exclude, ..rules };
    let ranked = if diversity > 0.0 { candidates(wanted) } else { wanted };
    trending(&bundle.trending, &bundle.items, &rules, ranked, &mut scratch.top);
    let list = diversify(&bundle.items, diversity, wanted, &mut scratch.top);
    picks.extend(list.iter().map(|scored| Pick { scored: *scored, kind: ReasonKind::Trending, because: None }));
    picks
}

/// The pick as a page draws it.
fn card(bundle: &Bundle<'_>, terms: &Terms<'_>, market: MarketIdx, pick: &Pick) -> Option<Recommended> {
    let item = pick.scored.item;
    let title = |item| bundle.catalogue.and_then(|c| c.title(item)).map(str::to_owned);
    let category = bundle.items.attributes(item).map(|a| usize::from(a.category.get()));
    let hundredths = bundle.catalogue.and_then(|c| c.price(item, market));
    let currency = terms.manifest.markets.get(usize::from(market.get())).map(|m| &m.currency);
    Some(Recommended {
        id: bundle.items.id(item)?.to_owned(),
        score: Score::get(pick.scored.score),
        reason: Reason {
            kind: pick.kind,
            item: pick.because.and_then(|item| bundle.items.id(item)).map(str::to_owned),
            title: pick.because.and_then(title),
        },
        title: title(item),
        price: hundredths
            .zip(currency)
            .map(|(hundredths, currency)| Price { amount: Price::amount_of(hundredths), currency: currency.clone() }),
        category: category.and_then(|at| bundle.items.categories().get(at)).map(str::to_owned),
    })
}

impl From<kenal_core::FallbackReason> for FallbackReason {
    fn from(reason: kenal_core::FallbackReason) -> Self {
        use kenal_core::FallbackReason as Core;
        match reason {
            Core::NoVisitor => FallbackReason::NoVisitor,
            Core::NoConsent => FallbackReason::NoConsent,
            Core::ConsentDenied => FallbackReason::ConsentDenied,
            Core::GlobalPrivacyControl => FallbackReason::Gpc,
            Core::Revoked => FallbackReason::Revoked,
            Core::BundleExpired => FallbackReason::BundleExpired,
            Core::NoHistory => FallbackReason::NoHistory,
            Core::Unreadable => FallbackReason::RowUnreadable,
            Core::Unsolvable => FallbackReason::Unsolvable,
        }
    }
}
