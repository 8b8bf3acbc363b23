//! Comma-separated values, quoted as in RFC 4180, with lines that end in LF.
//!
//! Nodes: `node,activation,hop[,latency_s][,path]`, the path as a JSON array of names, since names
//! may hold any separator. With `--by-step` the steps instead: `t,total,active`.

use std::borrow::Cow;
use std::io::{self, Write};

use serde_json::Value;

use super::Report;

/// Prints the report.
pub(super) fn print(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    if let Some(steps) = report.steps() {
        writeln!(out, "t,total,active")?;
        for step in steps {
            writeln!(out, "{},{:?},{}", step.t, step.total, step.active)?;
        }
        return Ok(());
    }
    let latency = if report.has_latency() { ",latency_s" } else { "" };
    let path = if report.request.explain { ",path" } else { "" };
    writeln!(out, "node,activation,hop{latency}{path}")?;
    for row in &report.rows {
        // `Debug` prints the shortest digits that read back as the same number.
        write!(out, "{},{:?},{}", field(&row.name.to_string()), row.activation, row.hop)?;
        if report.has_latency() {
            out.write_all(b",")?;
            if let Some(latency_s) = row.latency_s {
                write!(out, "{latency_s:?}")?;
            }
        }
        if report.request.explain {
            out.write_all(b",")?;
            if let Some(path) = &row.path {
                let names: Vec<Value> = report.path_names(path).iter().map(Value::from).collect();
                write!(out, "{}", field(&Value::from(names).to_string()))?;
            }
        }
        writeln!(out)?;
    }
    Ok(())
}

/// `text` as one field: in quotes, and its quotes twice, where it would else end early.
fn field(text: &str) -> Cow<'_, str> {
    let special = |letter| matches!(letter, ',' | '"' | '\n' | '\r');
    // Spaces at the ends are kept by the standard but not by every reader.
    if text.contains(special) || text.starts_with(' ') || text.ends_with(' ') || text.is_empty() {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn a_field_is_quoted_where_it_would_end_early() {
        assert_eq!(field("hot dog"), "hot dog");
        assert_eq!(field("a,b"), "\"a,b\"");
        assert_eq!(field("say \"hi\""), "\"say \"\"hi\"\"\"");
        assert_eq!(field("two\nlines"), "\"two\nlines\"");
        assert_eq!(field(" led"), "\" led\"");
        assert_eq!(field(""), "\"\"");
    }
}
