//! Categories of real items, from the words of their descriptions.
//!
//! The rule: rows of [`RULES`] are tried from the top, and the first row one of whose words is a word of the
//! description names the category; otherwise it is [`OTHER`]. So "Christmas tree candle" is Christmas, not Lighting,
//! and "tea set" is Kitchen. A word of the description is a run of letters, compared without case and without a
//! final s.

/// The category of what no rule names.
pub const OTHER: &str = "Home decor";

/// Category and the words that tell it, in singular.
pub const RULES: &[(&str, &[&str])] = &[
    (
        "Christmas",
        &[
            "christma",
            "christmas",
            "xmas",
            "advent",
            "reindeer",
            "santa",
            "snowman",
            "snowflake",
            "noel",
            "bauble",
            "sleigh",
            "cracker",
            "crackers",
        ],
    ),
    ("Easter", &["easter", "bunny", "chick"]),
    (
        "Jewellery",
        &[
            "necklace",
            "earring",
            "earrings",
            "bracelet",
            "ring",
            "charm",
            "brooch",
            "pendant",
            "diamante",
            "bangle",
            "jewel",
            "jewellery",
            "hair",
            "hairclip",
            "hairslide",
            "bead",
            "beads",
            "anklet",
            "bling",
        ],
    ),
    (
        "Bags",
        &[
            "bag", "handbag", "shopper", "purse", "tote", "rucksack", "backpack", "washbag", "suitcase", "luggage",
            "passport", "umbrella", "wallet", "satchel",
        ],
    ),
    (
        "Kitchen",
        &[
            "mug",
            "cup",
            "cake",
            "cakestand",
            "tea",
            "teapot",
            "teatime",
            "coffee",
            "bowl",
            "plate",
            "jug",
            "cutlery",
            "kitchen",
            "apron",
            "jar",
            "tray",
            "pantry",
            "spoon",
            "recipe",
            "baking",
            "oven",
            "napkin",
            "dish",
            "jam",
            "lunch",
            "snack",
            "flask",
            "egg",
            "saucer",
            "tumbler",
            "glass",
            "bottle",
            "milk",
            "sugar",
            "scale",
            "mould",
            "doily",
            "placemat",
            "coaster",
            "chopping",
            "spice",
            "butter",
            "breakfast",
            "dinner",
        ],
    ),
    (
        "Toys",
        &[
            "toy",
            "game",
            "playing",
            "doll",
            "dolly",
            "teddy",
            "puzzle",
            "block",
            "ball",
            "marble",
            "children",
            "childrens",
            "child",
            "childs",
            "spaceboy",
            "jigsaw",
            "kite",
            "skipping",
            "domino",
            "dominoe",
            "bingo",
            "snake",
            "skittle",
            "feltcraft",
            "knitting",
            "sewing",
            "craft",
            "paint",
            "painting",
            "robot",
            "soldier",
            "circus",
            "harmonica",
            "tattoo",
            "magnetic",
        ],
    ),
    (
        "Stationery",
        &[
            "card",
            "notebook",
            "pen",
            "pencil",
            "eraser",
            "wrap",
            "paper",
            "tape",
            "sticker",
            "journal",
            "letter",
            "stamp",
            "envelope",
            "planner",
            "calendar",
            "ribbon",
            "tag",
            "book",
            "folder",
            "clip",
            "sketchbook",
            "ruler",
            "pad",
        ],
    ),
    (
        "Lighting",
        &[
            "light",
            "t-light",
            "lamp",
            "lantern",
            "candle",
            "candlestick",
            "candleholder",
            "led",
            "bulb",
            "torch",
            "chandelier",
            "lampshade",
        ],
    ),
    (
        "Garden",
        &[
            "garden",
            "gardener",
            "plant",
            "planter",
            "flowerpot",
            "watering",
            "birdhouse",
            "gnome",
            "herb",
            "seed",
            "picnic",
            "parasol",
            "bird",
            "trowel",
            "spade",
            "patio",
            "bicycle",
            "grow",
        ],
    ),
    ("Party", &["party", "bunting", "garland", "balloon", "streamer", "confetti", "birthday", "wedding", "gift"]),
    (
        "Textiles",
        &[
            "cushion", "quilt", "throw", "blanket", "rug", "doormat", "curtain", "towel", "cover", "slipper", "glove",
            "scarf", "hat", "sock", "warmer",
        ],
    ),
    (
        "Storage",
        &[
            "box", "basket", "drawer", "cabinet", "storage", "tin", "hook", "hanger", "rack", "shelf", "case", "crate",
            "bin", "holder", "trinket",
        ],
    ),
    (
        "Bath and beauty",
        &[
            "bath",
            "bathroom",
            "soap",
            "perfume",
            "incense",
            "mirror",
            "beauty",
            "tissue",
            "cosmetic",
            "nail",
            "manicure",
            "fragrance",
        ],
    ),
];

/// The category of a description.
pub fn of_description(description: &str) -> &'static str {
    let lower = description.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').filter(|w| !w.is_empty()).collect();
    let is = |word: &&str| {
        words.iter().any(|w| w == word || w.strip_suffix('s') == Some(word) || w.strip_suffix("es") == Some(word))
    };
    RULES.iter().find(|(_, keys)| keys.iter().any(is)).map_or(OTHER, |(category, _)| category)
}

/// `WHITE HANGING HEART T-LIGHT HOLDER` as `White hanging heart t-light holder`.
pub fn sentence_case(description: &str) -> String {
    let lower = description.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let mut letters = lower.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_find_their_category() {
        for (description, expected) in [
            ("WHITE HANGING HEART T-LIGHT HOLDER", "Lighting"),
            ("CHRISTMAS TREE CANDLES", "Christmas"),
            ("JUMBO BAG RED RETROSPOT", "Bags"),
            ("SET OF 3 CAKE TINS PANTRY DESIGN ", "Kitchen"),
            ("PACK OF 72 RETROSPOT CAKE CASES", "Kitchen"),
            ("STRAWBERRY GARLAND", "Party"),
            ("WOODEN FRAME ANTIQUE WHITE ", "Home decor"),
            ("PINK DOLLY BOXES", "Toys"),
            ("HERB MARKER THYME", "Garden"),
            ("", "Home decor"),
        ] {
            assert_eq!(of_description(description), expected, "{description}");
        }
    }

    #[test]
    fn titles_are_in_sentence_case() {
        for (from, to) in [("WHITE  METAL LANTERN ", "White metal lantern"), ("3D DOG", "3d dog"), ("", "")] {
            assert_eq!(sentence_case(from), to);
        }
    }
}
