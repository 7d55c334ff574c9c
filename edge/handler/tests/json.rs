//! The JSON of requests and answers, held against serde's reading and writing of the same types.

mod shop;

use kenal_edge::json::Writer;
use kenal_edge::{Edge, Request, Response};
use shop::{NOW, Shop, cases};

fn edge() -> Edge {
    let shop = Shop::default().files();
    let get = |name: &str| shop.iter().find(|file| file.name == name).expect(name).bytes.clone();
    let mut edge = Edge::open(&get(kenal_edge::MANIFEST_NAME), &shop::key(), NOW).expect("opens");
    for need in edge.needs() {
        edge.add_section(get(&need.hash.section_name())).expect("verifies");
    }
    edge
}

fn read(json: &str) -> Result<Request, String> {
    Request::from_json(json.as_bytes()).map_err(|error| error.to_string())
}

/// Reads `json` as serde does.
fn check(json: &str) {
    let ours = read(json);
    let serde = serde_json::from_str::<Request>(json).map_err(|error| error.to_string());
    let serde = serde.and_then(|request| request.check().map(|()| request).map_err(|error| error.to_string()));
    match (&ours, &serde) {
        (Ok(ours), Ok(serde)) => assert_eq!(ours, serde, "{json}"),
        (Err(_), Err(_)) => {}
        _ => panic!("{json}: {ours:?} {serde:?}"),
    }
}

#[test]
fn the_shared_cases_are_read_and_answered_as_serde_would() {
    let edge = edge();
    for case in cases::load().cases {
        let json = serde_json::to_string(&case.request).expect("plain values");
        assert_eq!(read(&json).as_ref(), Ok(&case.request), "{}", case.name);
        let Ok(response) = edge.recommend(&case.request, None) else { continue };
        let text = response.to_json();
        assert_eq!(text, serde_json::to_string(&response).expect("plain values"), "{}", case.name);
        assert_eq!(serde_json::from_str::<Response>(&text).expect("an answer"), response);
    }
}

#[test]
fn texts_and_numbers_are_written_as_serde_would() {
    let texts = ["", "plain", "\"\\/\u{8}\u{c}\n\r\t\0\u{1f}\u{7f}", "ä€𝄞\u{10ffff}", "\"", "tail\\"];
    for text in texts {
        assert_eq!(Writer::default().text(text).finish_text(), serde_json::to_string(text).expect("a text"));
    }
    for number in [0, 1, 9, 10, 99, 100, 12_345_678_901, u64::MAX] {
        assert_eq!(Writer::default().number(number).finish_text(), number.to_string());
    }
    let mut state = 20_261_126u32;
    for _ in 0..200_000 {
        state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        for bits in [state, state & 0x3fff_ffff, state >> 9, u32::from(state as u16) << 16] {
            let number = f32::from_bits(bits);
            assert_eq!(
                Writer::default().float(number).finish_text(),
                serde_json::to_string(&number).expect("a number")
            );
        }
    }
}

/// The end of a chain of calls.
trait Finish {
    fn finish_text(&mut self) -> String;
}

impl Finish for Writer {
    fn finish_text(&mut self) -> String {
        std::mem::take(self).finish()
    }
}

/// In the place of a number.
const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "1",
    "12",
    "01",
    "1.0",
    "1e0",
    "1E+2",
    "-1",
    "4294967295",
    "4294967296",
    "18446744073709551616",
    "+1",
    ".5",
    "1.",
    "1e",
    "1e+",
    "-",
    "0x1",
    "NaN",
    "true",
    "null",
    "\"1\"",
    "[1]",
    "{}",
    "[",
    "",
    "1 1",
    "1,",
    "1e999999999999",
];

/// In the place of a text.
const TEXTS: &[&str] = &[
    r#""a""#,
    r#""\u0041\n\/\"\\\b\f\r\t""#,
    r#""\ud834\udd1e""#,
    r#""\ud834""#,
    r#""\udd1e""#,
    r#""\ud834\u0041""#,
    r#""\ud834x""#,
    r#""\u12""#,
    r#""\x""#,
    "\"\u{1}\"",
    "\"\u{7f}\"",
    "\"ä€𝄞\"",
    "\"",
    "\"\\",
    "\"\\u",
    "a",
    "'a'",
];

