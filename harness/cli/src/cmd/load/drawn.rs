//! A rate over time in characters.

/// Rows of the picture.
const ROWS: usize = 6;
/// From nothing to a full character, in eighths.
const LEVELS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Draws rates in equal parts of `seconds`; the highest is as high as the picture.
pub(super) fn rates(rates: &[f64], seconds: f64) -> String {
    let highest = rates.iter().copied().fold(0.0, f64::max);
    if highest <= 0.0 {
        return String::new();
    }
    let label = |rate: f64| format!("{rate:>8.0}/s");
    let blank = " ".repeat(label(0.0).len());
    let mut text = String::new();
    for row in (0..ROWS).rev() {
        let mark = if row == ROWS - 1 { label(highest) } else { blank.clone() };
        let line: String = rates
            .iter()
            .map(|rate| {
                let eighths = rate / highest * (8 * ROWS) as f64 - (8 * row) as f64;
                // Something is seen of whatever is not nothing.
                let least = if row == 0 && *rate > 0.0 { 1.0 } else { 0.0 };
                LEVELS[eighths.clamp(least, 8.0).round() as usize]
            })
            .collect();
        text.extend([&mark, " │", line.trim_end(), "\n"]);
    }
    let axis = "─".repeat(rates.len());
    let end = format!("{seconds:.0} s");
    let gap = rates.len().saturating_sub(end.len() + 1);
    let gap = " ".repeat(gap);
    text.extend([&label(0.0), " └", &axis, "\n", &blank, "  0", &gap, &end, "\n"]);
    text
}

#[cfg(test)]
mod tests {
    use super::rates;

    #[test]
    fn the_highest_fills_the_picture_and_little_is_still_seen() {
        let drawn = rates(&[100.0, 50.0, 0.1, 0.0], 4.0);
        let lines: Vec<&str> = drawn.lines().collect();
        assert_eq!(lines[0], "     100/s │█");
        assert_eq!(lines[3], "           │██");
        assert_eq!(lines[5], "           │██▁");
        assert_eq!(lines[6], "       0/s └────");
        assert!(rates(&[0.0], 1.0).is_empty() && rates(&[], 1.0).is_empty());
    }
}
