//! The figures as tables in Markdown.

use super::summary::{BenchSummary, SummaryRow};
use std::fmt::Write;

/// The group whose rows are the hand-linked rows again, on guests of a compiler.
const GUESTS: &str = "guests";

/// All figures of the rows.
pub(super) fn table(summary: &BenchSummary) -> String {
    let mut text = String::from(
        "| | Gusset, ns | Wasmtime: default | inlining on, async support off | ratio to default (95 % bound) | ratio to that (95 % bound) |\n\
         | --- | --- | --- | --- | --- | --- |\n",
    );
    let mut last_group = "";
    for row in &summary.rows {
        if row.group != last_group {
            writeln!(text, "| **{}** | | | | | |", row.group).expect("strings grow");
            last_group = &row.group;
        }
        let [ours, default, best] = row.times.map(time);
        let [to_default, to_best] = row.ratios.map(ratio_with_bound);
        writeln!(text, "| {} | {ours} | {default} | {best} | {to_default} | {to_best} |", escaped(&row.name))
            .expect("strings grow");
    }
    text
}

/// Gusset's times of guests beside those of hand-linked components of the same run, where both are in it.
pub(super) fn beside_hand_linked(all: &BenchSummary, chosen: &BenchSummary) -> Option<String> {
    let hand_linked = |guest: &SummaryRow| all.rows.iter().find(|row| row.group != GUESTS && row.name == guest.name);
    let mut lines = String::new();
    for guest in chosen.rows.iter().filter(|row| row.group == GUESTS) {
        let Some(hand_linked) = hand_linked(guest) else { continue };
        let [ours, theirs] = [guest.times[0], hand_linked.times[0]];
        writeln!(lines, "| {} | {} | {} | {:.2} |", escaped(&guest.name), time(ours), time(theirs), ours / theirs)
            .expect("strings grow");
    }
    let heading = "| | guests of a compiler, ns | hand-linked, ns | ratio of medians |\n| --- | --- | --- | --- |\n";
    (!lines.is_empty()).then(|| format!("{heading}{lines}"))
}

/// A time in nanoseconds with as many digits as mean something.
fn time(ns: f64) -> String {
    match ns {
        ..9.995 => format!("{ns:.2}"),
        ..99.95 => format!("{ns:.1}"),
        _ => with_commas(ns.round() as u64),
    }
}

fn with_commas(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (n, digit) in digits.char_indices() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Small ratios have a digit more.
pub(super) fn ratio_with_bound((ratio, bound): (f64, f64)) -> String {
    let digits = if ratio < 0.0995 { 3 } else { 2 };
    format!("{ratio:.digits$} ({bound:.digits$})")
}

/// A name whose angle brackets Markdown leaves alone.
fn escaped(name: &str) -> String {
    if name.contains('<') { format!("`{name}`") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::summary::EXAMPLE;
    use super::*;

    #[test]
    fn figures_stand_in_tables() {
        let summary = BenchSummary::parse(EXAMPLE).expect("it is a summary");
        let table = table(&summary);
        let lines: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "| **scalars** | | | | | |",
                "| a call | 1.30 | 17.0 | 1.42 | 0.077 (0.080) | 0.89 (0.95) |",
                "| **lists** | | | | | |",
                "| `list<u8> of 64 B` | 21.8 | 58.3 | 12.1 | 0.36 (0.38) | 1.80 (1.83) |",
                "| **guests** | | | | | |",
                "| a call | 1.56 | 18.0 | 1.42 | 0.087 (0.090) | 1.10 (1.20) |",
                "| freed | 12,346 | 18.0 | 1.42 | 0.087 (0.090) | 0.004 (0.005) |",
            ]
        );
    }

    #[test]
    fn guests_stand_beside_hand_linked_rows() {
        let summary = BenchSummary::parse(EXAMPLE).expect("it is a summary");
        let beside = beside_hand_linked(&summary, &summary.groups(&["guests"])).expect("one is in both groups");
        assert_eq!(beside.lines().skip(2).collect::<Vec<_>>(), ["| a call | 1.56 | 1.30 | 1.20 |"]);
        assert_eq!(beside_hand_linked(&summary, &summary.groups(&["lists"])), None);
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([1, 999, 1000, 1_234_567].map(with_commas), ["1", "999", "1,000", "1,234,567"]);
    }
}
