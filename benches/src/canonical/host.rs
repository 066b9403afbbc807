//! Rows between a host and a component, in both directions, typed and with values whose type is known at run time only. The two sides'
//! libraries differ in little more than paths, so that there is one text of their hosts.

use super::guest_loop::{looped, timed};
use super::host_guests::{BYTES, STRING, callee, caller, content, expected, hash_bytes, hash_record, record_fields};
use super::{CONTENDERS, CanonicalEngines, CanonicalRow, ExpectedSum, TimedRun, spread};
use anyhow::{Context, Result, bail};
use std::rc::Rc;

/// A function that is called, and how.
#[derive(Clone, Copy)]
struct HostCall {
    function: &'static str,
    to_host: bool,
    dynamic: bool,
}

/// The functions, with what they are called in the table.
const TYPED: [(&str, &str); 7] = [
    ("scalar", "scalars"),
    ("take-string", "a string of 64 B, passed"),
    ("give-string", "a string of 64 B, returned"),
    ("take-bytes", "list<u8> of 4 KiB, passed"),
    ("give-bytes", "list<u8> of 4 KiB, returned"),
    ("take-record", "a derived record, passed"),
    ("give-record", "a derived record, returned"),
];

const DYNAMIC: [(&str, &str); 5] = [
    ("scalar", "scalars by Val"),
    ("take-string", "a string of 64 B by Val, passed"),
    ("take-bytes", "list<u8> of 4 KiB by Val, passed"),
    ("take-record", "a record by Val, passed"),
    ("give-record", "a record by Val, returned"),
];

/// The rows.
pub fn rows() -> Vec<CanonicalRow> {
    let mut rows = Vec::new();
    for to_host in [false, true] {
        let direction = if to_host { "guest to host" } else { "host to guest" };
        let typed = TYPED.map(|(function, name)| (HostCall { function, to_host, dynamic: false }, name));
        let dynamic = DYNAMIC.map(|(function, name)| (HostCall { function, to_host, dynamic: true }, name));
        for (call, name) in typed.into_iter().chain(dynamic) {
            rows.push(CanonicalRow::new(direction, name, move |engines| runs(call, engines)));
        }
    }
    rows
}

fn runs(call: HostCall, engines: &CanonicalEngines) -> Result<[TimedRun; 3]> {
    let bytes = wat::parse_str(if call.to_host { caller() } else { callee() })?;
    let [default, best] = &engines.wasmtime;
    Ok([
        ours::run(CONTENDERS[0], &engines.gusset, &bytes, call).context(CONTENDERS[0])?,
        theirs::run(CONTENDERS[1], default, &bytes, call).context(CONTENDERS[1])?,
        theirs::run(CONTENDERS[2], best, &bytes, call).context(CONTENDERS[2])?,
    ])
}

/// What a host answers that keeps the hash of the call before.
fn answer(last: &mut u64, hash: u64) -> u64 {
    std::mem::replace(last, hash).wrapping_mul(31).wrapping_add(hash)
}

/// A number from the call's, which the answer to a call is made from.
fn answer_to(last: &mut u64, i: u32) -> u64 {
    answer(last, spread(i.into()))
}

/// All strings of so many bytes, made before they are passed.
fn strings(count: usize) -> Vec<String> {
    let string = |n: u32| String::from_utf8(content(n / 16, (n % 16).into(), count)).expect("these are letters");
    (0..256).map(string).collect()
}

/// Which of them is a call's.
fn which(i: u32, with: u64) -> usize {
    (i & 15) as usize * 16 + (with & 15) as usize
}

/// Makes bytes that were another call's this call's.
fn change(bytes: &mut [u8], i: u32, with: u64) {
    let last = bytes.len() - 1;
    bytes[0] = b'a' + (i & 15) as u8;
    bytes[last] = b'a' + (with & 15) as u8;
}

