//! How often two systems that know the same email say the same about the person, field by field.
//!
//! Only emails that name exactly one record in each of the two systems are compared: a shared one would compare
//! strangers. Values are compared after lower-casing and trimming, names by their words in any order, phones by their last eight digits, countries by
//! code.

use kenal_types::{Market, System};

use crate::report::{Agreement, Severity, share};
use crate::source::{Answer, AuditError, AuditSource};

/// Fields and how they are brought to a common form. The phone is the first one.
const FIELDS: [(&str, &str); 7] = [
    ("name", "COALESCE(full_name, TRIM(COALESCE(given_name, '') || ' ' || COALESCE(family_name, '')))"),
    ("phone", "RIGHT(TRANSLATE(phones[1]['value'], ' ()+./-', ''), 8)"),
    ("birth_date", "CAST(birth_date AS VARCHAR)"),
    ("city", "city"),
    ("postcode", "postcode"),
    ("country", "country"),
    ("language", "SUBSTR(language, 1, 2)"),
];

/// Fewer pairs say nothing.
const PAIRS_MIN: u64 = 20;
/// Below it a warning, below half of it a problem.
const SAME_MIN: f64 = 0.6;

/// Compares all pairs of systems.
///
/// # Errors
/// The query fails.
pub fn read(source: &dyn AuditSource) -> Result<Vec<Agreement>, AuditError> {
    let answer = Answer::ask(source, "agreement between systems", &query())?;
    let mut all = Vec::new();
    for row in answer.rows() {
        for (field, _) in FIELDS {
            let (both, same) = (row.count(&format!("{field}_both"))?, row.count(&format!("{field}_same"))?);
            if both == 0 {
                continue;
            }
            let severity = match share(same, both) {
                _ if both < PAIRS_MIN => Severity::Note,
                s if s < SAME_MIN / 2.0 => Severity::Problem,
                s if s < SAME_MIN => Severity::Warning,
                _ => Severity::Fine,
            };
            let (x, y): (System, System) = (row.parse("a")?, row.parse("b")?);
            // The query orders systems by name.
            all.push(Agreement { a: x.min(y), b: x.max(y), field: field.to_owned(), both, same, severity });
        }
    }
    // Stable: a pair's fields stay in their order.
    all.sort_by_key(|x| (x.a, x.b));
    Ok(all)
}

fn query() -> String {
    let code = Market::ALL
        .map(|m| format!("WHEN LOWER(TRIM({{}})) = '{}' THEN '{}'", m.name().to_lowercase(), m.code().to_lowercase()));
    let values = FIELDS.map(|(name, value)| {
        let plain = format!("NULLIF(LOWER(TRIM({value})), '')");
        match name {
            "country" => format!("CASE {} ELSE {plain} END AS country", code.join(" ").replace("{}", value)),
            "name" => format!("array_to_string(array_sort(string_to_array({plain}, ' ')), ' ') AS name"),
            _ => format!("{plain} AS {name}"),
        }
    });
    let once = FIELDS.map(|(name, _)| format!("MIN({name}) AS {name}"));
    let compared = FIELDS.map(|(name, _)| {
        format!(
            "COUNT(CASE WHEN x.{name} IS NOT NULL AND y.{name} IS NOT NULL THEN 1 END) AS {name}_both, \
                 COUNT(CASE WHEN x.{name} = y.{name} THEN 1 END) AS {name}_same"
        )
    });
    format!(
        "WITH addresses AS (SELECT system, LOWER(TRIM(e['value'])) AS email, {values} FROM (SELECT *, unnest(emails) AS e \
         FROM current_customers WHERE NOT deleted) AS elements), \
         single AS (SELECT system, email, {once} FROM addresses GROUP BY system, email HAVING COUNT(*) = 1) \
         SELECT x.system AS a, y.system AS b, {compared} FROM single x JOIN single y ON x.email = y.email \
         WHERE x.system < y.system GROUP BY x.system, y.system",
        values = values.join(", "),
        once = once.join(", "),
        compared = compared.join(", "),
    )
}