/// In the place of a request.
const REQUESTS: &[&str] = &[
    "",
    " ",
    "{",
    "{}",
    "{ }",
    "{,}",
    "{\"market\"",
    "{\"market\":",
    "{\"market\":\"SG\"",
    "{\"market\":\"SG\",",
    "null",
    "1",
    "{\"market\":\"SG\",\"now\":5}",
    " \t\r\n{ \"market\" : \"SG\" ,\n\"now\" : 5 } \n",
    "{\"market\":\"SG\",\"now\":5}x",
    "{\"market\":\"SG\",\"now\":5,}",
    "{\"market\":\"SG\" \"now\":5}",
    "{\"market\":\"SG\",\"now\":5,\"now\":5}",
    "{\"\\u006darket\":\"SG\",\"now\":5}",
    "{\"market\":\"SG\"}",
    "{\"now\":5}",
    "{\"market\":\"SG\",\"now\":5,\"x\":1}",
    "{\"market\":\"SG\",\"now\":5,\"price_bands\":null}",
    "{\"market\":\"SG\",\"now\":5,\"price_bands\":[1]}",
    "{\"market\":\"SG\",\"now\":5,\"price_bands\":[1,2,3]}",
    "{\"market\":\"SG\",\"now\":5,\"price_bands\":[]}",
    "{\"market\":\"SG\",\"now\":5,\"slot\":\"cart\",\"consent\":\"granted\",\"fallback\":\"core_failed\"}",
    "{\"market\":\"SG\",\"now\":5,\"events\":[{\"item\":\"a\",\"kind\":\"remove\"}]}",
    "{\"market\":\"SG\",\"now\":5,\"events\":[{\"item\":\"a\",\"kind\":\"remove\",\"time\":1,\"time\":1}]}",
    "{\"market\":\"SG\",\"now\":5,\"events\":[{\"item\":\"a\",\"kind\":\"remove\",\"time\":-9223372036854775808}],\"pins\":[]}",
    "{\"market\":\"SG\",\"now\":5,\"events\":[],\"exclude\":[\"a\",]}",
    "{\"market\":\"SG\",\"now\":5,\"exclude\":null}",
];

#[test]
fn what_serde_reads_is_read_and_what_it_refuses_is_refused() {
    for value in NUMBERS {
        check(&format!("{{\"market\":\"SG\",\"now\":5,\"k\":{value}}}"));
        check(&format!("{{\"market\":\"SG\",\"now\":{value}}}"));
        check(&format!("{{\"market\":\"SG\",\"now\":5,\"gpc\":{value}}}"));
        check(&format!("{{\"market\":\"SG\",\"now\":5,\"price_bands\":[{value},2]}}"));
        check(&format!(
            "{{\"market\":\"SG\",\"now\":5,\"events\":[{{\"item\":\"a\",\"kind\":\"view\",\"time\":{value}}}]}}"
        ));
    }
    for value in
        ["0.5", "0", "1", "-0", "-0.0", "1e-45", "0.30000001192092896", "5e-1", "1e-400", "0e999", "1e999", "0.1e1"]
    {
        check(&format!("{{\"market\":\"SG\",\"now\":5,\"diversity\":{value}}}").replace("1e999", "\"1e999\""));
    }
    for text in TEXTS {
        for field in ["market", "item", "visitor", "category", "slot", "consent", "fallback"] {
            let market = if field == "market" { "" } else { "\"market\":\"SG\"," };
            check(&format!("{{{market}\"now\":5,\"{field}\":{text}}}"));
        }
        check(&format!("{{\"market\":\"SG\",\"now\":5,\"exclude\":[{text},\"b\"]}}"));
        check(&format!("{{\"market\":\"SG\",\"now\":5,{text}:1}}"));
    }
    for json in REQUESTS {
        check(json);
    }
    assert!(Request::from_json(b"{\"market\":\"S\xff\",\"now\":5}").is_err());
}

#[test]
fn the_place_of_a_mistake_is_counted_in_lines_and_bytes() {
    for (json, place) in [
        ("x", "line 1, column 1"),
        ("{\n\"market\":\"SG\",\n  \"noww\":5}", "line 3, column 3"),
        ("{\"market\":\"SG\",\"now\":5} x", "line 1, column 25"),
        ("{\n", "line 2, column 1"),
    ] {
        let refused = read(json).expect_err(json);
        assert!(refused.contains(place), "{json}: {refused}");
    }
}

#[test]
fn amounts_have_two_digits() {
    let edge = edge();
    let response = edge.recommend(&Request::new("SG", NOW), None).expect("an answer");
    for price in response.items.iter().filter_map(|item| item.price.as_ref()) {
        let (units, rest) = price.amount.split_once('.').expect("a point");
        assert!(rest.len() == 2 && units.parse::<u64>().is_ok() && rest.parse::<u8>().is_ok(), "{}", price.amount);
    }
}
