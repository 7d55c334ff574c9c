//! Mappings: as text, and on files.

use kenal_tables::mapping::{Attribute, AttributeKind, FileColumns, Mapping, Positions, Reasons, Role};
use kenal_tables::read::{Batch, Reader};
use proptest::prelude::*;

use crate::support::Dir;

/// Files as lists of names between commas.
fn check(text: &str, files: &[&str]) -> Result<Vec<Positions>, String> {
    let mapping = Mapping::from_toml(text).map_err(|e| e.to_string())?;
    let columns: Vec<Vec<String>> = files.iter().map(|f| f.split(',').map(str::to_owned).collect()).collect();
    let names = ["a.csv", "b.csv"];
    let files: Vec<_> = names.iter().zip(&columns).map(|(file, columns)| FileColumns { file, columns }).collect();
    mapping.check(&files).map_err(|e| e.to_string())
}

#[test]
fn names_become_positions() {
    let text = r#"
        id = ["rec_id", "no"]
        street = ["number", "Street"]
        email = "E-Mail"
        attributes = [{ name = "sex", kind = "category", columns = "sex" },
                      { name = "home", kind = "place", columns = ["lat", "lon"] }]
        ignore = ["cluster", "elsewhere"]
    "#;
    let found =
        check(text, &["rec_id,street,number,e-mail,cluster,lat,lon,other", "sex,no,number"]).expect("a mapping");
    assert_eq!((found[0].id, found[1].id), (0, 1));
    assert_eq!((found[0].role(Role::Street), found[1].role(Role::Street)), (&[2, 1][..], &[2][..]));
    assert_eq!(found[0].role(Role::Email), [3]);
    assert_eq!(found[0].attributes, [vec![], vec![5, 6]]);
    assert_eq!(found[1].attributes, [vec![0], vec![]]);
    assert_eq!((found[0].unmapped.as_slice(), found[0].used()), (&[7][..], vec![0, 1, 2, 3, 5, 6]));
}

#[test]
fn refusals() {
    for (text, files, expected) in [
        ("email = 'a'", vec!["a"], "missing field `id`"),
        ("id = []", vec!["a"], "`id` names no column"),
        ("id = 'a'", vec!["a"], "nothing to compare"),
        ("id = 'a'\nemial = 'b'", vec!["a,b"], "unknown field `emial`"),
        ("id = 'a'\nemail = 3", vec!["a,b"], "the name of a column, or a list of names"),
        ("id = 'a'\nattributes = [{name='x', kind='colour', columns='b'}]", vec!["a,b"], "unknown variant `colour`"),
        ("id = 'rec_di'\nemail = 'b'", vec!["rec_id,b"], "a.csv: no column `rec_di` for `id`; did you mean `rec_id`?"),
        ("id = 'a'\nemail = 'zzz'", vec!["a,b"], "a.csv: no column `zzz` for `email`; it has a, b"),
        (
            "id = 'a'\nemail = 'emali'",
            vec!["a", "a,email"],
            "a.csv, b.csv: no column `emali` for `email`; did you mean `email`?",
        ),
        ("id = 'a'\nemail = 'b'", vec!["a,b", "b"], "b.csv: no column `a` for `id`"),
        (
            "id = 'a'\nemail = 'b'\nphone = 'B'",
            vec!["a,b"],
            "a.csv: column `b` is used twice, for `email` and for `phone`",
        ),
        ("id = 'a'\nemail = 'b'\nignore = 'b'", vec!["a,b"], "used twice, for `email` and for `ignore`"),
        ("id = 'a'\nemail = 'B'", vec!["a,b,B,c", "a,b"], ""),
        ("id = 'a'\nemail = 'bB'", vec!["a,bb,BB"], "no column `bB`"),
        ("id = 'a'\nbirth_date = ['b', 'c']", vec!["a,b,c"], "`birth_date` has 2 columns"),
        ("id = 'a'\nattributes = [{name='x', kind='place', columns='b'}]", vec!["a,b"], "`x`: a place has two columns"),
        ("id = 'a'\nattributes = [{name='x', kind='text', columns=[]}]", vec!["a,b"], "`x`: it names no column"),
        ("id = 'a'\nattributes = [{name='', kind='text', columns='b'}]", vec!["a,b"], "a name of its own"),
        (
            "id = 'a'\nattributes = [{name='x', kind='place', columns=['b','c']}]",
            vec!["a,b,c", "a,b"],
            "a file has only one of its two columns",
        ),
    ] {
        match check(text, &files) {
            Ok(_) => assert_eq!(expected, "", "{text}"),
            Err(error) => assert!(!expected.is_empty() && error.contains(expected), "{text}: {error}"),
        }
    }
    let seven: Vec<String> = (0..7).map(|i| format!("{{name='{i}', kind='text', columns='b'}}")).collect();
    let error = check(&format!("id='a'\nattributes=[{}]", seven.join(",")), &["a,b"]).expect_err("too many");
    assert_eq!(error, "7 attributes; 6 at most");
}

