//! A mapping as TOML with a comment above each name that says why it is there.
//!
//! Written by hand rather than by the `toml` crate, which writes no comments. Attributes are an inline list, so that
//! the text can stand below any `[section]` of a larger configuration.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Mapping;
use super::role::Role;

/// Why a column is mapped as it is: column, reason in one line.
pub type Reasons = BTreeMap<String, String>;

impl Mapping {
    /// Writes the mapping, with a reason above each column that has one.
    ///
    /// [`Mapping::from_toml`] reads the text as the same mapping. Roles without a column are left out.
    pub fn to_toml(&self, reasons: &Reasons) -> String {
        let mut out = String::new();
        line(&mut out, "id", &self.id, reasons);
        for role in Role::ALL {
            if !self.role(role).is_empty() {
                line(&mut out, role.name(), self.role(role), reasons);
            }
        }
        if !self.attributes.is_empty() {
            out.push_str("\nattributes = [\n");
            for a in &self.attributes {
                comments(&mut out, "    ", &a.columns, reasons);
                let (name, kind) = (quoted(&a.name), a.kind);
                push(
                    &mut out,
                    format_args!("    {{ name = {name}, kind = \"{kind}\", columns = {} }},\n", list(&a.columns)),
                );
            }
            out.push_str("]\n");
        }
        if !self.ignore.is_empty() {
            out.push_str("\nignore = [\n");
            for column in &self.ignore {
                comments(&mut out, "    ", std::slice::from_ref(column), reasons);
                push(&mut out, format_args!("    {},\n", quoted(column)));
            }
            out.push_str("]\n");
        }
        out.trim_start().to_owned()
    }
}

fn line(out: &mut String, key: &str, columns: &[String], reasons: &Reasons) {
    out.push('\n');
    comments(out, "", columns, reasons);
    let value = match columns {
        [one] => quoted(one),
        many => list(many),
    };
    push(out, format_args!("{key} = {value}\n"));
}

fn comments(out: &mut String, indent: &str, columns: &[String], reasons: &Reasons) {
    for column in columns {
        if let Some(reason) = reasons.get(column) {
            // A name may hold a line's end, which would end the comment.
            let text: String =
                format!("{column}: {reason}").chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            push(out, format_args!("{indent}# {text}\n"));
        }
    }
}

fn list(columns: &[String]) -> String {
    format!("[{}]", columns.iter().map(|c| quoted(c)).collect::<Vec<_>>().join(", "))
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(text);
}
