//! A request's body, kept up to a bound and read on for a while after it.

use kenal_edge::limits::REQUEST_BYTES_MAX;

/// How much of a body is read at all. A caller that is answered while it still sends sees a broken connection instead of
/// the answer, so what is too much is read to its end when that is near.
const READ_BYTES_MAX: usize = 16 * REQUEST_BYTES_MAX;

/// A body as it comes in.
#[derive(Debug, Default)]
pub struct Bounded {
    bytes: Vec<u8>,
    read: usize,
}

impl Bounded {
    /// Takes the next chunk in; whether the host should go on reading.
    pub fn take(&mut self, chunk: &[u8]) -> bool {
        self.read = self.read.saturating_add(chunk.len());
        match self.read > REQUEST_BYTES_MAX {
            true => self.bytes = Vec::new(),
            false => self.bytes.extend_from_slice(chunk),
        }
        self.read <= READ_BYTES_MAX
    }

    /// The body; `None` when it was larger than [`REQUEST_BYTES_MAX`].
    pub fn whole(self) -> Option<Vec<u8>> {
        (self.read <= REQUEST_BYTES_MAX).then_some(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(chunks: impl IntoIterator<Item = usize>) -> (Option<usize>, bool) {
        let mut body = Bounded::default();
        let reads_on = chunks.into_iter().all(|chunk| body.take(&vec![b'x'; chunk]));
        (body.whole().map(|bytes| bytes.len()), reads_on)
    }

    #[test]
    fn a_body_is_kept_to_its_bound_and_read_on_past_it() {
        assert_eq!(whole([]), (Some(0), true));
        assert_eq!(whole([REQUEST_BYTES_MAX - 1, 1]), (Some(REQUEST_BYTES_MAX), true));
        assert_eq!(whole([REQUEST_BYTES_MAX, 1]), (None, true));
        assert_eq!(whole([REQUEST_BYTES_MAX + 1, 1, READ_BYTES_MAX / 2]), (None, true));
        assert_eq!(whole([READ_BYTES_MAX, 1]), (None, false), "an endless body is not read to its end");
    }
}
