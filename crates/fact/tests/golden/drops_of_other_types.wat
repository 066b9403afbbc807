;; app -> canon resource.drop plain
;; app -> canon resource.drop imported
;; 693 bytes
;; site 0: ``
;; site 1: ``
;; trap of function 2 at its caller's site: unknown handle index
;; trap of function 2 at its caller's site: handle index used with the wrong type
;; trap of function 2 at its caller's site: cannot remove owned resource while borrowed
;; trap of function 2 at its caller's site: cannot lift own resource from a borrow
(module $adapters
  (type (;0;) (func (param i32)))
  (type (;1;) (func (param i32 i32 i32) (result i32 i32)))
  (type (;2;) (func (param i32 i32 i32 i32)))
  (type (;3;) (func (param i32 i32 i64 i64)))
  (import "resource-type" "r1" (global $"type imported" (;0;) i32))
  (import "destructor" "f0" (func $"destructor of imported" (;0;) (type 0) (param i32)))
  (import "state" "state" (memory $state (;0;) 0))
  (import "trap" "0" (func $"trap 0" (;1;) (type 3) (param i32 i32 i64 i64)))
  (export "0: app -> canon resource.drop plain" (func $"app resource.drop plain"))
  (export "1: app -> canon resource.drop imported" (func $"app resource.drop imported"))
  (func $"app resource.drop plain" (;2;) (type 0) (param i32)
    (local i32 i32)
    i32.const 16
    local.get 0
    i32.const 17
    call $"handle drop"
    local.tee 1
    i32.eqz
    if ;; label = @1
      i32.const 16
      local.get 0
      i32.const 17
      i32.const 0
      call $"handle fail"
      unreachable
    end
    local.set 2
  )
  (func $"handle drop" (;3;) (type 1) (param i32 i32 i32) (result i32 i32)
    (local i32 i32 i32)
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
    local.get 3
    i32.load offset=8
    i32.or
    if ;; label = @1
      i32.const 0
      i32.const 0
      return
    end
    local.get 3
    i32.load
    local.get 2
    i32.sub
    i32.const 1
    i32.add
    local.set 4
    local.get 3
    i32.load offset=4
    local.get 4
    i32.const 2
    i32.eq
    if ;; label = @1
      local.get 3
      i32.load offset=12
      local.set 5
      local.get 5
      local.get 5
      i32.load
      i32.const -1
      i32.add
      i32.store
    end
    local.get 3
    i32.const 0
    i32.store
    local.get 3
    local.get 0
    i32.load offset=16
    i32.store offset=4
    local.get 0
    local.get 1
    i32.store offset=16
    local.get 4
  )
  (func $"handle fail" (;4;) (type 2) (param i32 i32 i32 i32)
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
  (func $"app resource.drop imported" (;5;) (type 0) (param i32)
    (local i32 i32)
    i32.const 16
    local.get 0
    global.get $"type imported"
    i32.const 4
    i32.shl
    i32.const 1
    i32.or
    call $"handle drop"
    local.tee 1
    i32.eqz
    if ;; label = @1
      i32.const 16
      local.get 0
      global.get $"type imported"
      i32.const 4
      i32.shl
      i32.const 1
      i32.or
      i32.const 1
      call $"handle fail"
      unreachable
    end
    local.set 2
    local.get 1
    i32.const 1
    i32.eq
    if ;; label = @1
      local.get 2
      call $"destructor of imported"
    end
  )
)
