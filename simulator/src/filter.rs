//! The part of RSQL by which a list of connectors can be filtered:
//! `connectorType=="CUSTOM"`, `name=="…"`, `id=="…"`, `id=in=("…","…")`, and
//! `;` between comparisons, all of which must hold.

/// A parsed `filter` parameter.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Filter(Vec<Comparison>);

/// One comparison, which holds if the field has one of the values.
#[derive(Debug, PartialEq, Eq)]
struct Comparison {
    field: String,
    values: Vec<String>,
}

impl Filter {
    /// Parses a filter. The error quotes the part that is not understood.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut comparisons = Vec::new();
        let mut rest = text;
        loop {
            let (comparison, after) = comparison(rest)?;
            comparisons.push(comparison);
            if after.is_empty() {
                return Ok(Self(comparisons));
            }
            rest = after.strip_prefix(';').ok_or_else(|| not_understood(after))?;
        }
    }

    /// Whether every comparison holds for an object. `field` returns the
    /// object's fields by name.
    pub(crate) fn accepts<'a>(&self, field: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.0.iter().all(|comparison| {
            field(&comparison.field)
                .is_some_and(|actual| comparison.values.iter().any(|value| value == actual))
        })
    }
}

fn comparison(text: &str) -> Result<(Comparison, &str), String> {
    let end = text.find(['=', '!', '<', '>', ' ']).ok_or_else(|| not_understood(text))?;
    let (field, operation) = text.split_at(end);
    if !["connectorType", "name", "id"].contains(&field) {
        return Err(not_understood(text));
    }
    let (values, rest) = if let Some(rest) = operation.strip_prefix("==") {
        let (value, rest) = value(rest)?;
        (vec![value], rest)
    } else if let Some(rest) = operation.strip_prefix("=in=(").filter(|_| field == "id") {
        list(rest)?
    } else {
        return Err(not_understood(text));
    };
    Ok((Comparison { field: field.to_owned(), values }, rest))
}

fn list(text: &str) -> Result<(Vec<String>, &str), String> {
    let mut values = Vec::new();
    let mut rest = text;
    loop {
        let (value, after) = value(rest)?;
        values.push(value);
        if let Some(after) = after.strip_prefix(')') {
            return Ok((values, after));
        }
        rest = after.strip_prefix(',').ok_or_else(|| not_understood(after))?;
    }
}

/// Parses a value: in single or double quotes with backslash escapes, or bare,
/// up to the next character that RSQL reserves.
fn value(text: &str) -> Result<(String, &str), String> {
    let Some(quote) = text.chars().next().filter(|first| matches!(first, '"' | '\'')) else {
        let end = text.find(['"', '\'', '(', ')', ';', ',', '=', '!', '~', '<', '>', ' ']);
        let (value, rest) = text.split_at(end.unwrap_or(text.len()));
        return if value.is_empty() {
            Err(not_understood(text))
        } else {
            Ok((value.to_owned(), rest))
        };
    };
    let mut value = String::new();
    let mut characters = text[quote.len_utf8()..].chars();
    loop {
        match characters.next() {
            None => return Err(not_understood(text)),
            Some(end) if end == quote => return Ok((value, characters.as_str())),
            Some('\\') => value.extend(characters.next()),
            Some(other) => value.push(other),
        }
    }
}

fn not_understood(text: &str) -> String {
    if text.is_empty() {
        "filter: ends too early".to_owned()
    } else {
        format!("filter: not understood from here on: {text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(filter: &str, name: &str, id: &str) -> bool {
        Filter::parse(filter).unwrap().accepts(|field| match field {
            "connectorType" => Some("CUSTOM"),
            "name" => Some(name),
            "id" => Some(id),
            _ => None,
        })
    }

    #[test]
    fn filters_compare_type_name_and_id() {
        for (filter, name, id, expected) in [
            (r#"connectorType=="CUSTOM""#, "a", "1", true),
            ("connectorType==CUSTOM", "a", "1", true),
            (r#"connectorType=="OTHER""#, "a", "1", false),
            (r#"connectorType=="CUSTOM";name=="my crm""#, "my crm", "1", true),
            (r#"connectorType=="CUSTOM";name=="my crm""#, "crm", "1", false),
            (r#"name=="say \"hi\"; (now)""#, r#"say "hi"; (now)"#, "1", true),
            ("name=='it'", "it", "1", true),
            (r#"id=="1""#, "a", "1", true),
            (r#"id=in=("1","2")"#, "a", "2", true),
            (r#"id=in=("1","2");name=="a""#, "a", "3", false),
            ("id=in=(1,2)", "a", "2", true),
        ] {
            assert_eq!(accepts(filter, name, id), expected, "{filter}");
        }
    }

    #[test]
    fn other_filters_are_refused() {
        for filter in [
            "",
            "name",
            "name==",
            r#"name=="open"#,
            r#"name!="a""#,
            r#"name=in=("a")"#,
            r#"scope=="a""#,
            "active==true",
            r#"id=in=("1""#,
            r#"id=in=("1",)"#,
            "id=in=()",
            r#"name=="a","#,
            r#"name=="a","b""#,
            r#"name=="a";"#,
            r#"name=="a" and id=="b""#,
            r#"name=="a" or name=="b""#,
            "name=gt=1",
        ] {
            assert!(Filter::parse(filter).unwrap_err().starts_with("filter: "), "{filter}");
        }
    }
}
