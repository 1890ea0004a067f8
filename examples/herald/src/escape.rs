//! Text of strangers, made harmless for the language that it is put into.

use std::fmt::{self, Write};

/// Displays text for element content and for attributes in double quotes, of HTML and of XML alike.
/// Characters that XML 1.0 does not allow are shown as U+FFFD.
pub struct Html<'t>(pub &'t str);

impl fmt::Display for Html<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => formatter.write_str("&amp;")?,
                '<' => formatter.write_str("&lt;")?,
                '>' => formatter.write_str("&gt;")?,
                '"' => formatter.write_str("&quot;")?,
                '\'' => formatter.write_str("&#39;")?,
                _ if is_printable(letter) => formatter.write_char(letter)?,
                _ => formatter.write_char(char::REPLACEMENT_CHARACTER)?,
            }
        }
        Ok(())
    }
}

/// Whether the character may stand in an XML 1.0 document (its `Char` production), new lines and
/// tabs but no other control characters included.
pub fn is_printable(letter: char) -> bool {
    match letter {
        '\n' | '\t' => true,
        '\u{FFFE}' | '\u{FFFF}' => false,
        _ => !letter.is_control(),
    }
}

/// Displays text inside a line of Markdown (CommonMark), so that a reader sees exactly that text.
pub struct Markdown<'t>(pub &'t str);

impl fmt::Display for Markdown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut is_at_start = true;
        for letter in self.0.chars() {
            let is_markup = match letter {
                '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '~' => true,
                // These would open a heading or a list where nothing but digits stands before them.
                '#' | '+' | '-' | '.' | ')' => is_at_start,
                _ => false,
            };
            is_at_start &= letter.is_ascii_digit();
            if is_markup {
                formatter.write_char('\\')?;
            }
            let is_shown = is_printable(letter) && letter != '\n';
            formatter.write_char(if is_shown { letter } else { ' ' })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_keeps_no_markup_of_others() {
        let text = r#"<img src=x onerror="a('b')"> & co"#;
        assert_eq!(
            Html(text).to_string(),
            "&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt; &amp; co"
        );
    }

    #[test]
    fn what_xml_cannot_hold_is_replaced() {
        assert_eq!(
            Html("a\u{1b}[1m\u{FFFF}b").to_string(),
            "a\u{FFFD}[1m\u{FFFD}b"
        );
        assert_eq!(Html("é 日本 🚀").to_string(), "é 日本 🚀");
    }

    #[test]
    fn markdown_keeps_no_markup_of_others() {
        assert_eq!(
            Markdown("[x](javascript:a) *b* <i> a_b").to_string(),
            r"\[x\](javascript:a) \*b\* \<i\> a\_b"
        );
    }

    #[test]
    fn markdown_at_the_start_of_a_line_opens_no_block() {
        assert_eq!(Markdown("# a #1").to_string(), r"\# a #1");
        assert_eq!(Markdown("1. a 2.").to_string(), r"1\. a 2.");
        assert_eq!(Markdown("- a-b").to_string(), r"\- a-b");
    }
}