/// A host in one of the libraries, whose paths and differences are given.
macro_rules! host_of {
    ($module:ident { $($item:item)* }) => {
        mod $module {
            use super::*;
            $($item)*

            #[derive(ComponentType, Lift, Lower, Clone, Copy)]
            #[component(enum)]
            #[repr(u8)]
            enum SampleLevel {
                #[component(name = "low")]
                Low,
                #[component(name = "high")]
                High,
            }

            #[derive(ComponentType, Lift, Lower)]
            #[component(record)]
            struct NamedSample {
                id: u32,
                weight: f64,
                level: SampleLevel,
                tag: Option<u16>,
                name: String,
            }

            impl NamedSample {
                fn new(v: u64, name: String) -> NamedSample {
                    let (id, weight, high, tag) = record_fields(v);
                    NamedSample { id, weight, level: if high { SampleLevel::High } else { SampleLevel::Low }, tag, name }
                }

                fn hash(&self) -> u64 {
                    hash_record(self.id, self.weight, matches!(self.level, SampleLevel::High), self.tag, &self.name)
                }
            }

            fn sample_val(v: u64, name: &str) -> Val {
                let (id, weight, high, tag) = record_fields(v);
                Val::Record(vec![
                    ("id".into(), Val::U32(id)),
                    ("weight".into(), float(weight)),
                    ("level".into(), Val::Enum(if high { "high" } else { "low" }.into())),
                    ("tag".into(), Val::Option(tag.map(|tag| Box::new(Val::U16(tag))))),
                    ("name".into(), Val::String(name.to_owned())),
                ])
            }

            fn hash_val(sample: &Val) -> Option<u64> {
                let Val::Record(fields) = sample else { return None };
                let [(_, Val::U32(id)), (_, weight), (_, Val::Enum(level)), (_, Val::Option(tag)), (_, Val::String(name))] =
                    fields.as_slice()
                else {
                    return None;
                };
                let tag = match tag.as_deref() {
                    Some(Val::U16(tag)) => Some(*tag),
                    _ => None,
                };
                Some(hash_record(*id, from_float(weight)?, &**level == "high", tag, name))
            }

            fn bytes_of(list: &[Val]) -> Vec<u8> {
                list.iter().map(|byte| if let Val::U8(byte) = byte { *byte } else { 0 }).collect()
            }

            pub fn run(name: &'static str, engine: &Engine, bytes: &[u8], call: HostCall) -> Result<TimedRun> {
                let component = Component::new(engine, bytes)?;
                let mut linker = Linker::<u64>::new(engine);
                let mut store = Store::new(engine, 0);
                let function = call.function;
                let expected: ExpectedSum = Rc::new(move |n, _| expected(function, n));
                if call.to_host {
                    if call.dynamic {
                        define_by_val(&mut linker)?;
                    } else {
                        define_typed(&mut linker)?;
                    }
                    let instance = linker.instantiate(&mut store, &component)?;
                    let func = instance.get_typed_func::<(u32, u32), (u64,)>(&mut store, &format!("run-{function}"))?;
                    return timed(name, move |n, step| Ok(func.call(&mut store, (n, step))?.0), 1, expected);
                }
                let instance = linker.instantiate(&mut store, &component)?;
                if call.dynamic {
                    looped(name, call_by_val(store, &instance, function)?, expected)
                } else {
                    looped(name, call_typed(store, &instance, function)?, expected)
                }
            }

            fn define_typed(linker: &mut Linker<u64>) -> Result<()> {
                let mut root = linker.root();
                root.func_wrap("scalar", |mut store: StoreContextMut<'_, u64>, (i, x): (u32, u32)| {
                    Ok((answer(store.data_mut(), spread(i.into()).wrapping_add(x.into())),))
                })?;
                root.func_wrap("take-string", |mut store: StoreContextMut<'_, u64>, (i, text): (u32, String)| {
                    Ok((answer(store.data_mut(), hash_bytes(i, text.as_bytes(), 8)),))
                })?;
                root.func_wrap("take-bytes", |mut store: StoreContextMut<'_, u64>, (i, list): (u32, Vec<u8>)| {
                    Ok((answer(store.data_mut(), hash_bytes(i, &list, 256)),))
                })?;
                root.func_wrap("take-record", |mut store: StoreContextMut<'_, u64>, (sample,): (NamedSample,)| {
                    Ok((answer(store.data_mut(), sample.hash()),))
                })?;
                let texts = strings(STRING);
                root.func_wrap("give-string", move |mut store: StoreContextMut<'_, u64>, (i,): (u32,)| {
                    Ok((texts[which(i, answer_to(store.data_mut(), i))].clone(),))
                })?;
                let bytes = content(0, 0, BYTES);
                root.func_wrap("give-bytes", move |mut store: StoreContextMut<'_, u64>, (i,): (u32,)| {
                    let mut bytes = bytes.clone();
                    change(&mut bytes, i, answer_to(store.data_mut(), i));
                    Ok((bytes,))
                })?;
                let names = strings(16);
                root.func_wrap("give-record", move |mut store: StoreContextMut<'_, u64>, (i,): (u32,)| {
                    let v = answer_to(store.data_mut(), i);
                    Ok((NamedSample::new(v, names[which(i, v)].clone()),))
                })?;
                Ok(())
            }

            fn define_by_val(linker: &mut Linker<u64>) -> Result<()> {
                define(linker, "scalar", |last, params, results| {
                    let [Val::U32(i), Val::U32(x)] = params else { unreachable!("linking compared the types") };
                    results[0] = Val::U64(answer(last, spread((*i).into()).wrapping_add((*x).into())));
                })?;
                define(linker, "take-string", |last, params, results| {
                    let [Val::U32(i), Val::String(text)] = params else { unreachable!("linking compared the types") };
                    results[0] = Val::U64(answer(last, hash_bytes(*i, text.as_bytes(), 8)));
                })?;
                define(linker, "take-bytes", |last, params, results| {
                    let [Val::U32(i), Val::List(list)] = params else { unreachable!("linking compared the types") };
                    results[0] = Val::U64(answer(last, hash_bytes(*i, &bytes_of(list), 256)));
                })?;
                define(linker, "take-record", |last, params, results| {
                    results[0] = Val::U64(answer(last, hash_val(&params[0]).expect("linking compared the types")));
                })?;
                let names = strings(16);
                define(linker, "give-record", move |last, params, results| {
                    let [Val::U32(i)] = params else { unreachable!("linking compared the types") };
                    let v = answer_to(last, *i);
                    results[0] = sample_val(v, &names[which(*i, v)]);
                })?;
                for unused in ["give-string", "give-bytes"] {
                    define(linker, unused, |_, _, _| unreachable!("no row calls it"))?;
                }
                Ok(())
            }

            /// A call of the guest's function, the number of the call given. What is passed lives on: a typed function is of one lifetime.
            fn call_typed(
                mut store: Store<u64>,
                instance: &Instance,
                function: &str,
            ) -> Result<Box<dyn FnMut(u32) -> Result<u64>>> {
                let (texts, names): (&[String], _) = (strings(STRING).leak(), strings(16));
                Ok(match function {
                    "scalar" => {
                        let func = instance.get_typed_func::<(u32, u32), (u64,)>(&mut store, function)?;
                        Box::new(move |i| Ok(func.call(&mut store, (i, i ^ 5))?.0))
                    }
                    "take-string" => {
                        let func = instance.get_typed_func::<(u32, &str), (u64,)>(&mut store, function)?;
                        Box::new(move |i| Ok(func.call(&mut store, (i, &texts[which(i, spread(i.into()))]))?.0))
                    }
                    "take-bytes" => {
                        let func = instance.get_typed_func::<(u32, &[u8]), (u64,)>(&mut store, function)?;
                        let bytes: &[Vec<u8>] = (0..16).map(|i| content(i, spread(i.into()), BYTES)).collect::<Vec<_>>().leak();
                        Box::new(move |i| Ok(func.call(&mut store, (i, &bytes[(i & 15) as usize]))?.0))
                    }
                    "take-record" => {
                        let func = instance.get_typed_func::<(NamedSample,), (u64,)>(&mut store, function)?;
                        let sample = move |i: u32| {
                            let v = spread(i.into());
                            NamedSample::new(v, names[which(i, v)].clone())
                        };
                        Box::new(move |i| Ok(func.call(&mut store, (sample(i),))?.0))
                    }
                    "give-string" => {
                        let func = instance.get_typed_func::<(u32,), (String,)>(&mut store, function)?;
                        Box::new(move |i| Ok(hash_bytes(i, func.call(&mut store, (i,))?.0.as_bytes(), 8)))
                    }
                    "give-bytes" => {
                        let func = instance.get_typed_func::<(u32,), (Vec<u8>,)>(&mut store, function)?;
                        Box::new(move |i| Ok(hash_bytes(i, &func.call(&mut store, (i,))?.0, 256)))
                    }
                    "give-record" => {
                        let func = instance.get_typed_func::<(u32,), (NamedSample,)>(&mut store, function)?;
                        Box::new(move |i| Ok(func.call(&mut store, (i,))?.0.hash()))
                    }
                    _ => bail!("there is no function {function}"),
                })
            }

            /// The same by values. Those that a call gets are made before it, but for numbers.
            fn call_by_val(
                mut store: Store<u64>,
                instance: &Instance,
                function: &str,
            ) -> Result<Box<dyn FnMut(u32) -> Result<u64>>> {
                let func = instance.get_func(&mut store, function).context("the guest exports it")?;
                let mut results = [Val::Bool(false)];
                let (texts, names) = (strings(STRING), strings(16));
                let mut params: Vec<Vec<Val>> = match function {
                    "scalar" => vec![vec![Val::U32(0), Val::U32(0)]; 16],
                    "take-string" => {
                        let text = |i| Val::String(texts[which(i, spread(i.into()))].clone());
                        (0..16).map(|i| vec![Val::U32(0), text(i)]).collect()
                    }
                    "take-bytes" => {
                        let bytes = |i: u32| content(i, spread(i.into()), BYTES).into_iter().map(Val::U8).collect();
                        (0..16).map(|i| vec![Val::U32(0), Val::List(bytes(i))]).collect()
                    }
                    "take-record" => vec![Vec::new()],
                    "give-record" => vec![vec![Val::U32(0)]; 16],
                    _ => bail!("no row calls {function} by values"),
                };
                let takes_record = function == "take-record";
                Ok(Box::new(move |i| {
                    if takes_record {
                        let v = spread(i.into());
                        func.call(&mut store, &[sample_val(v, &names[which(i, v)])], &mut results)?;
                    } else {
                        let params = &mut params[(i & 15) as usize];
                        for (number, param) in [i, i ^ 5].into_iter().zip(&mut *params) {
                            if matches!(param, Val::U32(_)) {
                                *param = Val::U32(number);
                            }
                        }
                        func.call(&mut store, params, &mut results)?;
                    }
                    Ok(match &results[0] {
                        Val::U64(answer) => *answer,
                        sample => hash_val(sample).context("this is no sample")?,
                    })
                }))
            }
        }
    };
}

