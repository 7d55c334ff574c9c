//! Guesses: on tables made here, each with what its columns mean, and on public sets where they are at hand.

use std::fmt::Write;
use std::path::PathBuf;

use kenal_tables::guess::{Guess, GuessError, Sample, guess};
use kenal_tables::mapping::{FileColumns, Mapping, MappingError, Role};
use kenal_tables::read::Reader;
use proptest::prelude::*;

use crate::support::Dir;

const GIVEN: [&str; 24] = [
    "mitchell", "emily", "jack", "siti", "ahmad", "wei", "priya", "hannah", "lachlan", "olivia", "minh", "joshua",
    "sophie", "talia", "kiandra", "zali", "brody", "taj", "mikaela", "jarrod", "chelsea", "tiahana", "bailee", "finn",
];
const FAMILY: [&str; 24] = [
    "green",
    "tan",
    "nguyen",
    "clarke",
    "white",
    "lim",
    "ryan",
    "campbell",
    "webb",
    "smith",
    "santoso",
    "bishop",
    "rawlings",
    "dolan",
    "coffey",
    "lodge",
    "hathaway",
    "vanderveen",
    "wheatley",
    "pascoe",
    "matthews",
    "ranson",
    "beelitz",
    "glass",
];
const TOWNS: [&str; 16] = [
    "granville",
    "cleveland",
    "marsden",
    "dapto",
    "winston hills",
    "richlands",
    "windermere",
    "north ryde",
    "ampang",
    "klang",
    "bedok",
    "tampines",
    "broadbeach waters",
    "toowoomba",
    "ballarat",
    "petaling jaya",
];

/// One of a list, each often enough, in an order that does not rise.
fn pick(list: &[&str], i: usize, by: usize) -> String {
    list[(i * by + i / 7) % list.len()].to_owned()
}

/// A value for row `i` of a person-like table.
fn value(kind: &str, i: usize) -> String {
    let n = i * 7919 % 10_007;
    match kind {
        "record" => format!("r-{i}"),
        "row" => i.to_string(),
        "given" => pick(&GIVEN, i, 5),
        "family" => pick(&FAMILY, i, 7),
        "full" => format!("{} {}", pick(&GIVEN, i, 5), pick(&FAMILY, i, 7)),
        "birth" => format!("{}-{:02}-{:02}", 1930 + n % 75, 1 + n % 12, 1 + n % 28),
        "birth-slashes" => format!("{}/{}/{}", 1 + n % 28, 1 + n % 12, 1930 + n % 75),
        "joined" => format!("2024-{:02}-{:02}", 1 + n % 12, 1 + n % 28),
        "time" => format!("2024-01-{:02} 10:{:02}:{:02}", 1 + n % 28, n % 60, n % 59),
        "email" => format!("u{n}@shop{}.example", n % 9),
        "phone" => format!("+60 12-{:03} {:04}", n % 1000, n),
        "street" => format!("{} {} street", 1 + n % 200, pick(&TOWNS, i, 3)),
        "street-name" => format!("{} street", pick(&TOWNS, i, 3)),
        "house" => (1 + n % 150).to_string(),
        "town" => pick(&TOWNS, i, 3),
        "postcode" => (2000 + n % 300).to_string(),
        "country" => pick(&["Malaysia", "Singapore", "Thailand"], i, 2),
        "state" => pick(&["nsw", "vic", "qld", "wa"], i, 3),
        "gender" => pick(&["f", "m"], i, 1),
        "number" => (1_000_000 + n * 83).to_string(),
        "device" => format!("{:08x}-9d1b-4a51-8f0e-{:012x}", n % 500, n % 500),
        "code" => format!("Q{}", n % 700),
        "company" => format!("{} & Sons Trading", pick(&FAMILY, i, 11)),
        "latitude" => format!("{:.4}", 1.0 + n as f64 / 10_000.0),
        "longitude" => format!("{:.4}", 103.0 + n as f64 / 10_000.0),
        "year" => (1930 + n % 75).to_string(),
        "month" => (1 + n % 12).to_string(),
        "day" => (1 + n % 28).to_string(),
        "age" => (18 + n % 60).to_string(),
        "label" => (i / 3).to_string(),
        "constant" => "web".to_owned(),
        "empty" => String::new(),
        other => panic!("no kind {other}"),
    }
}

