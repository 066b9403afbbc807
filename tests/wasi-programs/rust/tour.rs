//! What Rust's standard library has that reaches the system, a command for each part of it:
//! `tour COMMAND [ARGUMENT...]`. What it prints does not depend on the time of day or on a folder's order.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        ["arguments", ..] => show_arguments(),
        ["environment"] => show_environment(),
        ["lines"] => sum_lines(),
        ["files", folder] => files(Path::new(folder)),
        ["tree", folder] => tree(Path::new(folder), 0),
        ["time"] => time(),
        ["threads"] => threads(),
        ["random"] => random(),
        ["panic", message] => panic!("{message}"),
        ["index", at] => index(at),
        ["exit", code] => std::process::exit(code.parse().expect("a code is a number")),
        _ => {
            eprintln!("tour: there is no such command: {arguments:?}");
            return ExitCode::from(64);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tour: {:?}: {error}", error.kind());
            ExitCode::from(2)
        }
    }
}

fn show_arguments() -> io::Result<()> {
    for (at, argument) in std::env::args_os().enumerate() {
        println!("{at} {argument:?}");
    }
    Ok(())
}

fn show_environment() -> io::Result<()> {
    let sorted: BTreeMap<String, String> = std::env::vars().collect();
    for (name, value) in &sorted {
        println!("{name}: {value:?}");
    }
    println!("{} variables; GUSSET_NOT_SET: {:?}", sorted.len(), std::env::var("GUSSET_NOT_SET"));
    Ok(())
}

/// Adds up the numbers of standard input, a line each; what is none is reported and skipped.
fn sum_lines() -> io::Result<()> {
    let (mut sum, mut lines) = (0i64, 0);
    for line in io::stdin().lock().lines() {
        let line = line?;
        lines += 1;
        match line.trim().parse::<i64>() {
            Ok(number) => sum += number,
            Err(error) => eprintln!("line {lines}: {line:?}: {error}"),
        }
    }
    println!("{sum} in {lines} lines");
    Ok(())
}

fn files(folder: &Path) -> io::Result<()> {
    let path = folder.join("made/deep/file.bin");
    fs::create_dir_all(path.parent().expect("it was joined"))?;
    let mut written = BufWriter::new(File::create_new(&path)?);
    for number in 0..50_000u32 {
        written.write_all(&number.to_le_bytes())?;
    }
    written.into_inner()?.sync_all()?;
    println!("{} bytes", fs::metadata(&path)?.len());
    println!("made anew: {:?}", File::create_new(&path).map_err(|error| error.kind()).err());

    let mut file = OpenOptions::new().read(true).write(true).open(&path)?;
    file.seek(SeekFrom::Start(4 * 12_345))?;
    let mut number = [0; 4];
    file.read_exact(&mut number)?;
    println!("at its place: {}, then at {}", u32::from_le_bytes(number), file.stream_position()?);
    file.seek(SeekFrom::End(-2))?;
    println!("past the end: {:?}", file.read_exact(&mut number).map_err(|error| error.kind()).err());
    file.set_len(10)?;
    file.seek(SeekFrom::End(0))?;
    file.write_all(b"end")?;
    println!("{:?}", fs::read(&path)?);
    let copied = fs::copy(&path, folder.join("copy.bin"))?;
    println!("copied {copied} bytes");

    fs::rename(&path, folder.join("moved.bin"))?;
    println!("still there: {}, {}", path.exists(), folder.join("moved.bin").exists());
    let modified = UNIX_EPOCH + Duration::new(1_500_000_000, 123_456_000);
    File::options().write(true).open(folder.join("moved.bin"))?.set_modified(modified)?;
    println!("modified as told: {}", fs::metadata(folder.join("moved.bin"))?.modified()? == modified);
    println!("a folder as a file: {}", fs::read(folder.join("made")).is_err());
    println!("what is missing: {:?}", fs::read(folder.join("missing")).map_err(|error| error.kind()).err());
    println!("up and out: {}", fs::read_dir(folder.join("../../../..")).is_err());
    fs::remove_dir_all(folder.join("made"))?;

    let mut log = OpenOptions::new().append(true).create(true).open(folder.join("log.txt"))?;
    writeln!(log, "first")?;
    log.rewind()?;
    writeln!(log, "second")?;
    let lines: Vec<String> = BufReader::new(File::open(folder.join("log.txt"))?).lines().collect::<Result<_, _>>()?;
    println!("{lines:?}");
    Ok(())
}

fn tree(folder: &Path, depth: usize) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (kind, name) = (entry.file_type()?, entry.file_name());
        print!("{:1$}{name:?} ", "", 2 * depth);
        if kind.is_dir() {
            println!("folder");
            tree(&entry.path(), depth + 1)?;
        } else if kind.is_symlink() {
            println!("-> {:?}", fs::read_link(entry.path())?);
        } else {
            println!("{} bytes", entry.metadata()?.len());
        }
    }
    Ok(())
}

fn time() -> io::Result<()> {
    let (start, wall) = (Instant::now(), SystemTime::now());
    std::thread::sleep(Duration::from_millis(20));
    let slept = start.elapsed();
    println!("slept: {}", slept >= Duration::from_millis(20) && slept < Duration::from_secs(10));
    println!("the wall's clock moved: {}", wall.elapsed().is_ok_and(|passed| passed >= Duration::from_millis(15)));
    let since = wall.duration_since(UNIX_EPOCH).expect("it is later than 1970");
    println!("a date of this century: {}", since > Duration::from_secs(946_684_800));
    let readings: Vec<Instant> = (0..1000).map(|_| Instant::now()).collect();
    println!("never back: {}", readings.is_sorted());
    Ok(())
}

fn threads() -> io::Result<()> {
    match std::thread::Builder::new().spawn(|| println!("in a thread")) {
        Ok(handle) => println!("joined: {}", handle.join().is_ok()),
        Err(error) => println!("refused: {:?}", error.kind()),
    }
    println!("at once: {:?}", std::thread::available_parallelism().map(usize::from).ok());
    println!("processes: {:?}", std::process::Command::new("true").status().map_err(|error| error.kind()).err());
    Ok(())
}

/// The hasher's keys are the library's own use of random numbers; two maps iterate alike by chance of one in 10^300.
fn random() -> io::Result<()> {
    use std::hash::{BuildHasher, RandomState};
    let hashes: Vec<u64> = (0..4).map(|_| RandomState::new().hash_one("the same")).collect();
    println!("all alike: {}", hashes.iter().all(|hash| *hash == hashes[0]));
    Ok(())
}

fn index(at: &str) -> io::Result<()> {
    let values = [1, 2, 3];
    println!("{}", values[at.parse::<usize>().map_err(io::Error::other)?]);
    Ok(())
}
