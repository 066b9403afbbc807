//! What the standard library has of the network: `tcp` and `udp`, each with itself (`loopback`), as a server for a number of clients or
//! datagrams (`serve ADDRESS COUNT`), and as its client (`ask ADDRESS TEXT...`); `tcp refused ADDRESS...`, `lookup NAME...`.

mod tcp;
mod udp;

fn main() -> std::io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let count = |word: &str| word.parse().expect("COUNT is a number");
    match &words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["tcp", "loopback"] => tcp::loopback(),
        ["tcp", "serve", address, clients] => tcp::serve(address, count(clients)),
        ["tcp", "ask", address, texts @ ..] => tcp::ask(address, texts),
        ["tcp", "refused", addresses @ ..] => {
            tcp::refused(addresses);
            Ok(())
        }
        ["udp", "loopback"] => udp::loopback(),
        ["udp", "serve", address, datagrams] => udp::serve(address, count(datagrams)),
        ["udp", "ask", address, texts @ ..] => udp::ask(address, texts),
        ["lookup", names @ ..] => {
            udp::lookup(names);
            Ok(())
        }
        _ => panic!("there is nothing of the kind to do"),
    }
}
