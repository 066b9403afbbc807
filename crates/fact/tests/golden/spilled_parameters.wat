;; app -> lib ns:pkg/iface#func
;; func(p: u8, p: f32, p: u8, p: f32, p: u8, p: f32, p: u8, p: f32, p: u8, p: f32, p: u8, p: f32, p: u8, p: f32, p: u8, p: f32, p: u8)
;; Utf8 to Utf8
;; 660 bytes
;; site 0: `params`
;; trap of function 0 at site 0: unaligned pointer
;; trap of function 0 at site 0: pointer out of bounds of memory
;; trap of function 0 at site 0: unaligned pointer
;; trap of function 0 at site 0: pointer out of bounds of memory
(module $adapters
  (type (;0;) (func (param i32)))
  (type (;1;) (func (param i32 i32 i64 i64)))
  (type (;2;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;3;) (func))
  (import "trap" "0" (func $"trap 0" (;0;) (type 1) (param i32 i32 i64 i64)))
  (import "memory" "m0" (memory $"memory of app" (;0;) 0))
  (import "realloc" "f1" (func $"realloc of lib" (;1;) (type 2) (param i32 i32 i32 i32) (result i32)))
  (import "memory" "m1" (memory $"memory of lib" (;1;) 0))
  (import "callee" "f2" (func $"ns:pkg/iface#func of lib" (;2;) (type 0) (param i32)))
  (import "post-return" "f3" (func $"post-return of ns:pkg/iface#func of lib" (;3;) (type 3)))
  (export "0: app -> lib ns:pkg/iface#func" (func $"adapter app -> lib ns:pkg/iface#func"))
  (func $"adapter app -> lib ns:pkg/iface#func" (;4;) (type 0) (param i32)
    (local i32)
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
    i64.const 68
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
      i64.const 68
      call $"trap 0"
      unreachable
    end
    i32.const 0
    i32.const 0
    i32.const 4
    i32.const 68
    call $"realloc of lib"
    local.set 1
    local.get 1
    i32.const 3
    i32.and
    if ;; label = @1
      i32.const 0
      i32.const 290
      local.get 1
      i64.extend_i32_u
      i64.const 4
      call $"trap 0"
      unreachable
    end
    local.get 1
    i64.extend_i32_u
    i64.const 68
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
      i64.const 68
      call $"trap 0"
      unreachable
    end
    local.get 1
    local.get 0
    i32.load8_u
    i32.store8 $"memory of lib"
    local.get 1
    local.get 0
    f32.load offset=4
    f32.store $"memory of lib" offset=4
    local.get 1
    local.get 0
    i32.load8_u offset=8
    i32.store8 $"memory of lib" offset=8
    local.get 1
    local.get 0
    f32.load offset=12
    f32.store $"memory of lib" offset=12
    local.get 1
    local.get 0
    i32.load8_u offset=16
    i32.store8 $"memory of lib" offset=16
    local.get 1
    local.get 0
    f32.load offset=20
    f32.store $"memory of lib" offset=20
    local.get 1
    local.get 0
    i32.load8_u offset=24
    i32.store8 $"memory of lib" offset=24
    local.get 1
    local.get 0
    f32.load offset=28
    f32.store $"memory of lib" offset=28
    local.get 1
    local.get 0
    i32.load8_u offset=32
    i32.store8 $"memory of lib" offset=32
    local.get 1
    local.get 0
    f32.load offset=36
    f32.store $"memory of lib" offset=36
    local.get 1
    local.get 0
    i32.load8_u offset=40
    i32.store8 $"memory of lib" offset=40
    local.get 1
    local.get 0
    f32.load offset=44
    f32.store $"memory of lib" offset=44
    local.get 1
    local.get 0
    i32.load8_u offset=48
    i32.store8 $"memory of lib" offset=48
    local.get 1
    local.get 0
    f32.load offset=52
    f32.store $"memory of lib" offset=52
    local.get 1
    local.get 0
    i32.load8_u offset=56
    i32.store8 $"memory of lib" offset=56
    local.get 1
    local.get 0
    f32.load offset=60
    f32.store $"memory of lib" offset=60
    local.get 1
    local.get 0
    i32.load8_u offset=64
    i32.store8 $"memory of lib" offset=64
    local.get 1
    call $"ns:pkg/iface#func of lib"
    call $"post-return of ns:pkg/iface#func of lib"
  )
)
