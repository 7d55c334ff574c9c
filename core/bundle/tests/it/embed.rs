//! A table of sections put into a module: what is added, what stays, and what is refused.

use kenal_bundle::embed::EMBEDDED_BYTES_MAX;
use kenal_bundle::table::{SLOT_EMPTY, SLOT_MARKER};
use kenal_bundle::{EmbedError, Hash, TABLE_SECTIONS_MAX, Table, embed};

/// Data of a program at 70,000: something, the slot, and what it points to.
fn data() -> Vec<u8> {
    let mut data = b"something".to_vec();
    data.extend(SLOT_MARKER);
    let empty = 70_000 + data.len() as u32 + 8;
    data.extend(empty.to_le_bytes());
    data.extend((SLOT_EMPTY.len() as u32).to_le_bytes());
    data.extend(SLOT_EMPTY);
    data
}

fn section(id: u8, body: &[u8]) -> Vec<u8> {
    // Lengths in two bytes, which is one more than the shortest form of a small one has: both are allowed.
    let length = [(body.len() & 0x7f) as u8 | 0x80, (body.len() >> 7) as u8];
    [&[id][..], &length, body].concat()
}

/// A module with a memory of two pages, a data count, a custom section, and these data at 70,000.
fn module(memory: &[u8], data: &[u8]) -> Vec<u8> {
    let mut segment =
        vec![1, 0, 0x41, 0xf0, 0xa2, 0x04, 0x0b, (data.len() & 0x7f) as u8 | 0x80, (data.len() >> 7) as u8];
    segment.extend(data);
    let custom = section(0, b"\x04name and more");
    [b"\0asm\x01\0\0\0".to_vec(), section(5, memory), section(12, &[1]), section(11, &segment), custom].concat()
}

const TWO_PAGES: &[u8] = &[1, 0, 2];

/// What an engine does with the segments: addresses and bytes, and the pages of the memory.
fn laid_out(module: &[u8]) -> (u32, Vec<(u32, Vec<u8>)>) {
    let mut at = 8;
    let number = |at: &mut usize| {
        let (mut value, mut shift) = (0u64, 0);
        loop {
            let byte = module[*at];
            *at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return u32::try_from(value).expect("32 bits");
            }
        }
    };
    let (mut pages, mut segments) = (0, Vec::new());
    while at < module.len() {
        let id = module[at];
        at += 1;
        let end = number(&mut at) as usize + at;
        match id {
            5 => {
                at += 2;
                pages = number(&mut at);
            }
            12 => assert_eq!(number(&mut at), 2, "the count of segments"),
            11 => {
                for _ in 0..number(&mut at) {
                    assert_eq!(module[at..at + 2], [0, 0x41]);
                    at += 2;
                    let address = number(&mut at);
                    assert_eq!(module[at], 0x0b);
                    at += 1;
                    let length = number(&mut at) as usize;
                    segments.push((address, module[at..at + length].to_vec()));
                    at += length;
                }
            }
            _ => {}
        }
        at = end;
    }
    (pages, segments)
}

#[test]
fn the_slot_points_to_the_table_behind_the_memory() {
    let items = vec![7; 100_000];
    let program = module(TWO_PAGES, &data());
    let embedded = embed(&program, &[&items, &b"trending"[..]]).expect("embedded");
    let (pages, segments) = laid_out(&embedded);
    assert_eq!(pages, 4);
    let [(70_000, before), (131_072, added)] = &segments[..] else { panic!("{:?}", segments.len()) };
    let place = 9 + SLOT_MARKER.len();
    let word = |at: usize| u32::from_le_bytes(before[at..at + 4].try_into().expect("four bytes"));
    assert_eq!((word(place), word(place + 4) as usize), (131_072, added.len()));
    assert_eq!(
        (&before[..place], &before[place + 8..]),
        (&data()[..place], &data()[place + 8..]),
        "else nothing changed"
    );
    let table = Table::parse(added).expect("a table");
    assert_eq!(table.get(&Hash::of(&items)), Some(&items[..]));
    assert!(embedded.windows(14).any(|bytes| bytes == b"\x04name and more"));
    assert_eq!(embed(&embedded, &[b"items"]), Err(EmbedError::Taken));
}

#[test]
fn other_programs_are_refused() {
    let items: &[&[u8]] = &[b"items"];
    let refused = |program: &[u8]| embed(program, items).expect_err("refused");
    assert_eq!(refused(b"\x7fELF"), EmbedError::Module { at: 0 });
    assert_eq!(refused(&module(TWO_PAGES, b"no slot")), EmbedError::Slot { found: 0 });
    assert_eq!(refused(&module(TWO_PAGES, &[data(), data()].concat())), EmbedError::Slot { found: 2 });
    assert_eq!(refused(&module(TWO_PAGES, &SLOT_MARKER)), EmbedError::Layout);
    assert_eq!(refused(&module(TWO_PAGES, &[&SLOT_MARKER[..], &[0; 8]].concat())), EmbedError::Taken);
    for (memory, expected) in [
        (&[2, 0, 2, 0, 2][..], EmbedError::Layout),
        (&[1, 3, 2, 9], EmbedError::Layout),
        (&[1, 4, 2], EmbedError::Layout),
        (&[1, 0, 0x80, 0x80, 0x04], EmbedError::Layout),
    ] {
        assert_eq!(refused(&module(memory, &data())), expected, "{memory:?}");
    }
    let large = vec![0; EMBEDDED_BYTES_MAX + 1];
    assert_eq!(embed(&module(TWO_PAGES, &data()), &[&large]), Err(EmbedError::TooLarge { bytes: large.len() }));
    let many = [&b""[..]; TABLE_SECTIONS_MAX + 1];
    assert_eq!(embed(&module(TWO_PAGES, &data()), &many), Err(EmbedError::TooLarge { bytes: 0 }));
    let bounded = embed(&module(&[1, 1, 2, 2], &data()), items).expect("its bound is raised");
    assert!(bounded.windows(4).any(|bytes| bytes == [1, 1, 3, 3]));
}

#[test]
fn any_bytes_are_embedded_into_or_refused() {
    let items: &[&[u8]] = &[b"items"];
    let program = module(TWO_PAGES, &data());
    for end in 0..program.len() {
        let _ = embed(&program[..end], items);
    }
    for at in 0..program.len() {
        for bit in 0..8 {
            let mut changed = program.clone();
            changed[at] ^= 1 << bit;
            let _ = embed(&changed, items);
        }
    }
}
