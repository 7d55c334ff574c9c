//! The consent gate: whether this request may be personalised. It fails closed.
//!
//! Only [`gate`] makes a [`Permit`], and nothing that reads a person's history or events works without one.

use core::fmt;

/// What a person had agreed to when the bundle was built, one bit per purpose and channel.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
#[repr(transparent)]
pub struct ConsentBits(u16);

impl ConsentBits {
    /// Nothing.
    pub const NONE: ConsentBits = ConsentBits(0);
    /// Personalise what the shop's own pages show.
    pub const PERSONALISE_ONSITE: ConsentBits = ConsentBits(1 << 0);
    /// Personalise push messages.
    pub const PERSONALISE_PUSH: ConsentBits = ConsentBits(1 << 1);
    /// Advertise by email.
    pub const MARKET_EMAIL: ConsentBits = ConsentBits(1 << 2);
    /// Advertise by SMS.
    pub const MARKET_SMS: ConsentBits = ConsentBits(1 << 3);
    /// Advertise by push message.
    pub const MARKET_PUSH: ConsentBits = ConsentBits(1 << 4);
    /// Count and compare.
    pub const MEASURE: ConsentBits = ConsentBits(1 << 5);

    const ALL: u16 = (1 << 6) - 1;

    /// The bits as stored; `None` when one of them has no meaning.
    pub const fn from_bits(bits: u16) -> Option<ConsentBits> {
        if bits & !Self::ALL == 0 { Some(ConsentBits(bits)) } else { None }
    }

    /// The bits as stored.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Both together.
    #[must_use]
    pub const fn with(self, other: ConsentBits) -> ConsentBits {
        ConsentBits(self.0 | other.0)
    }

    /// Whether all of `other` is in `self`.
    pub const fn contains(self, other: ConsentBits) -> bool {
        self.0 & other.0 == other.0
    }
}

impl fmt::Debug for ConsentBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConsentBits({:#08b})", self.0)
    }
}

/// What the visitor has chosen on the page, now or as remembered by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// Said yes.
    Granted,
    /// Said no.
    Denied,
    /// Was not asked or did not answer.
    #[default]
    Unset,
}

/// Whether the visitor has withdrawn since the build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// Not in the filter, or there is no visitor id to look up.
    Clear,
    /// In the filter.
    Revoked,
    /// The filter could not be read.
    Unknown,
}

impl From<bool> for Revocation {
    fn from(revoked: bool) -> Revocation {
        if revoked { Revocation::Revoked } else { Revocation::Clear }
    }
}

/// Who the visitor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The request names nobody.
    Nobody,
    /// A visitor id that is in no shard.
    Stranger,
    /// A person with a row, and what it says.
    Known(ConsentBits),
    /// There may be a row, but it could not be fetched or read.
    Unreadable,
}

/// Everything the gate looks at.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    /// The visitor's explicit choice.
    pub choice: Choice,
    /// The request carries `Sec-GPC: 1` (Global Privacy Control).
    pub gpc: bool,
    /// The time, seconds since 1970.
    pub now_s: u64,
    /// When the bundle expires, seconds since 1970.
    pub expires_at_s: u64,
    /// Whether the visitor has withdrawn.
    pub revocation: Revocation,
    /// Who the visitor is.
    pub who: Who,
    /// The request carries live events.
    pub live_events: bool,
}

/// The gate's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// The request may be personalised.
    Open(Permit),
    /// It may not; show what is trending.
    Closed(FallbackReason),
}

/// Proof that the gate was open. Only [`gate`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permit(());

/// Why an answer is not personalised. The names are part of the HTTP answer and stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum FallbackReason {
    /// The request names no visitor and grants nothing.
    NoVisitor = 1,
    /// Neither the row nor the visitor says yes.
    NoConsent = 2,
    /// The visitor says no.
    ConsentDenied = 3,
    /// The browser sends Global Privacy Control.
    GlobalPrivacyControl = 4,
    /// The visitor has withdrawn since the build.
    Revoked = 5,
    /// The bundle is too old to prove consent.
    BundleExpired = 6,
    /// Nothing is known that a taste could be read from.
    NoHistory = 7,
    /// The visitor's row or the revocation filter could not be fetched or read.
    Unreadable = 8,
    /// The equations of the fold-in have no finite solution.
    Unsolvable = 9,
}

impl FallbackReason {
    /// All reasons, in the order of their numbers.
    pub const ALL: [FallbackReason; 9] = [
        FallbackReason::NoVisitor,
        FallbackReason::NoConsent,
        FallbackReason::ConsentDenied,
        FallbackReason::GlobalPrivacyControl,
        FallbackReason::Revoked,
        FallbackReason::BundleExpired,
        FallbackReason::NoHistory,
        FallbackReason::Unreadable,
        FallbackReason::Unsolvable,
    ];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            FallbackReason::NoVisitor => "no_visitor",
            FallbackReason::NoConsent => "no_consent",
            FallbackReason::ConsentDenied => "consent_denied",
            FallbackReason::GlobalPrivacyControl => "global_privacy_control",
            FallbackReason::Revoked => "revoked",
            FallbackReason::BundleExpired => "bundle_expired",
            FallbackReason::NoHistory => "no_history",
            FallbackReason::Unreadable => "unreadable",
            FallbackReason::Unsolvable => "unsolvable",
        }
    }

    /// The stable number.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// Decides whether a request may be personalised.
