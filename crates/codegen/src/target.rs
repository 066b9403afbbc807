//! The machine that code is for: this one, or another whose code generator is built in.

use crate::error::CodegenError;
use cranelift_codegen::isa::{self, LookupError, TargetIsa};
use cranelift_codegen::settings::{self, Configurable};

/// The machine that code is for. By default this one, with all that its processor has.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CodeTarget {
    /// The triple, such as `aarch64-unknown-linux-gnu`; `None` for this machine's.
    pub triple: Option<String>,
    /// The processor: `native` for this machine's, `baseline` for the least that is supported, or a name such as `x86-64-v3`.
    /// `None` is `native` for this machine, and `baseline` for another.
    pub cpu: Option<String>,
}

/// What of a triple decides about code.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Platform {
    arch: &'static str,
    os: &'static str,
}

/// A triple for each platform.
const PLATFORMS: &[(Platform, &str)] = &[
    (Platform { arch: "x86_64", os: "linux" }, "x86_64-unknown-linux-gnu"),
    (Platform { arch: "aarch64", os: "linux" }, "aarch64-unknown-linux-gnu"),
    (Platform { arch: "aarch64", os: "macos" }, "aarch64-apple-darwin"),
];

impl Platform {
    fn of_triple(triple: &str) -> Option<(Platform, &'static str)> {
        let mut parts = triple.split('-');
        let arch = parts.next()?;
        let os = parts.find_map(|part| match part {
            "linux" => Some("linux"),
            "macos" | "darwin" => Some("macos"),
            _ => None,
        })?;
        PLATFORMS.iter().copied().find(|(platform, _)| platform.arch == arch && platform.os == os)
    }

    fn is_host(self) -> bool {
        (self.arch, self.os) == (std::env::consts::ARCH, std::env::consts::OS)
    }
}

/// Architecture and system of a triple, as artefacts have them: `aarch64-linux`. `None` where there is no code for them.
fn platform_name(triple: &str) -> Option<String> {
    let (platform, _) = Platform::of_triple(triple)?;
    Some(format!("{}-{}", platform.arch, platform.os))
}

impl CodeTarget {
    /// Architecture and system, as artefacts have them.
    pub(crate) fn name(&self) -> Result<String, CodegenError> {
        match &self.triple {
            None => Ok(format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS)),
            Some(triple) => platform_name(triple).ok_or_else(|| unknown_triple(triple)),
        }
    }

    /// A builder of the code generator.
    ///
    /// # Errors
    ///
    /// When there is none for the target, or nothing is known of the processor.
    pub(crate) fn builder(&self) -> Result<isa::Builder, CodegenError> {
        let other = match &self.triple {
            None => None,
            Some(triple) => {
                let (platform, known) = Platform::of_triple(triple).ok_or_else(|| unknown_triple(triple))?;
                (!platform.is_host()).then_some((platform, known))
            }
        };
        let cpu = self.cpu.as_deref().unwrap_or(if other.is_some() { "baseline" } else { "native" });
        let mut builder = match other {
            None => cranelift_native::builder_with_options(cpu == "native")
                .map_err(|error| CodegenError::unsupported(format!("not supported: {error}")))?,
            Some((platform, triple)) => isa::lookup_by_name(triple).map_err(|error| match error {
                LookupError::SupportDisabled => CodegenError::unsupported(format!(
                    "not supported: code for {}, whose code generator is not built in; it is with Cargo's feature `cross-compile`",
                    platform.arch
                )),
                LookupError::Unsupported => unknown_triple(triple),
            })?,
        };
        match cpu {
            "native" if other.is_none() => {}
            "baseline" if builder.triple().architecture.to_string().starts_with("x86_64") => {
                builder.enable("sse41").map_err(|_| unknown_cpu(cpu))?;
            }
            "baseline" => {}
            // Names of single features are no processors.
            cpu if cpu.contains('_') => return Err(unknown_cpu(cpu)),
            cpu => {
                builder.enable(cpu).map_err(|_| unknown_cpu(cpu))?;
                complete(&mut builder)?;
            }
        }
        Ok(builder)
    }
}

