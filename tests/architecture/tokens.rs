//! The tokens of a source file, for searches that comments and texts must not
//! disturb.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// Returns the tokens of a file, without comments and without what is compiled
/// for tests only.
pub(crate) fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    flatten(text.parse().expect("a source file"), &mut tokens);
    tokens
}

fn flatten(stream: TokenStream, tokens: &mut Vec<String>) {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Parenthesis | Delimiter::None => ("(", ")"),
                };
                tokens.push(open.to_owned());
                flatten(group.stream(), tokens);
                tokens.push(close.to_owned());
            }
            TokenTree::Punct(sign)
                if sign.as_char() == '#' && trees.peek().is_some_and(for_tests) =>
            {
                trees.find(ends_item);
            }
            TokenTree::Punct(sign) if sign.as_char() == ':' && sign.spacing() == Spacing::Joint => {
                trees.next();
                tokens.push("::".to_owned());
            }
            other => tokens.push(other.to_string()),
        }
    }
}

/// Whether an attribute is `cfg(test)` or `cfg(any(test, …))`.
fn for_tests(attribute: &TokenTree) -> bool {
    let text = attribute.to_string();
    let mut words =
        text.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
    words.next() == Some("cfg") && words.any(|word| word == "test") && !text.contains("not")
}

fn ends_item(tree: &TokenTree) -> bool {
    match tree {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(sign) => sign.as_char() == ';',
        TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    }
}