/// A table of 600 rows from `name kind` pairs.
fn table(columns: &str) -> String {
    let columns: Vec<(&str, &str)> =
        columns.split(", ").map(|c| c.split_once('=').expect("a name and a kind")).collect();
    let mut text = columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(",");
    for i in 0..600 {
        let row: Vec<String> = columns.iter().map(|(_, kind)| value(kind, i)).collect();
        write!(text, "\n{}", row.join(",")).expect("memory does not fail");
    }
    text
}

fn guessed(tables: &[&str]) -> Result<Guess, GuessError> {
    let dir = Dir::new();
    let sample = |(i, text): (usize, &&str)| {
        let path = dir.file(&format!("{}.csv", ["a", "b"][i]), text.as_bytes());
        Sample::take(Reader::open(&path).expect("a table")).expect("rows")
    };
    guess(&tables.iter().enumerate().map(sample).collect::<Vec<_>>())
}

/// `role: columns` for each line of a mapping.
fn told(mapping: &Mapping) -> String {
    let mut lines = vec![format!("id: {}", mapping.id.join(" "))];
    let roles = Role::ALL.iter().filter(|&&r| !mapping.role(r).is_empty());
    lines.extend(roles.map(|&r| format!("{}: {}", r.name(), mapping.role(r).join(" "))));
    lines.extend(mapping.attributes.iter().map(|a| format!("{}: {}", a.kind, a.columns.join(" "))));
    if !mapping.ignore.is_empty() {
        lines.push(format!("ignore: {}", mapping.ignore.join(" ")));
    }
    lines.join("; ")
}

/// The mapping, which must be read again from its text and fit its files.
fn check(tables: &[&str], expected: &str) {
    let texts: Vec<String> = tables.iter().map(|t| table(t)).collect();
    let guess = guessed(&texts.iter().map(String::as_str).collect::<Vec<_>>()).expect("a guess");
    assert_eq!(told(&guess.mapping), expected, "{}", guess.to_toml());
    assert_eq!(Mapping::from_toml(&guess.to_toml()).expect("toml"), guess.mapping);
    let headers: Vec<Vec<String>> =
        texts.iter().map(|t| t.lines().next().expect("a header").split(',').map(str::to_owned).collect()).collect();
    let files: Vec<_> = headers.iter().map(|columns| FileColumns { file: "t", columns }).collect();
    for positions in guess.mapping.check(&files).expect("it fits") {
        assert_eq!(positions.unmapped, Vec::<usize>::new(), "every column is spoken of");
    }
}

#[test]
fn by_names_and_values() {
    for (columns, expected) in [
        (
            "rec_id=record, fname=given, lname=family, dob=birth, e-mail=email, mobile=phone, address_1=street, suburb=town, \
             zip=postcode, country=country, ssn=number, sex=gender, cluster=label",
            "id: rec_id; given_name: fname; family_name: lname; birth_date: dob; email: e-mail; phone: mobile; \
             street: address_1; city: suburb; postcode: zip; country: country; number: ssn; category: sex; ignore: cluster",
        ),
        (
            "ID=row, Nama Penuh=full, Tarikh Lahir=birth-slashes, Emel=email, No. Telefon=phone, Alamat=street, Bandar=town, \
             Poskod=postcode, Negeri=state, Jantina=gender",
            "id: ID; full_name: Nama Penuh; birth_date: Tarikh Lahir; email: Emel; phone: No. Telefon; street: Alamat; \
             city: Bandar; postcode: Poskod; category: Negeri; category: Jantina",
        ),
        (
            "id=row, Họ tên=full, Ngày sinh=birth, Điện thoại=phone, Vorname=given, apellido=family, code postal=postcode",
            "id: id; given_name: Vorname; family_name: apellido; full_name: Họ tên; birth_date: Ngày sinh; phone: Điện thoại; \
             postcode: code postal",
        ),
        // Names that would give the answer away.
        (
            "id=row, name=full, entity_id=label, golden=code, true_person=label, match_id=code, group_id=code, label=code",
            "id: id; full_name: name; ignore: entity_id golden true_person match_id group_id label",
        ),
        // What the system wrote for itself.
        (
            "id=record, n=row, created_at=time, seen=time, source=constant, notes=empty, name=full, tie=label",
            "id: id; full_name: name; ignore: n created_at seen source notes tie",
        ),
        // Values overrule names.
        (
            "id=record, email=phone, phone=email, dob=town, name=birth",
            "id: id; birth_date: name; email: phone; phone: email; category: dob",
        ),
        (
            "id=record, name=full, birth_year=year, birth_month=month, birth_day=day",
            "id: id; full_name: name; birth_date: birth_year birth_month birth_day",
        ),
        ("id=record, name=full, yob=year, age=age", "id: id; full_name: name; number: yob; number: age"),
        (
            "id=record, name=full, lng=longitude, lat=latitude, company=company, member_since=joined",
            "id: id; full_name: name; place: lat lng; text: company; date: member_since",
        ),
        // Seven would be attributes; those named go first.
        (
            "id=record, name=full, gender=gender, a1=state, state=state, title=gender, region=state, company=company, age=age",
            "id: id; full_name: name; category: gender; category: state; category: title; category: region; text: company; \
             number: age; ignore: a1",
        ),
    ] {
        check(&[columns], expected);
    }
}

