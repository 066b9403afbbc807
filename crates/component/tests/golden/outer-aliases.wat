;; Outer aliases of core modules, components and types, two components out and through an instance, with a component that is
;; passed as an argument: its aliases go on to mean what they meant where it was defined.
(component
  (core module $one (func (export "f") (result i32) (i32.const 1)))
  (type $point (record (field "x" u8) (field "y" u8)))
  (component $middle
    (core module $two (func (export "f") (result i32) (i32.const 2)))
    (component $inner
      (alias outer 2 $one (core module $a))
      (alias outer 1 $two (core module $b))
      (alias outer 2 $point (type $point))
      (export $p "point" (type $point))
      (core instance $a (instantiate $a))
      (core instance $b (instantiate $b))
      (func (export "a") (result u32) (canon lift (core func $a "f")))
      (core module $three (func (export "f") (param i32 i32) (result i32) (i32.const 3)))
      (core instance $c (instantiate $three))
      (func (export "b") (param "p" $p) (result u32) (canon lift (core func $c "f"))))
    (export "inner" (component $inner)))
  (component $maker
    (import "what" (component $what (export "a" (func (result u32)))))
    (core module $two (func (export "f") (result i32) (i32.const 4)))
    (instance $made (instantiate $what))
    (export "a" (func $made "a")))
  (instance $middle (instantiate $middle))
  (instance $first (instantiate (component $middle "inner")))
  (instance $second (instantiate $maker (with "what" (component $middle "inner"))))
  (export "first" (instance $first))
  (export "second" (instance $second)))
