//! What of the network a guest may use, and how that is written.

use gusset_wasi::{ErrorCode, Network, NetworkRule, WasiConfig, WasiCtx};

fn ctx(network: Network) -> WasiCtx {
    WasiCtx::new(&WasiConfig::builder().network(network).build().unwrap())
}

fn rule(text: &str) -> NetworkRule {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn connects(ctx: &WasiCtx, address: &str) -> bool {
    match ctx.check_connect(address.parse().unwrap()) {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error.code(), Some(ErrorCode::Access));
            false
        }
    }
}

#[test]
fn nothing_is_allowed_unless_a_rule_says_so() {
    let ctx = WasiCtx::new(&WasiConfig::default());
    for address in ["127.0.0.1:80", "[::1]:80", "0.0.0.0:0"] {
        assert!(!connects(&ctx, address));
        assert!(ctx.check_listen(address.parse().unwrap()).is_err());
    }
    assert!(ctx.check_lookup("localhost").is_err());
}

#[test]
fn everything_is_allowed_where_a_host_says_so() {
    let ctx = ctx(Network::all());
    for address in ["127.0.0.1:80", "[::1]:65535", "0.0.0.0:0"] {
        assert!(connects(&ctx, address));
        assert!(ctx.check_listen(address.parse().unwrap()).is_ok());
    }
    assert!(ctx.check_lookup("example.com").is_ok());
}

#[test]
fn a_rule_of_addresses_has_those_and_its_ports() {
    for (allowed, inside, outside) in [
        ("10.0.0.7:443", &["10.0.0.7:443", "[::ffff:10.0.0.7]:443"][..], &["10.0.0.7:444", "10.0.0.8:443"][..]),
        ("10.0.0.0/8:*", &["10.0.0.0:0", "10.255.255.255:65535"], &["11.0.0.0:80", "9.255.255.255:80", "[a00::]:80"]),
        ("0.0.0.0/0:80", &["0.0.0.0:80", "255.255.255.255:80", "[::ffff:1.2.3.4]:80"], &["[::]:80", "1.2.3.4:81"]),
        ("[::1]:8080", &["[::1]:8080"], &["[::2]:8080", "127.0.0.1:8080", "0.0.0.1:8080"]),
        ("[fd00::]/8:1-2", &["[fd00::]:1", "[fdff:ffff::1]:2"], &["[fd00::]:3", "[fe00::]:1", "[fd00::]:0"]),
        ("[::]/0:80", &["[::]:80", "[ffff::]:80"], &["10.0.0.1:80", "[::ffff:10.0.0.1]:80"]),
        ("[::ffff:10.0.0.0]/104:80", &["10.1.2.3:80", "[::ffff:10.1.2.3]:80"], &["11.0.0.0:80"]),
        ("*:80", &["1.2.3.4:80", "[::1]:80"], &["1.2.3.4:81"]),
    ] {
        let ctx = ctx(Network::none().allow(rule(allowed)));
        for address in inside {
            assert!(connects(&ctx, address), "{allowed} {address}");
        }
        for address in outside {
            assert!(!connects(&ctx, address), "{allowed} {address}");
        }
    }
}

#[test]
fn connecting_and_listening_are_allowed_apart() {
    let network = Network::none().allow(rule("127.0.0.1:1")).allow_listen(rule("127.0.0.1:2"));
    let ctx = ctx(network);
    assert!(connects(&ctx, "127.0.0.1:1") && !connects(&ctx, "127.0.0.1:2"));
    let listens = |address: &str| ctx.check_listen(address.parse().unwrap()).is_ok();
    assert!(listens("127.0.0.1:2") && !listens("127.0.0.1:1"));
}

#[test]
fn a_name_allows_what_it_was_found_to_be() {
    let mut ctx = ctx(Network::none().allow(rule("db.example:5432")).allow(rule("web.example:80")));
    for name in ["db.example", "DB.Example.", "192.0.2.1", "::1"] {
        assert!(ctx.check_lookup(name).is_ok(), "{name}");
    }
    for name in ["example", "x.db.example", "db.example.com", "", "db..example", "db.example\0"] {
        assert!(ctx.check_lookup(name).is_err(), "{name}");
    }
    assert!(!connects(&ctx, "192.0.2.1:5432"));
    ctx.name_resolved("DB.example", &["192.0.2.1".parse().unwrap(), "::ffff:192.0.2.2".parse().unwrap()]);
    ctx.name_resolved("other.example", &["192.0.2.9".parse().unwrap()]);
    assert!(connects(&ctx, "192.0.2.1:5432") && connects(&ctx, "192.0.2.2:5432"));
    for refused in ["192.0.2.1:80", "192.0.2.9:5432", "192.0.2.3:5432"] {
        assert!(!connects(&ctx, refused), "{refused}");
    }
    // What a name was found to be is bounded, and the last is what counts.
    for last in 0..=255_u8 {
        let found = (0..=255).map(|byte| std::net::IpAddr::from([10, 0, last, byte])).collect::<Vec<_>>();
        ctx.name_resolved("web.example", &found);
    }
    assert!(connects(&ctx, "10.0.255.255:80") && !connects(&ctx, "10.0.0.0:80") && !connects(&ctx, "192.0.2.1:5432"));
}

