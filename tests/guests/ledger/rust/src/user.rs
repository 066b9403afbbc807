//! Uses accounts from Rust.

use gusset::ledger::accounts::{self, Account, Entry, Kinds, Order, Problem};

wit_bindgen::generate!({ path: "../ledger.wit", world: "user" });

struct User;

fn shown(entry: Option<&Entry>) -> String {
    match entry {
        Some(entry) => format!("{} {} [{}]", entry.text, entry.amount, entry.tags.join(",")),
        None => "nothing".into(),
    }
}

fn problem(problem: Option<&Problem>) -> String {
    let (number, text) = accounts::describe(problem);
    format!("problem {number}: {text}")
}

fn entry(text: &str, amount: i32, tags: &[&str]) -> Entry {
    Entry { text: text.into(), amount, tags: tags.iter().map(|tag| tag.to_string()).collect() }
}

fn enter(account: &Account, text: &str, amount: i32, tags: &[&str]) -> String {
    match account.enter(&entry(text, amount, tags)) {
        Ok(balance) => format!("{text}: {balance}"),
        Err(error) => format!("{text}: {}", problem(Some(&error))),
    }
}

fn close(account: &Account) -> String {
    match account.close() {
        Ok(balance) => format!("closed with {balance}"),
        Err(error) => problem(Some(&error)),
    }
}

impl Guest for User {
    fn transcript() -> Vec<String> {
        let mut lines = Vec::new();
        let ada = Account::new("Ada", 0);
        lines.push(enter(&ada, "wage", 1200, &["work", "may"]));
        lines.push(enter(&ada, "rent", -700, &["home"]));
        lines.push(enter(&ada, "car", -800, &[]));
        lines.push(enter(&ada, "", 1, &[]));
        let all = Kinds::INCOME | Kinds::EXPENSE;
        lines.extend(ada.entries(Order::ByAmount, all).iter().map(|entry| shown(Some(entry))));
        lines.push(ada.entries(Order::AsWritten, Kinds::EXPENSE).len().to_string());
        lines.push(ada.entries(Order::AsWritten, Kinds::empty()).len().to_string());
        lines.push(shown(ada.largest().as_ref()));

        let mut opened = accounts::open(&["Grace".into(), "Barbara".into()]).into_iter();
        let (Some(grace), Some(barbara)) = (opened.next(), opened.next()) else { return lines };
        lines.push(shown(grace.largest().as_ref()));
        lines.push(enter(&barbara, "book", 30, &["a", "b"]));
        let rich = Account::new("Größe 🦀", 9007199254740992);
        lines.push(enter(&rich, "größe 🦀", 1, &["ü", "", &"x".repeat(300)]));
        lines.push(shown(rich.largest().as_ref()));
        lines.push(format!("total {} of {}", accounts::total(&[&ada, &grace, &barbara, &rich]), accounts::alive()));
        let both = Account::merge(ada, &barbara);
        lines.push(format!("total {}", accounts::total(&[&both, &barbara, &both])));
        lines.push(shown(both.entries(Order::AsWritten, Kinds::INCOME).last()));
        drop(barbara);
        lines.push(format!("alive {}", accounts::alive()));
        lines.push(close(&both));
        lines.push(close(&both));
        lines.push(enter(&both, "late", 1, &[]));
        drop((both, grace, rich));
        lines.push(format!("alive {}", accounts::alive()));

        lines.push(accounts::split("  über den\tWolken \n muss ").join("|"));
        lines.push(accounts::split("").len().to_string());
        lines.push(problem(None));
        lines.push(problem(Some(&Problem::Unknown("é".into()))));
        for number in 0..50 {
            let name = number.to_string();
            let account = Account::new(&name, 0);
            if account.enter(&entry("x", number, &vec![&*name; number as usize])).is_err() {
                lines.push(format!("{number} was not entered"));
            }
        }
        lines.push(format!("alive {}", accounts::alive()));
        lines
    }

    fn ask_to_fail(message: String) {
        accounts::fail(&message);
    }
}

export!(User);
