//! A visitor's shard, read, and a request ranked with it from the kept bundle.

use kenal_edge::{Consent, FallbackReason, Request, RequestError, Response};

use crate::keep::{Keeper, Source};

/// The visitor's shard, when there is one to read; a failed store is a reason in the request.
pub(crate) async fn shard(keeper: &Keeper, source: &impl Source, request: &mut Request, now: i64) -> Option<Vec<u8>> {
    // What is answered without the row needs none: nobody's shard is read for a visitor who said no.
    if request.fallback.is_some() || request.gpc || request.consent == Consent::Denied {
        return None;
    }
    let name = keeper.with(now, request.visitor.as_deref(), |kept| {
        let (edge, fresh) = kept?;
        let visitor = request.visitor.as_deref().filter(|_| fresh)?;
        edge.shard_for(visitor).map(|hash| hash.section_name())
    })?;
    match source.get(&name).await {
        Ok(Some(bytes)) => Some(bytes),
        Ok(None) | Err(_) => {
            request.fallback = Some(FallbackReason::ShardUnreadable);
            None
        }
    }
}

/// Ranks; `None` when no bundle is kept.
pub(crate) fn rank(
    keeper: &Keeper,
    request: &mut Request,
    shard: Option<&[u8]>,
    now: i64,
) -> Option<Result<Response, RequestError>> {
    let visitor = request.visitor.clone();
    keeper.with(now, visitor.as_deref(), |kept| {
        let (edge, fresh) = kept?;
        if !fresh {
            request.fallback = Some(FallbackReason::SectionMissing);
        }
        let row = visitor.as_deref().zip(shard).map(|(visitor, shard)| {
            edge.verify_shard(shard, visitor)?;
            edge.row_from_shard(shard, visitor)
        });
        let row = row.unwrap_or(Ok(None)).unwrap_or_else(|_| {
            request.fallback = Some(FallbackReason::ShardUnreadable);
            None
        });
        Some(edge.recommend(request, row.as_deref()))
    })
}
