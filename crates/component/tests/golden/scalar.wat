;; Two components and a call of numbers: one adapter, no options, no flags.
(component $app
  (component $adder
    (core module $m
      (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
    (core instance $i (instantiate $m))
    (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add"))))
  (component $caller
    (import "add" (func $add (param "a" u32) (param "b" u32) (result u32)))
    (core func $add (canon lower (func $add)))
    (core module $m
      (import "math" "add" (func $add (param i32 i32) (result i32)))
      (func (export "run") (result i32) (call $add (i32.const 1) (i32.const 2))))
    (core instance $i (instantiate $m (with "math" (instance (export "add" (func $add))))))
    (func (export "run") (result u32) (canon lift (core func $i "run"))))
  (instance $adder (instantiate $adder))
  (instance $caller (instantiate $caller (with "add" (func $adder "add"))))
  (export "run" (func $caller "run")))
