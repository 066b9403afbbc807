//! [`Lookup`]: finding the addresses of a name. The system's own way to do so waits, so it does in a thread of its own; there are so many of
//! them, of a guest and in all. Who is told that it would be one too many can come again; requests of HTTP wait for their turn.

use crate::ctx::WasiCtx;
use crate::error::{ErrorCode, WasiResult};
use crate::wait::{Interest, Pollable, Ready, Waiter, WakerSet};
use std::collections::VecDeque;
#[cfg(feature = "http")]
use std::net::SocketAddr;
use std::net::{IpAddr, Ipv6Addr, ToSocketAddrs};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::{io, mem, thread};
#[cfg(feature = "http")]
use tokio::sync::{Notify, oneshot};

/// How many names a guest looks up at a time, and the process.
const MAX_LOOKUPS: u32 = 16;
const MAX_LOOKUPS_OF_ALL: u32 = 128;

/// What the threads have that look names up: libraries run in them that the system chooses.
const STACK: usize = 512 << 10;

static LOOKUPS_OF_ALL: AtomicU32 = AtomicU32::new(0);

/// Told when there is one less of them, of whatever guest.
#[cfg(feature = "http")]
static SLOT_FREED: Notify = Notify::const_new();

/// How many names one guest looks up.
#[derive(Clone, Default, Debug)]
pub(crate) struct LookupSlots(Arc<AtomicU32>);

/// A place among them, until the system has answered, whoever waits for that.
struct LookupSlot(Arc<AtomicU32>);

fn take(count: &AtomicU32, max: u32) -> bool {
    let one_more = |count: u32| (count < max).then_some(count + 1);
    count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok()
}

impl LookupSlots {
    fn take(&self) -> WasiResult<LookupSlot> {
        if take(&self.0, MAX_LOOKUPS) {
            if take(&LOOKUPS_OF_ALL, MAX_LOOKUPS_OF_ALL) {
                return Ok(LookupSlot(self.0.clone()));
            }
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
        Err(ErrorCode::Busy.into())
    }

    /// Waits for a place.
    #[cfg(feature = "http")]
    async fn wait(&self) -> LookupSlot {
        loop {
            // It is asked for first: what is freed from here on is told.
            let freed = SLOT_FREED.notified();
            if let Ok(slot) = self.take() {
                return slot;
            }
            freed.await;
        }
    }

    /// What the system knows of a name, in its turn. Whoever waits no more leaves the place taken until the system has answered.
    ///
    /// # Errors
    ///
    /// The system's.
    #[cfg(feature = "http")]
    pub(crate) async fn socket_addrs(&self, name: String, port: u16) -> io::Result<Vec<SocketAddr>> {
        let (sender, receiver) = oneshot::channel();
        let find = move || (name.as_str(), port).to_socket_addrs().map(Vec::from_iter);
        self.wait().await.run(find, move |found| drop(sender.send(found)))?;
        receiver.await.unwrap_or_else(|gone| Err(io::Error::other(gone)))
    }
}

impl LookupSlot {
    /// Looks up in a thread, and tells what was found. The place is free before that is known.
    fn run<T: 'static>(
        self,
        find: impl FnOnce() -> T + Send + 'static,
        tell: impl FnOnce(T) + Send + 'static,
    ) -> io::Result<()> {
        let thread = thread::Builder::new().name("gusset lookup".into()).stack_size(STACK);
        let run = move || {
            let found = find();
            drop(self);
            tell(found);
        };
        thread.spawn(run).map(drop)
    }
}

impl Drop for LookupSlot {
    fn drop(&mut self) {
        LOOKUPS_OF_ALL.fetch_sub(1, Ordering::Relaxed);
        self.0.fetch_sub(1, Ordering::Relaxed);
        #[cfg(feature = "http")]
        SLOT_FREED.notify_waiters();
    }
}

/// A name that is looked up, and then the addresses of it that are left to tell.
pub(crate) struct Lookup {
    name: String,
    answer: Arc<LookupAnswer>,
}

/// What becomes of it.
struct LookupAnswer(Mutex<LookupState>);

enum LookupState {
    Pending(WakerSet),
    /// The guest may not use them yet.
    Found(Vec<IpAddr>),
    Told(VecDeque<IpAddr>),
    Failed(ErrorCode),
}

impl Lookup {
    /// Begins to look a name up. An address is found at once, and nobody is asked for it.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Invalid`] where it is no name; [`ErrorCode::Access`] where it may not be looked up; [`ErrorCode::Busy`] where too many
    /// are.
    pub(crate) fn start(ctx: &WasiCtx, name: &str) -> WasiResult<Lookup> {
        if let Some(address) = literal(name) {
            return Ok(Lookup::of(name.into(), LookupState::Told([address].into())));
        }
        if !super::is_name(name) {
            return Err(ErrorCode::Invalid.into());
        }
        ctx.check_lookup(name)?;
        Lookup::in_thread(ctx.lookups(), name.into(), addresses)
    }

    fn of(name: String, state: LookupState) -> Lookup {
        Lookup { name, answer: Arc::new(LookupAnswer(Mutex::new(state))) }
    }

    fn in_thread(
        slots: &LookupSlots,
        name: String,
        find: impl FnOnce(&str) -> WasiResult<Vec<IpAddr>> + Send + 'static,
    ) -> WasiResult<Lookup> {
        let slot = slots.take()?;
        let lookup = Lookup::of(name.clone(), LookupState::Pending(WakerSet::default()));
        let answer = lookup.answer.clone();
        slot.run(move || find(&name), move |found| answer.answer(found)).map_err(|_| ErrorCode::Busy)?;
        Ok(lookup)
    }

