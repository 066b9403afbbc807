//! `cargo xtask canonical-figures SUMMARY`: what the bench `canonical` printed at its end, as tables in Markdown and as a plot. The same summary
//! makes the same bytes.

mod plot;
mod summary;
mod tables;

use anyhow::{Context, Result, bail, ensure};
use std::path::Path;
use summary::BenchSummary;

const USAGE: &str = "usage: cargo xtask canonical-figures SUMMARY [--svg FILE] [--bar PART=RATIO]... [GROUP...]";

/// What is asked for.
#[derive(Debug, Default, PartialEq)]
struct FiguresWanted<'a> {
    summary: &'a str,
    svg: Option<&'a str>,
    /// The rows of which groups; all if none is named.
    groups: Vec<&'a str>,
    /// Rows with such a part in their names have a bar: the ratio to the peer at its best that is wanted. The last one that fits counts.
    bars: Vec<(&'a str, f64)>,
}

/// Runs with the arguments that follow the chore's name. It prints the tables.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let wanted = parse(arguments)?;
    let text = std::fs::read_to_string(wanted.summary).with_context(|| format!("cannot read {}", wanted.summary))?;
    let all = BenchSummary::parse(&text)?;
    let mut chosen = all.groups(&wanted.groups);
    ensure!(!chosen.rows.is_empty(), "there are no such rows in {}", wanted.summary);
    chosen.set_bars(&wanted.bars);
    print!("{}", tables::table(&chosen));
    if let Some(beside) = tables::beside_hand_linked(&all, &chosen) {
        print!("\n{beside}");
    }
    if let Some(svg) = wanted.svg {
        std::fs::write(Path::new(svg), plot::plot(&chosen)).with_context(|| format!("cannot write {svg}"))?;
    }
    Ok(())
}

fn parse<'a>(arguments: &[&'a str]) -> Result<FiguresWanted<'a>> {
    let mut wanted = FiguresWanted::default();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match *argument {
            "--svg" => wanted.svg = Some(arguments.next().context(USAGE)?),
            "--bar" => {
                let (part, ratio) = arguments.next().and_then(|bar| bar.rsplit_once('=')).context(USAGE)?;
                let ratio = ratio.parse().ok().filter(|ratio| *ratio > 0.0);
                wanted.bars.push((part, ratio.with_context(|| format!("the bar of {part} is no ratio"))?));
            }
            option if option.starts_with("--") => bail!(USAGE),
            name if wanted.summary.is_empty() => wanted.summary = name,
            group => wanted.groups.push(group),
        }
    }
    ensure!(!wanted.summary.is_empty(), USAGE);
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments() {
        let wanted =
            parse(&["s.txt", "--bar", "lists=1.5", "lists", "--svg", "p.svg", "strings"]).expect("they are right");
        let expected = FiguresWanted {
            summary: "s.txt",
            svg: Some("p.svg"),
            groups: vec!["lists", "strings"],
            bars: vec![("lists", 1.5)],
        };
        assert_eq!(wanted, expected);
        for wrong in
            [&[][..], &["s.txt", "--svg"], &["s.txt", "--bar", "lists"], &["s.txt", "--bar", "a=0"], &["--other"]]
        {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
