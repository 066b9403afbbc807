;; app -> lib ns:pkg/iface#func
;; func(self: borrow<resource 0>, other: result<borrow<resource 0>, u32>)
;; Utf8 to Utf8
;; 684 bytes
;; site 0: `param "self"`
;; site 1: `param "other"`
;; site 2: `param "other".ok`
;; trap of function 0 at site 1: invalid variant discriminant
;; trap of function 2 at its caller's site: unknown handle index
;; trap of function 2 at its caller's site: handle index used with the wrong type
;; trap of function 2 at its caller's site: cannot remove owned resource while borrowed
;; trap of function 2 at its caller's site: cannot lift own resource from a borrow
(module $adapters
  (type (;0;) (func (param i32 i32 i32)))
  (type (;1;) (func (param i32 i32 i32) (result i32 i32)))
  (type (;2;) (func (param i32 i32 i32 i32)))
  (type (;3;) (func (param i32 i32 i64 i64)))
  (type (;4;) (func))
  (type (;5;) (func (param i32 i32)))
  (import "trap" "0" (func $"trap 0" (;0;) (type 3) (param i32 i32 i64 i64)))
  (import "callee" "f1" (func $"ns:pkg/iface#func of lib" (;1;) (type 0) (param i32 i32 i32)))
  (import "post-return" "f2" (func $"post-return of ns:pkg/iface#func of lib" (;2;) (type 4)))
  (import "state" "state" (memory $state (;0;) 0))
  (export "0: app -> lib ns:pkg/iface#func" (func $"adapter app -> lib ns:pkg/iface#func"))
  (func $"adapter app -> lib ns:pkg/iface#func" (;3;) (type 0) (param i32 i32 i32)
    (local i32 i32 i32)
    local.get 0
    local.set 3
    i32.const 16
    local.get 3
    i32.const 17
    call $"handle lift borrow"
    if ;; label = @1
      i32.const 16
      local.get 3
      i32.const 17
      i32.const 0
      call $"handle fail"
      unreachable
    end
    local.get 1
    local.tee 4
    i32.const 2
    i32.ge_u
    if ;; label = @1
      i32.const 1
      i32.const 41
      local.get 4
      i64.extend_i32_u
      i64.const 2
      call $"trap 0"
      unreachable
    end
    local.get 4
    local.get 4
    if (result i32) ;; label = @1
      local.get 2
    else
      local.get 2
      local.set 5
      i32.const 16
      local.get 5
      i32.const 17
      call $"handle lift borrow"
      if ;; label = @2
        i32.const 16
        local.get 5
        i32.const 17
        i32.const 2
        call $"handle fail"
        unreachable
      end
    end
    call $"ns:pkg/iface#func of lib"
    call $"post-return of ns:pkg/iface#func of lib"
    i32.const 16
    local.get 3
    call $"handle end lend"
    i32.const 16
    local.get 5
    call $"handle end lend"
  )
  (func $"handle lift borrow" (;4;) (type 1) (param i32 i32 i32) (result i32 i32)
    (local i32)
    local.get 1
    i32.const 0
    local.get 1
    local.get 0
    i32.load offset=8
    i32.lt_u
    select
    i32.const 4
    i32.shl
    local.get 0
    i32.load offset=4
    i32.add
    local.set 3
    local.get 3
    i32.load
    local.get 2
    i32.sub
    i32.const 1
    i32.gt_u
    if ;; label = @1
      i32.const 0
      i32.const 1
      return
    end
    local.get 3
    local.get 3
    i32.load offset=8
    i32.const 1
    i32.add
    i32.store offset=8
    local.get 3
    i32.load offset=4
    i32.const 0
  )
  (func $"handle fail" (;5;) (type 2) (param i32 i32 i32 i32)
    (local i32 i32)
    local.get 1
    i32.const 0
    local.get 1
    local.get 0
    i32.load offset=8
    i32.lt_u
    select
    i32.const 4
    i32.shl
    local.get 0
    i32.load offset=4
    i32.add
    local.set 4
    local.get 4
    i32.load
    local.tee 5
    i32.const 15
    i32.and
    i32.eqz
    if ;; label = @1
      local.get 3
      i32.const 49
      local.get 1
      i64.extend_i32_u
      i64.const 0
      call $"trap 0"
      unreachable
    end
    local.get 5
    i32.const 4
    i32.shr_u
    local.get 2
    i32.const 4
    i32.shr_u
    i32.ne
    if ;; label = @1
      local.get 3
      i32.const 50
      local.get 1
      i64.extend_i32_u
      local.get 2
      i64.extend_i32_u
      local.get 5
      i64.extend_i32_u
      i64.const 32
      i64.shl
      i64.or
      call $"trap 0"
      unreachable
    end
    local.get 4
    i32.load offset=8
    if ;; label = @1
      local.get 3
      i32.const 51
      local.get 1
      i64.extend_i32_u
      local.get 4
      i32.load offset=8
      i64.extend_i32_u
      call $"trap 0"
      unreachable
    end
    local.get 3
    i32.const 52
    local.get 1
    i64.extend_i32_u
    i64.const 0
    call $"trap 0"
    unreachable
  )
  (func $"handle end lend" (;6;) (type 5) (param i32 i32)
    (local i32)
    local.get 1
    if ;; label = @1
      local.get 1
      i32.const 4
      i32.shl
      local.get 0
      i32.load offset=4
      i32.add
      local.set 2
      local.get 2
      local.get 2
      i32.load offset=8
      i32.const -1
      i32.add
      i32.store offset=8
    end
  )
)
