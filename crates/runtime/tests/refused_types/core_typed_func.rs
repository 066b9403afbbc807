//! A core function with a Rust type that stands for no core value.
//~ `std::string::String` does not stand for parameters or results of a core function
//~ a core value, or a tuple of up to 16 core values, is wanted here

use gusset::Store;
use gusset::core::Func;

pub fn typed(store: &Store<()>, func: Func) {
    let _ = func.typed::<String, ()>(store);
}
