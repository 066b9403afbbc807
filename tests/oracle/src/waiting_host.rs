//! The host of programs over handles whose functions wait, or may: each in one of the ways that there are, and each pending as often as a
//! generated number says.

use crate::run_programs::Tape;
use gusset::{Accessor, Engine, Error, Instance, Linker, StoreContextMut, TypedFunc, Val};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// How a function of the host is defined.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HostKind {
    Plain,
    /// Its future has the store.
    Exclusive,
    /// Its future has an accessor.
    Concurrent,
}

/// How the host calls a guest for one that waits meanwhile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum EnterKind {
    /// By a plain call: for programs in which nobody waits.
    Plain,
    /// By a call that may wait, which it polls to the end by itself.
    Polls,
    /// By a call that may wait, for which it waits.
    Waits,
    /// The same, but now and then it gives that call up, and goes on.
    GivesUp,
}

/// The functions of the host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HostKinds {
    pub(crate) next: HostKind,
    pub(crate) note: HostKind,
    pub(crate) enter: EnterKind,
}

/// How many futures of the host have been made, and how many are gone.
#[derive(Default)]
pub(crate) struct MadeFutures {
    made: AtomicUsize,
    gone: AtomicUsize,
}

impl MadeFutures {
    pub(crate) fn made(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }

    /// How many are neither done nor dropped.
    pub(crate) fn left(&self) -> usize {
        self.made() - self.gone.load(Ordering::Relaxed)
    }
}

/// A tape, and how often who reads it waits.
pub(crate) struct WaitingTape {
    pub(crate) tape: Tape,
    /// Numbers that are used one after the other, and then again.
    choices: Vec<u8>,
    at: usize,
    pub(crate) futures: Arc<MadeFutures>,
    /// Whether an epoch begins now and then.
    pub(crate) epochs: bool,
    /// Whether a call within another has been given up.
    pub(crate) gave_up: bool,
}

impl WaitingTape {
    pub(crate) fn new(tape: Tape, choices: Vec<u8>, epochs: bool) -> WaitingTape {
        WaitingTape { tape, choices, at: 0, futures: Arc::default(), epochs, gave_up: false }
    }

    fn choose(&mut self, below: u8) -> u8 {
        let Some(&choice) = self.choices.get(self.at % self.choices.len().max(1)) else { return 0 };
        self.at += 1;
        choice % below
    }

    /// What a function waits for: nothing, or that it is polled a few times more.
    fn pauses(&mut self) -> CountedPauses {
        self.futures.made.fetch_add(1, Ordering::Relaxed);
        CountedPauses { left: self.choose(8).saturating_sub(5), futures: self.futures.clone() }
    }

    /// What each function of the host begins with.
    fn begin(&mut self, engine: &Engine) {
        if self.epochs && self.choose(4) == 0 {
            engine.increment_epoch();
        }
    }
}

/// Is pending so many times, and wakes who waits each time.
struct CountedPauses {
    left: u8,
    futures: Arc<MadeFutures>,
}

