;; app -> lib ns:pkg/iface#func
;; func(a: char)
;;   -> bool
;; Utf8 to Utf8
;; 351 bytes
;; site 0: ``
;; site 1: `param "a"`
;; trap of function 0 at site 0: cannot leave component instance
;; trap of function 0 at site 1: invalid `char` bit pattern
(module $adapters
  (type (;0;) (func (param i32) (result i32)))
  (type (;1;) (func (param i32 i32 i64 i64)))
  (type (;2;) (func (param i32)))
  (import "state" "state" (memory $state (;0;) 0))
  (import "trap" "0" (func $"trap 0" (;0;) (type 1) (param i32 i32 i64 i64)))
  (import "callee" "f1" (func $"ns:pkg/iface#func of lib" (;1;) (type 0) (param i32) (result i32)))
  (import "post-return" "f2" (func $"post-return of ns:pkg/iface#func of lib" (;2;) (type 2) (param i32)))
  (export "0: app -> lib ns:pkg/iface#func" (func $"adapter app -> lib ns:pkg/iface#func"))
  (func $"adapter app -> lib ns:pkg/iface#func" (;3;) (type 0) (param i32) (result i32)
    (local i32)
    i32.const 0
    i32.load offset=16
    i32.const 1
    i32.and
    if ;; label = @1
      i32.const 0
      i32.const 32
      i64.const 0
      i64.const 0
      call $"trap 0"
      unreachable
    end
    local.get 0
    local.tee 1
    i32.const 55296
    i32.xor
    i32.const 2048
    i32.sub
    i32.const 1112064
    i32.ge_u
    if ;; label = @1
      i32.const 1
      i32.const 40
      local.get 1
      i64.extend_i32_u
      i64.const 0
      call $"trap 0"
      unreachable
    end
    local.get 1
    call $"ns:pkg/iface#func of lib"
    local.set 1
    local.get 1
    i32.const 0
    i32.ne
    local.get 1
    call $"post-return of ns:pkg/iface#func of lib"
  )
)
