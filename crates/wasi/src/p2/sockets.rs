//! `wasi:sockets`: the network, as far as the guest may use it. Here is which function may follow which; what reaches the system, and whether it
//! may, is the policy layer's.

mod instance_network;
mod ip_name_lookup;
mod network;
mod tcp;
mod tcp_create_socket;
mod udp;
mod udp_create_socket;

crate::p2::interfaces! { network, instance_network, ip_name_lookup, tcp, tcp_create_socket, udp, udp_create_socket }
