//! What a file that is not as it was written is refused for. The runtime's tests do the same to artefacts of real components.

use super::header::HEADER_SIZE;
use super::*;
use crate::core_module::{CoreFuncType, CoreModule, ElementItems, ElementSegment, EntityIndex, RefType, SegmentMode};
use crate::image::{CodeImage, ModuleImage};
use crate::index::{FuncIndex, SignatureIndex};
use crate::settings::{CodeSettings, OptimizationLevel};
use crate::shared_bytes::SharedBytes;
use crate::{CodeRange, FunctionRange, StackMap};
use gusset_types::{ComponentFeature, ComponentFeatures, CoreFeature};

/// What this build was made from.
const SOURCES: u128 = 0x0123_4567_89ab_cdef_1032_5476_98ba_dcfe;

fn identity() -> CodeIdentity {
    CodeIdentity {
        target: "x86_64-linux".into(),
        cpu_features: vec!["has_avx".into(), "has_sse41".into()],
        settings: CodeSettings::default(),
        component_features: ComponentFeatures::default(),
        calls_through_host: false,
        keep_flags: false,
    }
}

fn image() -> CodeImage {
    let func = FuncIndex::from_u32;
    let mut module = CoreModule { name: Some("m".into()), ..CoreModule::default() };
    module.functions = [SignatureIndex::from_u32(0); 2].into_iter().collect();
    module.exports = [("run", EntityIndex::Func(func(1))), ("a", EntityIndex::Func(func(0)))].into_iter().collect();
    module.escaping = [func(0), func(1)].into_iter().collect();
    module.function_names = [(func(1), "run it")].into_iter().collect();
    let items = ElementItems::Functions([func(1), func(0), func(1)].into_iter().collect());
    module.elements.push(ElementSegment { mode: SegmentMode::Passive, ty: RefType::FUNCREF, items });
    let code = [CodeRange { start: 0, len: 3 }, CodeRange { start: 3, len: 2 }];
    let mut image = CodeImage { text: vec![1, 2, 3, 4, 5].into(), data: vec![9; 7].into(), ..CodeImage::default() };
    image.signatures.push(CoreFuncType::default());
    let module = image.modules.push(ModuleImage::new(module, code.into_iter().collect(), false));
    let ranges = code.into_iter().zip(0..).map(|(code, at)| FunctionRange { code, function: Some((module, func(at))) });
    image.tables.functions = ranges.collect();
    let map = StackMap { return_offset: 2, frame_size: 16, slots: [4, 8].into() };
    image.tables.stack_maps = [map].into_iter().collect();
    image
}

fn write(content: &ArtifactContent) -> Vec<u8> {
    write_artifact(SOURCES, &identity(), &image(), content).expect("all of it can be written")
}

fn module() -> Vec<u8> {
    write(&ArtifactContent::Module(ModuleIndex::from_u32(0)))
}

fn refusal(bytes: &[u8]) -> ArtifactErrorKind {
    let opened = ArtifactFile::open(SOURCES, SharedBytes::from(bytes.to_vec()));
    opened.err().expect("it is not as it was written").kind()
}

#[test]
fn what_is_read_is_what_was_written() {
    let file = ArtifactFile::open(SOURCES, module().into()).expect("it is whole");
    assert_eq!((file.kind(), file.identity()), (ArtifactKind::Module, &identity()));
    let (read, _) = file.decode().expect("it is whole");
    assert_eq!(read, image());
    assert_eq!(read.modules.as_slice()[0].layout, image().modules.as_slice()[0].layout);
    assert_eq!((file.text().start % (64 << 10), file.data().start % (64 << 10)), (0, 0));

    let plan = Plan { uses_state: true, ..Plan::default() };
    let adapters = vec![RawTable::from(b"\0asm".to_vec()), RawTable::from(vec![])];
    let component = write(&ArtifactContent::Component { plan: Arc::new(plan), adapters });
    assert_eq!(detect_artifact(&component), Some(ArtifactKind::Component));
    let file = ArtifactFile::open(SOURCES, component.into()).expect("it is whole");
    match file.decode().expect("it is whole").1 {
        ArtifactContent::Component { plan, adapters } => {
            assert!(plan.uses_state);
            assert_eq!(adapters.iter().map(RawTable::bytes).collect::<Vec<_>>(), [&b"\0asm"[..], b""]);
        }
        ArtifactContent::Module(_) => panic!("a component was written"),
    }
}

#[test]
fn equal_contents_give_equal_bytes() {
    assert_eq!(module(), module());
}

#[test]
fn each_byte_that_changes_is_noticed() {
    let file = module();
    let mut changed = file.clone();
    // The zeros between sections are like one another.
    for at in (0..file.len()).filter(|&at| at < 4 * HEADER_SIZE || at % 509 == 0 || file[at] != 0) {
        for bit in [0x01, 0x80] {
            changed[at] ^= bit;
            let kind = refusal(&changed);
            let holds = match at {
                0..8 => kind == ArtifactErrorKind::Foreign,
                8..12 => kind == ArtifactErrorKind::Version,
                16..24 => matches!(kind, ArtifactErrorKind::Truncated | ArtifactErrorKind::TrailingBytes),
                72..88 => kind == ArtifactErrorKind::Version,
                40..72 => matches!(kind, ArtifactErrorKind::Version | ArtifactErrorKind::Damaged),
                _ => kind == ArtifactErrorKind::Damaged,
            };
            assert!(holds, "byte {at} changed by {bit:#x}: {kind:?}");
            changed[at] = file[at];
        }
    }
}

