//! Threads: those of a host that has a pool of its own, and those that the compiler starts.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::{Func, FuncType, Instance, Module, Ref, RefType, Table, TableType, Val, ValType};
use gusset::{Config, Engine, Error, Result, Store};
use std::sync::mpsc::channel;
use std::time::Duration;

/// A table with a function of that many parameters, of the host's: nothing else needs code to call it.
fn table_of_host_func(engine: &Engine, params: usize) -> Result<()> {
    let mut store = Store::new(engine, ());
    let ty = FuncType { params: vec![ValType::I32; params].into(), results: [].into() };
    let func = Func::new(&mut store, ty, |_, _, _| Ok(()))?;
    let ty = TableType { element: RefType::FUNCREF, minimum: 1, maximum: None, table64: false };
    Table::new(&mut store, ty, Ref::Func(Some(func))).map(drop)
}

/// Jobs of a pool that each want code for another signature: a worker that waits within ours must not take up the next job, which
/// would wait for what the first one holds.
#[test]
fn a_host_with_a_pool_of_its_own_does_not_deadlock() {
    let (done, finished) = channel();
    std::thread::spawn(move || {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("there are threads");
        let round = || -> Result<()> {
            let engine = Engine::default();
            pool.scope(|scope| {
                for params in 0..24 {
                    let engine = &engine;
                    scope.spawn(move |_| table_of_host_func(engine, params).expect("it is supported"));
                }
            });
            Ok(())
        };
        let rounds = (0..300).try_for_each(|_| round());
        done.send(rounds).expect("the test waits");
    });
    let rounds = finished.recv_timeout(Duration::from_secs(300)).expect("it ends");
    rounds.unwrap_or_else(|error| panic!("{error}"));
}

/// Modules, too, from many jobs at once.
#[test]
fn a_pool_compiles_modules() -> Result<()> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().map_err(Error::new)?;
    let engine = Engine::new(Config::new().compile_threads(3))?;
    let text = large_module();
    pool.scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|_| assert_eq!(run(&engine, &text).expect("it runs"), 199));
        }
    });
    Ok(())
}

/// A module with enough code for several threads; its last function returns 199.
fn large_module() -> String {
    let func = |n: usize| {
        let body = "(local.set 0 (i32.add (i32.mul (local.get 0) (i32.const 1)) (i32.const 0)))".repeat(30);
        format!("(func (export \"f{n}\") (result i32) (local i32) (local.set 0 (i32.const {n})) {body} (local.get 0))")
    };
    format!("(module {})", (0..200).map(func).collect::<String>())
}

fn run(engine: &Engine, text: &str) -> Result<i32> {
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, &Module::new(engine, text)?, &[])?;
    let mut results = [Val::I32(0)];
    let last = instance.get_func(&mut store, "f199").expect("it is exported");
    last.call(&mut store, &[], &mut results)?;
    let [Val::I32(result)] = results else { panic!("unexpected results {results:?}") };
    Ok(result)
}

#[test]
fn any_number_of_threads_compiles() -> Result<()> {
    let text = large_module();
    let invalid = text.replace("(i32.const 150)", "(i64.const 150)").replace("(i32.const 170)", "(i64.const 170)");
    for threads in [0, 1, 2, 7, usize::MAX] {
        let engine = Engine::new(Config::new().compile_threads(threads))?;
        assert_eq!(run(&engine, &text)?, 199, "{threads} threads");
        let error = Module::new(&engine, &invalid).expect_err("two functions are not valid");
        assert!(error.to_string().contains("function 150"), "{threads} threads: {error}");
    }
    Ok(())
}

/// Where the system starts no more threads, the caller compiles alone. The limit does not bind root, so this process runs once
/// more as somebody else.
#[cfg(target_os = "linux")]
#[test]
fn a_system_without_threads_compiles() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;
    const MARK: &str = "GUSSET_TEST_NO_THREADS";
    const NAME: &str = "threads::a_system_without_threads_compiles";
    if std::env::var_os(MARK).is_some() {
        let thread = std::thread::Builder::new().spawn(|| ());
        assert!(thread.is_err(), "no thread can be started");
        assert_eq!(run(&Engine::new(Config::new().compile_threads(8))?, &large_module())?, 199);
        return table_of_host_func(&Engine::default(), 3);
    }
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    let folder = std::env::temp_dir().join(format!("gusset-threads-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let program = folder.join("test");
    std::fs::copy(std::env::current_exe()?, &program)?;
    for path in [&folder, &program] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))?;
    }
    let mut command = match is_root {
        true => Command::new("setpriv"),
        false => Command::new("prlimit"),
    };
    if is_root {
        command.args(["--reuid=65534", "--clear-groups", "prlimit"]);
    }
    let output =
        command.arg("--nproc=1").arg(&program).args(["--exact", NAME, "--test-threads=1"]).env(MARK, "1").output();
    std::fs::remove_dir_all(&folder)?;
    match output {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && text.contains("1 passed"), "{}: {text}", output.status);
        }
        Err(error) => eprintln!("{NAME}: skipped, since there is no setpriv or prlimit: {error}"),
    }
    Ok(())
}
