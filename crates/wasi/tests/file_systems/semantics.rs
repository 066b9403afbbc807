//! What operations mean, on each file system that can be written. The expectations are Linux's.

use super::script::Session;
use super::worlds::{World, readable, writable};

/// Lines, each with what it gives: `mkdir a = ok`.
#[track_caller]
fn everywhere(script: &str) {
    check(writable(), script);
}

#[track_caller]
fn check(worlds: Vec<World>, script: &str) {
    for world in worlds {
        let mut session = Session::new(world.root.clone());
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (line, expected) = line.split_once(" = ").unwrap_or_else(|| panic!("{line}: no expectation"));
            assert_eq!(session.run(line), expected, "{}: {line}\n{}", world.name, session.dump());
        }
    }
}

#[test]
fn directories_are_made_and_removed() {
    everywhere(
        "
        mkdir a = ok
        mkdir a = Exist
        mkdir a/b/ = ok
        mkdir missing/b = NoEntry
        mkdir . = Exist
        write a/file x = ok
        mkdir a/file = Exist
        mkdir a/file/x = NotDirectory
        rmdir a = NotEmpty
        rmdir a/file = NotDirectory
        rmdir missing = NoEntry
        rm a/b = IsDirectory
        rmdir a/b = ok
        stat a/b = NoEntry
        ls a = file
        rm a/file = ok
        rmdir a/ = ok
        ls = empty
        ",
    );
}

#[test]
fn files_are_opened() {
    everywhere(
        "
        open r x = NoEntry
        open rwc x = file
        open rwcx x = Exist
        open rd x = NotDirectory
        open r x/y = NotDirectory
        open r x/ = NotDirectory
        write x hello = ok
        read x = hello
        stat x = file size=5 links=1
        open wt x = file
        read x = empty
        mkdir d = ok
        open r d = directory
        open rd d = directory
        open rd d/ = directory
        open w d = IsDirectory
        open rc d = IsDirectory
        open rcx d = Exist
        open rcd new = Invalid
        open r . = directory
        open rwc missing/x = NoEntry
        open rwc d/../y = file
        open rwc new/ = IsDirectory
        open r .. = NotPermitted
        open r d/../../x = NotPermitted
        open rwc ../x = NotPermitted
        ls = d/ x y
        ",
    );
}

#[test]
fn what_is_written_is_read() {
    everywhere(
        "
        hold f rwc x = file
        @f put 0 hello = ok
        @f put 8 there = ok
        @f read = hello000there
        @f put 1 ipp = ok
        @f append ! = 1 14
        @f read = hippo000there!
        @f size 3 = ok
        @f read = hip
        @f size 6 = ok
        @f read = hip000
        @f allocate 4 6 = ok
        @f stat = file size=10 links=1
        @f allocate 0 2 = ok
        @f stat = file size=10 links=1
        @f sync = ok
        hold g r x = file
        @g read = hip0000000
        @g put 0 x = BadDescriptor
        @g append x = BadDescriptor
        hold h w x = file
        @h read = BadDescriptor
        @h put 0 X = ok
        @g read = Xip0000000
        ",
    );
}

#[test]
fn symbolic_links_are_followed_where_they_should_be() {
    everywhere(
        "
        mkdir d = ok
        write d/x hello = ok
        symlink d/x l = ok
        symlink d/x l = Exist
        symlink d/x missing/l = NoEntry
        symlink anything d/x/l = NotDirectory
        readlink l = d/x
        readlink d/x = Invalid
        readlink d = Invalid
        readlink missing = NoEntry
        lstat l = link size=3
        stat l = file size=5 links=1
        open r l = Loop
        open rf l = file
        open rwcf l = file
        open rwcx l = Exist
        open rwcxf l = Exist
        read l = hello
        symlink ../x d/up = ok
        open rf d/up = NoEntry
        open rwcf d/up = file
        ls = d/ l@ x
        symlink . d/here = ok
        read d/here/here/x = hello
        symlink d dl = ok
        read dl/x = hello
        open rf dl/ = directory
        open rdf dl = directory
        stat dl/ = directory
        lstat dl/ = directory
        lstat dl = link size=1
        symlink loop loop = ok
        stat loop = Loop
        lstat loop = link size=4
        open rf loop = Loop
        symlink .. out = ok
        stat out = NotPermitted
        open rf out/x = NotPermitted
        lstat out = link size=2
        symlink /etc absolute = NotPermitted
        rm l = ok
        read d/x = hello
        rmdir dl = NotDirectory
        rm dl = ok
        ls = d/ loop@ out@ x
        ",
    );
}

