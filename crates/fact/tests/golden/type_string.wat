;; app -> lib ns:pkg/iface#func
;; func(flat: string, list: list<string>)
;; Utf8 to Utf8
;; 1713 bytes
;; site 0: `param "flat"`
;; site 1: `param "list"`
;; site 2: `param "list"[]`
;; trap of function 0 at site 1: list byte length exceeds the maximum of 2^28-1
;; trap of function 0 at site 1: unaligned pointer
;; trap of function 0 at site 1: list content out-of-bounds
;; trap of function 0 at site 1: unaligned pointer
;; trap of function 0 at site 1: list content out-of-bounds
;; trap of function 1 at its caller's site: string byte length exceeds the maximum of 2^28-1
;; trap of function 1 at its caller's site: string content out-of-bounds
;; trap of function 1 at its caller's site: string content out-of-bounds
;; trap of function 1 at its caller's site: incomplete utf-8 byte sequence
;; trap of function 1 at its caller's site: invalid utf-8 encoding
;; trap of function 2 at its caller's site: string byte length exceeds the maximum of 2^28-1
;; trap of function 2 at its caller's site: string content out-of-bounds
;; trap of function 2 at its caller's site: string content out-of-bounds
;; trap of function 2 at its caller's site: incomplete utf-8 byte sequence
;; trap of function 2 at its caller's site: invalid utf-8 encoding
(module $adapters
  (type (;0;) (func (param i32 i32 i32 i32)))
  (type (;1;) (func (param i32 i32 i32) (result i32 i32)))
  (type (;2;) (func (param i32 i32 i64 i64)))
  (type (;3;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;4;) (func (param i32 i32 i32 i64) (result i32 i32)))
  (type (;5;) (func (param i32 i32 i32) (result i32)))
  (type (;6;) (func (param i32 i32 i64 i64 i64)))
  (import "trap" "0" (func $"trap 0" (;0;) (type 2) (param i32 i32 i64 i64)))
  (import "memory" "m0" (memory $"memory of app" (;0;) 0))
  (import "realloc" "f1" (func $"realloc of lib" (;1;) (type 3) (param i32 i32 i32 i32) (result i32)))
  (import "memory" "m1" (memory $"memory of lib" (;1;) 0))
  (import "callee" "f2" (func $"ns:pkg/iface#func of lib" (;2;) (type 0) (param i32 i32 i32 i32)))
  (import "transcode" "utf8-to-utf8 m0 m1" (func $"utf8-to-utf8 app -> lib" (;3;) (type 5) (param i32 i32 i32) (result i32)))
  (import "trap" "1" (func $"trap 1" (;4;) (type 6) (param i32 i32 i64 i64 i64)))
  (export "0: app -> lib ns:pkg/iface#func" (func $"adapter app -> lib ns:pkg/iface#func"))
  (func $"adapter app -> lib ns:pkg/iface#func" (;5;) (type 0) (param i32 i32 i32 i32)
    (local i32 i32 i32 i32 i32 i32 i32)
    local.get 0
    local.get 1
    i32.const 0
    call $"string Utf8 to Utf8 app -> lib"
    local.get 2
    local.get 3
    local.set 5
    local.set 4
    local.get 5
    i32.const 33554431
    i32.gt_u
    if ;; label = @1
      i32.const 1
      i32.const 36
      local.get 5
      i64.extend_i32_u
      i64.const 8
      call $"trap 0"
      unreachable
    end
    local.get 4
    i32.const 3
    i32.and
    if ;; label = @1
      i32.const 1
      i32.const 34
      local.get 4
      i64.extend_i32_u
      i64.const 4
      call $"trap 0"
      unreachable
    end
    local.get 4
    i64.extend_i32_u
    local.get 5
    i64.extend_i32_u
    i64.const 8
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
      local.get 4
      i64.extend_i32_u
      local.get 5
      i64.extend_i32_u
      i64.const 8
      i64.mul
      call $"trap 0"
      unreachable
    end
    i32.const 0
    i32.const 0
    i32.const 4
    local.get 5
    i32.const 8
    i32.mul
    call $"realloc of lib"
    local.set 6
    local.get 6
    i32.const 3
    i32.and
    if ;; label = @1
      i32.const 1
      i32.const 290
      local.get 6
      i64.extend_i32_u
      i64.const 4
      call $"trap 0"
      unreachable
    end
    local.get 6
    i64.extend_i32_u
    local.get 5
    i64.extend_i32_u
    i64.const 8
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
      local.get 5
      i64.extend_i32_u
      i64.const 8
      i64.mul
      call $"trap 0"
      unreachable
    end
    local.get 6
    local.set 7
    i32.const 0
    local.set 8
    block ;; label = @1
      local.get 5
      local.get 8
      i32.eq
      br_if 0 (;@1;)
      loop ;; label = @2
        local.get 4
        i32.load
        local.get 4
        i32.load offset=4
        i32.const 2
        local.get 8
        i64.extend_i32_u
        call $"string Utf8 to Utf8 app -> lib in 1 lists"
        local.set 10
        local.set 9
        local.get 7
        local.get 9
        i32.store $"memory of lib"
        local.get 7
        local.get 10
        i32.store $"memory of lib" offset=4
        local.get 4
        i32.const 8
        i32.add
        local.set 4
        local.get 7
        i32.const 8
        i32.add
        local.set 7
        local.get 8
        i32.const 1
        i32.add
        local.set 8
        local.get 8
        local.get 5
        i32.ne
        br_if 0 (;@2;)
      end
    end
    local.get 6
    local.get 5
    call $"ns:pkg/iface#func of lib"
  )
  (func $"string Utf8 to Utf8 app -> lib" (;6;) (type 1) (param i32 i32 i32) (result i32 i32)
    (local i32 i32)
    local.get 1
    i32.const 268435455
    i32.gt_u
    if ;; label = @1
      local.get 2
      i32.const 38
      local.get 1
      i64.extend_i32_u
      i64.const 1
      call $"trap 0"
      unreachable
    end
    local.get 0
    i64.extend_i32_u
    local.get 1
    i64.extend_i32_u
    i64.add
    memory.size
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      local.get 2
      i32.const 37
      local.get 0
      i64.extend_i32_u
      local.get 1
      i64.extend_i32_u
      call $"trap 0"
      unreachable
    end
    i32.const 0
    i32.const 0
    i32.const 1
    local.get 1
    call $"realloc of lib"
    local.set 3
    local.get 3
    i64.extend_i32_u
    local.get 1
    i64.extend_i32_u
    i64.add
    memory.size $"memory of lib"
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      local.get 2
      i32.const 293
      local.get 3
      i64.extend_i32_u
      local.get 1
      i64.extend_i32_u
      call $"trap 0"
      unreachable
    end
    local.get 1
    i32.const 64
    i32.gt_u
    if (result i32) ;; label = @1
      i32.const 1
    else
      local.get 0
      local.get 3
      local.get 1
      call $"short copy by 1 of ascii m0 m1"
    end
    if ;; label = @1
      local.get 0
      local.get 1
      local.get 3
      call $"utf8-to-utf8 app -> lib"
      local.tee 4
      if ;; label = @2
        local.get 4
        i32.const 43
        i32.eq
        if ;; label = @3
          local.get 2
          i32.const 43
          local.get 0
          i64.extend_i32_u
          local.get 1
          i64.extend_i32_u
          call $"trap 0"
          unreachable
        end
        local.get 2
        i32.const 42
        local.get 0
        i64.extend_i32_u
        local.get 1
        i64.extend_i32_u
        call $"trap 0"
        unreachable
      end
    end
    local.get 3
    local.get 1
  )
  (func $"string Utf8 to Utf8 app -> lib in 1 lists" (;7;) (type 4) (param i32 i32 i32 i64) (result i32 i32)
    (local i32 i32)
    local.get 1
    i32.const 268435455
    i32.gt_u
    if ;; label = @1
      local.get 2
      i32.const 38
      local.get 1
      i64.extend_i32_u
      i64.const 1
      local.get 3
      call $"trap 1"
      unreachable
    end
    local.get 0
    i64.extend_i32_u
    local.get 1
    i64.extend_i32_u
    i64.add
    memory.size
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      local.get 2
      i32.const 37
      local.get 0
      i64.extend_i32_u
      local.get 1
      i64.extend_i32_u
      local.get 3
      call $"trap 1"
      unreachable
    end
    i32.const 0
    i32.const 0
    i32.const 1
    local.get 1
    call $"realloc of lib"
    local.set 4
    local.get 4
    i64.extend_i32_u
    local.get 1
    i64.extend_i32_u
    i64.add
    memory.size $"memory of lib"
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      local.get 2
      i32.const 293
      local.get 4
      i64.extend_i32_u
      local.get 1
      i64.extend_i32_u
      local.get 3
      call $"trap 1"
      unreachable
    end
    local.get 1
    i32.const 64
    i32.gt_u
    if (result i32) ;; label = @1
      i32.const 1
    else
      local.get 0
      local.get 4
      local.get 1
      call $"short copy by 1 of ascii m0 m1"
    end
    if ;; label = @1
      local.get 0
      local.get 1
      local.get 4
      call $"utf8-to-utf8 app -> lib"
      local.tee 5
      if ;; label = @2
        local.get 5
        i32.const 43
        i32.eq
        if ;; label = @3
          local.get 2
          i32.const 43
          local.get 0
          i64.extend_i32_u
          local.get 1
          i64.extend_i32_u
          local.get 3
          call $"trap 1"
          unreachable
        end
        local.get 2
        i32.const 42
        local.get 0
        i64.extend_i32_u
        local.get 1
        i64.extend_i32_u
        local.get 3
        call $"trap 1"
        unreachable
      end
    end
    local.get 4
    local.get 1
  )
  (func $"short copy by 1 of ascii m0 m1" (;8;) (type 5) (param i32 i32 i32) (result i32)
    (local i32 v128 v128 v128 v128 i32 i64 i64 i32 i32)
    local.get 2
    i32.const 32
    i32.ge_u
    if ;; label = @1
      local.get 0
      local.get 2
      i32.const 32
      i32.sub
      i32.add
      local.set 3
      local.get 0
      v128.load align=1
      local.set 4
      local.get 0
      v128.load offset=16 align=1
      local.set 5
      local.get 3
      v128.load align=1
      local.set 6
      local.get 3
      v128.load offset=16 align=1
      local.set 7
      local.get 4
      local.get 5
      v128.or
      local.get 6
      v128.or
      local.get 7
      v128.or
      v128.const i32x4 0x80808080 0x80808080 0x80808080 0x80808080
      v128.and
      v128.any_true
      if ;; label = @2
        i32.const 1
        return
      end
      local.get 1
      local.get 2
      i32.const 32
      i32.sub
      i32.add
      local.set 8
      local.get 1
      local.get 4
      v128.store $"memory of lib" align=1
      local.get 1
      local.get 5
      v128.store $"memory of lib" offset=16 align=1
      local.get 8
      local.get 6
      v128.store $"memory of lib" align=1
      local.get 8
      local.get 7
      v128.store $"memory of lib" offset=16 align=1
      i32.const 0
      return
    end
    local.get 2
    i32.const 16
    i32.ge_u
    if ;; label = @1
      local.get 0
      local.get 2
      i32.const 16
      i32.sub
      i32.add
      local.set 8
      local.get 0
      v128.load align=1
      local.set 7
      local.get 8
      v128.load align=1
      local.set 6
      local.get 7
      local.get 6
      v128.or
      v128.const i32x4 0x80808080 0x80808080 0x80808080 0x80808080
      v128.and
      v128.any_true
      if ;; label = @2
        i32.const 1
        return
      end
      local.get 1
      local.get 2
      i32.const 16
      i32.sub
      i32.add
      local.set 3
      local.get 1
      local.get 7
      v128.store $"memory of lib" align=1
      local.get 3
      local.get 6
      v128.store $"memory of lib" align=1
      i32.const 0
      return
    end
    local.get 2
    i32.const 8
    i32.ge_u
    if ;; label = @1
      local.get 0
      local.get 2
      i32.const 8
      i32.sub
      i32.add
      local.set 3
      local.get 0
      i64.load align=1
      local.set 9
      local.get 3
      i64.load align=1
      local.set 10
      local.get 9
      local.get 10
      i64.or
      i64.const -9187201950435737472
      i64.and
      i64.const 0
      i64.ne
      if ;; label = @2
        i32.const 1
        return
      end
      local.get 1
      local.get 2
      i32.const 8
      i32.sub
      i32.add
      local.set 8
      local.get 1
      local.get 9
      i64.store $"memory of lib" align=1
      local.get 8
      local.get 10
      i64.store $"memory of lib" align=1
      i32.const 0
      return
    end
    local.get 2
    i32.const 4
    i32.ge_u
    if ;; label = @1
      local.get 0
      local.get 2
      i32.const 4
      i32.sub
      i32.add
      local.set 8
      local.get 0
      i32.load align=1
      local.set 3
      local.get 8
      i32.load align=1
      local.set 11
      local.get 3
      local.get 11
      i32.or
      i32.const -2139062144
      i32.and
      if ;; label = @2
        i32.const 1
        return
      end
      local.get 1
      local.get 2
      i32.const 4
      i32.sub
      i32.add
      local.set 12
      local.get 1
      local.get 3
      i32.store $"memory of lib" align=1
      local.get 12
      local.get 11
      i32.store $"memory of lib" align=1
      i32.const 0
      return
    end
    local.get 2
    i32.const 2
    i32.ge_u
    if ;; label = @1
      local.get 0
      local.get 2
      i32.const 2
      i32.sub
      i32.add
      local.set 12
      local.get 0
      i32.load16_u align=1
      local.set 8
      local.get 12
      i32.load16_u align=1
      local.set 11
      local.get 8
      local.get 11
      i32.or
      i32.const -2139062144
      i32.and
      if ;; label = @2
        i32.const 1
        return
      end
      local.get 1
      local.get 2
      i32.const 2
      i32.sub
      i32.add
      local.set 3
      local.get 1
      local.get 8
      i32.store16 $"memory of lib" align=1
      local.get 3
      local.get 11
      i32.store16 $"memory of lib" align=1
      i32.const 0
      return
    end
    local.get 2
    i32.const 1
    i32.ge_u
    if ;; label = @1
      local.get 0
      local.get 2
      i32.const 1
      i32.sub
      i32.add
      local.set 3
      local.get 0
      i32.load8_u
      local.set 12
      local.get 3
      i32.load8_u
      local.set 11
      local.get 12
      local.get 11
      i32.or
      i32.const -2139062144
      i32.and
      if ;; label = @2
        i32.const 1
        return
      end
      local.get 1
      local.get 2
      i32.const 1
      i32.sub
      i32.add
      local.set 8
      local.get 1
      local.get 12
      i32.store8 $"memory of lib"
      local.get 8
      local.get 11
      i32.store8 $"memory of lib"
      i32.const 0
      return
    end
    i32.const 0
  )
)
