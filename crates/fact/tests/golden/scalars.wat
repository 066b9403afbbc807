;; app -> lib ns:pkg/iface#func
;; func(a: u8, b: u64, c: tuple<f64, s16>)
;;   -> s8
;; Utf8 to Utf8
;; 194 bytes
(module $adapters
  (type (;0;) (func (param i32 i64 f64 i32) (result i32)))
  (import "callee" "f0" (func $"ns:pkg/iface#func of lib" (;0;) (type 0) (param i32 i64 f64 i32) (result i32)))
  (export "0: app -> lib ns:pkg/iface#func" (func $"adapter app -> lib ns:pkg/iface#func"))
  (func $"adapter app -> lib ns:pkg/iface#func" (;1;) (type 0) (param i32 i64 f64 i32) (result i32)
    (local i32)
    local.get 0
    i32.const 255
    i32.and
    local.get 1
    local.get 2
    local.get 3
    i32.extend16_s
    call $"ns:pkg/iface#func of lib"
    local.set 4
    local.get 4
    i32.extend8_s
  )
)
