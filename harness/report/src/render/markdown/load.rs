//! The load, phase by phase.

use super::SHOWN;
use super::page::{Page, escape};
use crate::summary::Load;
use crate::text::{count, counted, micros, percent, plain, three_digits};

/// What one attack came to, the plots left out.
pub(in crate::render) fn load_section(page: &mut Page, load: &Load) {
    page.line("## Under load");
    for why in &load.invalid {
        page.line(&format!("**Invalid measurement:** {}", escape(why)));
    }
    let right = &load.correctness;
    if let Some(below) = right.false_accepts_below {
        page.line(&format!(
            "0 wrong accepts in {}: below {} at 95 % confidence (3/n).",
            counted(right.dishonest, "dishonest request", "dishonest requests"),
            percent(below)
        ));
    } else if right.false_accepts > 0 {
        page.line(&format!(
            "**{} wrong accepts in {}.**",
            count(right.false_accepts),
            counted(right.dishonest, "dishonest request", "dishonest requests")
        ));
    }
    page.line(&format!("Mix: {}. Arrivals: {}.", escape(&load.mix), escape(&load.arrivals)));
    let mut rows = vec![
        "| phase | length | offered/s | sent/s | right/s | dropped | response p50 | p99 | p99.9 | max | lag p99 |".to_owned(),
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|".to_owned(),
    ];
    rows.extend(load.phases.iter().map(|phase| {
        format!(
            "| {} | {} s | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            escape(&phase.name),
            plain(phase.measured_s),
            three_digits(phase.offered_per_s),
            three_digits(phase.sent_per_s),
            three_digits(phase.achieved_per_s),
            count(phase.dropped),
            micros(phase.response.p50_us),
            micros(phase.response.p99_us),
            micros(phase.response.p99_9_us),
            micros(phase.response.max_us),
            micros(phase.lag.p99_us),
        )
    }));
    page.list(rows);
    for wrong in load.wrong.iter().take(SHOWN) {
        page.line(&format!("✕ **{}** {}", escape(&wrong.class), escape(&wrong.what)));
        if !wrong.repeat.is_empty() {
            page.fence(&wrong.repeat);
        }
    }
}

/// The plots of one attack, which lie beside the page.
pub(super) fn plots(page: &mut Page, load: &Load, index: usize) {
    if !load.seconds.is_empty() {
        for (name, title) in crate::plot::TITLES {
            let name = crate::plot::file_name(name, index);
            page.line(&format!("![{title}](plots/{name}.svg)"));
        }
    }
}
