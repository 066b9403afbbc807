;; What programs do with WASI, each export so many times. The directory is descriptor 3. An error is a trap.
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir" (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (memory (export "memory") 4)
  ;; 16: the name. 32: an iovec. 40: results. 65536: the bytes that are read and written.
  (data (i32.const 16) "data")

  (func $check (param $errno i32) (if (local.get $errno) (then unreachable)))

  (func $open (param $create i32) (result i32)
    (call $check (call $path_open (i32.const 3) (i32.const 1) (i32.const 16) (i32.const 4) (local.get $create)
      (i64.const 0x1fffffff) (i64.const 0) (i32.const 0) (i32.const 40)))
    (i32.load (i32.const 40)))

  ;; Writes so many pieces to a file that is made anew: create and truncate.
  (func (export "write") (param $count i32) (param $size i32) (result i32)
    (local $fd i32)
    (local.set $fd (call $open (i32.const 9)))
    (i32.store (i32.const 32) (i32.const 65536))
    (i32.store (i32.const 36) (local.get $size))
    (loop $next
      (call $check (call $fd_write (local.get $fd) (i32.const 32) (i32.const 1) (i32.const 40)))
      (if (i32.ne (i32.load (i32.const 40)) (local.get $size)) (then unreachable))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (call $check (call $fd_close (local.get $fd)))
    (i32.const 1))

  ;; Reads that file in such pieces to its end, and returns how many there were.
  (func (export "read") (param $count i32) (param $size i32) (result i32)
    (local $fd i32) (local $pieces i32)
    (local.set $fd (call $open (i32.const 0)))
    (i32.store (i32.const 32) (i32.const 65536))
    (i32.store (i32.const 36) (local.get $size))
    (block $end
      (loop $next
        (call $check (call $fd_read (local.get $fd) (i32.const 32) (i32.const 1) (i32.const 40)))
        (br_if $end (i32.eqz (i32.load (i32.const 40))))
        (local.set $pieces (i32.add (local.get $pieces) (i32.const 1)))
        (br $next)))
    (call $check (call $fd_close (local.get $fd)))
    (i32.eq (local.get $pieces) (local.get $count)))

  (func (export "open-close") (param $count i32) (param i32) (result i32)
    (loop $next
      (call $check (call $fd_close (call $open (i32.const 0))))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (i32.const 1))

  ;; Lists the directory through a buffer of that size, and says whether it has so many entries beside `.` and `..`.
  (func (export "list") (param $count i32) (param $size i32) (result i32)
    (local $fd i32) (local $cookie i64) (local $at i32) (local $end i32) (local $entries i32)
    ;; The directory itself, opened: path ".".
    (i32.store8 (i32.const 24) (i32.const 46))
    (call $check (call $path_open (i32.const 3) (i32.const 1) (i32.const 24) (i32.const 1) (i32.const 2)
      (i64.const 0x4000) (i64.const 0) (i32.const 0) (i32.const 40)))
    (local.set $fd (i32.load (i32.const 40)))
    (block $done
      (loop $fill
        (call $check (call $fd_readdir (local.get $fd) (i32.const 65536) (local.get $size) (local.get $cookie)
          (i32.const 40)))
        (local.set $end (i32.add (i32.const 65536) (i32.load (i32.const 40))))
        (local.set $at (i32.const 65536))
        (block $cut
          (loop $entry
            ;; A header that is not whole, or a name that is not.
            (br_if $cut (i32.gt_u (i32.add (local.get $at) (i32.const 24)) (local.get $end)))
            (br_if $cut (i32.gt_u
              (i32.add (i32.add (local.get $at) (i32.const 24)) (i32.load offset=16 (local.get $at)))
              (local.get $end)))
            (local.set $cookie (i64.load (local.get $at)))
            (local.set $entries (i32.add (local.get $entries) (i32.const 1)))
            (local.set $at (i32.add (i32.add (local.get $at) (i32.const 24)) (i32.load offset=16 (local.get $at))))
            (br $entry)))
        (br_if $done (i32.lt_u (i32.load (i32.const 40)) (local.get $size)))
        (br $fill)))
    (call $check (call $fd_close (local.get $fd)))
    (i32.eq (local.get $entries) (i32.add (local.get $count) (i32.const 2))))

  (func (export "clock") (param $count i32) (param i32) (result i32)
    (loop $next
      (call $check (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 40)))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (i32.const 1)))
