//! The ratios to the peer at its best as a plot: horizontal bars on a logarithmic scale, from the line where both take as long.

use super::summary::{BenchSummary, SummaryRow};
use super::tables::ratio_with_bound;
use std::fmt::Write;

/// Widths and heights are in pixels.
const NAMES: f64 = 400.0;
const SCALE: f64 = 420.0;
const FIGURES: f64 = 110.0;
const LINE: f64 = 18.0;
const MARGIN: f64 = 10.0;
/// Above the rows: the title and the scale's numbers.
const HEAD: f64 = 52.0;

const QUICKER: &str = "#2f7f8f";
const SLOWER: &str = "#c46a1b";

/// What is 1 on the scale, and its ends: powers of ten, or 2 where nothing is beyond that.
struct LogScale {
    low: f64,
    high: f64,
}

impl LogScale {
    fn new(rows: &[SummaryRow]) -> LogScale {
        let all = || rows.iter().flat_map(|row| [row.ratios[1].0, row.ratios[1].1].into_iter().chain(row.bar));
        let low = all().fold(0.5, f64::min);
        let high = all().fold(2.0, f64::max);
        let power = |ratio: f64, round: fn(f64) -> f64| 10f64.powf(round(ratio.log10()));
        LogScale {
            low: if low < 0.5 { power(low, f64::floor) } else { 0.5 },
            high: if high > 2.0 { power(high, f64::ceil) } else { 2.0 },
        }
    }

    /// Where a ratio is.
    fn x(&self, ratio: f64) -> f64 {
        NAMES + SCALE * (ratio / self.low).log10() / (self.high / self.low).log10()
    }

    /// The ratios that have a line.
    fn marks(&self) -> Vec<f64> {
        let mut marks = Vec::new();
        for power in -6..=6 {
            let one = 10f64.powi(power);
            marks.extend([1.0, 2.0, 5.0].map(|of| of * one));
        }
        let few = (self.high / self.low).log10() <= 3.0;
        let is_power = |mark: &f64| (mark.log10() - mark.log10().round()).abs() < 1e-9;
        marks.retain(|mark| *mark > self.low * 0.999 && *mark < self.high * 1.001 && (few || is_power(mark)));
        marks
    }
}

/// The plot, an SVG document.
pub(super) fn plot(summary: &BenchSummary) -> String {
    let scale = LogScale::new(&summary.rows);
    let width = NAMES + SCALE + FIGURES + MARGIN;
    let height = HEAD + LINE * lines(summary) as f64 + MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
         <text x=\"{MARGIN}\" y=\"20\">Gusset's time divided by Wasmtime's at its best, with the 95 % bound; to the left of 1 Gusset is quicker</text>\n"
    );
    marks(&mut svg, &scale, height - MARGIN);
    let mut y = HEAD;
    let mut last_group = "";
    for row in &summary.rows {
        if row.group != last_group {
            let at = y + LINE - 5.0;
            writeln!(svg, "<text x=\"{MARGIN}\" y=\"{at}\" font-weight=\"bold\">{}</text>", escaped(&row.group))
                .expect("strings grow");
            last_group = &row.group;
            y += LINE;
        }
        bar(&mut svg, &scale, row, y);
        y += LINE;
    }
    svg + "</svg>\n"
}

/// How many lines the rows and the names of their groups take.
fn lines(summary: &BenchSummary) -> usize {
    let groups = summary.rows.chunk_by(|one, next| one.group == next.group).count();
    summary.rows.len() + groups
}

