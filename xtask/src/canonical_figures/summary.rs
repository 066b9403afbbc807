//! The summary as the bench prints it: a line for each row, of columns with `|` between them.

use anyhow::{Context, Result, ensure};

/// What a summary's heading begins with after the rows' column.
const HEADING: &str = "gusset ns";

/// The rows of a run.
pub(super) struct BenchSummary {
    pub(super) rows: Vec<SummaryRow>,
}

/// A row's figures.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SummaryRow {
    pub(super) group: String,
    pub(super) name: String,
    /// Gusset's time, the peer's as it comes, and at its best, in nanoseconds.
    pub(super) times: [f64; 3],
    /// Beside the peer as it comes and at its best: the median of the ratios and the upper end of its interval.
    pub(super) ratios: [(f64, f64); 2],
    /// The ratio to the peer at its best that is wanted.
    pub(super) bar: Option<f64>,
}

impl BenchSummary {
    /// Reads what a bench printed. What stands before the heading and after the rows is passed over.
    pub(super) fn parse(text: &str) -> Result<BenchSummary> {
        let mut lines = text.lines().skip_while(|line| !is_heading(line));
        lines.next().context("there is no summary of the bench `canonical`: its heading is missing")?;
        let rows = lines
            .take_while(|line| line.contains(" | "))
            .map(|line| row(line).with_context(|| format!("this is no row: {line}")))
            .collect::<Result<Vec<_>>>()?;
        ensure!(!rows.is_empty(), "the summary has no rows");
        Ok(BenchSummary { rows })
    }

    /// The rows of these groups, or all.
    pub(super) fn groups(&self, groups: &[&str]) -> BenchSummary {
        let is_wanted = |row: &&SummaryRow| groups.is_empty() || groups.contains(&row.group.as_str());
        BenchSummary { rows: self.rows.iter().filter(is_wanted).cloned().collect() }
    }

    /// Gives rows their bars, by parts of their names.
    pub(super) fn set_bars(&mut self, bars: &[(&str, f64)]) {
        for row in &mut self.rows {
            let name = format!("{}: {}", row.group, row.name);
            row.bar = bars.iter().rev().find(|(part, _)| name.contains(part)).map(|(_, bar)| *bar);
        }
    }
}

fn is_heading(line: &str) -> bool {
    line.split(" | ").nth(1) == Some(HEADING)
}

fn row(line: &str) -> Option<SummaryRow> {
    let columns: Vec<&str> = line.split(" | ").map(str::trim).collect();
    let [name, times @ .., to_default, to_best] = columns.as_slice() else { return None };
    let times: Vec<f64> = times.iter().map(|time| time.parse().ok()).collect::<Option<_>>()?;
    let (group, name) = name.split_once(": ")?;
    Some(SummaryRow {
        group: group.into(),
        name: name.into(),
        times: times.try_into().ok()?,
        ratios: [ratio(to_default)?, ratio(to_best)?],
        bar: None,
    })
}

/// `0.077 (0.080)`.
fn ratio(text: &str) -> Option<(f64, f64)> {
    let (ratio, bound) = text.strip_suffix(')')?.split_once(" (")?;
    let positive = |text: &str| text.parse().ok().filter(|ratio: &f64| *ratio > 0.0);
    Some((positive(ratio)?, positive(bound)?))
}

#[cfg(test)]
pub(super) const EXAMPLE: &str = "\
noise | of a run
row                    | gusset ns | default ns | best ns | ratio to default (bound) | ratio to best (bound)
scalars: a call        | 1.30 | 16.97 | 1.42 | 0.077 (0.080) | 0.893 (0.951)
lists: list<u8> of 64 B | 21.80 | 58.29 | 12.14 | 0.360 (0.382) | 1.805 (1.833)
guests: a call         | 1.56 | 17.97 | 1.42 | 0.087 (0.090) | 1.100 (1.200)
guests: freed          | 12345.60 | 17.97 | 1.42 | 0.087 (0.090) | 0.004 (0.005)

the end
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_read() {
        let mut summary = BenchSummary::parse(EXAMPLE).expect("it is a summary");
        assert_eq!(summary.rows.len(), 4);
        summary.set_bars(&[("lists", 1.0), ("64 B", 1.5)]);
        assert_eq!([summary.rows[0].bar, summary.rows[1].bar], [None, Some(1.5)]);
        let expected = SummaryRow {
            group: "lists".into(),
            name: "list<u8> of 64 B".into(),
            times: [21.80, 58.29, 12.14],
            ratios: [(0.360, 0.382), (1.805, 1.833)],
            bar: Some(1.5),
        };
        assert_eq!(summary.rows[1], expected);
        assert_eq!(summary.groups(&["guests"]).rows.len(), 2);
    }

    #[test]
    fn what_is_no_summary_is_refused() {
        let heading = EXAMPLE.lines().nth(1).expect("it has one");
        for text in ["", "a | b", heading, &format!("{heading}\na: b | 1 | 2 | 0.1 (0.2) | 0.1 (0.2)")] {
            assert!(BenchSummary::parse(text).is_err(), "{text}");
        }
    }
}
