//! Components that interpreters' toolchains make, with resources on both sides: `tests/guests` says how they are built, and
//! `GUSSET_GUESTS` where they are. Most of what they import of WASI traps.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::{
    Component, Config, Engine, Instance, Linker, Resource, ResourceTable, ResourceType, Result, Store, StoreContextMut,
    Val,
};
use std::io::Write;

const CATALOG: &str = "gusset:shop/catalog";

/// What the host keeps: the lines that guests make, and what was written.
#[derive(Default)]
struct Log {
    table: ResourceTable,
    written: Vec<String>,
    dropped: usize,
}

struct Line(String);

type Context<'a> = StoreContextMut<'a, Log>;

fn linker(engine: &Engine, component: &Component) -> Result<Linker<Log>> {
    let mut linker = Linker::<Log>::new(engine);
    let mut log = linker.instance("gusset:shop/log")?;
    log.resource("line", ResourceType::host::<Line>(), |mut store: Context<'_>, rep| {
        store.data_mut().dropped += 1;
        store.data_mut().table.delete(Resource::<Line>::new_own(rep))?;
        Ok(())
    })?;
    log.func_wrap("[constructor]line", |mut store: Context<'_>, (text,): (String,)| {
        Ok((store.data_mut().table.push(Line(text))?,))
    })?;
    log.func_wrap("[method]line.level", |_: Context<'_>, (_,): (Resource<Line>,)| Ok((3_u8,)))?;
    log.func_wrap("write", |mut store: Context<'_>, (line,): (Resource<Line>,)| {
        let text = store.data().table.get(&line)?.0.clone();
        store.data_mut().written.push(text);
        Ok((None::<String>,))
    })?;
    stand_in_for_wasi(&mut linker)?;
    linker.define_unknown_imports_as_traps(component)?;
    Ok(linker)
}

/// What the interpreters ask for when they are first called. The rest of WASI traps.
fn stand_in_for_wasi(linker: &mut Linker<Log>) -> Result<()> {
    let mut environment = linker.instance("wasi:cli/environment@0.2.0")?;
    environment.func_wrap("get-environment", |_, (): ()| Ok((Vec::<(String, String)>::new(),)))?;
    environment.func_wrap("get-arguments", |_, (): ()| Ok((Vec::<String>::new(),)))?;
    environment.func_wrap("initial-cwd", |_, (): ()| Ok((None::<String>,)))?;
    let mut clock = linker.instance("wasi:clocks/monotonic-clock@0.2.0")?;
    clock.func_wrap("now", |_, (): ()| Ok((1_u64,)))?;
    let mut random = linker.instance("wasi:random/random@0.2.0")?;
    random.func_wrap("get-random-bytes", |_, (count,): (u64,)| Ok((vec![4_u8; count as usize],)))?;
    random.func_wrap("get-random-u64", |_, (): ()| Ok((4_u64,)))
}

/// Calls a function of the catalog, and gives its result in WAVE.
fn call(store: &mut Store<Log>, instance: Instance, name: &str, arguments: &[Val]) -> Result<Val> {
    let func = instance.get_func(&mut *store, [CATALOG, name]).unwrap_or_else(|| panic!("{name} is exported"));
    let mut result = [Val::Bool(false)];
    func.call(store, arguments, &mut result)?;
    let [result] = result;
    Ok(result)
}

fn text(text: &str) -> Val {
    Val::String(text.into())
}

/// Runs the whole world: functions, methods, statics, errors of every case, handles lent and given away.
fn shop(file: &str, engine: &Engine) {
    let Some(folder) = std::env::var_os("GUSSET_GUESTS") else {
        // Past the harness, which would keep what a test that passes prints.
        return writeln!(std::io::stderr(), "{file} NOT run: GUSSET_GUESTS names no folder")
            .expect("it can be written to");
    };
    let component = Component::from_file(engine, std::path::Path::new(&folder).join(file)).unwrap();
    let linker = linker(engine, &component).unwrap();
    let store = &mut Store::new(engine, Log::default());
    let instance = linker.instantiate(&mut *store, &component).unwrap();
    let mut call = |name: &str, arguments: &[Val]| call(store, instance, name, arguments).unwrap();

    let find = [text("a"), Val::Enum("by-name".into()), Val::Flags(vec!["new".into()])];
    let apple = r#"{name: "apple", price: 3, tags: ["fruit"]}"#;
    let bread = r#"{name: "bread", price: 7, tags: ["food", "fresh"]}"#;
    assert_eq!(call("find", &find).to_string(), format!("[{apple}, {bread}]"));
    let problem = |case: &str, payload| Val::Variant(case.into(), payload);
    let too_many = problem("too-many", Some(Box::new(Val::U32(12))));
    let closed = problem("closed", None);
    assert!(call("describe", &[too_many]).to_string().contains("12"));
    assert_eq!(call("describe", &[closed]), text("closed"));

    let basket = call("[constructor]basket", &[text("Ann")]);
    let add = |name: &str, count| [basket.clone(), text(name), Val::U32(count)];
    assert_eq!(call("[method]basket.best", std::slice::from_ref(&basket)).to_string(), "none");
    assert_eq!(call("[method]basket.add", &add("apple", 2)).to_string(), "ok(2)");
    assert_eq!(call("[method]basket.add", &add("apple", 3)).to_string(), "ok(5)");
    assert_eq!(call("[method]basket.add", &add("bread", 10)).to_string(), "err(too-many(10))");
    assert_eq!(call("[method]basket.add", &add("gold", 1)).to_string(), r#"err(not-found("gold"))"#);
    let items = r#"[{name: "apple", price: 15, tags: ["fruit"]}]"#;
    assert_eq!(call("[method]basket.items", std::slice::from_ref(&basket)).to_string(), items);

    let other = call("[constructor]basket", &[text("Bob")]);
    call("[method]basket.add", &[other.clone(), text("bread"), Val::U32(1)]);
    let merged = call("[static]basket.merge", &[basket.clone(), other.clone()]);
    let best = call("[method]basket.best", std::slice::from_ref(&merged)).to_string();
    assert_eq!(best, r#"some({name: "apple", price: 15, tags: ["fruit"]})"#);
    for handle in [merged, other] {
        let Val::Resource(handle) = handle else { panic!("it is a handle") };
        handle.resource_drop(&mut *store).unwrap();
    }
    let lines = ["Ann takes 2 apple", "Ann takes 3 apple", "Bob takes 1 bread"];
    assert_eq!(store.data().written, lines);
    println!("{file}: {} of {} lines were dropped", store.data().dropped, lines.len());
}

fn lazy() -> Engine {
    Engine::new(Config::new().lazy_compilation(true)).unwrap()
}

#[test]
fn python() {
    shop("shop-py.wasm", &Engine::default());
}

#[test]
fn python_lazily() {
    shop("shop-py.wasm", &lazy());
}

#[test]
fn javascript() {
    shop("shop-js.wasm", &Engine::default());
}

#[test]
fn javascript_lazily() {
    shop("shop-js.wasm", &lazy());
}