#[test]
fn the_order_of_rules_says_nothing() {
    for rules in [["*:80", "db.example:5432"], ["db.example:5432", "*:80"]] {
        let [one, other] = rules.map(rule);
        let mut ctx = ctx(Network::none().allow(one).allow(other));
        assert!(ctx.check_lookup("db.example").is_ok());
        ctx.name_resolved("db.example", &["192.0.2.7".parse().unwrap()]);
        assert!(connects(&ctx, "192.0.2.7:5432") && connects(&ctx, "192.0.2.7:80"), "{rules:?}");
        assert!(!connects(&ctx, "192.0.2.8:5432"));
    }
}

#[test]
fn a_rule_is_written_as_it_is_read() {
    for (text, shown) in [
        ("Example.COM.:443", "example.com:443"),
        ("localhost:*", "localhost:*"),
        ("_dmarc.example-1.org:0-65535", "_dmarc.example-1.org:*"),
        ("10.0.0.0/8:80-90", "10.0.0.0/8:80-90"),
        ("10.0.0.1/32:80-80", "10.0.0.1:80"),
        ("[::1]/128:1", "[::1]:1"),
        ("[::ffff:10.0.0.1]:1", "10.0.0.1:1"),
        ("*:*", "*:*"),
    ] {
        assert_eq!(rule(text).to_string(), shown);
        assert_eq!(rule(shown), rule(text));
    }
}

#[test]
fn what_is_no_rule_is_told_with_what_is_wrong() {
    for (text, said) in [
        ("example.com", "`example.com` has no port: `example.com:443` allows one, `example.com:*` all"),
        ("[::1]", "`[::1]` has no port: `[::1]:443` allows one, `[::1]:*` all"),
        (":80", "`:80` has no host: `*:80` allows any"),
        ("a:", "`` in `a:` is no port: it is a number up to 65535, a range such as `8000-8999`, or `*`"),
        ("a:+1", "`+1` in `a:+1` is no port: it is a number up to 65535, a range such as `8000-8999`, or `*`"),
        ("a:65536", "`65536` in `a:65536` is no port: it is a number up to 65535, a range such as `8000-8999`, or `*`"),
        ("a:9-8", "`9-8` in `a:9-8` is a range of ports that ends before it starts"),
        ("::1:80", "`::1:80`: an IPv6 address stands in brackets, as in `[::1]:443`"),
        ("[::g]:80", "`[::g]` in `[::g]:80` is no IPv6 address"),
        ("[10.0.0.1]:80", "`[10.0.0.1]` in `[10.0.0.1]:80` is no IPv6 address"),
        ("10.0.0.0/33:1", "`33` in `10.0.0.0/33:1` is no length of a prefix: it is a number up to 32"),
        ("10.1.0.0/8:1", "`10.1.0.0/8:1`: of addresses that share 8 bits the first is 10.0.0.0, not 10.1.0.0"),
        ("a.b/8:1", "`a.b` in `a.b/8:1` is no address: ranges are of addresses"),
        ("*.a.b:1", "`*.a.b` in `*.a.b:1` is no name of a host: `*` stands for a whole host, not for a part of a name"),
        (
            "b\u{fc}cher.de:1",
            "`b\u{fc}cher.de` in `b\u{fc}cher.de:1` is no name of a host: what is not ASCII is written as in `xn--bcher-kva.example`",
        ),
        (
            "a..b:1",
            "`a..b` in `a..b:1` is no name of a host: it is made of letters, digits, `-` and `_`, with single dots between them",
        ),
        ("10.0.0:1", "`10.0.0` in `10.0.0:1` is no name of a host: its last part is a number, as in an address"),
    ] {
        assert_eq!(text.parse::<NetworkRule>().unwrap_err().to_string(), said);
    }
    let long = format!("{}:1", "a".repeat(64));
    assert!(long.parse::<NetworkRule>().unwrap_err().to_string().ends_with("is no name of a host: it is too long"));
    let network = Network::none().allow_listen(rule("localhost:80"));
    let error = WasiConfig::builder().network(network).build().err().expect("nobody listens at a name");
    assert_eq!(error.to_string(), "a guest listens at an address: `localhost:80` is a name");
}
