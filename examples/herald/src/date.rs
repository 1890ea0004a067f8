//! A calendar date in a request, `2026-11-24`.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A day of the proleptic Gregorian calendar, years 0000 to 9999. It has no clock time and hence no
/// time zone: a release happens on the day that its author says.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl TryFrom<String> for Date {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        parse(&text).ok_or_else(|| format!("`{text}` is not a date like 2026-11-24"))
    }
}

impl From<Date> for String {
    fn from(date: Date) -> String {
        date.to_string()
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{:04}-{:02}-{:02}",
            self.year, self.month, self.day
        )
    }
}

fn parse(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let shape_is_right = bytes.len() == 10
        && bytes.iter().enumerate().all(|(index, byte)| match index {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !shape_is_right {
        return None;
    }
    let date = Date {
        year: text[..4].parse().ok()?,
        month: text[5..7].parse().ok()?,
        day: text[8..].parse().ok()?,
    };
    (1..=days_in_month(date.year, date.month))
        .contains(&date.day)
        .then_some(date)
}

fn days_in_month(year: u16, month: u8) -> u8 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_days_are_read_and_written_back() {
        for text in ["2026-11-24", "2024-02-29", "2000-02-29", "0000-01-01"] {
            assert_eq!(Date::try_from(text.to_owned()).unwrap().to_string(), text);
        }
    }

    #[test]
    fn days_that_never_were_are_refused() {
        for text in [
            "2026-02-29",
            "1900-02-29",
            "2026-04-31",
            "2026-13-01",
            "2026-01-00",
        ] {
            assert!(Date::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn other_notations_are_refused() {
        for text in [
            "2026-1-1",
            "24.11.2026",
            "2026-11-24T23:30-05:00",
            "２026-11-2",
            "",
        ] {
            assert!(Date::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