#[test]
fn parts_of_a_value_are_put_together() {
    let dir = Dir::new();
    let path = dir.file("t.csv", b"id,no,street,y,m,d,e1,e2\n1,7,wallaby place,1980,7,05,,x\n2,,milton,,7,5,a,b\n");
    let text = "id='id'\nstreet=['no','street']\nbirth_date=['y','m','d']\nemail=['e1','e2']";
    let (mut reader, mut batch, mut out) = (Reader::open(&path).expect("a table"), Batch::new(), String::new());
    let files = [FileColumns { file: "t.csv", columns: reader.columns() }];
    let positions = Mapping::from_toml(text).expect("a mapping").check(&files).expect("it fits").remove(0);
    assert!(reader.next_batch(&mut batch).expect("rows"));
    let mut joined = |role, row| positions.joined(role, &batch, row, &mut out).map(str::to_owned);
    assert_eq!(joined(Role::Street, 0).as_deref(), Some("7 wallaby place"));
    assert_eq!(joined(Role::Street, 1).as_deref(), Some("milton"));
    assert_eq!(joined(Role::BirthDate, 0).as_deref(), Some("1980-07-05"));
    assert_eq!(joined(Role::BirthDate, 1), None);
    assert_eq!((joined(Role::Email, 0).as_deref(), joined(Role::Email, 1).as_deref()), (Some("x"), Some("a")));
    assert_eq!(joined(Role::City, 0), None);
}

#[test]
fn the_text_says_why() {
    let mapping = Mapping {
        id: vec!["rec_id".to_owned()],
        street: vec!["no".to_owned(), "a \"b\"".to_owned()],
        attributes: vec![Attribute {
            name: "sex".to_owned(),
            kind: AttributeKind::Category,
            columns: vec!["sex".to_owned()],
        }],
        ignore: vec!["cluster".to_owned()],
        ..Mapping::default()
    };
    let reasons = [("rec_id", "unique"), ("no", "house\nnumber"), ("cluster", "a truth")];
    let reasons: Reasons = reasons.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    let expected = "# rec_id: unique\nid = \"rec_id\"\n\n# no: house number\nstreet = [\"no\", 'a \"b\"']\n\nattributes = [\n    \
                    { name = \"sex\", kind = \"category\", columns = [\"sex\"] },\n]\n\nignore = [\n    # cluster: a truth\n    \
                    \"cluster\",\n]\n";
    assert_eq!(mapping.to_toml(&reasons), expected);
}

fn names() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec("[a-zA-Z0-9 _\"'#\\\\é\n]{0,8}", 0..4)
}

proptest! {
    #[test]
    fn text_is_read_as_what_was_written(
        lists in proptest::collection::vec(names(), 14),
        attributes in proptest::collection::vec(("[a-z'\"]{1,5}", 0..5_usize, names()), 0..3),
        below in any::<bool>(),
    ) {
        let kinds = [AttributeKind::Category, AttributeKind::Text, AttributeKind::Number, AttributeKind::Date, AttributeKind::Place];
        let mut mapping = Mapping { id: lists[12].clone(), ignore: lists[13].clone(), ..Mapping::default() };
        for (role, list) in Role::ALL.into_iter().zip(&lists) {
            mapping.role_mut(role).clone_from(list);
        }
        mapping.attributes =
            attributes.into_iter().map(|(name, kind, columns)| Attribute { name, kind: kinds[kind], columns }).collect();
        let reasons: Reasons = lists.iter().flatten().map(|c| (c.clone(), "why # not".to_owned())).collect();
        let text = mapping.to_toml(&reasons);
        if below {
            // As a section of something larger.
            let whole: std::collections::BTreeMap<String, Mapping> =
                toml::from_str(&format!("[columns]\n{text}")).expect("toml");
            prop_assert_eq!(&whole["columns"], &mapping);
        }
        prop_assert_eq!(Mapping::from_toml(&text).expect("toml"), mapping.clone());
        let plain = toml::to_string(&mapping).expect("toml");
        prop_assert_eq!(Mapping::from_toml(&plain).expect("toml"), mapping);
    }
}
