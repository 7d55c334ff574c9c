import { hash } from "./palette.js";

/**
 * Which pictures a name asks for; among several the id decides. The first rule that matches wins, so what a thing *is* comes before what is on it:
 * a strawberry lunch bag is a bag.
 */
const RULES: readonly (readonly [pattern: RegExp, ...motifs: string[]])[] = [
  [/\blunch (bag|box)\b/, "lunchbag"],
  [/\b(purse|wallet|clutch|pouch)\b/, "purse"],
  [/\b(bag|bags|shopper|tote|backpack|rucksack|basket)\b/, "bag", "tote"],
  [/\b(cakestand|cake ?stand)\b/, "cakestand"],
  [/\b(hot water bottle|bottle|bottles|flask)\b/, "bottle"],
  [/\b(tea ?cup|teacups|saucer|tea set|coffee set|cup|cups)\b/, "cup"],
  [/\b(mug|mugs)\b/, "mug"],
  [/\b(tin|tins|canister|caddy|plasters|bin|bucket)\b/, "tin"],
  [/\b(cake cases|cupcake|muffin|cake|baking|cookie|jelly mould|moulds)\b/, "cake"],
  [/\b(apron|tea towels?|oven glove|gloves?)\b/, "apron"],
  [/\b(cutlery|spoon|spoons|fork|knife|teaspoons)\b/, "cutlery"],
  [/\b(bowl|bowls|dish|popcorn)\b/, "bowl"],
  [/\b(plate|plates|coaster|coasters|placemat|placemats|tray|trivet)\b/, "plate"],
  [/\b(teapot|kettle|watering can)\b/, "teapot"],
  [/\b(jug|pitcher)\b/, "jug"],
  [/\b(t-light|tealight|candle|candles|candlestick|incense)\b/, "candle", "votive", "candlestick"],
  [/\b(jar|jars|jam)\b/, "jar"],
  [/\b(lantern|lanterns|lights|fairy lights)\b/, "lantern"],
  [/\b(lamp|light|night light|lampshade|chandelier)\b/, "lamp"],
  [/\b(watch|smartwatch)\b/, "watch"],
  [/\b(clock|clocks|timer)\b/, "clock"],
  [/\b(mirror)\b/, "mirror"],
  [/\b(frame|frames|photo|picture|canvas|print)\b/, "frame"],
  [/\b(chalkboard|blackboard|board|slate|memo)\b/, "board"],
  [/\b(sign|signs|plaque|block word|letter)\b/, "sign"],
  [/\b(doormat|mat|rug|kneeling pad)\b/, "doormat"],
  [/\b(cushion|pillow|throw|blanket|quilt|bedding|bed sheet|duvet)\b/, "cushion"],
  [/\b(cabinet|wardrobe|cupboard|shelf|shelves)\b/, "cabinet"],
  [/\b(drawer|drawers|chest|table|desk|stool|chair)\b/, "drawers"],
  [/\b(hook|hooks|rack|hanger|knob|key|pegs)\b/, "hook"],
  [/\b(necklace|bracelet|earrings|ring|brooch|pendant|charm|beads|hair)\b/, "necklace"],
  [/\b(umbrella|parasol|parasols|raincoat)\b/, "umbrella"],
  [/\b(headphones|earbuds|headset|earphones)\b/, "headphones"],
  [/\b(phone|smartphone|tablet|power ?bank|case)\b/, "phone"],
  [/\b(laptop|notebook computer|monitor|keyboard|mouse)\b/, "laptop"],
  [/\b(speaker|speakers|radio|harmonica|soundbar|microphone)\b/, "speaker"],
  [/\b(camera|webcam|lens|tripod)\b/, "camera"],
  [/\b(cable|charger|adapter|usb|hub)\b/, "cable"],
  [/\b(dress|skirt|kebaya|sarong|saree|gown)\b/, "dress"],
  [/\b(shirt|tee|t-shirt|blouse|jacket|hoodie|sweater|polo|top|baju|scarf)\b/, "shirt"],
  [/\b(trousers|jeans|chinos|shorts|leggings|palazzo)\b/, "trousers"],
  [/\b(shoe|shoes|sneaker|sneakers|trainers|sandals|boots|slippers|heels|loafers|flip-flops)\b/, "shoe"],
  [/\b(bunting|garland|paper chain|streamer|balloons?)\b/, "bunting"],
  [/\b(gift|wrap|wrapping|present)\b/, "gift"],
  [/\b(pencil|pencils|pen|pens|crayons?|paint|sharpener|eraser)\b/, "pencils"],
  [/\b(notebook|book|journal|diary|planner|album|recipe)\b/, "notebook"],
  [/\b(ribbon|ribbons|tape|sewing|knitting|wool|yarn|reel|craft|felt|feltcraft)\b/, "ribbon"],
  [/\b(cards?|napkins?|doilies|doily|paper|stickers?|tissues?|envelopes?|magnets?|postage|calendar)\b/, "card"],
  [/\b(game|games|snap|dominoes|puzzle|jigsaw|playing|skipping|marbles|quiz)\b/, "game"],
  [/\b(doll|dolls?|dolly|babushka|nancy|soldier|puppet|teddy|bear|rabbit|bunny)\b/, "doll"],
  [/\b(spaceboy|rocket|space|robot|car|cars|train|helicopter)\b/, "rocket"],
  [/\b(toy|toys|blocks?|abacus|childrens|baby|rattle)\b/, "blocks"],
  [/\b(bauble|ornament|decoration|decorations|angel|snowflake|bell|bells)\b/, "bauble", "star"],
  [/\b(tree|christmas|wreath|reindeer|advent|santa)\b/, "tree"],
  [/\b(star|stars)\b/, "star"],
  [/\b(bird|birds|birdhouse|owl|owls|hen|chicken|dove|duck|cockerel)\b/, "bird"],
  [/\b(butterfly|butterflies|dragonfly|bee)\b/, "butterfly"],
  [/\b(plant|planter|pot|pots|garden|gardeners?|herb|seeds?|cactus|fern|trowel)\b/, "plant"],
  [/\b(flower|flowers|rose|roses|daisy|poppy|posy|lily|peony|tulip)\b/, "flower"],
  [/\b(heart|hearts|love|sweetheart)\b/, "heart"],
  [/\b(box|boxes|trinket|storage|container|crate|set)\b/, "box"],
];