impl Future for CountedPauses {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        if self.left == 0 {
            return Poll::Ready(());
        }
        self.left -= 1;
        task.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for CountedPauses {
    fn drop(&mut self) {
        self.futures.gone.fetch_add(1, Ordering::Relaxed);
    }
}

/// Whether somebody has been woken.
#[derive(Default)]
pub(crate) struct WakeCount(AtomicUsize);

impl Wake for WakeCount {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Polls once; pending is only who has been woken meanwhile.
///
/// # Errors
///
/// When nobody would ever poll it again.
pub(crate) fn poll_woken<F: Future + ?Sized>(future: Pin<&mut F>) -> Result<Poll<F::Output>, String> {
    let woken = Arc::new(WakeCount::default());
    let poll = future.poll(&mut Context::from_waker(&Waker::from(woken.clone())));
    if poll.is_pending() && woken.0.load(Ordering::Relaxed) == 0 {
        return Err("a call is pending, and nobody has been woken".into());
    }
    Ok(poll)
}

/// A linker with the functions that programs import.
pub(crate) fn waiting_linker(engine: &Engine, kinds: HostKinds) -> Result<Linker<WaitingTape>, Error> {
    let mut linker = Linker::new(engine);
    define_next(&mut linker, kinds.next)?;
    define_note(&mut linker, kinds.note)?;
    define_enter(&mut linker, kinds.enter)?;
    Ok(linker)
}

fn begin(store: &mut StoreContextMut<'_, WaitingTape>) {
    let engine = store.engine().clone();
    store.data_mut().begin(&engine);
}

fn define_next(linker: &mut Linker<WaitingTape>, kind: HostKind) -> Result<(), Error> {
    let mut root = linker.root();
    match kind {
        HostKind::Plain => root.func_wrap("next", |mut store: StoreContextMut<'_, WaitingTape>, (): ()| {
            begin(&mut store);
            Ok((store.data_mut().tape.next(),))
        }),
        HostKind::Exclusive => root.func_new_async("next", |mut store, _, results| {
            Box::new(async move {
                begin(&mut store);
                let pauses = store.data_mut().pauses();
                pauses.await;
                results[0] = Val::U32(store.data_mut().tape.next());
                Ok(())
            })
        }),
        HostKind::Concurrent => root.func_wrap_concurrent("next", |accessor: &Accessor<WaitingTape>, (): ()| {
            Box::pin(async move {
                let pauses = accessor.with(|mut store| {
                    begin(&mut store);
                    store.data_mut().pauses()
                });
                pauses.await;
                Ok((accessor.with(|mut store| store.data_mut().tape.next()),))
            })
        }),
    }
}

fn define_note(linker: &mut Linker<WaitingTape>, kind: HostKind) -> Result<(), Error> {
    let mut root = linker.root();
    match kind {
        HostKind::Plain => root.func_new("note", |mut store, params, _| {
            begin(&mut store);
            if let Val::U32(number) = params[0] {
                store.data_mut().tape.log.push(number);
            }
            Ok(())
        }),
        HostKind::Exclusive => {
            root.func_wrap_async("note", |mut store: StoreContextMut<'_, WaitingTape>, (number,): (u32,)| {
                Box::new(async move {
                    begin(&mut store);
                    let pauses = store.data_mut().pauses();
                    pauses.await;
                    store.data_mut().tape.log.push(number);
                    Ok(())
                })
            })
        }
        HostKind::Concurrent => {
            root.func_wrap_concurrent("note", |accessor: &Accessor<WaitingTape>, (number,): (u32,)| {
                Box::pin(async move {
                    let pauses = accessor.with(|mut store| {
                        begin(&mut store);
                        store.data_mut().tape.log.push(number);
                        store.data_mut().pauses()
                    });
                    pauses.await;
                    Ok(())
                })
            })
        }
    }
}

fn define_enter(linker: &mut Linker<WaitingTape>, kind: EnterKind) -> Result<(), Error> {
    let mut root = linker.root();
    match kind {
        EnterKind::Plain => {
            root.func_wrap("enter", |mut store: StoreContextMut<'_, WaitingTape>, (callee,): (u32,)| {
                let run = entered(&mut store, callee)?;
                run.call(&mut store, ())
            })
        }
        EnterKind::Polls => {
            root.func_wrap("enter", |mut store: StoreContextMut<'_, WaitingTape>, (callee,): (u32,)| {
                let run = entered(&mut store, callee)?;
                let mut call = pin!(run.call_async(&mut store, ()));
                loop {
                    if let Poll::Ready(result) = poll_woken(call.as_mut()).map_err(Error::msg)? {
                        return result;
                    }
                }
            })
        }
        EnterKind::Waits | EnterKind::GivesUp => {
            let gives_up = kind == EnterKind::GivesUp;
            root.func_wrap_async("enter", move |mut store: StoreContextMut<'_, WaitingTape>, (callee,): (u32,)| {
                Box::new(async move {
                    let run = entered(&mut store, callee)?;
                    if !gives_up || store.data_mut().choose(3) > 0 {
                        return run.call_async(&mut store, ()).await;
                    }
                    let mut call = Box::pin(run.call_async(&mut store, ()));
                    let poll = poll_woken(call.as_mut()).map_err(Error::msg)?;
                    drop(call);
                    match poll {
                        Poll::Ready(result) => result,
                        Poll::Pending => {
                            store.data_mut().gave_up = true;
                            Ok(())
                        }
                    }
                })
            })
        }
    }
}

/// The function by which an instance is called that another one has asked for.
fn entered(store: &mut StoreContextMut<'_, WaitingTape>, callee: u32) -> Result<TypedFunc<(), ()>, Error> {
    let instance: Option<Instance> = store.data().tape.instance;
    let instance = instance.ok_or_else(|| Error::msg("a guest asks before it can"))?;
    instance.get_typed_func::<(), ()>(&mut *store, format!("run{callee}"))
}
