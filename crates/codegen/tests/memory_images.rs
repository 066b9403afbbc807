//! Which data segments become images of memories, and what is in these.

use crate::common::*;
use gusset_artifact::{CodeImage, CoreModule, DataIndex, MEMORY_IMAGE_ALIGNMENT, MemoryImageRange};

const PAGE: usize = MEMORY_IMAGE_ALIGNMENT as usize;

/// A segment's bytes: so many times that letter.
fn letters(letter: char, count: usize) -> String {
    format!("\"{}\"", String::from(letter).repeat(count))
}

fn module(image: &CodeImage) -> &CoreModule {
    &image.modules[MODULE].module
}

fn bytes<'a>(image: &'a CodeImage, range: &MemoryImageRange) -> &'a [u8] {
    &image.data[range.bytes.start as usize..range.bytes.end as usize]
}

/// The numbers of the segments that are applied one by one, and how many images there are.
fn outcome(fields: &str) -> (Vec<u32>, usize) {
    let image = compile(&format!("(module {fields})"));
    let module = module(&image);
    (module.applied_data.iter().map(|index| index.as_u32()).collect(), module.memory_images.len())
}

#[test]
fn segments_are_laid_out_in_their_order() {
    let (a, b, c) = (letters('a', 40_000), letters('b', 10_000), letters('c', 3));
    let image = compile(&format!(
        r#"(module (memory 10) (memory 1)
            (data "passive")
            (data (i32.const 200000) {a}) (data (i32.const 230000) {b}) (data (i32.const 199999) {c})
            (data (memory 1) (i32.const 7) "small")
            (data (i32.const 300000) "end"))"#
    ));
    let module = module(&image);
    let [range] = &module.memory_images[..] else { panic!("there is one image") };
    let start = 200_000 - 200_000 % PAGE;
    assert_eq!((range.memory.as_u32(), range.offset as usize), (0, start));
    assert_eq!(range.bytes, 0..2 * MEMORY_IMAGE_ALIGNMENT);
    let mut expected = vec![0; 2 * PAGE];
    expected[200_000 - start..][..40_000].fill(b'a');
    expected[230_000 - start..][..10_000].fill(b'b');
    expected[199_999 - start..][..3].fill(b'c');
    expected[300_000 - start..][..3].copy_from_slice(b"end");
    assert!(bytes(&image, range) == expected);
    assert_eq!(module.applied_data.iter().map(|index| index.as_u32()).collect::<Vec<_>>(), [4]);
    let bytes = |at: u32| {
        let segment = module.data.get(DataIndex::from_u32(at));
        segment.map(|segment| &image.data[segment.bytes.start as usize..segment.bytes.end as usize])
    };
    assert_eq!([0, 1, 2, 3, 4, 5].map(bytes), [Some(&b"passive"[..]), None, None, None, Some(b"small"), None]);
    assert_eq!(module.data.len(), 6);
}

#[test]
fn what_is_small_or_sparse_is_applied() {
    let (few, many) = (letters('x', 5000), letters('y', 16 << 10));
    let at = |offset: usize, letters: &str| format!("(data (i32.const {offset}) {letters})");
    assert_eq!(outcome(&format!("(memory 20) {}", at(0, &few))), (vec![0], 0));
    assert_eq!(outcome(&format!("(memory 20) {}", at(0, &many))), (vec![], 1));
    assert_eq!(outcome(&format!("(memory 20) {} {}", at(100, &many), at(PAGE, &few))), (vec![], 1));
    assert_eq!(outcome(&format!("(memory 20) {} {}", at(100, &many), at(5 * PAGE, &few))), (vec![0, 1], 0));
    // A page at the start and one at the end.
    let (page, pages) = (letters('z', PAGE), |end: usize| format!("(memory 20) {}", at(end * PAGE, &few)));
    assert_eq!(outcome(&format!("{} {} {}", pages(9), at(0, &page), at(8 * PAGE, &page))), (vec![], 1));
    assert_eq!(outcome(&format!("{} {} {}", pages(19), at(0, &page), at(8 * PAGE, &page))), (vec![0, 1, 2], 0));
    // The end of the memory, and a segment without bytes.
    let end = 2 * PAGE - (16 << 10);
    assert_eq!(outcome(&format!("(memory 2) {} (data (i32.const 0))", at(end, &many))), (vec![1], 1));
}

