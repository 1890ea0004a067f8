//! The colour behind a badge's value.

use crate::problem::Problem;
use std::fmt;

/// Displays as `#rrggbb`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

const GREEN: Colour = rgb(0x2d, 0xa4, 0x4e);
const RED: Colour = rgb(0xcf, 0x22, 0x2e);
const BLUE: Colour = rgb(0x21, 0x6b, 0xd6);

const NAMED: [(&str, Colour); 9] = [
    ("green", GREEN),
    ("red", RED),
    ("blue", BLUE),
    ("yellow", rgb(0xe3, 0xb3, 0x41)),
    ("orange", rgb(0xe1, 0x6f, 0x24)),
    ("purple", rgb(0x82, 0x50, 0xdf)),
    ("teal", rgb(0x1b, 0x7c, 0x83)),
    ("pink", rgb(0xbf, 0x39, 0x89)),
    ("grey", rgb(0x6e, 0x77, 0x81)),
];

const fn rgb(red: u8, green: u8, blue: u8) -> Colour {
    Colour { red, green, blue }
}

/// The colour asked for, by name or as `rgb` or `rrggbb` in hex digits; without one, the colour that
/// suits the value.
pub fn choose(asked: Option<&str>, value: &str) -> Result<Colour, Problem> {
    match asked {
        Some(asked) => parse(asked).ok_or_else(|| unknown(asked)),
        None => Ok(suited_to(value)),
    }
}

fn suited_to(value: &str) -> Colour {
    match value.to_ascii_lowercase().as_str() {
        "passing" | "passed" | "success" | "succeeded" | "ok" | "up" => GREEN,
        "failing" | "failed" | "failure" | "error" | "down" => RED,
        _ => BLUE,
    }
}

fn parse(text: &str) -> Option<Colour> {
    let named = NAMED
        .iter()
        .find(|(name, _)| text.eq_ignore_ascii_case(name));
    if let Some((_, colour)) = named {
        return Some(*colour);
    }
    let text = text.strip_prefix('#').unwrap_or(text);
    let digits = text.chars().map(|digit| Some(digit.to_digit(16)? as u8));
    match *digits.collect::<Option<Vec<u8>>>()? {
        [red, green, blue] => Some(rgb(red * 17, green * 17, blue * 17)),
        [r1, r2, g1, g2, b1, b2] => Some(rgb(r1 * 16 + r2, g1 * 16 + g2, b1 * 16 + b2)),
        _ => None,
    }
}

fn unknown(text: &str) -> Problem {
    let names = NAMED.map(|(name, _)| name).join(", ");
    Problem::unprocessable(format!(
        "`{text}` is not a colour: use {names}, or hex digits"
    ))
}

impl Colour {
    /// White or near-black, whichever is read better on this colour (by its luma, ITU-R BT.601).
    pub fn of_text(self) -> Colour {
        let luma =
            299 * u32::from(self.red) + 587 * u32::from(self.green) + 114 * u32::from(self.blue);
        if luma > 150_000 {
            rgb(0x1f, 0x23, 0x28)
        } else {
            rgb(0xff, 0xff, 0xff)
        }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "#{:02x}{:02x}{:02x}",
            self.red, self.green, self.blue
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(asked: Option<&str>, value: &str) -> String {
        choose(asked, value).unwrap().to_string()
    }

    #[test]
    fn a_colour_may_be_named_or_in_hex() {
        assert_eq!(chosen(Some("Green"), "x"), "#2da44e");
        assert_eq!(chosen(Some("0aF"), "x"), "#00aaff");
        assert_eq!(chosen(Some("#0366d6"), "x"), "#0366d6");
    }

    #[test]
    fn an_unknown_colour_is_refused() {
        for asked in ["", "blurple", "12345", "１２３", "ggg", "\"/><x"] {
            assert!(choose(Some(asked), "x").is_err(), "{asked:?}");
        }
    }

    #[test]
    fn without_a_wish_the_colour_suits_the_value() {
        assert_eq!(chosen(None, "Passing"), GREEN.to_string());
        assert_eq!(chosen(None, "failed"), RED.to_string());
        assert_eq!(chosen(None, "1.5.0"), BLUE.to_string());
        assert_eq!(chosen(None, "128"), BLUE.to_string());
    }

    #[test]
    fn text_is_dark_on_light_colours_and_light_on_dark_ones() {
        assert_eq!(rgb(0xff, 0xff, 0xff).of_text().to_string(), "#1f2328");
        assert_eq!(rgb(0, 0, 0).of_text().to_string(), "#ffffff");
    }
}