#[test]
fn by_values_alone() {
    for (columns, expected) in [
        (
            "c1=record, c2=given, c3=family, c4=house, c5=street-name, c6=town, c7=postcode, c8=state, c9=birth",
            "id: c1; given_name: c2; family_name: c3; birth_date: c9; street: c4 c5; city: c6; postcode: c7; category: c8",
        ),
        (
            "c1=row, c2=full, c3=email, c4=phone, c5=birth-slashes, c6=number, c7=device, c8=gender, c9=country",
            "id: c1; full_name: c2; birth_date: c5; email: c3; phone: c4; country: c9; device: c7; number: c6; category: c8",
        ),
        (
            "c1=record, c2=full, c3=latitude, c4=longitude, c5=label, c6=code, c7=joined, c8=house",
            "id: c1; full_name: c2; place: c3 c4; date: c7; number: c8; ignore: c5 c6",
        ),
    ] {
        check(&[columns], expected);
    }
}

#[test]
fn several_files_share_a_mapping() {
    check(
        &[
            "rec_id=record, fname=given, surname=family, email=email",
            "id=row, first_name=given, Surname=family, dob=birth",
        ],
        "id: rec_id id; given_name: fname first_name; family_name: surname; birth_date: dob; email: email",
    );
}

/// An id of one file that repeats in another is not taken for the other's.
#[test]
fn each_file_has_its_own_id() {
    let (a, b) = (table("id=record, name=full"), table("id=label, rec_id=record, name=full"));
    let guess = guessed(&[&a, &b]).expect("a guess");
    let columns: Vec<Vec<String>> =
        [&a, &b].iter().map(|t| t.lines().next().expect("a header").split(',').map(str::to_owned).collect()).collect();
    let files: Vec<_> = columns.iter().map(|columns| FileColumns { file: "t", columns }).collect();
    let ids: Vec<usize> = guess.mapping.check(&files).expect("it fits").iter().map(|p| p.id).collect();
    assert_eq!(ids, [0, 1], "{}", guess.to_toml());
}

/// A truth label goes by its values when its name is hidden; a country in an id is none.
#[test]
fn parts_of_an_id() {
    let mut text = "c1,c2,c3,c4\n".to_owned();
    for i in 0..600 {
        let country = ["MY", "SG", "TH"][i % 3];
        writeln!(text, "{country}-Q{}-{i},Q{},{country},{}", i / 4 * 31 % 997, i / 4 * 31 % 997, value("full", i))
            .expect("memory does not fail");
    }
    assert_eq!(told(&guessed(&[&text]).expect("a guess").mapping), "id: c1; full_name: c4; category: c3; ignore: c2");
}

