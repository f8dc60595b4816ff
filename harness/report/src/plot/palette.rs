//! The colours, each with its twin for dark pages.
//!
//! Series follow Okabe and Ito's palette; the ramp is of one hue and rises in lightness evenly, so
//! that it also reads in grey. A dark page replaces colours by rule, hence each is used only once.

use plotters::style::RGBColor;
use std::fmt::Write as _;

/// A colour on paper, and what replaces it on a dark page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour {
    light: u32,
    dark: u32,
}

const fn colour(light: u32, dark: u32) -> Colour {
    Colour { light, dark }
}

pub(super) const PAPER: Colour = colour(0xFF_FFFF, 0x16_1A1F);
pub(super) const INK: Colour = colour(0x1C_232B, 0xE8_EBEE);
pub(super) const MUTED: Colour = colour(0x5B_6672, 0x9C_A7B3);
pub(super) const GRID: Colour = colour(0xE4_E8EC, 0x2B_323A);
pub(super) const AXIS: Colour = colour(0xAE_B7C0, 0x55_606C);
pub(super) const BAND: Colour = colour(0xF5_F7F9, 0x1B_2027);
pub(super) const BLUE: Colour = colour(0x00_72B2, 0x5A_B4E6);
pub(super) const RIGHT: Colour = colour(0x8F_C1E3, 0x2C_6E9E);
pub(super) const SHED: Colour = colour(0xC7_CDD4, 0x5F_6873);
pub(super) const ORANGE: Colour = colour(0xE6_9F00, 0xE8_AA1E);
pub(super) const VERMILION: Colour = colour(0xC8_4A00, 0xFF_7B3D);
pub(super) const WAIT: Colour = colour(0xD3_E7F4, 0x1E_3B50);
pub(super) const GREEN: Colour = colour(0x00_8A66, 0x2F_C79B);
pub(super) const PURPLE: Colour = colour(0xCC_79A7, 0xC9_7DA9);
pub(super) const YELLOW: Colour = colour(0xF2_E34C, 0xD9_CC3F);
pub(super) const SAND: Colour = colour(0xF6_D9A8, 0x7A_5F2E);

/// From few to many.
pub(super) const RAMP: [Colour; 8] = [
    colour(0xE1_EDF5, 0x1A_2C39),
    colour(0xC0_DAEB, 0x1D_4056),
    colour(0x9A_C4DF, 0x22_5975),
    colour(0x70_A9CD, 0x2C_7594),
    colour(0x47_8AB7, 0x42_93AF),
    colour(0x27_6A9D, 0x6B_B3C5),
    colour(0x13_4B7E, 0xA3_D3D9),
    colour(0x06_2C5C, 0xE4_F5F2),
];

impl Colour {
    pub(super) fn packed(self) -> u32 {
        self.light
    }

    pub(super) fn rgb(self) -> RGBColor {
        let [_, red, green, blue] = self.light.to_be_bytes();
        RGBColor(red, green, blue)
    }
}

/// Style rules that give the plots under `scope` (a selector, or nothing) their dark colours.
pub fn dark_style(scope: &str) -> String {
    let named = [
        PAPER, INK, MUTED, GRID, AXIS, BAND, BLUE, RIGHT, SHED, ORANGE, VERMILION, WAIT, GREEN,
        PURPLE, YELLOW, SAND,
    ];
    let mut style = String::new();
    for Colour { light, dark } in named.into_iter().chain(RAMP) {
        for attribute in ["fill", "stroke"] {
            writeln!(style, "{scope}[{attribute}=\"#{light:06X}\"]{{{attribute}:#{dark:06X}}}")
                .expect("a String takes all text");
        }
    }
    style
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_colour_is_used_once_so_that_it_can_be_replaced() {
        let style = dark_style("");
        let selectors: BTreeSet<&str> =
            style.lines().filter_map(|rule| rule.split_once('{')).map(|(left, _)| left).collect();
        assert_eq!(selectors.len(), style.lines().count());
        assert!(style.contains("[fill=\"#1C232B\"]{fill:#E8EBEE}"), "{style}");
    }
}
