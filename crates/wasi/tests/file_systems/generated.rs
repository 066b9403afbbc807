//! Sequences of operations that a seed makes up, on the host's file system and on each of ours: every result and every error is the same,
//! and so is all that is there afterwards. So many sequences, or `GUSSET_SEQUENCES`.

use super::script::Session;
use super::worlds::{World, host, host_overlay, memory, overlay};

const SEQUENCES: u64 = 20;
const LINES: usize = 300;

fn seeds() -> std::ops::Range<u64> {
    0..std::env::var("GUSSET_SEQUENCES").ok().and_then(|text| text.parse().ok()).unwrap_or(SEQUENCES)
}

/// Makes lines up.
struct LineGenerator(u64);

impl LineGenerator {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }

    /// Few names, so that they meet.
    fn path(&mut self) -> String {
        let mut path = self.pick(&["a", "b", "c"]).to_owned();
        for _ in 0..self.pick(&["", "", "-", "-", "--"]).len() {
            path.push_str(self.pick(&["/", "/", "/", "//", "/./"]));
            path.push_str(self.pick(&["a", "b", "c", "a", "b", "c", "..", "."]));
        }
        path.push_str(self.pick(&["", "", "", "", "", "", "", "/"]));
        if self.below(40) == 0 { self.pick(&[".", "..", "../a", "./"]).to_owned() } else { path }
    }

    fn flags(&mut self) -> String {
        let sets = [["r", "w", "rw", "r"], ["", "c", "c", "cx"], ["", "", "t", "d"], ["f", "f", "", "f"]];
        sets.iter().map(|set| self.pick(set)).collect()
    }

    fn handle(&mut self) -> &'static str {
        self.pick(&["h", "i", "j"])
    }

    fn line(&mut self) -> String {
        let line = match self.below(10) {
            0 => return format!("hold {} {} {}", self.handle(), self.flags(), self.path()),
            1 if self.below(4) == 0 => return format!("release {}", self.handle()),
            1 | 2 => format!("@{} {}", self.handle(), self.operation()),
            _ => self.operation(),
        };
        let second = ["mv ", "link ", "link-follow "].iter().any(|name| line.contains(name));
        if second && self.below(3) == 0 { format!("{line} @{}", self.handle()) } else { line }
    }

    fn operation(&mut self) -> String {
        let path = self.path();
        match self.below(29) {
            0..=2 => format!("mkdir {path}"),
            3 | 25 => format!("rmdir {path}"),
            4 | 26 | 27 => format!("rm {path}"),
            5 | 6 => {
                format!("symlink {} {path}", self.pick(&["a", "b", "..", "../a", "b/c", "c/", "./a", "/a", "../../b"]))
            }
            7 => format!("link {path} {}", self.path()),
            8 => format!("link-follow {path} {}", self.path()),
            9..=11 => format!("mv {path} {}", self.path()),
            12 => format!("touch {path} 10,20"),
            13 => format!("touch-link {path} 30,40"),
            14 | 15 => format!("write {path} {}", self.pick(&["x", "hello", "longer-text"])),
            16 => format!("stat {path}"),
            17 => format!("lstat {path}"),
            18 => format!("readlink {path}"),
            19 => format!("open {} {path}", self.flags()),
            20 => format!("read {path}"),
            21 => format!("ls {path}"),
            22 => format!("put {} text", self.offset()),
            23 => "append more".to_owned(),
            24 => format!("size {}", self.offset()),
            _ => format!("allocate {} {}", self.offset(), self.below(3) * 1000),
        }
    }

    fn offset(&mut self) -> u64 {
        let base = [0, 0, 4090, 65_530, 65_536, 200_000][self.below(6) as usize];
        base + self.below(20)
    }
}

/// Whether two errors may stand for one another, where more than one thing is wrong. What would make a file under a name that only a
/// directory can have, the host's file system refuses before it looks at all of the way, ours afterwards; and a file that is to get a second
/// name, the host's looks for last, and ours, as Linux does, first. `a/../.` ends in `.` for Linux and for ours, in `..` for the host's.
fn is_accepted(line: &str, results: [&str; 2]) -> bool {
    let words: Vec<&str> = line.split(' ').filter(|word| !word.starts_with('@')).collect();
    let accepted = match words[..] {
        ["open", flags, path] | ["hold", _, flags, path] => flags.contains('c') && path.ends_with(['/', '.']),
        ["write", path, _] => path.ends_with(['/', '.']),
        ["link" | "link-follow", ..] => true,
        ["rmdir", path] => path.trim_end_matches('/').ends_with("/."),
        _ => false,
    };
    let fails = |result: &&str| !matches!(*result, "ok" | "file" | "directory");
    accepted && results.iter().all(fails)
}

/// Runs lines on both; what differs is told. Ours may refuse to move a directory of an overlay: nothing is moved then.
fn compare(expected: &mut Session, tested: &mut Session, generator: &mut LineGenerator, about: &str) {
    let mut history = Vec::new();
    for _ in 0..LINES {
        let line = generator.line();
        let before = expected.dump();
        let ours = tested.run(&line);
        if ours == "CrossDevice" {
            continue;
        }
        let result = expected.run(&line);
        history.push(format!("{line} = {result}"));
        let context = || format!("{about}\n{}\nbefore:\n{before}", history.join("\n"));
        assert!(result == ours || is_accepted(&line, [&result, &ours]), "{line}: {result}, not {ours}\n{}", context());
        assert_eq!(expected.dump(), tested.dump(), "{line}\n{}", context());
    }
}

#[test]
fn files_in_memory() {
    for seed in seeds() {
        let (oracle, world) = (host(), memory());
        let (mut expected, mut tested) = (Session::new(oracle.root.clone()), Session::new(world.root.clone()));
        compare(&mut expected, &mut tested, &mut LineGenerator(seed), &format!("seed {seed}"));
    }
}

/// What the lower layer holds was made by lines too, without hard links, which the layers do not share.
fn overlays(lower: fn() -> World, over: fn(World) -> World) {
    for seed in seeds() {
        let (oracle, lower) = (host(), lower());
        let (mut expected, mut below) = (Session::new(oracle.root.clone()), Session::new(lower.root.clone()));
        let mut generator = LineGenerator(seed);
        for _ in 0..LINES / 3 {
            let line = generator.operation();
            if !line.starts_with("link") {
                expected.run(&line);
                below.run(&line);
            }
        }
        let frozen = below.dump();
        assert_eq!(expected.dump(), frozen);
        let world = over(lower);
        let mut tested = Session::new(world.root.clone());
        compare(&mut expected, &mut tested, &mut generator, &format!("seed {seed}, over\n{frozen}"));
        assert_eq!(below.dump(), frozen, "the lower layer");
    }
}

#[test]
fn overlays_of_memory() {
    overlays(memory, overlay);
}

#[test]
fn overlays_of_the_host() {
    overlays(host, host_overlay);
}
