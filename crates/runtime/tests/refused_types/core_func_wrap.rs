//! A closure of a core linker with a parameter that stands for no core value.
//~ is no closure over core values
//~ parameters are core values, up to 16

use gusset::core::Linker;

pub fn define(linker: &mut Linker<()>) -> gusset::Result<()> {
    linker.func_wrap("host", "put", |_text: String| ()).map(|_| ())
}
