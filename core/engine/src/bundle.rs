//! The sections of one bundle together, once it is certain that they belong together.

use crate::error::{Fault, SectionError};
use crate::format::Kind;
use crate::format::blend::Blend;
use crate::format::catalogue::Catalogue;
use crate::format::churn::Churn;
use crate::format::items::Items;
use crate::format::revocations::Revocations;
use crate::format::trending::Trending;
use crate::format::users::Users;

/// The bytes of a bundle's sections, as fetched and hash-checked. `None`: the bundle has none, or it was not fetched.
#[derive(Debug, Clone, Copy)]
pub struct Sections<'a> {
    /// The items section.
    pub items: &'a [u8],
    /// The trending section.
    pub trending: &'a [u8],
    /// The revocations section.
    pub revocations: &'a [u8],
    /// The users section.
    pub users: Option<&'a [u8]>,
    /// The churn section.
    pub churn: Option<&'a [u8]>,
    /// The catalogue section.
    pub catalogue: Option<&'a [u8]>,
    /// The blend section.
    pub blend: Option<&'a [u8]>,
}

/// A bundle, ready to answer. Having one proves that all of its sections were checked, now ([`Bundle::parse`]) or before
/// ([`Bundle::reopen`]). A newer revocations section may take the place of its own.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Bundle<'a> {
    /// The items.
    pub items: Items<'a>,
    /// What is trending.
    pub trending: Trending<'a>,
    /// Who has withdrawn.
    pub revocations: Revocations<'a>,
    /// Where the users are.
    pub users: Option<Users<'a>>,
    /// The churn model.
    pub churn: Option<Churn<'a>>,
    /// What cards show.
    pub catalogue: Option<Catalogue<'a>>,
    /// What goes with what.
    pub blend: Option<Blend<'a>>,
}

impl<'a> Bundle<'a> {
    /// Reads all sections. Cost: one pass over the bytes, no allocation.
    ///
    /// # Errors
    /// When a section is damaged, or counts items or markets differently from the items section.
    pub fn parse(sections: &Sections<'a>) -> Result<Bundle<'a>, SectionError> {
        let bundle = Bundle::reopen(sections)?;
        Ok(Bundle {
            items: bundle.items.checked()?,
            trending: bundle.trending.checked()?,
            churn: bundle.churn.map(Churn::checked).transpose()?,
            catalogue: bundle.catalogue.map(Catalogue::checked).transpose()?,
            blend: bundle.blend.map(Blend::checked).transpose()?,
            // Behind their heads, revocations and users have bytes of any value: opening them has looked at all there is.
            ..bundle
        })
    }

    /// The same of sections that were parsed before: those that were signed. Cost: none of the entries is looked at. Bytes
    /// that were never parsed may make answers wrong, and nothing worse.
    ///
    /// # Errors
    /// When something is no section of its kind, or counts items or markets differently from the items section.
    pub fn reopen(sections: &Sections<'a>) -> Result<Bundle<'a>, SectionError> {
        let bundle = Bundle {
            items: Items::reopen(sections.items)?,
            trending: Trending::reopen(sections.trending)?,
            revocations: Revocations::parse(sections.revocations)?,
            users: sections.users.map(Users::parse).transpose()?,
            churn: sections.churn.map(Churn::reopen).transpose()?,
            catalogue: sections.catalogue.map(Catalogue::reopen).transpose()?,
            blend: sections.blend.map(Blend::reopen).transpose()?,
        };
        bundle.check()?;
        Ok(bundle)
    }

    fn check(&self) -> Result<(), SectionError> {
        let items = self.items.len() as u32;
        let same = |section, found: u32, expected: u32| {
            if found == expected {
                Ok(())
            } else {
                Err(SectionError { section, fault: Fault::Mismatch { found, expected } })
            }
        };
        same(Kind::Trending, self.trending.items(), items)?;
        if let Some(users) = &self.users {
            same(Kind::Users, users.items(), items)?;
        }
        if let Some(blend) = &self.blend {
            same(Kind::Blend, blend.len() as u32, items)?;
        }
        if let Some(catalogue) = &self.catalogue {
            same(Kind::Catalogue, catalogue.len() as u32, items)?;
            same(Kind::Catalogue, catalogue.markets() as u32, self.items.markets() as u32)?;
        }
        Ok(())
    }
}
