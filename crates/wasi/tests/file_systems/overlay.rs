//! What only overlays have: two layers, of which one stays as it is.

use super::script::Session;
use gusset_wasi::{
    Descriptor, Directory, DirectoryEntries, ErrorCode, File, MemoryDirectory, MemoryFileSystem, Metadata, OpenOptions,
    Overlay, Pollable, RelativePath, VirtualClock, WasiResult,
};
use std::any::Any;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

struct Layers {
    upper: MemoryFileSystem,
    lower: MemoryFileSystem,
    overlay: Overlay,
    session: Session,
}

/// `d/x`, `d/sub/y` and `top` below, nothing above.
fn layers() -> Layers {
    let clock = VirtualClock::new(Duration::from_secs(1000), Duration::ZERO);
    let lower = MemoryFileSystem::builder().clock(clock).build();
    lower.create_directory_all("d/sub").expect("it is made");
    for (path, text) in [("d/x", "lower"), ("d/sub/y", "deep"), ("top", "first")] {
        lower.write(path, text).expect("it is written");
    }
    over(lower, MemoryFileSystem::new())
}

fn over(lower: MemoryFileSystem, upper: MemoryFileSystem) -> Layers {
    let overlay = Overlay::new(upper.root(), lower.root());
    let session = Session::new(Arc::new(overlay.clone()));
    Layers { upper, lower, overlay, session }
}

impl Layers {
    #[track_caller]
    fn check(&mut self, script: &str) {
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (line, expected) = line.split_once(" = ").expect("an expectation");
            assert_eq!(self.session.run(line), expected, "{line}");
        }
    }

    fn metadata(&self, path: &str) -> Metadata {
        self.overlay.metadata(RelativePath::new(path).expect("a path"), false).expect("metadata")
    }

    fn upper_has(&self, path: &str) -> bool {
        self.upper.root().metadata(RelativePath::new(path).expect("a path"), false).is_ok()
    }
}

#[test]
fn what_is_read_is_not_copied() {
    let mut layers = layers();
    let empty = layers.upper.used();
    layers.check(
        "
        ls = d/ top
        ls d = sub/ x
        read d/x = lower
        read d/sub/y = deep
        open rc d/x = file
        stat d/x = file size=5 links=1
        ",
    );
    assert_eq!(layers.upper.used(), empty);
}

#[test]
fn what_is_written_is_copied_first() {
    let mut layers = layers();
    let (before, directory) = (layers.metadata("d/x"), layers.metadata("d"));
    layers.check("open w d/x = file");
    let copied = layers.metadata("d/x");
    assert_eq!((copied.device, copied.inode, copied.modified), (before.device, before.inode, before.modified));
    assert_eq!(layers.upper.read("d/x").expect("it was copied"), b"lower");
    layers.check(
        "
        hold f rw d/x = file
        @f append ! = 1 6
        read d/x = lower!
        ls d = sub/ x
        ls = d/ top
        ",
    );
    let after = layers.metadata("d");
    assert_eq!((after.device, after.inode), (directory.device, directory.inode));
    assert_eq!(layers.lower.read("d/x").expect("it is there"), b"lower");
    assert!(!layers.upper_has("d/sub") && !layers.upper_has("top"));
    let listed: Vec<u64> = ["d/x", "d/sub"].iter().map(|path| layers.metadata(path).inode).collect();
    let mut entries: Vec<_> = directory_entries(&layers.overlay, "d");
    entries.sort();
    assert_eq!(entries, [("sub".to_owned(), listed[1]), ("x".to_owned(), listed[0])]);
}

fn directory_entries(overlay: &Overlay, path: &str) -> Vec<(String, u64)> {
    let options = OpenOptions { directory: true, ..OpenOptions::default() };
    let opened = overlay.open(RelativePath::new(path).expect("a path"), options).expect("it opens");
    let Descriptor::Directory(directory) = opened else { panic!("{path} is no directory") };
    let entries = directory.entries().expect("it lists");
    entries.map(|entry| entry.map(|entry| (entry.name, entry.inode)).expect("an entry")).collect()
}

