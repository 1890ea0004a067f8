//! Badges: a label and a value side by side, as SVG.

pub mod colour;
mod text;

use crate::{
    escape::{Html, is_printable},
    problem::Problem,
};
use colour::Colour;
use std::fmt;

/// The most characters that a label or a value may have.
const MAX_LETTERS: usize = 64;

/// Space at both ends of a text, in pixels.
const PADDING: u32 = 7;

const HEIGHT: u32 = 20;

/// A badge that can be drawn; [`fmt::Display`] draws it.
#[derive(Debug)]
pub struct Badge<'t> {
    label: &'t str,
    value: &'t str,
    colour: Colour,
}

impl<'t> Badge<'t> {
    /// `colour` is the one that the client asks for, if it does.
    pub fn new(label: &'t str, value: &'t str, colour: Option<&str>) -> Result<Self, Problem> {
        check_text("label", label)?;
        check_text("value", value)?;
        Ok(Badge {
            label,
            value,
            colour: colour::choose(colour, value)?,
        })
    }
}

fn check_text(what: &str, text: &str) -> Result<(), Problem> {
    let letters = text.chars().count();
    if text.trim().is_empty() {
        Err(Problem::unprocessable(format!("the {what} is empty")))
    } else if letters > MAX_LETTERS {
        Err(Problem::unprocessable(format!(
            "the {what} has {letters} characters; a badge has room for {MAX_LETTERS}"
        )))
    } else if !text.chars().all(is_printable) {
        Err(Problem::unprocessable(format!(
            "the {what} has a character that cannot be drawn"
        )))
    } else {
        Ok(())
    }
}

impl fmt::Display for Badge<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (label, value) = (Html(self.label), Html(self.value));
        let label_length = text::width(self.label);
        let value_length = text::width(self.value);
        let label_width = label_length + 2 * PADDING;
        let value_width = value_length + 2 * PADDING;
        let width = label_width + value_width;
        writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{HEIGHT}\" \
             role=\"img\" aria-label=\"{label}: {value}\">"
        )?;
        writeln!(out, "<title>{label}: {value}</title>")?;
        writeln!(
            out,
            "<clipPath id=\"r\"><rect width=\"{width}\" height=\"{HEIGHT}\" rx=\"4\"/></clipPath>"
        )?;
        writeln!(
            out,
            "<g clip-path=\"url(#r)\"><path fill=\"#3d444d\" d=\"M0 0h{label_width}v{HEIGHT}H0z\"/>\
             <path fill=\"{}\" d=\"M{label_width} 0h{value_width}v{HEIGHT}H{label_width}z\"/></g>",
            self.colour
        )?;
        writeln!(
            out,
            "<g font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">"
        )?;
        writeln!(
            out,
            "<text x=\"{PADDING}\" y=\"14\" fill=\"#fff\" textLength=\"{label_length}\">{label}</text>"
        )?;
        writeln!(
            out,
            "<text x=\"{}\" y=\"14\" fill=\"{}\" textLength=\"{value_length}\">{value}</text>",
            label_width + PADDING,
            self.colour.of_text()
        )?;
        writeln!(out, "</g>\n</svg>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(label: &str, value: &str, colour: Option<&str>) -> String {
        Badge::new(label, value, colour).unwrap().to_string()
    }

    #[test]
    fn a_badge_says_its_text_to_eyes_and_ears() {
        let svg = draw("build", "passing", None);
        assert!(svg.contains("aria-label=\"build: passing\""));
        assert!(svg.contains("<title>build: passing</title>"));
        assert!(svg.contains(">build</text>"));
        assert!(svg.contains(">passing</text>"));
    }

    #[test]
    fn the_halves_add_up_to_the_whole() {
        let svg = draw("ab", "cd", Some("blue"));
        // a 0.601 + b 0.623, and c 0.521 + d 0.623, of 11 pixels each, rounded up.
        assert!(svg.contains("width=\"55\""), "{svg}");
        assert!(svg.contains("M0 0h28v20"), "{svg}");
        assert!(svg.contains("M28 0h27v20"), "{svg}");
    }

    #[test]
    fn a_badge_keeps_no_markup_of_others() {
        let svg = draw("<script>", "\"/><a href='x'>", Some("red"));
        assert!(!svg.contains("<script"));
        assert!(!svg.contains("<a "));
        assert!(svg.contains("&lt;script&gt;"));
    }

    #[test]
    fn unicode_is_drawn_as_it_is() {
        assert!(draw("状態", "成功 ✓", None).contains(">成功 ✓</text>"));
    }

    #[test]
    fn text_that_does_not_fit_or_show_is_refused() {
        let long = "x".repeat(65);
        for (label, value) in [
            ("", "x"),
            ("x", "  "),
            ("x", &long),
            ("a\u{7}", "x"),
            ("a", "\u{FFFE}"),
        ] {
            assert!(
                Badge::new(label, value, None).is_err(),
                "{label:?} {value:?}"
            );
        }
        assert!(Badge::new("x", &"é".repeat(64), None).is_ok());
    }
}
