//! What queries may hold in memory: so much for what can go to disk, and as much for what cannot.
//!
//! In one pool for both, sorts that have filled it leave nothing for the next to begin with: it keeps some megabytes aside
//! for merging, which cannot go to disk, and nobody gives any back while it still has its share. Whether a query ran would
//! depend on its size to within a few parts in a hundred.

use std::fmt;
use std::num::NonZero;

use deltalake::datafusion::error::Result;
use deltalake::datafusion::execution::memory_pool::{
    FairSpillPool, GreedyMemoryPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation, TrackConsumersPool,
};

/// Holders that an error names when memory does not suffice.
const NAMED: NonZero<usize> = NonZero::new(5).unwrap();

#[derive(Debug)]
pub(crate) struct Pools {
    /// Shared in equal parts by what can spill.
    spilling: FairSpillPool,
    /// Whoever comes first.
    staying: TrackConsumersPool<GreedyMemoryPool>,
    bytes_max: usize,
}

impl Pools {
    /// `bytes_max`: of each of the two.
    pub(crate) fn new(bytes_max: usize) -> Pools {
        Pools {
            spilling: FairSpillPool::new(bytes_max),
            staying: TrackConsumersPool::new(GreedyMemoryPool::new(bytes_max), NAMED),
            bytes_max,
        }
    }

    fn of(&self, consumer: &MemoryConsumer) -> &dyn MemoryPool {
        if consumer.can_spill() { &self.spilling } else { &self.staying }
    }
}

impl MemoryPool for Pools {
    fn name(&self) -> &str {
        "kenal-lake"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.of(consumer).register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.of(consumer).unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.of(reservation.consumer()).grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.of(reservation.consumer()).shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        self.of(reservation.consumer()).try_grow(reservation, additional)
    }

    fn reserved(&self) -> usize {
        self.spilling.reserved() + self.staying.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.bytes_max)
    }
}

impl fmt::Display for Pools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, and apart {}", self.spilling, self.staying)
    }
}