proptest! {
    /// Any table is guessed or refused, and the mapping fits it.
    #[test]
    fn any_table_is_guessed(
        names in proptest::collection::hash_set("[a-zA-Z_éđ]{1,9}|lat|lng|by|bm|bd|birth_day|cluster|street_no|dob|email", 1..9),
        cells in proptest::collection::vec("|[0-9.-]{1,9}|[a-z]{1,6}( [a-z]{1,4})?|[12][0-9]{3}-0[1-9]-1[0-9]|é@b\\.cc|x-[0-9]", 0..120),
    ) {
        let names: Vec<String> = names.into_iter().collect();
        let mut text = format!("row_key,{}", names.join(","));
        for (i, row) in cells.chunks_exact(names.len()).enumerate() {
            write!(text, "\nk{i},{}", row.join(",")).expect("memory does not fail");
        }
        let guess = guessed(&[&text]).expect("a guess");
        prop_assert_eq!(&Mapping::from_toml(&guess.to_toml()).expect("toml"), &guess.mapping);
        let columns: Vec<String> = text.lines().next().expect("a header").split(',').map(str::to_owned).collect();
        match guess.mapping.check(&[FileColumns { file: "t", columns: &columns }]) {
            Ok(positions) => prop_assert_eq!(&positions[0].unmapped, &Vec::<usize>::new()),
            Err(error) => prop_assert!(matches!(error, MappingError::NothingToCompare), "{}\n{}", error, guess.to_toml()),
        }
    }
}

#[test]
fn a_table_without_an_id_is_refused_with_advice() {
    let text = table("customer_id=label, name=full, email=email");
    let error = guessed(&[&text]).expect_err("no id").to_string();
    assert_eq!(
        error,
        "a.csv: no column is an id with a value of its own in each row, so no record can be named; `customer_id` comes nearest, but \
         400 of 600 rows repeat a value of it or have none: mend these, or add a column of row numbers called `record_id`"
    );
    assert_eq!(guess(&[]), Err(GuessError::NoFiles));
}

#[test]
fn a_header_without_rows_is_guessed_by_its_names() {
    let guess = guessed(&["id,first_name,state,x"]).expect("a guess");
    assert_eq!(told(&guess.mapping), "id: id; given_name: first_name; ignore: state x");
}

/// Reasons may be pasted into a message: they hold counts, and no value.
#[test]
fn reasons_quote_nobody() {
    let text =
        table("rec_id=record, fname=given, lname=family, mail=email, tel=phone, street=street, x=town, n=number");
    let toml = guessed(&[&text]).expect("a guess").to_toml();
    for line in text.lines().skip(1) {
        for value in line.split(',').filter(|v| v.len() > 3) {
            assert!(!toml.lines().any(|l| l.contains(value)), "{value} in {toml}");
        }
    }
}

fn shared(file: &str) -> Option<PathBuf> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../../shared/data/identity", file].iter().collect();
    if !path.exists() {
        println!("skipped: {file} is not in ../shared/data/identity");
        return None;
    }
    Some(path)
}

#[test]
fn public_sets() {
    let febrl = "id: rec_id; given_name: given_name; family_name: surname; birth_date: date_of_birth; \
                 street: street_number address_1 address_2; city: suburb; postcode: postcode; number: soc_sec_id; category: state";
    let historical = "id: unique_id; given_name: first_name; family_name: surname; full_name: full_name first_and_surname; \
                      birth_date: dob; postcode: postcode_fake; text: birth_place; category: gender; category: occupation; \
                      ignore: cluster";
    for (files, expected) in [
        (&["febrl_dataset3.csv"][..], febrl),
        (&["febrl_dataset4a.csv", "febrl_dataset4b.csv"], febrl),
        (&["historical_figures_with_errors_50k.parquet"], historical),
    ] {
        let Some(paths) = files.iter().map(|f| shared(f)).collect::<Option<Vec<_>>>() else { continue };
        let sample = |path: &PathBuf| Sample::take(Reader::open(path).expect("a table")).expect("rows");
        let guess = guess(&paths.iter().map(sample).collect::<Vec<_>>()).expect("a guess");
        assert_eq!(told(&guess.mapping), expected, "{}", guess.to_toml());
    }
}