#[test]
fn who_reads_sees_what_others_write() {
    let mut layers = layers();
    layers.check(
        "
        hold r r d/x = file
        @r read = lower
        hold w w d/x = file
        @w put 0 L = ok
        @r read = Lower
        rm d/x = ok
        @w append ! = 1 6
        @r read = Lower!
        @r stat = file size=6 links=0
        hold t r top = file
        rm top = ok
        @t stat = file size=5 links=0
        @t read = first
        ",
    );
}

#[test]
fn what_is_truncated_is_not_copied() {
    let mut layers = layers();
    layers.check(
        "
        write top x = ok
        read top = x
        ",
    );
    assert_eq!(layers.lower.read("top").expect("it is there"), b"first");
}

#[test]
fn what_is_removed_is_hidden() {
    let mut layers = layers();
    layers.check(
        "
        rm d/x = ok
        stat d/x = NoEntry
        ls d = sub/
        rmdir d = NotEmpty
        rm d/sub/y = ok
        rmdir d/sub = ok
        ",
    );
    assert_eq!(layers.overlay.hidden(), ["d/sub", "d/x"]);
    layers.check(
        "
        hold d rd d = directory
        rmdir d = ok
        @d mkdir new = NoEntry
        @d ls = NoEntry
        ls = top
        mkdir d = ok
        @d mkdir new = NoEntry
        ls d = empty
        write d/z new = ok
        ls d = z
        ",
    );
    assert_eq!(layers.overlay.hidden(), ["d"]);
    assert_eq!(layers.lower.read("d/sub/y").expect("it is there"), b"deep");

    // Another time.
    let mut again = over(layers.lower, layers.upper);
    again.check("ls d = sub/ x z");
    for path in layers.overlay.hidden() {
        again.overlay.hide(&path).expect("a path");
    }
    again.check("ls d = z");
    assert_eq!(again.overlay.hide("a/../b"), Err(ErrorCode::Invalid));
    assert_eq!(again.overlay.hide("."), Err(ErrorCode::Invalid));
}

#[test]
fn files_are_moved_and_linked() {
    let mut layers = layers();
    let before = layers.metadata("d/x");
    layers.check(
        "
        mv d/x z = ok
        ls d = sub/
        read z = lower
        link z d/w = ok
        link top d/t = ok
        read d/t = first
        mv z top = ok
        read top = lower
        ls = d/ top
        ls d = sub/ t w
        rm top = ok
        ls = d/
        ",
    );
    let after = layers.metadata("d/w");
    assert_eq!((after.device, after.inode), (before.device, before.inode));
}

#[test]
fn directories_of_the_lower_layer_stay_where_they_are() {
    let mut layers = layers();
    layers.check(
        "
        mv d e = CrossDevice
        mv d/sub e = CrossDevice
        mkdir new = ok
        write new/a b = ok
        mv new d/moved = ok
        read d/moved/a = b
        mv d/moved d/sub = NotEmpty
        rm d/sub/y = ok
        mv d/moved d/sub = ok
        ls d/sub = a
        mv d/sub again = ok
        ls d = x
        ",
    );
    layers.check("stat d/sub = NoEntry");
}

#[test]
fn two_overlays_are_two_devices() {
    let (mut one, other) = (layers(), layers());
    let moved = one.overlay.rename(
        RelativePath::new("top").expect("a path"),
        &other.overlay,
        RelativePath::new("top").expect("a path"),
    );
    assert_eq!(moved.expect_err("two overlays").code(), Some(ErrorCode::CrossDevice));
    one.check("read top = first");
}