/** By a word of the category, for names that say nothing. */
const BY_CATEGORY: readonly (readonly [RegExp, readonly string[]])[] = [
  [/shoe/, ["shoe"]],
  [/trouser/, ["trousers"]],
  [/kitchen|dining|tableware|bak|food/, ["bowl", "jug", "mug", "plate"]],
  [/light|candle/, ["lamp", "candle", "lantern"]],
  [/bag|travel|luggage/, ["bag", "purse"]],
  [/fashion|cloth|apparel|wear|tops|dress/, ["shirt", "dress"]],
  [/bedding/, ["cushion"]],
  [/electronic|audio|gadget|tech|phone|comput/, ["headphones", "speaker", "phone", "camera"]],
  [/toy|kid|child|game/, ["blocks", "rocket", "doll"]],
  [/paper|station|card|office|craft/, ["notebook", "pencils", "card"]],
  [/garden|outdoor|plant/, ["plant", "flower", "bird"]],
  [/jewel|accessor|beauty/, ["necklace", "watch", "umbrella"]],
  [/christmas|season|party|gift/, ["gift", "bauble", "star", "bunting"]],
  [/home|decor|living|furnit/, ["cushion", "frame", "clock", "drawers"]],
];

const ANY: readonly string[] = ["box", "gift", "jar", "frame", "plant", "bag"];

/** The motif of a product, from its name, its category and, where neither says anything, its id. */
export function chooseMotif(id: string, words: string, category: string): string {
  const [, ...named] = RULES.find(([pattern]) => pattern.test(words)) ?? [];
  const among = named.length > 0 ? named : (BY_CATEGORY.find(([pattern]) => pattern.test(category))?.[1] ?? ANY);
  // Other bits of the hash than those that choose the colours, or each motif would come in few of them.
  return among[(hash(id) >>> 12) % among.length] ?? "box";
}
