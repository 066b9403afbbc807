//! Measuring two engines side by side: interleaved rounds, medians, and the ratio with a bound.
//!
//! A machine's speed drifts, so single figures mean little: each round times every contender once, and what is compared is the
//! ratio within a round.

pub mod canonical;
pub mod compilations;
pub mod instances;
pub mod shapes;
pub mod stand_ins;

use std::time::Duration;

/// One of the things that are compared: a name and a function that runs the kernel once.
pub struct Contender<'a> {
    /// For the table.
    pub name: String,
    /// Runs the kernel once and returns how long that took.
    pub run: Box<dyn FnMut() -> Duration + 'a>,
}

/// The figures of one contender.
pub struct Row {
    /// For the table.
    pub name: String,
    /// Median time of one operation, in nanoseconds.
    pub median_ns: f64,
    /// Median, over the rounds, of the first contender's time divided by this one's.
    pub ratio: f64,
    /// The upper end of the ratio's 95 % interval (order statistics of the median).
    pub ratio_bound: f64,
}

/// Runs every contender `rounds` times, in turn, after one warm-up round. `operations` is what one run counts as.
pub fn measure(contenders: &mut [Contender<'_>], rounds: usize, operations: u64) -> Vec<Row> {
    let mut times: Vec<Vec<f64>> = vec![Vec::with_capacity(rounds); contenders.len()];
    for round in 0..=rounds {
        for (contender, times) in contenders.iter_mut().zip(&mut times) {
            let time = (contender.run)().as_secs_f64() * 1e9 / operations as f64;
            if round > 0 {
                times.push(time);
            }
        }
    }
    let first = times[0].clone();
    contenders
        .iter()
        .zip(&times)
        .map(|(contender, times)| {
            let ratios: Vec<f64> = first.iter().zip(times).map(|(first, time)| first / time).collect();
            Row {
                name: contender.name.clone(),
                median_ns: median(times),
                ratio: median(&ratios),
                ratio_bound: median_upper_bound(&ratios),
            }
        })
        .collect()
}

/// The median.
pub fn median(values: &[f64]) -> f64 {
    let sorted = sorted(values);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}

/// The upper end of a 95 % interval for the median: the order statistic `n/2 + 1.96 * sqrt(n) / 2`, rounded up.
pub fn median_upper_bound(values: &[f64]) -> f64 {
    let sorted = sorted(values);
    let n = sorted.len() as f64;
    let at = (n / 2.0 + 0.98 * n.sqrt()).ceil() as usize;
    sorted[at.min(sorted.len() - 1)]
}

/// The smallest value that so large a part of the values (0 to 1) does not exceed.
pub fn percentile(values: &[f64], part: f64) -> f64 {
    let sorted = sorted(values);
    let at = (part * sorted.len() as f64).ceil() as usize;
    sorted[at.saturating_sub(1).min(sorted.len() - 1)]
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// Prints a table of `rows`; ratios are of the first row to each.
pub fn print(title: &str, rows: &[Row]) {
    println!("\n{title}");
    println!("{:44} {:>10} {:>22} {:>12}", "", "median ns", format!("{} / this", rows[0].name), "95% bound");
    for row in rows {
        println!("{:44} {:>10.3} {:>22.3} {:>12.3}", row.name, row.median_ns, row.ratio, row.ratio_bound);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_bounds() {
        let values: Vec<f64> = (1..=31).map(f64::from).collect();
        assert_eq!(median(&values), 16.0);
        assert_eq!(median_upper_bound(&values), 22.0);
        assert_eq!(median(&[1.0, 2.0]), 1.5);
        let values: Vec<f64> = (1..=1000).map(f64::from).collect();
        assert_eq!([0.0, 0.5, 0.999, 1.0].map(|part| percentile(&values, part)), [1.0, 500.0, 999.0, 1000.0]);
    }
}