#[test]
fn a_copy_that_does_not_fit_leaves_all_as_it_was() {
    let lower = MemoryFileSystem::new();
    lower.write("large", vec![1; 3_000_000]).expect("it fits");
    let mut layers = over(lower, MemoryFileSystem::builder().capacity_limit(1 << 20).build());
    let empty = layers.upper.used();
    layers.check(
        "
        open w large = InsufficientSpace
        stat large = file size=3000000 links=1
        touch large 1,1 = InsufficientSpace
        ls = large
        ",
    );
    assert_eq!(layers.upper.used(), empty);
    layers.check("write large small = ok");
}

#[test]
fn a_file_with_several_names_becomes_another_one() {
    let lower = MemoryFileSystem::new();
    lower.write("x", "one").expect("it is written");
    let path = |path| RelativePath::new(path).expect("a path");
    lower.root().link(path("x"), false, &lower.root(), path("y")).expect("it is linked");
    let mut layers = over(lower, MemoryFileSystem::new());
    layers.check(
        "
        same x y = true
        write x two = ok
        read y = one
        same x y = false
        ",
    );
}

#[test]
fn a_hole_is_copied_as_one_and_not_beyond_measure() {
    let lower = MemoryFileSystem::new();
    let mut session = Session::new(Arc::new(lower.root()));
    for (name, size) in [("large", 100_000_000), ("larger", 1_u64 << 62)] {
        assert_eq!(session.run(&format!("hold {name} rwc {name}")), "file");
        assert_eq!(session.run(&format!("@{name} size {size}")), "ok");
        assert_eq!(session.run(&format!("@{name} put 50 text")), "ok");
    }
    let mut layers = over(lower, MemoryFileSystem::builder().capacity_limit(1 << 20).build());
    layers.check(
        "
        open w large = file
        stat large = file size=100000000 links=1
        open w larger = FileTooLarge
        open wt larger = file
        stat larger = file size=0 links=1
        ",
    );
}

#[test]
fn a_listing_stays_in_order_whatever_is_copied_meanwhile() {
    let (lower, upper) = (MemoryFileSystem::new(), MemoryFileSystem::new());
    lower.create_directory_all("both").expect("it is made");
    upper.create_directory_all("both").expect("it is made");
    for name in 0..9 {
        lower.write(&format!("low{name}"), "").expect("it is written");
        upper.write(&format!("up{name}"), "").expect("it is written");
    }
    let mut layers = over(lower, upper);
    let before: Vec<(String, u64)> = directory_entries(&layers.overlay, ".");
    let names: Vec<&str> = before.iter().map(|(name, _)| &**name).collect();
    assert_eq!((names.len(), names[0], names[1], names[10]), (19, "both", "low0", "up0"));
    // Each comes once and at its place, though what has been told is copied, and what comes is too.
    let mut listing = layers.overlay.entries().expect("a listing");
    let mut listed = Vec::new();
    for at in 0.. {
        for name in [at, at + 3] {
            if name < 9 {
                layers.check(&format!("open wf low{name} = file"));
            }
        }
        let Some(entry) = listing.next() else { break };
        let entry = entry.expect("an entry");
        listed.push((entry.name, entry.inode));
    }
    assert_eq!(listed, before);
    assert!(layers.upper_has("low8"), "they were copied");
    assert_eq!(directory_entries(&layers.overlay, "."), before);
    // What is removed or replaced before its turn is not told as what it was.
    let mut listing = layers.overlay.entries().expect("a listing");
    assert_eq!(listing.next().expect("one").expect("an entry").name, "both");
    let moved = layers.metadata("up2").inode;
    layers.check(
        "
        rm low1 = ok
        mv up2 low2 = ok
        write new text = ok
        ",
    );
    let rest: Vec<(String, u64)> =
        listing.map(|entry| entry.map(|it| (it.name, it.inode)).expect("an entry")).collect();
    assert!(rest.contains(&("low2".to_owned(), moved)));
    let rest: Vec<&str> = rest.iter().map(|(name, _)| &**name).collect();
    assert_eq!(rest[..3], ["low0", "low2", "low3"]);
    assert_eq!(rest[8..], ["new", "up0", "up1", "up3", "up4", "up5", "up6", "up7", "up8"]);
}

