;; app -> lib ns:pkg/iface#func
;; func(f: f32, floats: list<f32>, pairs: list<tuple<f64, f32, bool>>)
;;   -> f64
;; Utf8 to Utf8
;; 1881 bytes
;; site 0: `param "floats"`
;; site 1: `param "pairs"`
;; trap of function 0 at site 0: list byte length exceeds the maximum of 2^28-1
;; trap of function 0 at site 0: unaligned pointer
;; trap of function 0 at site 0: list content out-of-bounds
;; trap of function 0 at site 0: unaligned pointer
;; trap of function 0 at site 0: list content out-of-bounds
;; trap of function 0 at site 1: list byte length exceeds the maximum of 2^28-1
;; trap of function 0 at site 1: unaligned pointer
;; trap of function 0 at site 1: list content out-of-bounds
;; trap of function 0 at site 1: unaligned pointer
;; trap of function 0 at site 1: list content out-of-bounds
(module $adapters
  (type (;0;) (func (param f32 i32 i32 i32 i32) (result f64)))
  (type (;1;) (func (param i32 i32 i64 i64)))
  (type (;2;) (func (param i32 i32 i32 i32) (result i32)))
  (import "trap" "0" (func $"trap 0" (;0;) (type 1) (param i32 i32 i64 i64)))
  (import "memory" "m0" (memory $"memory of app" (;0;) 0))
  (import "realloc" "f1" (func $"realloc of lib" (;1;) (type 2) (param i32 i32 i32 i32) (result i32)))
  (import "memory" "m1" (memory $"memory of lib" (;1;) 0))
  (import "callee" "f2" (func $"ns:pkg/iface#func of lib" (;2;) (type 0) (param f32 i32 i32 i32 i32) (result f64)))
  (export "0: app -> lib ns:pkg/iface#func" (func $"adapter app -> lib ns:pkg/iface#func"))
  (func $"adapter app -> lib ns:pkg/iface#func" (;3;) (type 0) (param f32 i32 i32 i32 i32) (result f64)
    (local f32 i32 i32 i32 i32 i32 i32 v128 v128 v128 v128 v128 f64 f64)
    local.get 0
    local.tee 5
    f32.const nan (;=NaN;)
    local.get 5
    local.get 5
    f32.eq
    select
    local.get 1
    local.get 2
    local.set 7
    local.set 6
    local.get 7
    i32.const 67108863
    i32.gt_u
    if ;; label = @1
      i32.const 0
      i32.const 36
      local.get 7
      i64.extend_i32_u
      i64.const 4
      call $"trap 0"
      unreachable
    end
    local.get 6
    i32.const 3
    i32.and
    if ;; label = @1
      i32.const 0
      i32.const 34
      local.get 6
      i64.extend_i32_u
      i64.const 4
      call $"trap 0"
      unreachable
    end
    local.get 6
    i64.extend_i32_u
    local.get 7
    i64.extend_i32_u
    i64.const 4
    i64.mul
    i64.add
    memory.size
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      i32.const 0
      i32.const 35
      local.get 6
      i64.extend_i32_u
      local.get 7
      i64.extend_i32_u
      i64.const 4
      i64.mul
      call $"trap 0"
      unreachable
    end
    i32.const 0
    i32.const 0
    i32.const 4
    local.get 7
    i32.const 4
    i32.mul
    call $"realloc of lib"
    local.set 8
    local.get 8
    i32.const 3
    i32.and
    if ;; label = @1
      i32.const 0
      i32.const 290
      local.get 8
      i64.extend_i32_u
      i64.const 4
      call $"trap 0"
      unreachable
    end
    local.get 8
    i64.extend_i32_u
    local.get 7
    i64.extend_i32_u
    i64.const 4
    i64.mul
    i64.add
    memory.size $"memory of lib"
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      i32.const 0
      i32.const 291
      local.get 8
      i64.extend_i32_u
      local.get 7
      i64.extend_i32_u
      i64.const 4
      i64.mul
      call $"trap 0"
      unreachable
    end
    local.get 8
    local.set 9
    i32.const 0
    local.set 10
    local.get 7
    i32.const 16
    i32.div_u
    local.tee 11
    i32.const 0
    i32.ne
    if ;; label = @1
      loop ;; label = @2
        local.get 6
        v128.load align=1
        local.set 12
        local.get 6
        v128.load offset=16 align=1
        local.set 13
        local.get 6
        v128.load offset=32 align=1
        local.set 14
        local.get 6
        v128.load offset=48 align=1
        local.set 15
        local.get 9
        local.get 12
        local.set 16
        v128.const i32x4 0x7fc00000 0x7fc00000 0x7fc00000 0x7fc00000
        local.get 16
        local.get 12
        local.get 12
        f32x4.ne
        v128.const i32x4 0xffffffff 0xffffffff 0xffffffff 0xffffffff
        v128.and
        v128.bitselect
        v128.store $"memory of lib" align=1
        local.get 9
        local.get 13
        local.set 16
        v128.const i32x4 0x7fc00000 0x7fc00000 0x7fc00000 0x7fc00000
        local.get 16
        local.get 13
        local.get 13
        f32x4.ne
        v128.const i32x4 0xffffffff 0xffffffff 0xffffffff 0xffffffff
        v128.and
        v128.bitselect
        v128.store $"memory of lib" offset=16 align=1
        local.get 9
        local.get 14
        local.set 16
        v128.const i32x4 0x7fc00000 0x7fc00000 0x7fc00000 0x7fc00000
        local.get 16
        local.get 14
        local.get 14
        f32x4.ne
        v128.const i32x4 0xffffffff 0xffffffff 0xffffffff 0xffffffff
        v128.and
        v128.bitselect
        v128.store $"memory of lib" offset=32 align=1
        local.get 9
        local.get 15
        local.set 16
        v128.const i32x4 0x7fc00000 0x7fc00000 0x7fc00000 0x7fc00000
        local.get 16
        local.get 15
        local.get 15
        f32x4.ne
        v128.const i32x4 0xffffffff 0xffffffff 0xffffffff 0xffffffff
        v128.and
        v128.bitselect
        v128.store $"memory of lib" offset=48 align=1
        local.get 6
        i32.const 64
        i32.add
        local.set 6
        local.get 9
        i32.const 64
        i32.add
        local.set 9
        local.get 10
        i32.const 16
        i32.add
        local.set 10
        local.get 11
        i32.const 1
        i32.sub
        local.tee 11
        i32.const 0
        i32.ne
        br_if 0 (;@2;)
      end
    end
    block ;; label = @1
      local.get 7
      local.get 10
      i32.eq
      br_if 0 (;@1;)
      loop ;; label = @2
        local.get 9
        local.get 6
        f32.load
        local.tee 5
        f32.const nan (;=NaN;)
        local.get 5
        local.get 5
        f32.eq
        select
        f32.store $"memory of lib"
        local.get 6
        i32.const 4
        i32.add
        local.set 6
        local.get 9
        i32.const 4
        i32.add
        local.set 9
        local.get 10
        i32.const 1
        i32.add
        local.set 10
        local.get 10
        local.get 7
        i32.ne
        br_if 0 (;@2;)
      end
    end
    local.get 8
    local.get 7
    local.get 3
    local.get 4
    local.set 8
    local.set 7
    local.get 8
    i32.const 16777215
    i32.gt_u
    if ;; label = @1
      i32.const 1
      i32.const 36
      local.get 8
      i64.extend_i32_u
      i64.const 16
      call $"trap 0"
      unreachable
    end
    local.get 7
    i32.const 7
    i32.and
    if ;; label = @1
      i32.const 1
      i32.const 34
      local.get 7
      i64.extend_i32_u
      i64.const 8
      call $"trap 0"
      unreachable
    end
    local.get 7
    i64.extend_i32_u
    local.get 8
    i64.extend_i32_u
    i64.const 16
    i64.mul
    i64.add
    memory.size
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      i32.const 1
      i32.const 35
      local.get 7
      i64.extend_i32_u
      local.get 8
      i64.extend_i32_u
      i64.const 16
      i64.mul
      call $"trap 0"
      unreachable
    end
    i32.const 0
    i32.const 0
    i32.const 8
    local.get 8
    i32.const 16
    i32.mul
    call $"realloc of lib"
    local.set 6
    local.get 6
    i32.const 7
    i32.and
    if ;; label = @1
      i32.const 1
      i32.const 290
      local.get 6
      i64.extend_i32_u
      i64.const 8
      call $"trap 0"
      unreachable
    end
    local.get 6
    i64.extend_i32_u
    local.get 8
    i64.extend_i32_u
    i64.const 16
    i64.mul
    i64.add
    memory.size $"memory of lib"
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      i32.const 1
      i32.const 291
      local.get 6
      i64.extend_i32_u
      local.get 8
      i64.extend_i32_u
      i64.const 16
      i64.mul
      call $"trap 0"
      unreachable
    end
    local.get 6
    local.set 9
    i32.const 0
    local.set 10
    local.get 8
    i32.const 4
    i32.div_u
    local.tee 11
    i32.const 0
    i32.ne
    if ;; label = @1
      loop ;; label = @2
        local.get 7
        v128.load align=1
        local.set 15
        local.get 7
        v128.load offset=16 align=1
        local.set 14
        local.get 7
        v128.load offset=32 align=1
        local.set 13
        local.get 7
        v128.load offset=48 align=1
        local.set 12
        local.get 9
        local.get 15
        v128.const i32x4 0xffffffff 0xffffffff 0xffffffff 0xffffff01
        i8x16.min_u
        local.set 16
        v128.const i32x4 0x7fc00000 0x7fc00000 0x7fc00000 0x7fc00000
        local.get 16
        local.get 15
        local.get 15
        f32x4.ne
        v128.const i32x4 0x00000000 0x00000000 0xffffffff 0x00000000
        v128.and
        v128.bitselect
        local.set 16
        v128.const i32x4 0x00000000 0x7ff80000 0x00000000 0x7ff80000
        local.get 16
        local.get 15
        local.get 15
        f64x2.ne
        v128.const i32x4 0xffffffff 0xffffffff 0x00000000 0x00000000
        v128.and
        v128.bitselect
        local.get 9
        v128.load $"memory of lib" align=1
        v128.const i32x4 0xffffffff 0xffffffff 0xffffffff 0x000000ff
        v128.bitselect
        v128.store $"memory of lib" align=1
        local.get 9
        local.get 14
        v128.const i32x4 0xffffffff 0xffffffff 0xffffffff 0xffffff01
        i8x16.min_u
        local.set 16
        v128.const i32x4 0x7fc00000 0x7fc00000 0x7fc00000 0x7fc00000
        local.get 16
        local.get 14
        local.get 14
        f32x4.ne
        v128.const i32x4 0x00000000 0x00000000 0xffffffff 0x00000000
        v128.and
        v128.bitselect
        local.set 16
        v128.const i32x4 0x00000000 0x7ff80000 0x00000000 0x7ff80000
        local.get 16
        local.get 14
        local.get 14
        f64x2.ne
        v128.const i32x4 0xffffffff 0xffffffff 0x00000000 0x00000000
        v128.and
        v128.bitselect
        local.get 9
        v128.load $"memory of lib" offset=16 align=1
        v128.const i32x4 0xffffffff 0xffffffff 0xffffffff 0x000000ff
        v128.bitselect
        v128.store $"memory of lib" offset=16 align=1
        local.get 9
        local.get 13
        v128.const i32x4 0xffffffff 0xffffffff 0xffffffff 0xffffff01
        i8x16.min_u
        local.set 16
        v128.const i32x4 0x7fc00000 0x7fc00000 0x7fc00000 0x7fc00000
        local.get 16
        local.get 13
        local.get 13
        f32x4.ne
        v128.const i32x4 0x00000000 0x00000000 0xffffffff 0x00000000
        v128.and
        v128.bitselect
        local.set 16
        v128.const i32x4 0x00000000 0x7ff80000 0x00000000 0x7ff80000
        local.get 16
        local.get 13
        local.get 13
        f64x2.ne
        v128.const i32x4 0xffffffff 0xffffffff 0x00000000 0x00000000
        v128.and
        v128.bitselect
        local.get 9
        v128.load $"memory of lib" offset=32 align=1
        v128.const i32x4 0xffffffff 0xffffffff 0xffffffff 0x000000ff
        v128.bitselect
        v128.store $"memory of lib" offset=32 align=1
        local.get 9
        local.get 12
        v128.const i32x4 0xffffffff 0xffffffff 0xffffffff 0xffffff01
        i8x16.min_u
        local.set 16
        v128.const i32x4 0x7fc00000 0x7fc00000 0x7fc00000 0x7fc00000
        local.get 16
        local.get 12
        local.get 12
        f32x4.ne
        v128.const i32x4 0x00000000 0x00000000 0xffffffff 0x00000000
        v128.and
        v128.bitselect
        local.set 16
        v128.const i32x4 0x00000000 0x7ff80000 0x00000000 0x7ff80000
        local.get 16
        local.get 12
        local.get 12
        f64x2.ne
        v128.const i32x4 0xffffffff 0xffffffff 0x00000000 0x00000000
        v128.and
        v128.bitselect
        local.get 9
        v128.load $"memory of lib" offset=48 align=1
        v128.const i32x4 0xffffffff 0xffffffff 0xffffffff 0x000000ff
        v128.bitselect
        v128.store $"memory of lib" offset=48 align=1
        local.get 7
        i32.const 64
        i32.add
        local.set 7
        local.get 9
        i32.const 64
        i32.add
        local.set 9
        local.get 10
        i32.const 4
        i32.add
        local.set 10
        local.get 11
        i32.const 1
        i32.sub
        local.tee 11
        i32.const 0
        i32.ne
        br_if 0 (;@2;)
      end
    end
    block ;; label = @1
      local.get 8
      local.get 10
      i32.eq
      br_if 0 (;@1;)
      loop ;; label = @2
        local.get 9
        local.get 7
        f64.load
        local.tee 17
        f64.const nan (;=NaN;)
        local.get 17
        local.get 17
        f64.eq
        select
        f64.store $"memory of lib"
        local.get 9
        local.get 7
        f32.load offset=8
        local.tee 5
        f32.const nan (;=NaN;)
        local.get 5
        local.get 5
        f32.eq
        select
        f32.store $"memory of lib" offset=8
        local.get 9
        local.get 7
        i32.load8_u offset=12
        i32.const 0
        i32.ne
        i32.store8 $"memory of lib" offset=12
        local.get 7
        i32.const 16
        i32.add
        local.set 7
        local.get 9
        i32.const 16
        i32.add
        local.set 9
        local.get 10
        i32.const 1
        i32.add
        local.set 10
        local.get 10
        local.get 8
        i32.ne
        br_if 0 (;@2;)
      end
    end
    local.get 6
    local.get 8
    call $"ns:pkg/iface#func of lib"
    local.set 17
    local.get 17
    local.tee 18
    f64.const nan (;=NaN;)
    local.get 18
    local.get 18
    f64.eq
    select
  )
)
