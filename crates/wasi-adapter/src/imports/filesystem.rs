//! `wasi:filesystem`. Where nothing else is said results are 0, or 1 and an `error-code` from 1 on.

use super::interface;

interface! {
    "wasi:filesystem/preopens@0.2.0" {
        /// A list of handles, each with a string from 4 on.
        "get-directories" => preopened_directories(results: u32);
    }
}

interface! {
    "wasi:filesystem/types@0.2.0" {
        "[resource-drop]descriptor" => drop_descriptor(descriptor: u32);
        /// 0 and a handle from 4 on, or 1 and an `error-code` from 4 on.
        "[method]descriptor.append-via-stream" => append_via_stream(descriptor: u32, results: u32);
        "[method]descriptor.advise" => advise(descriptor: u32, offset: u64, length: u64, advice: u32, results: u32);
        "[method]descriptor.sync-data" => sync_data(descriptor: u32, results: u32);
        /// 0 and flags from 1 on, or 1 and an `error-code` from 1 on.
        "[method]descriptor.get-flags" => get_flags(descriptor: u32, results: u32);
        /// As `get-flags`.
        "[method]descriptor.get-type" => get_type(descriptor: u32, results: u32);
        "[method]descriptor.set-size" => set_size(descriptor: u32, size: u64, results: u32);
        "[method]descriptor.set-times" => set_times(
            descriptor: u32, accessed: u32, accessed_seconds: u64, accessed_nanoseconds: u32, modified: u32,
            modified_seconds: u64, modified_nanoseconds: u32, results: u32
        );
        /// 0, a list of bytes from 4 on and whether it was the last one, or 1 and an `error-code` from 4 on.
        "[method]descriptor.read" => read(descriptor: u32, length: u64, offset: u64, results: u32);
        /// 0 and a number of bytes from 8 on, or 1 and an `error-code` from 8 on.
        "[method]descriptor.write" => write(descriptor: u32, bytes: u32, length: u32, offset: u64, results: u32);
        /// As `append-via-stream`.
        "[method]descriptor.read-directory" => read_directory(descriptor: u32, results: u32);
        "[method]descriptor.sync" => sync(descriptor: u32, results: u32);
        "[method]descriptor.create-directory-at" =>
            create_directory_at(descriptor: u32, path: u32, length: u32, results: u32);
        /// 0 and a `descriptor-stat` from 8 on, or 1 and an `error-code` from 8 on.
        "[method]descriptor.stat" => stat(descriptor: u32, results: u32);
        /// As `stat`.
        "[method]descriptor.stat-at" => stat_at(descriptor: u32, follow: u32, path: u32, length: u32, results: u32);
        "[method]descriptor.set-times-at" => set_times_at(
            descriptor: u32, follow: u32, path: u32, length: u32, accessed: u32, accessed_seconds: u64,
            accessed_nanoseconds: u32, modified: u32, modified_seconds: u64, modified_nanoseconds: u32, results: u32
        );
        "[method]descriptor.link-at" => link_at(
            descriptor: u32, follow: u32, path: u32, length: u32, new: u32, new_path: u32, new_length: u32, results: u32
        );
        /// As `append-via-stream`.
        "[method]descriptor.open-at" => open_at(
            descriptor: u32, follow: u32, path: u32, length: u32, how: u32, flags: u32, results: u32
        );
        /// 0 and a string from 4 on, or 1 and an `error-code` from 4 on.
        "[method]descriptor.readlink-at" => readlink_at(descriptor: u32, path: u32, length: u32, results: u32);
        "[method]descriptor.remove-directory-at" =>
            remove_directory_at(descriptor: u32, path: u32, length: u32, results: u32);
        "[method]descriptor.rename-at" => rename_at(
            descriptor: u32, path: u32, length: u32, new: u32, new_path: u32, new_length: u32, results: u32
        );
        "[method]descriptor.symlink-at" => symlink_at(
            descriptor: u32, target: u32, target_length: u32, path: u32, length: u32, results: u32
        );
        "[method]descriptor.unlink-file-at" => unlink_file_at(descriptor: u32, path: u32, length: u32, results: u32);
        /// 0 and two words from 8 on, or 1 and an `error-code` from 8 on.
        "[method]descriptor.metadata-hash" => metadata_hash(descriptor: u32, results: u32);
        /// As `metadata-hash`.
        "[method]descriptor.metadata-hash-at" =>
            metadata_hash_at(descriptor: u32, follow: u32, path: u32, length: u32, results: u32);
        "[resource-drop]directory-entry-stream" => drop_directory_entry_stream(stream: u32);
        /// 0 and from 4 on 0 or 1 and from 8 on a type, a string from 12 on, or 1 and an `error-code` from 4 on.
        "[method]directory-entry-stream.read-directory-entry" => read_directory_entry(stream: u32, results: u32);
        /// 0, or 1 and an `error-code` from 1 on.
        "filesystem-error-code" => filesystem_error_code(error: u32, results: u32);
    }
}
