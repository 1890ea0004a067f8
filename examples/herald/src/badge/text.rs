//! How wide a text is. The service has no fonts, so it knows the widths of Verdana by heart;
//! `textLength` makes other fonts fit.

/// Pixels per em of a badge's text.
const FONT_SIZE: u32 = 11;

/// Advance widths of Verdana for U+0020 to U+007E, in thousandths of an em.
#[rustfmt::skip]
const ASCII: [u16; 95] = [
    352, 394, 459, 818, 636, 1076, 727, 269, 454, 454, 636, 818, 364, 454, 364, 454,
    636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 454, 454, 818, 818, 818, 545,
    1000, 684, 686, 698, 771, 632, 575, 775, 751, 421, 455, 693, 557, 843, 748, 787,
    603, 787, 695, 684, 616, 732, 684, 989, 685, 615, 685, 454, 454, 454, 818, 636,
    636, 601, 623, 521, 623, 596, 352, 623, 633, 274, 344, 592, 274, 973, 633, 607,
    623, 623, 427, 521, 394, 633, 592, 818, 592, 592, 525, 635, 454, 635, 818,
];

/// The width in pixels, rounded up.
pub fn width(text: &str) -> u32 {
    let thousandths: u32 = text.chars().map(letter_width).sum();
    (thousandths * FONT_SIZE).div_ceil(1000)
}

fn letter_width(letter: char) -> u32 {
    match letter {
        ' '..='~' => u32::from(ASCII[letter as usize - ' ' as usize]),
        // Marks that join the letter before them, and joiners.
        '\u{300}'..='\u{36F}' | '\u{200B}'..='\u{200F}' | '\u{FE00}'..='\u{FE0F}' => 0,
        // Hangul, kana, ideographs, full-width forms and emoji fill a square.
        '\u{1100}'..='\u{115F}'
        | '\u{2E80}'..='\u{A4CF}'
        | '\u{AC00}'..='\u{D7A3}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{FF00}'..='\u{FF60}'
        | '\u{1F300}'..='\u{1FAFF}'
        | '\u{20000}'..='\u{3FFFD}' => 1000,
        _ => 650,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_letters_take_more_room() {
        assert!(width("mmm") > width("iii"));
        assert_eq!(width("0000"), width("7777"));
        assert_eq!(width("日本"), 22);
    }

    #[test]
    fn a_combining_accent_takes_none() {
        assert_eq!(width("e\u{301}"), width("e"));
    }
}