#[test]
fn hard_links_are_one_file() {
    everywhere(
        "
        mkdir d = ok
        write x one = ok
        link x d/y = ok
        same x d/y = true
        stat x = file size=3 links=2
        write d/y four = ok
        read x = four
        link x d/y = Exist
        link x d = Exist
        link missing z = NoEntry
        link d dd = NotPermitted
        link x missing/z = NoEntry
        rm x = ok
        stat d/y = file size=4 links=1
        symlink d/y l = ok
        link l m = ok
        lstat m = link size=3
        link-follow l n = ok
        same n d/y = true
        stat n = file size=4 links=2
        ",
    );
}

#[test]
fn things_are_moved() {
    everywhere(
        "
        mkdir a = ok
        mkdir b = ok
        write a/x one = ok
        write b/y two = ok
        mv a/x b/z = ok
        ls a = empty
        ls b = y z
        read b/z = one
        mv b/z b/y = ok
        read b/y = one
        ls b = y
        mv missing x = NoEntry
        mv b/y missing/y = NoEntry
        mv b/y b/y = ok
        mv b/y a = IsDirectory
        mv a b/y = NotDirectory
        mv b a = ok
        ls = a/
        ls a = y
        mkdir b = ok
        mv b a = NotEmpty
        mv a a/inside = Invalid
        mv a b/a = ok
        mv b/a b/a/a = Invalid
        mkdir b/a/c = ok
        mv b/a/c b = NotEmpty
        mv b/a/c b/a = NotEmpty
        mv b/a/c/ c/ = ok
        ls = b/ c/
        ls b/a = y
        mv b/a/y y/ = NotDirectory
        mv b/a/y/ y = NotDirectory
        mv . d = Busy
        mv c . = Busy
        ",
    );
}

#[test]
fn moving_one_name_of_a_file_onto_another_does_nothing() {
    everywhere(
        "
        write x one = ok
        link x y = ok
        mv x y = ok
        ls = x y
        stat x = file size=3 links=2
        symlink x l = ok
        mv l x = ok
        ls = x@ y
        stat y = file size=3 links=1
        ",
    );
}

#[test]
fn open_files_outlive_their_names() {
    everywhere(
        "
        hold f rwc x = file
        @f put 0 hello = ok
        rm x = ok
        @f stat = file size=5 links=0
        @f read = hello
        @f append ! = 1 6
        write x other = ok
        @f read = hello!
        write y new = ok
        mv y x = ok
        @f read = hello!
        ",
    );
}

#[test]
fn removed_directories_take_nothing() {
    everywhere(
        "
        mkdir d = ok
        hold d rd d = directory
        @d mkdir sub = ok
        ls d = sub/
        rmdir d/sub = ok
        rmdir d = ok
        @d mkdir sub = NoEntry
        @d write x y = NoEntry
        @d symlink x y = NoEntry
        @d ls = NoEntry
        @d stat . = directory
        mkdir e = ok
        mkdir e2 = ok
        hold e rd e = directory
        mv e2 e = ok
        @e mkdir sub = NoEntry
        write x y = ok
        @e write z y = NoEntry
        mv x x2 @e = NoEntry
        link x x2 @e = NoEntry
        ls = e/ x
        ",
    );
}

