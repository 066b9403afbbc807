;; app -> lib ns:pkg/iface#func
;; func(one: tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<..>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>, many: list<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<..>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>)
;; Utf8 to Utf8
;; 1157 bytes
;; site 0: `param "one"`
;; site 1: `param "many"`
;; site 2: `param "many"[]`
;; trap of function 0 at site 1: list byte length exceeds the maximum of 2^28-1
;; trap of function 0 at site 1: unaligned pointer
;; trap of function 0 at site 1: list content out-of-bounds
;; trap of function 0 at site 1: unaligned pointer
;; trap of function 0 at site 1: list content out-of-bounds
;; trap of function 1 at its caller's site: invalid `char` bit pattern
;; trap of function 2 at its caller's site: invalid `char` bit pattern
(module $adapters
  (type (;0;) (func (param i32 i32 i32)))
  (type (;1;) (func (param i32 i32) (result i32)))
  (type (;2;) (func (param i32 i32 i64 i64)))
  (type (;3;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;4;) (func (param i32 i32 i32 i64)))
  (type (;5;) (func))
  (type (;6;) (func (param i32 i32 i64 i64 i64)))
  (import "trap" "0" (func $"trap 0" (;0;) (type 2) (param i32 i32 i64 i64)))
  (import "memory" "m0" (memory $"memory of app" (;0;) 0))
  (import "realloc" "f1" (func $"realloc of lib" (;1;) (type 3) (param i32 i32 i32 i32) (result i32)))
  (import "memory" "m1" (memory $"memory of lib" (;1;) 0))
  (import "callee" "f2" (func $"ns:pkg/iface#func of lib" (;2;) (type 0) (param i32 i32 i32)))
  (import "post-return" "f3" (func $"post-return of ns:pkg/iface#func of lib" (;3;) (type 5)))
  (import "trap" "1" (func $"trap 1" (;4;) (type 6) (param i32 i32 i64 i64 i64)))
  (export "0: app -> lib ns:pkg/iface#func" (func $"adapter app -> lib ns:pkg/iface#func"))
  (func $"adapter app -> lib ns:pkg/iface#func" (;5;) (type 0) (param i32 i32 i32)
    (local i32 i32 i32 i32 i32 i32 v128 v128 v128 v128)
    local.get 0
    i32.const 0
    call $"type 255 app -> lib"
    local.get 1
    local.get 2
    local.set 4
    local.set 3
    local.get 4
    i32.const 67108863
    i32.gt_u
    if ;; label = @1
      i32.const 1
      i32.const 36
      local.get 4
      i64.extend_i32_u
      i64.const 4
      call $"trap 0"
      unreachable
    end
    local.get 3
    i32.const 3
    i32.and
    if ;; label = @1
      i32.const 1
      i32.const 34
      local.get 3
      i64.extend_i32_u
      i64.const 4
      call $"trap 0"
      unreachable
    end
    local.get 3
    i64.extend_i32_u
    local.get 4
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
      i32.const 1
      i32.const 35
      local.get 3
      i64.extend_i32_u
      local.get 4
      i64.extend_i32_u
      i64.const 4
      i64.mul
      call $"trap 0"
      unreachable
    end
    i32.const 0
    i32.const 0
    i32.const 4
    local.get 4
    i32.const 4
    i32.mul
    call $"realloc of lib"
    local.set 5
    local.get 5
    i32.const 3
    i32.and
    if ;; label = @1
      i32.const 1
      i32.const 290
      local.get 5
      i64.extend_i32_u
      i64.const 4
      call $"trap 0"
      unreachable
    end
    local.get 5
    i64.extend_i32_u
    local.get 4
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
      i32.const 1
      i32.const 291
      local.get 5
      i64.extend_i32_u
      local.get 4
      i64.extend_i32_u
      i64.const 4
      i64.mul
      call $"trap 0"
      unreachable
    end
    local.get 5
    local.set 6
    i32.const 0
    local.set 7
    local.get 4
    i32.const 16
    i32.div_u
    local.tee 8
    i32.const 0
    i32.ne
    if ;; label = @1
      loop ;; label = @2
        local.get 3
        v128.load align=1
        local.set 9
        local.get 3
        v128.load offset=16 align=1
        local.set 10
        local.get 3
        v128.load offset=32 align=1
        local.set 11
        local.get 3
        v128.load offset=48 align=1
        local.set 12
        local.get 9
        v128.const i32x4 0x0000d800 0x0000d800 0x0000d800 0x0000d800
        v128.xor
        v128.const i32x4 0x00000800 0x00000800 0x00000800 0x00000800
        i32x4.sub
        v128.const i32x4 0x0010f7ff 0x0010f7ff 0x0010f7ff 0x0010f7ff
        i32x4.gt_u
        local.get 10
        v128.const i32x4 0x0000d800 0x0000d800 0x0000d800 0x0000d800
        v128.xor
        v128.const i32x4 0x00000800 0x00000800 0x00000800 0x00000800
        i32x4.sub
        v128.const i32x4 0x0010f7ff 0x0010f7ff 0x0010f7ff 0x0010f7ff
        i32x4.gt_u
        v128.or
        local.get 11
        v128.const i32x4 0x0000d800 0x0000d800 0x0000d800 0x0000d800
        v128.xor
        v128.const i32x4 0x00000800 0x00000800 0x00000800 0x00000800
        i32x4.sub
        v128.const i32x4 0x0010f7ff 0x0010f7ff 0x0010f7ff 0x0010f7ff
        i32x4.gt_u
        v128.or
        local.get 12
        v128.const i32x4 0x0000d800 0x0000d800 0x0000d800 0x0000d800
        v128.xor
        v128.const i32x4 0x00000800 0x00000800 0x00000800 0x00000800
        i32x4.sub
        v128.const i32x4 0x0010f7ff 0x0010f7ff 0x0010f7ff 0x0010f7ff
        i32x4.gt_u
        v128.or
        v128.any_true
        br_if 1 (;@1;)
        local.get 6
        local.get 9
        v128.store $"memory of lib" align=1
        local.get 6
        local.get 10
        v128.store $"memory of lib" offset=16 align=1
        local.get 6
        local.get 11
        v128.store $"memory of lib" offset=32 align=1
        local.get 6
        local.get 12
        v128.store $"memory of lib" offset=48 align=1
        local.get 3
        i32.const 64
        i32.add
        local.set 3
        local.get 6
        i32.const 64
        i32.add
        local.set 6
        local.get 7
        i32.const 16
        i32.add
        local.set 7
        local.get 8
        i32.const 1
        i32.sub
        local.tee 8
        i32.const 0
        i32.ne
        br_if 0 (;@2;)
      end
    end
    block ;; label = @1
      local.get 4
      local.get 7
      i32.eq
      br_if 0 (;@1;)
      loop ;; label = @2
        local.get 3
        local.get 6
        i32.const 2
        local.get 7
        i64.extend_i32_u
        call $"type 255 app -> lib in 1 lists"
        local.get 3
        i32.const 4
        i32.add
        local.set 3
        local.get 6
        i32.const 4
        i32.add
        local.set 6
        local.get 7
        i32.const 1
        i32.add
        local.set 7
        local.get 7
        local.get 4
        i32.ne
        br_if 0 (;@2;)
      end
    end
    local.get 5
    local.get 4
    call $"ns:pkg/iface#func of lib"
    call $"post-return of ns:pkg/iface#func of lib"
  )
  (func $"type 255 app -> lib" (;6;) (type 1) (param i32 i32) (result i32)
    (local i32)
    local.get 0
    local.tee 2
    i32.const 55296
    i32.xor
    i32.const 2048
    i32.sub
    i32.const 1112064
    i32.ge_u
    if ;; label = @1
      local.get 1
      i32.const 40
      local.get 2
      i64.extend_i32_u
      i64.const 0
      call $"trap 0"
      unreachable
    end
    local.get 2
  )
  (func $"type 255 app -> lib in 1 lists" (;7;) (type 4) (param i32 i32 i32 i64)
    (local i32)
    local.get 1
    local.get 0
    i32.load
    local.tee 4
    i32.const 55296
    i32.xor
    i32.const 2048
    i32.sub
    i32.const 1112064
    i32.ge_u
    if ;; label = @1
      local.get 2
      i32.const 40
      local.get 4
      i64.extend_i32_u
      i64.const 0
      local.get 3
      call $"trap 1"
      unreachable
    end
    local.get 4
    i32.store $"memory of lib"
  )
)
