//! What no function may do, whatever it means: follow an address that is no place for what it wants, or a number that is no descriptor.

use super::guest::{ROOT, TestGuest, for_each_with};
use gusset_wasi::WasiConfigBuilder;
use gusset_wasi::preview1::{Errno, FunctionInfo, ParameterInfo, Rights, Role};
use std::cell::Cell;

/// The end of the guest's memory.
const END: u64 = 2 << 16;

fn with_strings(config: &mut WasiConfigBuilder) {
    config.args(["program", "argument"]).env("NAME", "value").env("OTHER", "");
}

/// Arguments that a function would take.
fn good_arguments(guest: &mut TestGuest, info: &FunctionInfo, file: u64) -> Vec<u64> {
    let mut arguments = Vec::new();
    for parameter in info.parameters {
        for role in parameter.roles {
            arguments.push(match role {
                Role::Descriptor if wants_directory(info, parameter) => ROOT,
                Role::Descriptor => file,
                Role::I32 | Role::I64 => 0,
                Role::Bytes { written: false } => guest.text("a")[0],
                Role::Vectors { .. } => {
                    let to = guest.place(8);
                    guest.vectors(&[(to, 8)])[0]
                }
                Role::Count => 1,
                Role::Record { .. } | Role::Bytes { .. } | Role::Records { .. } | Role::Strings { .. } => {
                    guest.place(256).into()
                }
            });
        }
    }
    arguments
}

fn wants_directory(info: &FunctionInfo, parameter: &ParameterInfo) -> bool {
    let rights = Rights::PATH_OPEN.union(Rights::FD_READDIR);
    info.name.starts_with("path_") || info.name.starts_with("fd_prestat") || parameter.rights.intersects(rights)
}

/// Places that are none for a parameter, with what the value behind it is then.
fn bad_places(role: Role, good: u64) -> Vec<(u64, Option<u64>, Errno)> {
    let misaligned = |align: u32| (good + u64::from(align) / 2, None, Errno::Inval);
    match role {
        Role::Record { size, align } => {
            let (size, align) = (u64::from(size), u64::from(align));
            let aligned_end = u64::from(u32::MAX) + 1 - align;
            let mut places = [END - size + align, END, aligned_end].map(|at| (at, None, Errno::Fault)).to_vec();
            if align > 1 {
                places.push(misaligned(align as u32));
            }
            places
        }
        Role::Bytes { .. } => {
            [(END, 1), (END - 1, 2), (0, END + 1), (0, u64::from(u32::MAX)), (u64::from(u32::MAX), 1)]
                .map(|(at, length)| (at, Some(length), Errno::Fault))
                .to_vec()
        }
        Role::Vectors { .. } => vec![
            (END - 4, None, Errno::Fault),
            (u64::from(u32::MAX) - 3, None, Errno::Fault),
            (0, Some(u64::from(u32::MAX)), Errno::Fault),
            misaligned(4),
        ],
        Role::Records { align, .. } => {
            vec![(END - 8, None, Errno::Fault), (u64::from(u32::MAX) - 7, None, Errno::Fault), misaligned(align)]
        }
        Role::Strings { align } => {
            let mut places = vec![(END - 4, None, Errno::Fault), (u64::from(u32::MAX) - 3, None, Errno::Fault)];
            if align > 1 {
                places.push(misaligned(align));
            }
            places
        }
        Role::I32 | Role::I64 | Role::Descriptor | Role::Count => Vec::new(),
    }
}

#[test]
fn no_address_is_followed_that_is_no_place() {
    let tried = Cell::new(0);
    for_each_with(with_strings, |guest| {
        let file = guest.file("a", "contents");
        for info in (guest.version.functions)() {
            let good = good_arguments(guest, info, file);
            let roles: Vec<_> = info.core_parameters().map(|(_, role)| role).collect();
            for (position, role) in roles.iter().enumerate() {
                for (at, length, expected) in bad_places(*role, good[position]) {
                    let mut arguments = good.clone();
                    arguments[position] = at;
                    if let Some(length) = length {
                        arguments[position + 1] = length;
                    }
                    // A file is no socket, which is told first.
                    let expected = if info.name.starts_with("sock_") { Errno::Notsock } else { expected };
                    guest.fails(expected, info.name, &arguments);
                    tried.set(tried.get() + 1);
                }
            }
        }
        assert_eq!(guest.host_file("a").unwrap(), b"contents");
        guest.fails(Errno::Badf, "fd_close", &[file + 1]);
    });
    assert!(tried.get() > 800, "only {} were tried", tried.get());
}

#[test]
fn no_number_is_a_descriptor_that_stands_for_nothing() {
    for_each_with(with_strings, |guest| {
        let file = guest.file("a", "contents");
        for info in (guest.version.functions)() {
            let good = good_arguments(guest, info, file);
            let roles: Vec<_> = info.core_parameters().map(|(_, role)| role).collect();
            for (position, _) in roles.iter().enumerate().filter(|(_, role)| **role == Role::Descriptor) {
                for fd in [file + 1, 8191, 8192, 1 << 31, u64::from(u32::MAX)] {
                    let mut arguments = good.clone();
                    arguments[position] = fd;
                    guest.fails(Errno::Badf, info.name, &arguments);
                    // Nothing else is looked at before.
                    for (at, role) in roles.iter().enumerate() {
                        arguments[at] = if *role == Role::Descriptor { fd } else { u64::MAX };
                    }
                    guest.fails(Errno::Badf, info.name, &arguments);
                }
            }
        }
        assert_eq!(guest.host_file("a").unwrap(), b"contents");
    });
}