host_of!(ours {
    use gusset::{Component, ComponentType, Engine, Instance, Lift, Linker, Lower, Store, StoreContextMut, Val};

    fn float(of: f64) -> Val {
        Val::F64(of)
    }

    fn from_float(of: &Val) -> Option<f64> {
        if let Val::F64(of) = of { Some(*of) } else { None }
    }

    fn define<F>(linker: &mut Linker<u64>, name: &str, function: F) -> Result<()>
    where
        F: Fn(&mut u64, &[Val], &mut [Val]) + Send + Sync + 'static,
    {
        linker.root().func_new(name, move |mut store, params, results| {
            function(store.data_mut(), params, results);
            Ok(())
        })
    }
});

host_of!(theirs {
    use wasmtime::component::{Component, ComponentType, Instance, Lift, Linker, Lower, Val};
    use wasmtime::{Engine, Store, StoreContextMut};

    fn float(of: f64) -> Val {
        Val::Float64(of)
    }

    fn from_float(of: &Val) -> Option<f64> {
        if let Val::Float64(of) = of { Some(*of) } else { None }
    }

    fn define<F>(linker: &mut Linker<u64>, name: &str, function: F) -> Result<()>
    where
        F: Fn(&mut u64, &[Val], &mut [Val]) + Send + Sync + 'static,
    {
        Ok(linker.root().func_new(name, move |mut store, _, params, results| {
            function(store.data_mut(), params, results);
            Ok(())
        })?)
    }
});
