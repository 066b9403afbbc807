;; app -> lib ns:pkg/iface#func
;; func(text: string)
;; Utf8 to Utf16
;; 830 bytes
;; site 0: `param "text"`
;; trap of function 1 at its caller's site: string byte length exceeds the maximum of 2^28-1
;; trap of function 1 at its caller's site: string content out-of-bounds
;; trap of function 1 at its caller's site: unaligned pointer
;; trap of function 1 at its caller's site: string content out-of-bounds
;; trap of function 1 at its caller's site: incomplete utf-8 byte sequence
;; trap of function 1 at its caller's site: invalid utf-8 encoding
;; trap of function 1 at its caller's site: unaligned pointer
;; trap of function 1 at its caller's site: string content out-of-bounds
(module $adapters
  (type (;0;) (func (param i32 i32)))
  (type (;1;) (func (param i32 i32 i32) (result i32 i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i32 i32 i64 i64)))
  (type (;4;) (func (param i32 i32 i32 i32) (result i32)))
  (import "callee" "f0" (func $"ns:pkg/iface#func of lib" (;0;) (type 0) (param i32 i32)))
  (import "post-return" "f1" (func $"post-return of ns:pkg/iface#func of lib" (;1;) (type 2)))
  (import "state" "state" (memory $state (;0;) 0))
  (import "trap" "0" (func $"trap 0" (;2;) (type 3) (param i32 i32 i64 i64)))
  (import "memory" "m1" (memory $"memory of app" (;1;) 0))
  (import "realloc" "f3" (func $"realloc of lib" (;3;) (type 4) (param i32 i32 i32 i32) (result i32)))
  (import "memory" "m2" (memory $"memory of lib" (;2;) 0))
  (import "transcode" "utf8-to-utf16 m1 m2" (func $"utf8-to-utf16 app -> lib" (;4;) (type 1) (param i32 i32 i32) (result i32 i32)))
  (export "0: app -> lib ns:pkg/iface#func" (func $"adapter app -> lib ns:pkg/iface#func"))
  (func $"adapter app -> lib ns:pkg/iface#func" (;5;) (type 0) (param i32 i32)
    local.get 0
    local.get 1
    i32.const 0
    call $"string Utf8 to Utf16 app -> lib"
    call $"ns:pkg/iface#func of lib"
    i32.const 0
    i32.const 0
    i32.load offset=48
    i32.const 1
    i32.or
    i32.store offset=48
    call $"post-return of ns:pkg/iface#func of lib"
    i32.const 0
    i32.const 0
    i32.load offset=48
    i32.const -2
    i32.and
    i32.store offset=48
  )
  (func $"string Utf8 to Utf16 app -> lib" (;6;) (type 1) (param i32 i32 i32) (result i32 i32)
    (local i32 i32 i32)
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
    memory.size $"memory of app"
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
    i32.load offset=48
    i32.const 1
    i32.or
    i32.store offset=48
    i32.const 0
    i32.const 0
    i32.const 2
    local.get 1
    i32.const 2
    i32.mul
    call $"realloc of lib"
    local.set 3
    i32.const 0
    i32.const 0
    i32.load offset=48
    i32.const -2
    i32.and
    i32.store offset=48
    local.get 3
    i32.const 1
    i32.and
    if ;; label = @1
      local.get 2
      i32.const 290
      local.get 3
      i64.extend_i32_u
      i64.const 2
      call $"trap 0"
      unreachable
    end
    local.get 3
    i64.extend_i32_u
    local.get 1
    i64.extend_i32_u
    i64.const 2
    i64.mul
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
      i64.const 2
      i64.mul
      call $"trap 0"
      unreachable
    end
    local.get 0
    local.get 1
    local.get 3
    call $"utf8-to-utf16 app -> lib"
    local.tee 5
    if ;; label = @1
      local.get 5
      i32.const 43
      i32.eq
      if ;; label = @2
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
    local.tee 4
    local.get 1
    i32.ne
    if ;; label = @1
      i32.const 0
      i32.const 0
      i32.load offset=48
      i32.const 1
      i32.or
      i32.store offset=48
      local.get 3
      local.get 1
      i32.const 2
      i32.mul
      i32.const 2
      local.get 4
      i32.const 2
      i32.mul
      call $"realloc of lib"
      local.set 3
      i32.const 0
      i32.const 0
      i32.load offset=48
      i32.const -2
      i32.and
      i32.store offset=48
      local.get 3
      i32.const 1
      i32.and
      if ;; label = @2
        local.get 2
        i32.const 290
        local.get 3
        i64.extend_i32_u
        i64.const 2
        call $"trap 0"
        unreachable
      end
      local.get 3
      i64.extend_i32_u
      local.get 4
      i64.extend_i32_u
      i64.const 2
      i64.mul
      i64.add
      memory.size $"memory of lib"
      i64.extend_i32_u
      i64.const 16
      i64.shl
      i64.gt_u
      if ;; label = @2
        local.get 2
        i32.const 293
        local.get 3
        i64.extend_i32_u
        local.get 4
        i64.extend_i32_u
        i64.const 2
        i64.mul
        call $"trap 0"
        unreachable
      end
    end
    local.get 3
    local.get 4
  )
)
