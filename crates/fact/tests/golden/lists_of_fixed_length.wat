;; app -> lib ns:pkg/iface#func
;; func(plain: list<u8, 268435455>, nested: list<list<bool, 4096>, 4096>)
;; Utf8 to Utf8
;; app -> lib ns:pkg/iface#func
;; func(flat: list<char, 2>)
;; Utf8 to Utf8
;; 1089 bytes
;; site 0: `params`
;; site 1: `param "flat"[]`
;; trap of function 0 at site 0: pointer out of bounds of memory
;; trap of function 0 at site 0: pointer out of bounds of memory
;; trap of function 1 at site 1: invalid `char` bit pattern
;; trap of function 1 at site 1: invalid `char` bit pattern
(module $adapters
  (type (;0;) (func (param i32)))
  (type (;1;) (func (param i32 i32 i64 i64)))
  (type (;2;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;3;) (func))
  (type (;4;) (func (param i32 i32)))
  (type (;5;) (func (param i32 i32 i64 i64 i64)))
  (import "memory" "m0" (memory $"memory of app" (;0;) 0))
  (import "trap" "0" (func $"trap 0" (;0;) (type 1) (param i32 i32 i64 i64)))
  (import "realloc" "f1" (func $"realloc of lib" (;1;) (type 2) (param i32 i32 i32 i32) (result i32)))
  (import "memory" "m1" (memory $"memory of lib" (;1;) 0))
  (import "callee" "f2" (func $"ns:pkg/iface#func of lib" (;2;) (type 0) (param i32)))
  (import "post-return" "f3" (func $"post-return of ns:pkg/iface#func of lib" (;3;) (type 3)))
  (import "trap" "1" (func $"trap 1" (;4;) (type 5) (param i32 i32 i64 i64 i64)))
  (import "callee" "f5" (func $"#func5 ns:pkg/iface#func of lib" (@name "ns:pkg/iface#func of lib") (;5;) (type 4) (param i32 i32)))
  (import "post-return" "f6" (func $"#func6 post-return of ns:pkg/iface#func of lib" (@name "post-return of ns:pkg/iface#func of lib") (;6;) (type 3)))
  (export "0: app -> lib ns:pkg/iface#func" (func $"adapter app -> lib ns:pkg/iface#func"))
  (export "1: app -> lib ns:pkg/iface#func" (func $"#func8 adapter app -> lib ns:pkg/iface#func"))
  (func $"adapter app -> lib ns:pkg/iface#func" (;7;) (type 0) (param i32)
    (local i32 i32 i32 i32 i32 i32 i32 i32 v128 v128 v128 v128)
    local.get 0
    i64.extend_i32_u
    i64.const 285212671
    i64.add
    memory.size
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      i32.const 0
      i32.const 39
      local.get 0
      i64.extend_i32_u
      i64.const 285212671
      call $"trap 0"
      unreachable
    end
    i32.const 0
    i32.const 0
    i32.const 1
    i32.const 285212671
    call $"realloc of lib"
    local.set 1
    local.get 1
    i64.extend_i32_u
    i64.const 285212671
    i64.add
    memory.size $"memory of lib"
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      i32.const 0
      i32.const 295
      local.get 1
      i64.extend_i32_u
      i64.const 285212671
      call $"trap 0"
      unreachable
    end
    local.get 0
    local.set 2
    local.get 1
    local.set 3
    local.get 3
    local.get 2
    i32.const 268435455
    memory.copy $"memory of lib" $"memory of app"
    local.get 0
    i32.const 268435455
    i32.add
    local.set 3
    local.get 1
    i32.const 268435455
    i32.add
    local.set 2
    i32.const 0
    local.set 4
    block ;; label = @1
      loop ;; label = @2
        local.get 3
        local.set 5
        local.get 2
        local.set 6
        i32.const 0
        local.set 7
        i32.const 4096
        i32.const 64
        i32.div_u
        local.tee 8
        i32.const 0
        i32.ne
        if ;; label = @3
          loop ;; label = @4
            local.get 5
            v128.load align=1
            local.set 9
            local.get 5
            v128.load offset=16 align=1
            local.set 10
            local.get 5
            v128.load offset=32 align=1
            local.set 11
            local.get 5
            v128.load offset=48 align=1
            local.set 12
            local.get 6
            local.get 9
            v128.const i32x4 0x01010101 0x01010101 0x01010101 0x01010101
            i8x16.min_u
            v128.store $"memory of lib" align=1
            local.get 6
            local.get 10
            v128.const i32x4 0x01010101 0x01010101 0x01010101 0x01010101
            i8x16.min_u
            v128.store $"memory of lib" offset=16 align=1
            local.get 6
            local.get 11
            v128.const i32x4 0x01010101 0x01010101 0x01010101 0x01010101
            i8x16.min_u
            v128.store $"memory of lib" offset=32 align=1
            local.get 6
            local.get 12
            v128.const i32x4 0x01010101 0x01010101 0x01010101 0x01010101
            i8x16.min_u
            v128.store $"memory of lib" offset=48 align=1
            local.get 5
            i32.const 64
            i32.add
            local.set 5
            local.get 6
            i32.const 64
            i32.add
            local.set 6
            local.get 7
            i32.const 64
            i32.add
            local.set 7
            local.get 8
            i32.const 1
            i32.sub
            local.tee 8
            i32.const 0
            i32.ne
            br_if 0 (;@4;)
          end
        end
        block ;; label = @3
          i32.const 4096
          local.get 7
          i32.eq
          br_if 0 (;@3;)
          loop ;; label = @4
            local.get 6
            local.get 5
            i32.load8_u
            i32.const 0
            i32.ne
            i32.store8 $"memory of lib"
            local.get 5
            i32.const 1
            i32.add
            local.set 5
            local.get 6
            i32.const 1
            i32.add
            local.set 6
            local.get 7
            i32.const 1
            i32.add
            local.set 7
            local.get 7
            i32.const 4096
            i32.ne
            br_if 0 (;@4;)
          end
        end
        local.get 3
        i32.const 4096
        i32.add
        local.set 3
        local.get 2
        i32.const 4096
        i32.add
        local.set 2
        local.get 4
        i32.const 1
        i32.add
        local.set 4
        local.get 4
        i32.const 4096
        i32.ne
        br_if 0 (;@2;)
      end
    end
    local.get 1
    call $"ns:pkg/iface#func of lib"
    call $"post-return of ns:pkg/iface#func of lib"
  )
  (func $"#func8 adapter app -> lib ns:pkg/iface#func" (@name "adapter app -> lib ns:pkg/iface#func") (;8;) (type 4) (param i32 i32)
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
      i32.const 1
      i32.const 40
      local.get 2
      i64.extend_i32_u
      i64.const 0
      i64.const 0
      call $"trap 1"
      unreachable
    end
    local.get 2
    local.get 1
    local.tee 2
    i32.const 55296
    i32.xor
    i32.const 2048
    i32.sub
    i32.const 1112064
    i32.ge_u
    if ;; label = @1
      i32.const 1
      i32.const 40
      local.get 2
      i64.extend_i32_u
      i64.const 0
      i64.const 1
      call $"trap 1"
      unreachable
    end
    local.get 2
    call $"#func5 ns:pkg/iface#func of lib"
    call $"#func6 post-return of ns:pkg/iface#func of lib"
  )
)
