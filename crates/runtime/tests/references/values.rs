//! Values of the host's that are counted, and how guests get them.

use gusset::core::{Caller, ExternRef, FuncType, Linker, RefType, Tag, ValType};
use gusset::{Config, Engine, Error, OptLevel, Result, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// In all forms of code, with references reclaimed whenever that is possible.
pub fn engines() -> Result<Vec<Engine>> {
    let configs: [&dyn Fn(&mut Config); 7] = [
        &|_| {},
        &|config| _ = config.frame_form(true),
        &|config| _ = config.signals_based_traps(false),
        &|config| _ = config.signals_based_traps(false).frame_form(true),
        &|config| _ = config.lazy_compilation(true),
        &|config| _ = config.consume_fuel(true).epoch_interruption(true),
        &|config| _ = config.opt_level(OptLevel::None).consume_fuel(true).frame_form(true),
    ];
    let engine = |configure: &dyn Fn(&mut Config)| {
        let mut config = Config::new();
        config.gc_stress(true);
        configure(&mut config);
        Engine::new(&config)
    };
    configs.into_iter().map(engine).collect()
}

/// Numbers of values that have been dropped.
#[derive(Default)]
pub struct ValueDrops {
    pub made: AtomicU64,
    pub dropped: AtomicU64,
    pub most: AtomicU64,
}

impl ValueDrops {
    pub fn alive(&self) -> u64 {
        self.made.load(Ordering::Relaxed) - self.dropped.load(Ordering::Relaxed)
    }
}

/// A value of the host's that knows its number.
pub struct NumberedValue {
    number: i32,
    drops: Arc<ValueDrops>,
}

impl NumberedValue {
    pub fn new(number: i32, drops: &Arc<ValueDrops>) -> NumberedValue {
        drops.made.fetch_add(1, Ordering::Relaxed);
        drops.most.fetch_max(drops.alive(), Ordering::Relaxed);
        NumberedValue { number, drops: drops.clone() }
    }
}

impl Drop for NumberedValue {
    fn drop(&mut self) {
        self.drops.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

pub type Data = Arc<ValueDrops>;

pub fn number(store: &impl gusset::AsContext<Data = Data>, value: ExternRef) -> Result<i32> {
    let value = value.data(store)?.downcast_ref::<NumberedValue>();
    value.map(|value| value.number).ok_or_else(|| Error::msg("another value"))
}

/// `make` makes a value of a number, `is` looks whether it is that, `gc` reclaims what it can, and `tag` carries a value.
pub fn linker(engine: &Engine, store: &mut Store<Data>) -> Result<Linker<Data>> {
    let mut linker = Linker::<Data>::new(engine);
    linker.func_wrap("", "make", |mut caller: Caller<'_, Data>, number: i32| {
        let value = NumberedValue::new(number, caller.data());
        ExternRef::new(&mut caller, value).map(Some)
    })?;
    linker.func_wrap(
        "",
        "is",
        |mut caller: Caller<'_, Data>, value: Option<ExternRef>, expected: i32| -> Result<()> {
            caller.gc()?;
            let found = value.map(|value| number(&caller, value)).transpose()?;
            if found != Some(expected) { Err(Error::msg(format!("{found:?} instead of {expected}"))) } else { Ok(()) }
        },
    )?;
    linker.func_wrap("", "gc", |mut caller: Caller<'_, Data>| caller.gc())?;
    let tag =
        Tag::new(&mut *store, &FuncType { params: [ValType::Ref(RefType::EXTERNREF)].into(), results: [].into() })?;
    linker.define("", "tag", tag)?;
    Ok(linker)
}

pub fn new_store(engine: &Engine) -> Result<Store<Data>> {
    let mut store = Store::new(engine, Arc::default());
    store.set_epoch_deadline(1 << 40);
    // Some of the engines count fuel.
    let _ = store.set_fuel(1 << 40);
    Ok(store)
}

pub const IMPORTS: &str = r#"
    (import "" "make" (func $make (param i32) (result externref)))
    (import "" "is" (func $is (param externref i32)))
    (import "" "gc" (func $gc))
    (import "" "tag" (tag $tag (param externref)))
    (type $unary (func (param externref) (result externref)))"#;
