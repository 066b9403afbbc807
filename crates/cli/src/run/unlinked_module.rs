//! What to say of a core module that imports what this program does not have: what each import looks like, and what would provide it.

use super::module::ModuleGuest;
use gusset::core::{ExternType, Linker, Module, ValType};
use gusset::{Printable, nearest};
use gusset_wasi::preview1;

/// How many imports are listed of those that have the same origin.
const LISTED: usize = 10;

/// Where preview1 and preview0 are imported from.
const WASI_MODULES: [&str; 2] = ["wasi_snapshot_preview1", "wasi_unstable"];

/// How names start that Emscripten's JavaScript has, beside those with its own name in them.
const OF_EMSCRIPTEN: &[&str] = &["_embind_", "_abort_js", "__syscall_", "invoke_v", "invoke_i"];

/// What stands in modules that have not been linked yet.
const OF_OBJECT_FILES: &[&str] =
    &["__linear_memory", "__indirect_function_table", "__stack_pointer", "__memory_base", "__table_base"];

/// Where an import comes from, by what its names look like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ImportOrigin {
    Preview,
    /// Of a version of WASI that there is, and no function.
    PreviewItem,
    OtherWasi,
    Threads,
    Wasix,
    /// WASI for components.
    LaterWasi,
    Component,
    Emscripten,
    WasmBindgen,
    AssemblyScript,
    Go,
    ObjectFile,
    Env,
    Unknown,
}

impl ImportOrigin {
    /// `emscripten`: whether something else in the module is Emscripten's.
    fn of(module: &str, name: &str, ty: &ExternType, emscripten: bool) -> ImportOrigin {
        match module {
            _ if WASI_MODULES.contains(&module) => match ty {
                ExternType::Func(_) => ImportOrigin::Preview,
                _ => ImportOrigin::PreviewItem,
            },
            "wasi" if name == "thread-spawn" => ImportOrigin::Threads,
            _ if module.starts_with("wasix_") => ImportOrigin::Wasix,
            _ if module.starts_with("wasi_") => ImportOrigin::OtherWasi,
            _ if module.starts_with("wasi:") => ImportOrigin::LaterWasi,
            "$root" => ImportOrigin::Component,
            _ if module.contains(':') || module.starts_with("[export]") || module.starts_with("cm32p2") => {
                ImportOrigin::Component
            }
            "wbg" => ImportOrigin::WasmBindgen,
            _ if module.starts_with("__wbindgen") || name.starts_with("__wb") => ImportOrigin::WasmBindgen,
            "go" | "gojs" => ImportOrigin::Go,
            "GOT.mem" | "GOT.func" => ImportOrigin::ObjectFile,
            "env" if emscripten => ImportOrigin::Emscripten,
            "env" if matches!(ty, ExternType::Memory(ty) if ty.shared) => ImportOrigin::Threads,
            "env" if OF_OBJECT_FILES.contains(&name) => ImportOrigin::ObjectFile,
            "env" if name == "abort" && is_abort(ty) => ImportOrigin::AssemblyScript,
            "env" => ImportOrigin::Env,
            _ => ImportOrigin::Unknown,
        }
    }

    /// What it is, and what to do.
    fn explained(self) -> &'static str {
        match self {
            ImportOrigin::Preview => "that version of WASI has no such function",
            ImportOrigin::PreviewItem => {
                "of WASI there are only functions; a program has a memory of its own, and exports it as `memory`"
            }
            ImportOrigin::OtherWasi => {
                "of WASI, core modules have preview1 (`wasi_snapshot_preview1`) and preview0 (`wasi_unstable`)"
            }
            ImportOrigin::Threads => {
                "that is for programs whose threads share a memory; `gusset run` starts no threads, a host in Rust can"
            }
            ImportOrigin::Wasix => "that is WASIX, which extends WASI; it is not supported",
            ImportOrigin::LaterWasi => {
                "that is WASI of components: `gusset component new` makes a component of such a module; core modules have preview1"
            }
            ImportOrigin::Component => {
                "that is imported from a component: `gusset component new` makes a component of such a module"
            }
            ImportOrigin::Emscripten => {
                "JavaScript of Emscripten provides that; `emcc -sSTANDALONE_WASM` makes a module that needs none where WASI is enough"
            }
            ImportOrigin::WasmBindgen => {
                "JavaScript of wasm-bindgen provides that; what needs no JavaScript can be built for `wasm32-wasip1`"
            }
            ImportOrigin::AssemblyScript => {
                "AssemblyScript's programs call that when they fail; with `@assemblyscript/wasi-shim` they need WASI alone"
            }
            ImportOrigin::Go => "JavaScript of Go provides that; `GOOS=wasip1` builds for WASI",
            ImportOrigin::ObjectFile => {
                "that is for a linker: the module is an object file or a shared library, and no whole program"
            }
            ImportOrigin::Env => {
                "`env` is where linkers leave what a program declares and nothing defines; a host in Rust defines it in a \
                 `gusset::core::Linker`"
            }
            ImportOrigin::Unknown => "a host in Rust defines it in a `gusset::core::Linker`",
        }
    }
}