#[test]
fn directories_are_held_while_they_move() {
    everywhere(
        "
        mkdir a = ok
        mkdir b = ok
        hold a rd a = directory
        mv a b/c = ok
        @a write x hello = ok
        read b/c/x = hello
        @a open r .. = NotPermitted
        @a open r ../x = NotPermitted
        mv b/c/x y @a = ok
        @a ls = y
        ",
    );
}

#[test]
fn times_are_set() {
    everywhere(
        "
        write x y = ok
        symlink x l = ok
        touch x 1000,2000 = ok
        modified x = accessed=1000 modified=2000
        touch l ,3000 = ok
        modified x = accessed=1000 modified=3000
        touch-link l 5,6 = ok
        modified l = accessed=5 modified=6
        modified x = accessed=1000 modified=3000
        touch missing 1,1 = NoEntry
        ",
    );
}

#[test]
fn paths_that_are_too_long() {
    let (name, long_name) = ("n".repeat(255), "n".repeat(256));
    let path = |slashes: usize| format!("d{}x", "/".repeat(slashes));
    everywhere(&format!(
        "
        mkdir d = ok
        write {name} x = ok
        read {name} = x
        write {long_name} x = NameTooLong
        write {0} x = ok
        read d/x = x
        stat {1} = NameTooLong
        symlink {long_name} l = ok
        stat l = NameTooLong
        ",
        path(4000),
        path(4095)
    ));
}

/// `d/x` and `hard` are one file; `l` leads to it, `dl` to `d`, `d/up` to `l`.
#[test]
fn what_can_only_be_read() {
    check(
        readable(),
        "
        ls = d/ dangling@ dl@ hard l@ loop@ out@
        ls d = sub/ up@ x
        ls d/sub = y
        read d/x = hello
        read hard = hello
        same hard d/x = true
        same l d/x = false
        stat d/x = file size=5 links=2
        stat d/sub/y = file size=4 links=1
        read l = hello
        read dl/x = hello
        read d/up = hello
        read dl/sub/../up = hello
        readlink d/up = ../l
        readlink d/x = Invalid
        lstat l = link size=3
        stat l = file size=5 links=2
        stat loop = Loop
        stat out = NotPermitted
        stat dangling = NoEntry
        stat d/gone = NoEntry
        stat d/x/y = NotDirectory
        stat d/x/ = NotDirectory
        open r l = Loop
        open rd d/x = NotDirectory
        open r .. = NotPermitted
        open rd dl = NotDirectory
        open rdf dl = directory
        ls dl/ = sub/ up@ x
        hold f r d/sub/y = file
        @f read = deep
        @f put 0 x = BadDescriptor
        @f append x = BadDescriptor
        @f size 0 = BadDescriptor
        @f allocate 0 1 = BadDescriptor
        hold d rd d = directory
        @d read x = hello
        @d read up = NotPermitted
        @d write x y = ReadOnly
        @d mkdir z = ReadOnly
        ",
    );
}

#[test]
fn what_can_only_be_read_is_not_changed() {
    check(
        readable(),
        "
        write d/x other = ReadOnly
        write l other = ReadOnly
        write new x = ReadOnly
        write dangling x = ReadOnly
        write gone/x y = NoEntry
        write d/x/y z = NotDirectory
        write d y = IsDirectory
        open w d/x = ReadOnly
        open rt d/x = ReadOnly
        open rc d/x = file
        open rcf l = file
        open rc l = Loop
        open rc new = ReadOnly
        open rcx new = ReadOnly
        open rcx d/x = Exist
        open rc d = IsDirectory
        open w d = IsDirectory
        open rcd d = Invalid
        mkdir d = Exist
        mkdir new = ReadOnly
        mkdir d/x/new = NotDirectory
        symlink x l = Exist
        symlink x new = ReadOnly
        rmdir d/sub = ReadOnly
        rm d/x = ReadOnly
        mv d/x y = ReadOnly
        link d/x y = ReadOnly
        touch d/x 1,1 = ReadOnly
        touch-link l 1,1 = ReadOnly
        read d/x = hello
        ls = d/ dangling@ dl@ hard l@ loop@ out@
        ",
    );
}