///
/// A no always wins, in this order: the visitor's own, the browser's, a withdrawal, an expired bundle. Then a known
/// person needs the row's consent to personalise onsite or an explicit yes now; anybody else needs an explicit yes
/// and live events, since there is nothing else to personalise from.
pub const fn gate(ask: &Ask) -> Gate {
    use FallbackReason as Because;
    if matches!(ask.choice, Choice::Denied) {
        return Gate::Closed(Because::ConsentDenied);
    }
    if ask.gpc {
        return Gate::Closed(Because::GlobalPrivacyControl);
    }
    match ask.revocation {
        Revocation::Clear => {}
        Revocation::Revoked => return Gate::Closed(Because::Revoked),
        Revocation::Unknown => return Gate::Closed(Because::Unreadable),
    }
    if ask.now_s >= ask.expires_at_s {
        return Gate::Closed(Because::BundleExpired);
    }
    let granted = matches!(ask.choice, Choice::Granted);
    let closed = match ask.who {
        Who::Known(consent) if granted || consent.contains(ConsentBits::PERSONALISE_ONSITE) => None,
        Who::Known(_) => Some(Because::NoConsent),
        // Without the row, what the person already bought is unknown, and it must not be recommended.
        Who::Unreadable => Some(Because::Unreadable),
        Who::Stranger | Who::Nobody if granted && ask.live_events => None,
        Who::Stranger | Who::Nobody if granted => Some(Because::NoHistory),
        Who::Stranger => Some(Because::NoConsent),
        Who::Nobody => Some(Because::NoVisitor),
    };
    match closed {
        None => Gate::Open(Permit(())),
        Some(reason) => Gate::Closed(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FallbackReason as Because;

    const OPEN: Ask = Ask {
        choice: Choice::Granted,
        gpc: false,
        now_s: 99,
        expires_at_s: 100,
        revocation: Revocation::Clear,
        who: Who::Known(ConsentBits::PERSONALISE_ONSITE),
        live_events: true,
    };

    /// `None`: open.
    fn check(ask: Ask, expected: Option<FallbackReason>) {
        let got = match gate(&ask) {
            Gate::Open(_) => None,
            Gate::Closed(reason) => Some(reason),
        };
        assert_eq!(got, expected, "{ask:?}");
    }

    #[test]
    fn who_may_be_personalised() {
        let yes = Who::Known(ConsentBits::PERSONALISE_ONSITE);
        let no = Who::Known(ConsentBits::PERSONALISE_PUSH.with(ConsentBits::MARKET_EMAIL));
        for (choice, who, live_events, expected) in [
            (Choice::Granted, yes, false, None),
            (Choice::Unset, yes, false, None),
            (Choice::Granted, no, false, None),
            (Choice::Unset, no, true, Some(Because::NoConsent)),
            (Choice::Granted, Who::Stranger, true, None),
            (Choice::Granted, Who::Stranger, false, Some(Because::NoHistory)),
            (Choice::Unset, Who::Stranger, true, Some(Because::NoConsent)),
            (Choice::Granted, Who::Nobody, true, None),
            (Choice::Granted, Who::Nobody, false, Some(Because::NoHistory)),
            (Choice::Unset, Who::Nobody, true, Some(Because::NoVisitor)),
            (Choice::Granted, Who::Unreadable, true, Some(Because::Unreadable)),
        ] {
            check(Ask { choice, who, live_events, ..OPEN }, expected);
        }
    }

    /// Adding a no never opens the gate: over all combinations of everything else.
    #[test]
    fn a_no_always_wins() {
        let whos = [
            Who::Known(ConsentBits::PERSONALISE_ONSITE),
            Who::Known(ConsentBits::NONE),
            Who::Stranger,
            Who::Nobody,
            Who::Unreadable,
        ];
        let mut combinations = 0;
        for who in whos {
            for choice in [Choice::Granted, Choice::Denied, Choice::Unset] {
                for gpc in [false, true] {
                    for revocation in [Revocation::Clear, Revocation::Revoked, Revocation::Unknown] {
                        for now_s in [0, 99, 100, u64::MAX] {
                            for live_events in [false, true] {
                                let ask = Ask { choice, gpc, now_s, revocation, who, live_events, ..OPEN };
                                combinations += 1;
                                let expected = if choice == Choice::Denied {
                                    Because::ConsentDenied
                                } else if gpc {
                                    Because::GlobalPrivacyControl
                                } else if revocation == Revocation::Revoked {
                                    Because::Revoked
                                } else if revocation == Revocation::Unknown {
                                    Because::Unreadable
                                } else if now_s >= 100 {
                                    Because::BundleExpired
                                } else {
                                    continue;
                                };
                                check(ask, Some(expected));
                            }
                        }
                    }
                }
            }
        }
        assert_eq!(combinations, 5 * 3 * 2 * 3 * 4 * 2);
    }

    #[test]
    fn bits_without_a_meaning_are_refused() {
        assert_eq!(ConsentBits::from_bits(0b11_1111).map(ConsentBits::bits), Some(0b11_1111));
        assert_eq!(ConsentBits::from_bits(0b100_0000), None);
        assert!(!ConsentBits::NONE.contains(ConsentBits::MEASURE));
    }

    #[test]
    fn reasons_have_distinct_names_and_numbers() {
        for (i, a) in FallbackReason::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(a.code()), i + 1);
            for b in FallbackReason::ALL.into_iter().skip(i + 1) {
                assert_ne!(a.name(), b.name());
            }
        }
    }
}
