//! Content negotiation by `Accept` (RFC 9110 §12.5.1).

/// The offered media type that the client likes best, or `None` when it takes none of them.
///
/// `offered` is in our own order of preference, which decides between equals. Parameters other than
/// `q` are not compared; a part that is not a media range is passed over.
pub fn best<'o>(accept: Option<&str>, offered: &[&'o str]) -> Option<&'o str> {
    let Some(accept) = accept.filter(|field| !field.trim().is_empty()) else {
        return offered.first().copied();
    };
    let ranges: Vec<Range> = accept.split(',').filter_map(Range::parse).collect();
    let mut best = None;
    for media_type in offered {
        let quality = quality_of(media_type, &ranges);
        if quality > best.map_or(0, |(_, quality)| quality) {
            best = Some((*media_type, quality));
        }
    }
    best.map(|(media_type, _)| media_type)
}

/// The quality of the most specific range that covers the type, in thousandths.
fn quality_of(media_type: &str, ranges: &[Range]) -> u16 {
    ranges
        .iter()
        .filter_map(|range| Some((range.specificity(media_type)?, range.quality)))
        .max()
        .map_or(0, |(_, quality)| quality)
}

struct Range<'a> {
    main: &'a str,
    sub: &'a str,
    quality: u16,
}

impl<'a> Range<'a> {
    fn parse(part: &'a str) -> Option<Self> {
        let mut pieces = part.split(';').map(str::trim);
        let (main, sub) = pieces.next()?.split_once('/')?;
        let mut quality = 1000;
        for piece in pieces {
            if let Some(value) = piece.strip_prefix("q=").or(piece.strip_prefix("Q=")) {
                quality = parse_quality(value)?;
            }
        }
        Some(Range { main, sub, quality })
    }

    /// 2 for the type itself, 1 for `type/*`, 0 for `*/*`, `None` when it is another type.
    fn specificity(&self, media_type: &str) -> Option<u8> {
        let (main, sub) = media_type.split_once('/')?;
        match (self.main, self.sub) {
            ("*", "*") => Some(0),
            (range, "*") if range.eq_ignore_ascii_case(main) => Some(1),
            (range, kind) if range.eq_ignore_ascii_case(main) && kind.eq_ignore_ascii_case(sub) => {
                Some(2)
            }
            _ => None,
        }
    }
}

/// `qvalue` of RFC 9110 §12.4.2: 0 to 1 with at most three decimals, here in thousandths.
fn parse_quality(value: &str) -> Option<u16> {
    let (whole, decimals) = value.split_once('.').unwrap_or((value, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    match (whole, thousandths) {
        ("0", _) => Some(thousandths),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFERED: [&str; 3] = ["application/json", "text/markdown", "text/html"];

    #[test]
    fn no_wish_gets_our_first_choice() {
        for accept in [None, Some(""), Some("*/*"), Some("application/*")] {
            assert_eq!(best(accept, &OFFERED), Some("application/json"));
        }
    }

    #[test]
    fn the_highest_quality_wins() {
        let accept = "application/json;q=0.5, text/html; q=0.9, text/markdown;q=0.899";
        assert_eq!(best(Some(accept), &OFFERED), Some("text/html"));
    }

    #[test]
    fn a_browser_gets_html() {
        let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        assert_eq!(best(Some(accept), &OFFERED), Some("text/html"));
    }

    #[test]
    fn the_more_specific_range_decides_whatever_its_quality() {
        let accept = "text/*;q=0.9, text/markdown;q=0.1, */*;q=0.5";
        assert_eq!(best(Some(accept), &OFFERED), Some("text/html"));
    }

    #[test]
    fn quality_nought_means_never() {
        assert_eq!(best(Some("text/html;q=0"), &OFFERED), None);
        let accept = "*/*, application/json;q=0.000";
        assert_eq!(best(Some(accept), &OFFERED), Some("text/markdown"));
    }

    #[test]
    fn nothing_in_common_is_none() {
        assert_eq!(best(Some("image/png, text/plain"), &OFFERED), None);
    }

    #[test]
    fn a_malformed_part_is_passed_over() {
        let accept = "html, text/html;q=2, text/html;q=0.12345, TEXT/Markdown;Q=0.3";
        assert_eq!(best(Some(accept), &OFFERED), Some("text/markdown"));
    }
}
