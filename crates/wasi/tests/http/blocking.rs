//! Guests that keep their threads while they wait.

use super::guest::HttpGuest;
use super::server::Server;
use gusset_wasi::http::{HttpErrorCode, HttpMethod, HttpScheme};

/// Called in no runtime.
#[test]
fn a_guest_without_a_runtime_asks_servers() {
    let mut guest = HttpGuest::that_keeps_its_thread();
    let server = Server::plain(&guest.runtime);
    // More than once: what carries its requests starts with the first.
    for _ in 0..3 {
        both_ways(&mut guest, &server);
    }
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let request = guest.get(&free.to_string(), "/");
    assert_eq!(guest.ask(request).unwrap_err(), HttpErrorCode::ConnectionRefused);
}

/// Called in one that has a thread besides.
#[test]
fn a_guest_in_a_runtime_asks_servers_by_it() {
    let mut guest = HttpGuest::that_keeps_its_thread();
    let server = Server::plain(&guest.runtime);
    let runtime = guest.runtime.handle().clone();
    let _entered = runtime.enter();
    both_ways(&mut guest, &server);
}

/// The host's own answer needs no network, but somebody who makes it.
#[test]
fn threads_of_guests_may_all_wait_at_once() {
    let guests = (0..8).map(|_| {
        std::thread::spawn(|| {
            let mut guest = HttpGuest::that_keeps_its_thread();
            let server = Server::plain(&guest.runtime);
            both_ways(&mut guest, &server);
        })
    });
    guests.collect::<Vec<_>>().into_iter().for_each(|guest| guest.join().unwrap());
}

fn both_ways(guest: &mut HttpGuest, server: &Server) {
    let request = guest.request(HttpMethod::Post, HttpScheme::Http, &server.authority(), "/echo", &[]);
    let (body, sent) = guest.body_for(&request);
    let future = guest.handle(request, None).unwrap();
    guest.write(&sent, b"first").unwrap();
    let response = guest.response(&future).unwrap();
    let (_, received) = guest.body_of(&response);
    assert_eq!(guest.read(&received), Ok(b"first".to_vec()));
    guest.write(&sent, b"second").unwrap();
    assert_eq!(guest.read(&received), Ok(b"second".to_vec()));
    guest.finish(body, sent, None).unwrap();
    assert_eq!(guest.read_all(&received), (Vec::new(), None));
}