#[test]
fn what_is_too_short_or_too_long_is_noticed() {
    let file = module();
    assert_eq!(refusal(&[]), ArtifactErrorKind::Foreign);
    for len in (1..file.len()).filter(|&len| len < 4 * HEADER_SIZE || len % 509 == 0 || len + 20 > file.len()) {
        assert_eq!(refusal(&file[..len]), ArtifactErrorKind::Truncated, "{len} bytes");
    }
    assert_eq!(refusal(&[&file[..], &[0]].concat()), ArtifactErrorKind::TrailingBytes);
    assert_eq!(refusal(&[&file[..], &file[..]].concat()), ArtifactErrorKind::TrailingBytes);
}

#[test]
fn messages_say_what_it_is_and_what_to_do() {
    let message = |bytes: Vec<u8>| ArtifactFile::open(SOURCES, bytes.into()).err().expect("it is refused").to_string();
    assert_eq!(message(vec![]), "this is no artefact of Gusset: it is empty");
    let wasm = b"\0asm\x0d\0\x01\0".to_vec();
    assert_eq!(message(wasm), "this is no artefact of Gusset: it is WebAssembly, which has to be compiled first");
    let mut other = module();
    other[40..46].copy_from_slice(b"99.1.0");
    let version = env!("CARGO_PKG_VERSION");
    let wanted = format!("the artefact was made by Gusset 99.1.0, and this is {version}; compile it again");
    assert_eq!(message(other), wanted);
    let error = ArtifactFile::open(SOURCES + 1, module().into()).err().expect("it is refused");
    assert_eq!(error.kind(), ArtifactErrorKind::Version);
    let wanted = format!(
        "the artefact was made by another build of Gusset {version}, from other sources than this one; compile it again"
    );
    assert_eq!(error.to_string(), wanted);
    let mut older = module();
    older[8] = 0;
    assert!(message(older).starts_with("the artefact was made by an older version of Gusset: its format is 0,"));
}

#[test]
fn each_part_of_the_identity_is_compared() {
    let engine = identity();
    let all = |_: &str| true;
    assert_eq!(identity().check(&engine, all), Ok(()));
    let refused = |changed: &dyn Fn(&mut CodeIdentity), has: &dyn Fn(&str) -> bool| {
        let mut file = identity();
        changed(&mut file);
        let error = file.check(&engine, has).expect_err("something differs");
        (error.kind(), error.to_string())
    };
    let (kind, message) = refused(&|file| file.target = "aarch64-linux".into(), &all);
    assert_eq!(kind, ArtifactErrorKind::Target);
    assert_eq!(message, "the artefact is for aarch64-linux, and this is x86_64-linux; compile it for that");
    let (kind, message) = refused(&|_| {}, &|feature| feature != "has_avx");
    assert_eq!(kind, ArtifactErrorKind::CpuFeatures);
    assert!(message.contains("does not have: has_avx;"), "{message}");
    type Change<'a> = (&'a dyn Fn(&mut CodeIdentity), &'a str);
    let changes: &[Change<'_>] = &[
        (&|file| file.settings.optimization = OptimizationLevel::None, "`opt_level` is None in it, and Speed"),
        (&|file| file.settings.features.set(CoreFeature::MultiMemory, false), "`multi_memory` is false in it"),
        (&|file| file.settings.nan_canonicalization = true, "`nan_canonicalization` is true"),
        (&|file| file.settings.relaxed_simd_deterministic = true, "`relaxed_simd_deterministic` is true"),
        (&|file| file.settings.memory_reservation = 7, "`memory_reservation` is 7"),
        (&|file| file.settings.memory_guard = 7, "`memory_guard` is 7"),
        (&|file| file.settings.frame_form = true, "`frame_form` is true"),
        (&|file| file.settings.inlining = false, "`compiler_inlining` is false"),
        (&|file| file.settings.signals_based_traps = false, "`signals_based_traps` is false"),
        (&|file| file.settings.heap_access_spectre_mitigation = false, "`heap_access_spectre_mitigation` is false"),
        (&|file| file.settings.table_access_spectre_mitigation = false, "`table_access_spectre_mitigation` is false"),
        (&|file| file.component_features.set(ComponentFeature::Gc, true), "gc` is true"),
        (&|file| file.calls_through_host = true, "`trace_calls` is true"),
        (&|file| file.keep_flags = true, "`keep_flags` is true"),
    ];
    for (change, wanted) in changes {
        let (kind, message) = refused(*change, &all);
        assert_eq!(kind, ArtifactErrorKind::Settings);
        assert!(message.contains(wanted), "{message}");
    }
}

#[test]
fn all_settings_that_differ_are_told() {
    let mut file = identity();
    file.settings.consume_fuel = true;
    file.settings.epoch_interruption = true;
    let error = file.check(&identity(), |_| true).expect_err("two settings differ");
    assert_eq!(
        error.to_string(),
        "the artefact was compiled with other settings: `consume_fuel` is true in it, and false in this engine; \
         `epoch_interruption` is true in it, and false in this engine; compile it with the engine's"
    );
    let told: Vec<_> = error.differences().iter().map(|d| (d.name, &*d.artifact, &*d.engine)).collect();
    assert_eq!(told, [("consume_fuel", "true", "false"), ("epoch_interruption", "true", "false")]);
    CoreFeature::ALL.iter().for_each(|feature| file.settings.features.set(*feature, false));
    let error = file.check(&identity(), |_| true).expect_err("many settings differ");
    let more = error.differences().len() - 4;
    assert!(error.to_string().contains(&format!("in this engine; {more} more differ; compile it")), "{error}");
}
