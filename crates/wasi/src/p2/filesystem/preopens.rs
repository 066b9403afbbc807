//! `wasi:filesystem/preopens`: the directories that a guest is given.

use super::descriptor::OpenDescriptor;
use super::records::DescriptorFlags;
use crate::config::Preopen;
use crate::error::WasiResult;
use crate::fs::Descriptor;
use crate::p2::{WasiCtxView, interface};
use gusset::Resource;

interface! { "wasi:filesystem/preopens@0.2.12" {
    function "get-directories": get_directories;
} }

type NamedDirectory = (Resource<OpenDescriptor>, String);

fn get_directories(view: &mut WasiCtxView<'_>, (): ()) -> WasiResult<(Vec<NamedDirectory>,)> {
    let flags = DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY;
    let mut directories = Vec::new();
    for preopen in &view.ctx.settings().preopens {
        if let Preopen::Directory(name, directory) = preopen {
            let opened = OpenDescriptor::new(Descriptor::Directory(directory.clone()), flags, None);
            directories.push((view.table.push(opened)?, name.clone()));
        }
    }
    Ok((directories,))
}