/// Processors that are known by name have what they have; but those with AVX2 or FMA do not say that they have AVX, without which the code
/// generator uses neither.
fn complete(builder: &mut isa::Builder) -> Result<(), CodegenError> {
    let internal = |error: &dyn std::fmt::Display| CodegenError::internal(format!("code generator settings: {error}"));
    let isa = builder.finish(settings::Flags::new(settings::builder())).map_err(|error| internal(&error))?;
    let features = cpu_features(&*isa);
    if features.iter().any(|name| name == "has_avx2" || name == "has_fma") {
        builder.enable("has_avx").map_err(|error| internal(&error))?;
    }
    Ok(())
}

/// What the code may use of the processor, sorted.
pub(crate) fn cpu_features(isa: &dyn TargetIsa) -> Vec<String> {
    let enabled = isa.isa_flags().into_iter().filter(|flag| flag.as_bool() == Some(true));
    let mut names: Vec<String> =
        enabled.filter(|flag| flag.name.starts_with("has_")).map(|flag| flag.name.to_string()).collect();
    names.sort_unstable();
    names
}

fn unknown_triple(triple: &str) -> CodegenError {
    let built_in = |platform: Platform| cfg!(feature = "cross-compile") || platform.arch == std::env::consts::ARCH;
    let list = |wanted: bool| {
        let platforms = PLATFORMS.iter().filter(|(platform, _)| built_in(*platform) == wanted);
        platforms.map(|(_, triple)| *triple).collect::<Vec<_>>().join(", ")
    };
    let mut message = format!("not supported: code for `{triple}`; there is code for {}", list(true));
    if !cfg!(feature = "cross-compile") {
        message += &format!(", and with Cargo's feature `cross-compile` for {}", list(false));
    }
    CodegenError::unsupported(message)
}

fn unknown_cpu(cpu: &str) -> CodegenError {
    CodegenError::unsupported(format!(
        "not supported: the processor `{cpu}`; `native`, `baseline` and names such as `x86-64-v3` are known"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(triple: Option<&str>, cpu: Option<&str>) -> String {
        let target = CodeTarget { triple: triple.map(str::to_string), cpu: cpu.map(str::to_string) };
        target.builder().err().expect("there is no such target").to_string()
    }

    #[test]
    fn triples_are_known_by_what_decides_about_code() {
        assert_eq!(platform_name("x86_64-unknown-linux-musl").as_deref(), Some("x86_64-linux"));
        assert_eq!(platform_name("aarch64-apple-darwin").as_deref(), Some("aarch64-macos"));
        assert_eq!(platform_name("x86_64-pc-windows-msvc"), None);
        assert!(error(Some("sparc"), None).contains("code for `sparc`"));
        assert!(error(Some(""), None).contains("code for ``"));
    }

    /// Of what the message says is there, each is, and of what the feature would add nothing is.
    #[test]
    fn what_is_said_to_be_known_is() {
        let message = error(Some("sparc"), None);
        let (known, missing) = message.split_once(", and with ").unwrap_or((&message, ""));
        assert_eq!(missing.is_empty(), cfg!(feature = "cross-compile"), "{message}");
        for (_, triple) in PLATFORMS {
            let target = CodeTarget { triple: Some((*triple).to_string()), cpu: None };
            assert_eq!(target.builder().is_ok(), known.contains(triple), "{triple}: {message}");
            assert_eq!(target.builder().is_ok(), !missing.contains(triple), "{triple}: {message}");
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn processors_with_avx2_have_avx() {
        for (cpu, has) in [("x86-64-v2", false), ("x86-64-v3", true), ("x86-64-v4", true), ("znver3", true)] {
            let target = CodeTarget { triple: None, cpu: Some(cpu.into()) };
            let builder = target.builder().expect("it is known");
            let isa = builder.finish(settings::Flags::new(settings::builder())).expect("they fit one another");
            assert_eq!(cpu_features(&*isa).iter().any(|name| name == "has_avx"), has, "{cpu}");
            assert_eq!(isa.has_native_fma(), has, "{cpu}");
        }
    }

    #[test]
    fn unknown_processors_are_refused() {
        assert!(error(None, Some("z80")).contains("the processor `z80`"));
        assert!(error(None, Some("has_avx")).contains("the processor `has_avx`"));
    }
}