    /// The next address, or none if there is no other.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::WouldBlock`] where nothing is known yet; [`ErrorCode::NoEntry`] where the system has found nothing.
    pub(crate) fn next(&self, ctx: &mut WasiCtx) -> WasiResult<Option<IpAddr>> {
        let mut state = self.answer.lock();
        if let LookupState::Found(found) = &mut *state {
            ctx.name_resolved(&self.name, found);
            *state = LookupState::Told(mem::take(found).into());
        }
        match &mut *state {
            LookupState::Told(left) => Ok(left.pop_front()),
            LookupState::Failed(code) => Err((*code).into()),
            LookupState::Pending(_) | LookupState::Found(_) => Err(ErrorCode::WouldBlock.into()),
        }
    }

    /// Ready when something is known.
    pub(crate) fn source(&self) -> Arc<dyn Pollable> {
        self.answer.clone()
    }
}

/// An address that is written where a name could stand.
fn literal(name: &str) -> Option<IpAddr> {
    let bracketed = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    match bracketed {
        Some(address) => address.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => name.parse().ok(),
    }
    .map(|address: IpAddr| address.to_canonical())
}

/// What the system knows of a name. Why it knows nothing, the standard library does not tell.
fn addresses(name: &str) -> WasiResult<Vec<IpAddr>> {
    let mut addresses = Vec::new();
    for address in (name, 0).to_socket_addrs().map_err(|_| ErrorCode::NoEntry)? {
        let address = address.ip().to_canonical();
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() { Err(ErrorCode::NoEntry.into()) } else { Ok(addresses) }
}

impl LookupAnswer {
    fn lock(&self) -> MutexGuard<'_, LookupState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, found: WasiResult<Vec<IpAddr>>) {
        let state = match found {
            Ok(addresses) => LookupState::Found(addresses),
            Err(error) => LookupState::Failed(error.code().unwrap_or(ErrorCode::NoEntry)),
        };
        let before = mem::replace(&mut *self.lock(), state);
        if let LookupState::Pending(mut wakers) = before {
            wakers.wake_all();
        }
    }
}

impl Pollable for LookupAnswer {
    fn poll_ready<'a>(&'a self, _: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        let mut full = match &mut *self.lock() {
            LookupState::Pending(wakers) => wakers.insert(waiter.waker()),
            _ => return Poll::Ready(Ready::default()),
        };
        full.wake_all();
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::WasiConfig;
    use std::sync::mpsc;

    #[test]
    fn a_guest_looks_up_so_many_names_at_a_time() {
        let (slots, mut ctx) = (LookupSlots::default(), WasiCtx::new(&WasiConfig::default()));
        let found = |address: [u8; 4]| Ok(vec![IpAddr::from(address)]);
        let (mut answers, mut lookups) = (Vec::new(), Vec::new());
        for _ in 0..MAX_LOOKUPS {
            let (answer, answered) = mpsc::channel::<()>();
            let find = move |_: &str| {
                answered.recv().unwrap();
                found([192, 0, 2, 1])
            };
            lookups.push(Lookup::in_thread(&slots, "a.example".into(), find).unwrap());
            answers.push(answer);
        }
        let one_more = || Lookup::in_thread(&slots, "a.example".into(), move |_| found([192, 0, 2, 2]));
        assert_eq!(one_more().err().unwrap().code(), Some(ErrorCode::Busy));
        // Another guest is not concerned.
        let other = LookupSlots::default();
        assert!(Lookup::in_thread(&other, "a.example".into(), move |_| found([192, 0, 2, 3])).is_ok());

        let last = lookups.pop().unwrap();
        assert_eq!(last.next(&mut ctx).err().unwrap().code(), Some(ErrorCode::WouldBlock));
        answers.pop().unwrap().send(()).unwrap();
        let source = last.source();
        ctx.wait(&[(&*source, Interest::Read)], None).unwrap();
        assert_eq!(last.next(&mut ctx).unwrap(), Some(IpAddr::from([192, 0, 2, 1])));
        assert_eq!(last.next(&mut ctx).unwrap(), None);
        // There is room for one more; nobody has to wait for those that are dropped.
        drop(lookups);
        assert!(one_more().is_ok());
        answers.into_iter().for_each(|answer| answer.send(()).unwrap());
    }

    #[cfg(feature = "http")]
    #[test]
    fn a_request_waits_for_its_turn() {
        let slots = LookupSlots::default();
        let mut taken = Vec::new();
        for _ in 0..MAX_LOOKUPS {
            taken.push(slots.take().unwrap());
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut turn = std::pin::pin!(slots.socket_addrs("127.0.0.1".into(), 80));
            let waits = std::future::poll_fn(|task| Poll::Ready(turn.as_mut().poll(task).is_pending())).await;
            assert!(waits && slots.take().is_err());
            taken.pop();
            assert_eq!(turn.await.unwrap(), [SocketAddr::from(([127, 0, 0, 1], 80))]);
        });
        drop(taken);
        assert_eq!(slots.0.load(Ordering::Relaxed), 0, "all are free");
    }

    #[test]
    fn addresses_are_what_they_are() {
        for (name, address) in [
            ("127.0.0.1", Some("127.0.0.1")),
            ("::1", Some("::1")),
            ("[::1]", Some("::1")),
            ("::ffff:10.0.0.1", Some("10.0.0.1")),
            ("DEAD:BEEF::0", Some("dead:beef::")),
            ("[127.0.0.1]", None),
            ("[::1]:80", None),
            ("127.0.0.1:80", None),
            ("127.1", None),
            ("localhost", None),
        ] {
            assert_eq!(literal(name), address.map(|address| address.parse().unwrap()), "{name}");
        }
    }
}
