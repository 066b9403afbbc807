;; app -> lib ns:pkg/iface#func
;; func()
;;   -> result<tuple<u32, bool>, enum { e0, e1, e2 }>
;; Utf8 to Utf8
;; 516 bytes
;; site 0: `result`
;; site 1: `result.error`
;; trap of function 0 at site 0: unaligned pointer
;; trap of function 0 at site 0: pointer out of bounds of memory
;; trap of function 0 at site 0: unaligned pointer
;; trap of function 0 at site 0: pointer out of bounds of memory
;; trap of function 0 at site 0: invalid variant discriminant
;; trap of function 0 at site 1: invalid variant discriminant
(module $adapters
  (type (;0;) (func (param i32)))
  (type (;1;) (func (result i32)))
  (type (;2;) (func (param i32 i32 i64 i64)))
  (import "callee" "f0" (func $"ns:pkg/iface#func of lib" (;0;) (type 1) (result i32)))
  (import "trap" "0" (func $"trap 0" (;1;) (type 2) (param i32 i32 i64 i64)))
  (import "memory" "m0" (memory $"memory of lib" (;0;) 0))
  (import "memory" "m1" (memory $"memory of app" (;1;) 0))
  (import "post-return" "f2" (func $"post-return of ns:pkg/iface#func of lib" (;2;) (type 0) (param i32)))
  (export "0: app -> lib ns:pkg/iface#func" (func $"adapter app -> lib ns:pkg/iface#func"))
  (func $"adapter app -> lib ns:pkg/iface#func" (;3;) (type 0) (param i32)
    (local i32 i32 i32)
    call $"ns:pkg/iface#func of lib"
    local.set 1
    local.get 1
    i32.const 3
    i32.and
    if ;; label = @1
      i32.const 0
      i32.const 34
      local.get 1
      i64.extend_i32_u
      i64.const 4
      call $"trap 0"
      unreachable
    end
    local.get 1
    i64.extend_i32_u
    i64.const 12
    i64.add
    memory.size
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      i32.const 0
      i32.const 39
      local.get 1
      i64.extend_i32_u
      i64.const 12
      call $"trap 0"
      unreachable
    end
    local.get 0
    i32.const 3
    i32.and
    if ;; label = @1
      i32.const 0
      i32.const 34
      local.get 0
      i64.extend_i32_u
      i64.const 4
      call $"trap 0"
      unreachable
    end
    local.get 0
    i64.extend_i32_u
    i64.const 12
    i64.add
    memory.size $"memory of app"
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      i32.const 0
      i32.const 39
      local.get 0
      i64.extend_i32_u
      i64.const 12
      call $"trap 0"
      unreachable
    end
    local.get 1
    i32.load8_u
    local.tee 2
    i32.const 2
    i32.ge_u
    if ;; label = @1
      i32.const 0
      i32.const 41
      local.get 2
      i64.extend_i32_u
      i64.const 2
      call $"trap 0"
      unreachable
    end
    local.get 0
    local.get 2
    i32.store8 $"memory of app"
    local.get 2
    if ;; label = @1
      local.get 0
      local.get 1
      i32.load8_u offset=4
      local.tee 3
      i32.const 3
      i32.ge_u
      if ;; label = @2
        i32.const 1
        i32.const 41
        local.get 3
        i64.extend_i32_u
        i64.const 3
        call $"trap 0"
        unreachable
      end
      local.get 3
      i32.store8 $"memory of app" offset=4
    else
      local.get 0
      local.get 1
      i32.load offset=4
      i32.store $"memory of app" offset=4
      local.get 0
      local.get 1
      i32.load8_u offset=8
      i32.const 0
      i32.ne
      i32.store8 $"memory of app" offset=8
    end
    local.get 1
    call $"post-return of ns:pkg/iface#func of lib"
  )
)
