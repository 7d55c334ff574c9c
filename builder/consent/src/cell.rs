//! A cell of the consent grid: one purpose over one channel. Markets are kept beside it, one grid per market.

use kenal_types::{Channel, Purpose};
use serde::{Deserialize, Serialize};

/// One purpose over one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cell {
    pub purpose: Purpose,
    pub channel: Channel,
}

impl Cell {
    /// Choosing what a page shows.
    pub const PERSONALISE_ONSITE: Cell = Cell { purpose: Purpose::Personalise, channel: Channel::Onsite };
    /// Learning from a person's rows. Training has no channel; its signals cover all, so any would do.
    pub const TRAIN: Cell = Cell { purpose: Purpose::Train, channel: Channel::Onsite };

    /// Cells in a grid.
    pub const COUNT: u32 = (Purpose::ALL.len() * Channel::ALL.len()) as u32;

    /// All cells, in the order of their bits.
    pub fn all() -> impl Iterator<Item = Cell> {
        Purpose::ALL
            .into_iter()
            .flat_map(|purpose| Channel::ALL.into_iter().map(move |channel| Cell { purpose, channel }))
    }

    /// Position of the cell's bit in a [`CellSet`].
    pub fn bit(self) -> u32 {
        self.purpose as u32 * Channel::ALL.len() as u32 + self.channel as u32
    }
}

const _: () = assert!(Cell::COUNT <= u32::BITS, "a CellSet is one u32");

/// A set of cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CellSet(pub u32);

impl CellSet {
    pub fn contains(self, cell: Cell) -> bool {
        self.0 >> cell.bit() & 1 == 1
    }

    pub fn insert(&mut self, cell: Cell) {
        self.0 |= 1 << cell.bit();
    }

    pub fn count(self) -> u32 {
        self.0.count_ones()
    }
}

impl FromIterator<Cell> for CellSet {
    fn from_iter<I: IntoIterator<Item = Cell>>(cells: I) -> Self {
        cells.into_iter().fold(CellSet::default(), |mut set, cell| {
            set.insert(cell);
            set
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_the_positions_in_canonical_order() {
        assert_eq!(Cell::all().count() as u32, Cell::COUNT);
        for (position, cell) in Cell::all().enumerate() {
            assert_eq!(cell.bit(), position as u32, "{cell:?}");
        }
    }
}