#[test]
fn what_may_fail_ends_an_image() {
    let many = letters('y', 16 << 10);
    let data = format!("(data (i32.const 0) {many})");
    // Whether it fails is known at run time, or it does.
    for last in ["(data (global.get 0) \"z\")", "(data (i32.const 65536) \"z\")", "(data (i32.const 65537))"] {
        let fields = format!("(import \"\" \"g\" (global i32)) (memory 1) {data} {last} {data}");
        assert_eq!(outcome(&fields), (vec![1, 2], 1), "{last}");
    }
    // An imported memory has at least what its import says.
    let import = "(import \"\" \"m\" (memory 1)) (memory 1)";
    let own = format!("(data (memory 1) (i32.const 0) {many})");
    assert_eq!(outcome(&format!("{import} {data} {own}")), (vec![0], 1));
    assert_eq!(outcome(&format!("{import} (data (i32.const 65536) \"z\") {own}")), (vec![0, 1], 0));
}

#[test]
fn elements_that_may_fail_and_be_seen_come_before_data() {
    let data = format!("(memory 1) (data (i32.const 0) {})", letters('y', 16 << 10));
    let imported = "(import \"\" \"t\" (table 3 funcref)) (import \"\" \"g\" (global i32)) (func $f)";
    let own = "(import \"\" \"g\" (global i32)) (table 3 funcref) (func $f)";
    for (fields, images) in [
        (format!("{imported} (elem (i32.const 2) $f) {data}"), 1),
        (format!("{imported} (elem (i32.const 3) $f) {data}"), 0),
        (format!("{imported} (elem (global.get 0) $f) {data}"), 0),
        (format!("{own} (elem (i32.const 3) $f) {data}"), 1),
        (format!("{own} (elem (global.get 0) $f) {data}"), 1),
    ] {
        assert_eq!(outcome(&fields).1, images, "{fields}");
    }
}

#[test]
fn each_module_of_a_unit_has_its_own() {
    let wat = |letter| {
        let many = letters(letter, 20_000);
        wasm(&format!(
            "(module (memory 1) (data \"{letter}\") (data (i32.const 0) {many}) (data (i32.const 60000) \"z\"))"
        ))
    };
    let image = compile_unit(&[(&wat('p'), &[]), (&wasm("(module)"), &[]), (&wat('q'), &[])]).expect("it is valid");
    for (module, letter) in image.modules.values().step_by(2).zip([b'p', b'q']) {
        let [range] = &module.module.memory_images[..] else { panic!("there is one image") };
        let bytes = bytes(&image, range);
        assert_eq!((bytes[0], bytes[19_999], bytes[20_000], bytes[60_000]), (letter, letter, 0, b'z'));
        assert!(range.bytes.start.is_multiple_of(MEMORY_IMAGE_ALIGNMENT));
        let passive = module.module.data.get(DataIndex::from_u32(0)).expect("it is in no image").bytes.clone();
        assert_eq!(image.data[passive.start as usize..passive.end as usize], [letter]);
    }
}

#[test]
fn memories_with_addresses_of_64_bits_have_images_too() {
    let data = letters('x', 20_000);
    let beyond = format!("(memory i64 65540) (data (i64.const 0x1_0001_0000) {data})");
    let image = compile(&format!("(module {beyond})"));
    let [range] = &module(&image).memory_images[..] else { panic!("there is one image") };
    assert_eq!((range.offset, range.bytes.len()), (0x1_0001_0000, PAGE));
    let last = format!("(memory i64 0xffff_ffff_ffff) (data (i64.const 0xffff_ffff_fffe_0000) {data})");
    assert_eq!(outcome(&last), (vec![], 1));
    // As many pages are more bytes than 64 bits can count: nothing is known to be within them.
    let most = format!("(memory i64 0x1_0000_0000_0000) (data (i64.const 0xffff_ffff_ffff_0000) {data})");
    assert_eq!(outcome(&most), (vec![0], 0));
    // No page of a system starts where pages of one byte do.
    assert_eq!(outcome(&format!("(memory 65536 (pagesize 1)) (data (i32.const 0) {data})")), (vec![0], 0));
}