/// Whether it is of the type of AssemblyScript's `abort`: a message, a file, a line, a column.
fn is_abort(ty: &ExternType) -> bool {
    matches!(ty, ExternType::Func(ty) if *ty.params == [ValType::I32; 4] && ty.results.is_empty())
}

/// What the module imports that this program does not have, and what would provide it; `None` if that is nothing.
pub(super) fn advice(shown: &str, module: &Module, linker: &Linker<ModuleGuest>) -> Option<String> {
    let is_emscripten =
        |name: &str| name.contains("emscripten") || OF_EMSCRIPTEN.iter().any(|start| name.starts_with(start));
    let emscripten = module.imports().any(|(_, name, _)| is_emscripten(name));
    let mut groups: Vec<(ImportOrigin, Vec<String>)> = Vec::new();
    for (from, name, ty) in module.imports() {
        if linker.defines(from, name) {
            continue;
        }
        let origin = ImportOrigin::of(from, name, &ty, emscripten);
        let line = line(origin, from, name, &ty, linker);
        match groups.iter_mut().find(|(known, _)| *known == origin) {
            Some((_, lines)) => lines.push(line),
            None => groups.push((origin, vec![line])),
        }
    }
    let told: String =
        groups.iter().map(|(origin, lines)| format!("\n{}\n{}", list(lines), origin.explained())).collect();
    (!told.is_empty()).then(|| format!("cannot run {shown}: it imports what `gusset run` does not provide{told}"))
}

/// An import, and what may have been meant, of what the linker has.
fn line(origin: ImportOrigin, module: &str, name: &str, ty: &ExternType, linker: &Linker<ModuleGuest>) -> String {
    let hint = match origin {
        ImportOrigin::Preview => match WASI_MODULES.into_iter().find(|other| linker.defines(other, name)) {
            Some(other) => format!("; `{other}` has it"),
            None => {
                let names = preview1::FUNCTIONS.iter().map(|function| function.name);
                did_you_mean(nearest(name, names.filter(|name| linker.defines(module, name))))
            }
        },
        ImportOrigin::OtherWasi => did_you_mean(nearest(module, WASI_MODULES)),
        _ => String::new(),
    };
    format!("  {}::{}: {ty}{hint}", Printable::name(module), Printable::name(name))
}

fn did_you_mean(name: Option<&str>) -> String {
    name.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

fn list(lines: &[String]) -> String {
    let mut listed: Vec<String> = lines.iter().take(LISTED).cloned().collect();
    if lines.len() > LISTED {
        listed.push(format!("  and {} more", lines.len() - LISTED));
    }
    listed.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use gusset::core::{FuncType, GlobalType};

    #[test]
    fn origins_are_told_by_names() {
        let func =
            |params| ExternType::Func(FuncType { params: vec![ValType::I32; params].into(), results: [].into() });
        for (module, name, origin) in [
            ("wasi_snapshot_preview1", "fd_writ", ImportOrigin::Preview),
            ("wasi_unstable", "sock_accept", ImportOrigin::Preview),
            ("wasi_snapshot_preview2", "fd_write", ImportOrigin::OtherWasi),
            ("wasi", "thread-spawn", ImportOrigin::Threads),
            ("wasix_32v1", "proc_fork", ImportOrigin::Wasix),
            ("wasi:cli/stdout@0.2.0", "get-stdout", ImportOrigin::LaterWasi),
            ("[export]docs:shop/log", "[resource-new]entry", ImportOrigin::Component),
            ("$root", "now", ImportOrigin::Component),
            ("wbg", "__wbg_log_12", ImportOrigin::WasmBindgen),
            ("./game_bg.js", "__wbindgen_throw", ImportOrigin::WasmBindgen),
            ("__wbindgen_placeholder__", "__wbindgen_describe", ImportOrigin::WasmBindgen),
            ("gojs", "runtime.wasmExit", ImportOrigin::Go),
            ("GOT.mem", "errno", ImportOrigin::ObjectFile),
            ("env", "__linear_memory", ImportOrigin::ObjectFile),
            ("env", "abort", ImportOrigin::AssemblyScript),
            ("env", "log", ImportOrigin::Env),
            ("host", "log", ImportOrigin::Unknown),
        ] {
            assert_eq!(ImportOrigin::of(module, name, &func(4), false), origin, "{module}::{name}");
        }
        assert_eq!(ImportOrigin::of("env", "abort", &func(0), false), ImportOrigin::Env);
        assert_eq!(ImportOrigin::of("env", "memory", &func(0), true), ImportOrigin::Emscripten);
        let global = ExternType::Global(GlobalType { content: ValType::I32, mutable: false });
        assert_eq!(ImportOrigin::of("wasi_unstable", "errno", &global, false), ImportOrigin::PreviewItem);
        assert_eq!(ImportOrigin::of("wasi_snapshot_preview1", "fd_writ", &func(0), true), ImportOrigin::Preview);
    }
}