/// The lines of the scale, with their numbers.
fn marks(svg: &mut String, scale: &LogScale, bottom: f64) {
    for mark in scale.marks() {
        let (x, is_one) = (scale.x(mark), (mark - 1.0).abs() < 1e-9);
        let (colour, width) = if is_one { ("#000000", 1.5) } else { ("#dddddd", 1.0) };
        let (number, below) = (HEAD - 10.0, HEAD - 5.0);
        let name = format!("{mark:.6}");
        let name = name.trim_end_matches('0').trim_end_matches('.');
        writeln!(
            svg,
            "<line x1=\"{x:.1}\" y1=\"{below}\" x2=\"{x:.1}\" y2=\"{bottom}\" stroke=\"{colour}\" stroke-width=\"{width}\"/>\n\
             <text x=\"{x:.1}\" y=\"{number}\" text-anchor=\"middle\">{name}</text>"
        )
        .expect("strings grow");
    }
}

/// A row: its name, its ratio, a thin line to the bound, its figures, and the mark of what is wanted.
fn bar(svg: &mut String, scale: &LogScale, row: &SummaryRow, y: f64) {
    let (ratio, bound) = row.ratios[1];
    let (one, end, bound_end) = (scale.x(1.0), scale.x(ratio), scale.x(bound));
    let (left, width) = (one.min(end), (one - end).abs());
    let colour = if ratio <= 1.0 { QUICKER } else { SLOWER };
    let (text, middle) = (y + LINE - 5.0, y + LINE / 2.0);
    let (name, figures) = (escaped(&row.name), ratio_with_bound((ratio, bound)));
    let (names_end, figures_at) = (NAMES - MARGIN, NAMES + SCALE + MARGIN);
    let (top, high) = (y + 3.0, LINE - 6.0);
    writeln!(
        svg,
        "<text x=\"{names_end}\" y=\"{text}\" text-anchor=\"end\">{name}</text>\n\
         <rect x=\"{left:.1}\" y=\"{top}\" width=\"{width:.1}\" height=\"{high}\" fill=\"{colour}\"/>\n\
         <line x1=\"{end:.1}\" y1=\"{middle}\" x2=\"{bound_end:.1}\" y2=\"{middle}\" stroke=\"#333333\"/>\n\
         <text x=\"{figures_at}\" y=\"{text}\">{figures}</text>"
    )
    .expect("strings grow");
    if let Some(bar) = row.bar {
        let (x, bottom) = (scale.x(bar), y + LINE);
        writeln!(
            svg,
            "<line x1=\"{x:.1}\" y1=\"{y}\" x2=\"{x:.1}\" y2=\"{bottom}\" stroke=\"#b00020\" stroke-width=\"2\"/>"
        )
        .expect("strings grow");
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::super::summary::EXAMPLE;
    use super::*;

    fn example() -> BenchSummary {
        BenchSummary::parse(EXAMPLE).expect("it is a summary")
    }

    #[test]
    fn the_scale_holds_all_ratios_and_one() {
        let mut summary = example().groups(&["scalars", "lists"]);
        let scale = LogScale::new(&summary.rows);
        assert_eq!([scale.low, scale.high], [0.5, 2.0]);
        assert_eq!([scale.x(0.5), scale.x(1.0).round(), scale.x(2.0)], [NAMES, NAMES + SCALE / 2.0, NAMES + SCALE]);
        assert_eq!(scale.marks(), [0.5, 1.0, 2.0]);
        summary.set_bars(&[("lists", 3.0)]);
        assert_eq!(LogScale::new(&summary.rows).high, 10.0);
        assert_eq!(LogScale::new(&example().rows).low, 0.001);
    }

    #[test]
    fn each_row_has_a_bar() {
        let mut summary = example();
        summary.set_bars(&[("lists", 1.5)]);
        let svg = plot(&summary);
        assert_eq!(svg.matches(&format!("fill=\"{QUICKER}\"")).count(), 2);
        assert_eq!(svg.matches(&format!("fill=\"{SLOWER}\"")).count(), 2);
        assert_eq!(svg.matches("#b00020").count(), 1);
        assert_eq!(svg.matches("font-weight=\"bold\"").count(), 3);
        assert!(svg.contains(">list&lt;u8&gt; of 64 B<") && svg.contains(">1.80 (1.83)<") && svg.ends_with("</svg>\n"));
        assert_eq!(svg, plot(&summary));
    }
}
