//! Accounts in Rust.

use exports::gusset::ledger::accounts::{self, AccountBorrow, Entry, GuestAccount, Kinds, Order, Problem};
use std::cell::{Cell, RefCell};

wit_bindgen::generate!({ path: "../ledger.wit", world: "provider" });

struct Provider;

struct Account {
    owner: String,
    start: i64,
    closed: Cell<bool>,
    written: RefCell<Vec<Entry>>,
}

thread_local! {
    static LIVING: Cell<u32> = const { Cell::new(0) };
}

impl Account {
    fn balance(&self) -> i64 {
        self.start + self.written.borrow().iter().map(|entry| i64::from(entry.amount)).sum::<i64>()
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        LIVING.set(LIVING.get() - 1);
    }
}

impl GuestAccount for Account {
    fn new(owner: String, start: i64) -> Account {
        LIVING.set(LIVING.get() + 1);
        Account { owner, start, closed: Cell::new(false), written: RefCell::default() }
    }

    fn enter(&self, entry: Entry) -> Result<i64, Problem> {
        if self.closed.get() {
            return Err(Problem::Closed);
        }
        if entry.text.is_empty() {
            return Err(Problem::Unknown(format!("an entry of {} says nothing", self.owner)));
        }
        let balance = self.balance() + i64::from(entry.amount);
        if balance < 0 {
            return Err(Problem::Overdrawn(-balance));
        }
        self.written.borrow_mut().push(entry);
        Ok(balance)
    }

    fn entries(&self, order: Order, kinds: Kinds) -> Vec<Entry> {
        let is_wanted = |entry: &&Entry| kinds.contains(if entry.amount >= 0 { Kinds::INCOME } else { Kinds::EXPENSE });
        let mut found: Vec<Entry> = self.written.borrow().iter().filter(is_wanted).cloned().collect();
        if order == Order::ByAmount {
            found.sort_by_key(|entry| entry.amount);
        }
        found
    }

    fn largest(&self) -> Option<Entry> {
        let written = self.written.borrow();
        // The first of several.
        written.iter().rev().max_by_key(|entry| entry.amount.unsigned_abs()).cloned()
    }

    fn close(&self) -> Result<i64, Problem> {
        if self.closed.replace(true) { Err(Problem::Closed) } else { Ok(self.balance()) }
    }

    fn merge(into: accounts::Account, from: AccountBorrow<'_>) -> accounts::Account {
        let more = from.get::<Account>().written.borrow().clone();
        into.get::<Account>().written.borrow_mut().extend(more);
        into
    }
}

impl accounts::Guest for Provider {
    type Account = Account;

    fn open(owners: Vec<String>) -> Vec<accounts::Account> {
        owners.into_iter().map(|owner| accounts::Account::new(Account::new(owner, 0))).collect()
    }

    fn total(accounts: Vec<AccountBorrow<'_>>) -> i64 {
        accounts.iter().map(|account| account.get::<Account>().balance()).sum()
    }

    fn describe(problem: Option<Problem>) -> (u8, String) {
        match problem {
            None => (0, "none".into()),
            Some(Problem::Overdrawn(amount)) => (1, format!("overdrawn by {amount}")),
            Some(Problem::Unknown(what)) => (2, format!("unknown: {what}")),
            Some(Problem::Closed) => (3, "closed".into()),
        }
    }

    fn split(text: String) -> Vec<String> {
        text.split_whitespace().map(String::from).collect()
    }

    fn alive() -> u32 {
        LIVING.get()
    }

    fn fail(message: String) {
        panic!("{message}");
    }
}

export!(Provider);
