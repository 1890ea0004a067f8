//! Code between backticks, the one piece of markup that commit messages have by custom.

/// A run of a line.
#[derive(Debug, Eq, PartialEq)]
pub enum Span<'t> {
    Text(&'t str),
    /// What stood between two single backticks.
    Code(&'t str),
}

/// Splits a line into text and code. Only a single backtick opens or closes code; a longer run, and
/// one that is never closed, is text.
pub fn spans(line: &str) -> Vec<Span<'_>> {
    let mut spans = Vec::new();
    let mut rest = line;
    while let Some(open) = single_backtick(rest, 0)
        && let Some(close) = single_backtick(rest, open + 1)
    {
        spans.push(Span::Text(&rest[..open]));
        spans.push(Span::Code(&rest[open + 1..close]));
        rest = &rest[close + 1..];
    }
    spans.push(Span::Text(rest));
    spans.retain(|span| *span != Span::Text(""));
    spans
}

/// Where the first backtick at or after `start` is that has no other beside it.
fn single_backtick(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut index = start;
    while index < bytes.len() {
        let length = bytes[index..]
            .iter()
            .take_while(|byte| **byte == b'`')
            .count();
        if length == 1 {
            return Some(index);
        }
        index += length.max(1);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_what_single_backticks_enclose() {
        assert_eq!(
            spans("use `a` and `b`"),
            [
                Span::Text("use "),
                Span::Code("a"),
                Span::Text(" and "),
                Span::Code("b")
            ]
        );
    }

    #[test]
    fn backticks_without_partner_are_text() {
        assert_eq!(spans("it`s"), [Span::Text("it`s")]);
        assert_eq!(spans("``a``"), [Span::Text("``a``")]);
        assert_eq!(spans("`a``b`"), [Span::Code("a``b")]);
        assert_eq!(spans(""), []);
    }
}
