//! What the processor of this machine has, by the names that artefacts have for it. No code generator is asked, since there may be none.

/// Architecture and system of this machine.
pub(crate) fn platform() -> String {
    format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS)
}

/// Whether the processor has a feature. One that has no name here it has not.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_feature(name: &str) -> bool {
    use std::is_x86_feature_detected as detected;
    match name {
        "has_sse3" => detected!("sse3"),
        "has_ssse3" => detected!("ssse3"),
        "has_cmpxchg16b" => detected!("cmpxchg16b"),
        "has_sse41" => detected!("sse4.1"),
        "has_sse42" => detected!("sse4.2"),
        "has_popcnt" => detected!("popcnt"),
        "has_avx" => detected!("avx"),
        "has_avx2" => detected!("avx2"),
        "has_fma" => detected!("fma"),
        "has_avx_vnni" => detected!("avxvnni"),
        "has_bmi1" => detected!("bmi1"),
        "has_bmi2" => detected!("bmi2"),
        "has_lzcnt" => detected!("lzcnt"),
        "has_avx512bitalg" => detected!("avx512bitalg"),
        "has_avx512dq" => detected!("avx512dq"),
        "has_avx512f" => detected!("avx512f"),
        "has_avx512vl" => detected!("avx512vl"),
        "has_avx512vbmi" => detected!("avx512vbmi"),
        "has_avx512vnni" => detected!("avx512vnni"),
        _ => false,
    }
}

/// Whether the processor has a feature. One that has no name here it has not.
#[cfg(target_arch = "aarch64")]
pub(crate) fn has_feature(name: &str) -> bool {
    use std::arch::is_aarch64_feature_detected as detected;
    match name {
        "has_lse" => detected!("lse"),
        "has_pauth" => detected!("paca"),
        "has_fp16" => detected!("fp16"),
        "has_dotprod" => detected!("dotprod"),
        "has_i8mm" => detected!("i8mm"),
        _ => false,
    }
}

#[cfg(all(test, feature = "compile"))]
mod tests {
    use super::*;

    /// A name that is missing above would refuse what this machine has compiled for itself.
    #[test]
    fn this_processor_has_what_is_compiled_for_it() {
        let settings = gusset_artifact::CodeSettings::default();
        let compiler = gusset_codegen::Compiler::new(&settings).expect("this machine is supported");
        assert_eq!(compiler.target(), platform());
        for feature in compiler.cpu_features() {
            assert!(has_feature(&feature), "{feature}");
        }
        assert!(!has_feature("has_everything"));
    }
}