/// A directory whose file `slow` is read when the gate is open, and says when somebody tries.
struct SlowDirectory {
    files: MemoryDirectory,
    gate: Arc<SlowGate>,
}

struct SlowGate {
    tried: Sender<()>,
    /// Read from when it opens.
    open: Mutex<Receiver<()>>,
}

struct SlowFile(Arc<dyn File>, Arc<SlowGate>);

impl Directory for SlowDirectory {
    fn open(&self, path: RelativePath<'_>, options: OpenOptions) -> WasiResult<Descriptor> {
        Ok(match self.files.open(path, options)? {
            Descriptor::File(file) if path.as_str() == "slow" => {
                Descriptor::File(Arc::new(SlowFile(file, self.gate.clone())))
            }
            other => other,
        })
    }

    fn metadata(&self, path: RelativePath<'_>, follow: bool) -> WasiResult<Metadata> {
        self.files.metadata(path, follow)
    }

    fn entries(&self) -> WasiResult<DirectoryEntries> {
        self.files.entries()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Pollable for SlowFile {}

impl File for SlowFile {
    fn metadata(&self) -> WasiResult<Metadata> {
        self.0.metadata()
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> WasiResult<usize> {
        let _ = self.1.tried.send(());
        // Once its other end is gone it is open for good.
        let _ = self.1.open.lock().expect("nobody panics").recv();
        self.0.read_at(bytes, offset)
    }
}

#[test]
fn who_changes_other_files_does_not_wait_for_a_copy() {
    for (ending, expected) in [("rm slow", "other"), ("mv slow moved", "moved other"), ("mv other slow", "slow")] {
        let files = MemoryFileSystem::new();
        files.write("slow", "text").expect("it is written");
        files.write("other", "text").expect("it is written");
        let ((tried, was_tried), (gate, open)) = (channel(), channel());
        let gate_of_files = Arc::new(SlowGate { tried, open: Mutex::new(open) });
        let upper = MemoryFileSystem::new();
        let overlay = Overlay::new(upper.root(), SlowDirectory { files: files.root(), gate: gate_of_files });
        let session = || Session::new(Arc::new(overlay.clone()));
        let run_later = |line: &'static str| {
            let (mut session, (done, result)) = (session(), channel());
            std::thread::spawn(move || done.send(session.run(line)));
            result
        };
        let soon = Duration::from_secs(20);
        let copied = run_later("open wf slow");
        was_tried.recv_timeout(soon).expect("it is being copied");
        // All others go on; a half copy is not seen.
        for (line, expected) in [
            ("mkdir d", "ok"),
            ("write d/new text", "ok"),
            ("open wf other", "file"),
            ("mv d/new new", "ok"),
            ("rm new", "ok"),
            ("rmdir d", "ok"),
            ("stat slow", "file size=4 links=1"),
            ("mkdir slow", "Exist"),
            ("ls", "other slow"),
        ] {
            assert_eq!(run_later(line).recv_timeout(soon).as_deref(), Ok(expected), "{line}");
        }
        // Who changes the same file comes after.
        let ended = run_later(ending);
        assert!(ended.recv_timeout(Duration::from_millis(20)).is_err() && copied.try_recv().is_err(), "{ending}");
        drop(gate);
        assert_eq!(copied.recv_timeout(soon).as_deref(), Ok("file"));
        assert_eq!(ended.recv_timeout(soon).as_deref(), Ok("ok"), "{ending}");
        assert_eq!(session().run("ls"), expected, "{ending}");
        assert_eq!(session().run(&format!("read {}", expected.split(' ').next().unwrap_or_default())), "text");
    }
}
