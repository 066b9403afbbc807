;; A function that is lifted and lowered by one component instance: all parameters are lifted before any is lowered, so what is
;; given first comes back under the index that was freed last.
(component
  (type $r (resource (rep i32)))
  (core func $new (canon resource.new $r))
  (core func $rep (canon resource.rep $r))
  (core func $drop (canon resource.drop $r))
  (core module $callee
    (import "" "rep" (func $rep (param i32) (result i32)))
    (global $first (mut i32) (i32.const 0))
    (global $second (mut i32) (i32.const 0))
    (func (export "f") (param i32 i32) (result i32)
      (global.set $first (local.get 0))
      (global.set $second (local.get 1))
      (i32.add (i32.mul (local.get 0) (i32.const 10)) (local.get 1)))
    ;; The callee defines the type, so it is given the representation.
    (func (export "g") (param i32) (result i32) (local.get 0))
    (func (export "reps") (result i32)
      (i32.add
        (i32.mul (call $rep (global.get $first)) (i32.const 100))
        (call $rep (global.get $second)))))
  (core instance $callee (instantiate $callee (with "" (instance (export "rep" (func $rep))))))
  (func $f (param "a" (own $r)) (param "b" (own $r)) (result u32) (canon lift (core func $callee "f")))
  (func $g (param "a" (borrow $r)) (result u32) (canon lift (core func $callee "g")))
  (core func $f (canon lower (func $f)))
  (core func $g (canon lower (func $g)))
  (core module $caller
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (import "" "f" (func $f (param i32 i32) (result i32)))
    (import "" "g" (func $g (param i32) (result i32)))
    (func (export "owned") (result i32)
      (call $f (call $new (i32.const 11)) (call $new (i32.const 22))))
    (func (export "borrowed") (result i32) (local $handle i32)
      (local.set $handle (call $new (i32.const 33)))
      (call $g (local.get $handle))
      (call $drop (local.get $handle)))
    (func (export "stale") (result i32) (call $g (i32.const 9))))
  (core instance $caller (instantiate $caller (with "" (instance
    (export "new" (func $new)) (export "drop" (func $drop)) (export "f" (func $f)) (export "g" (func $g))))))
  (func (export "owned") (result u32) (canon lift (core func $caller "owned")))
  (func (export "borrowed") (result u32) (canon lift (core func $caller "borrowed")))
  (func (export "stale") (result u32) (canon lift (core func $caller "stale")))
  (func (export "reps") (result u32) (canon lift (core func $callee "reps"))))

(assert_return (invoke "owned") (u32.const 21))
(assert_return (invoke "reps") (u32.const 1122))
(assert_return (invoke "borrowed") (u32.const 33))
(assert_trap (invoke "stale") "unknown handle index 9")
