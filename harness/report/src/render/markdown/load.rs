//! The load, phase by phase.

use super::SHOWN;
use super::page::{Page, escape};
use crate::render::load_told;
use crate::summary::Load;
use crate::text::{count, micros, plain, three_digits};

/// What one attack came to, the plots left out.
pub(in crate::render) fn load_section(page: &mut Page, load: &Load) {
    page.line("## Under load");
    for why in &load.invalid {
        page.line(&format!("**Invalid measurement:** {}", escape(why)));
    }
    let answers = escape(&load_told::answers(load));
    let bold = load.correctness.wrong() > 0;
    page.line(&if bold { format!("**{answers}**") } else { answers });
    checks(page, load);
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
    let fleet = load.fleet.as_ref().map(load_told::fleet).unwrap_or_default();
    let told: Vec<String> = load_told::movements(load).into_iter().chain(fleet).collect();
    if !told.is_empty() {
        page.list(told.iter().map(|sentence| format!("- {}", escape(sentence))));
    }
    assumptions(page, load);
    for wrong in load.wrong.iter().take(SHOWN) {
        page.line(&format!("✕ **{}** {}", escape(&wrong.class), escape(&wrong.what)));
        if !wrong.repeat.is_empty() {
            page.fence(&wrong.repeat);
        }
    }
}

/// What must hold for the measurement to be valid.
fn checks(page: &mut Page, load: &Load) {
    if load.checks.is_empty() {
        return;
    }
    let mut rows = vec![
        "| validity check | seen | limit | result | at fault, and what to do |".to_owned(),
        "|---|---|---|---|---|".to_owned(),
    ];
    rows.extend(load.checks.iter().map(|check| {
        format!(
            "| {} | {} | {} | {} {} | {} |",
            escape(&check.check),
            escape(&check.value),
            escape(&check.limit),
            load_told::standing(check).0,
            check.standing.as_str(),
            escape(&load_told::advice(check)),
        )
    }));
    page.list(rows);
}

/// What the fleet's life follows.
fn assumptions(page: &mut Page, load: &Load) {
    let assumptions = load.fleet.as_ref().map_or(&[][..], |fleet| &fleet.assumptions);
    if assumptions.is_empty() {
        return;
    }
    let mut rows = vec![
        "| number of the fleet | value | basis | source |".to_owned(),
        "|---|---|---|---|".to_owned(),
    ];
    rows.extend(assumptions.iter().take(SHOWN).map(|one| {
        format!(
            "| {} | {} | {} | {} |",
            escape(&one.name),
            escape(&one.value),
            one.basis.as_str(),
            escape(&one.source)
        )
    }));
    page.list(rows);
    if assumptions.len() > SHOWN {
        page.line(&format!("… and {} more.", count((assumptions.len() - SHOWN) as u64)));
    }
}

/// The plots of one attack, which lie beside the page.
pub(super) fn plots(page: &mut Page, load: &Load, index: usize) {
    if !load.seconds.is_empty() {
        for (name, title) in crate::plot::titles(load) {
            let name = crate::plot::file_name(name, index);
            page.line(&format!("![{title}](plots/{name}.svg)"));
        }
        let absent = crate::plot::absent(load);
        if !absent.is_empty() {
            page.line("Not drawn:");
            page.list(absent.iter().map(|(title, why)| format!("- {title}: {}.", escape(why))));
        }
    }
}
