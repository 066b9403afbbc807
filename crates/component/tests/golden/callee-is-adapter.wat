;; `relay` lifts what it has lowered, without a core module of its own: the adapter into `relay` calls the adapter into `source`,
;; so there are two modules of adapters, and the first is instantiated first.
(component
  (component $source
    (core module $m (func (export "f") (result i32) (i32.const 7)))
    (core instance $i (instantiate $m))
    (func (export "f") (result u32) (canon lift (core func $i "f"))))
  (component $relay
    (import "f" (func $f (result u32)))
    (core func $lowered (canon lower (func $f)))
    (func (export "relayed") (result u32) (canon lift (core func $lowered))))
  (component $sink
    (import "f" (func $f (result u32)))
    (import "g" (func $g (result u32)))
    (core func $f (canon lower (func $f)))
    (core func $g (canon lower (func $g)))
    (core module $m
      (import "" "f" (func $f (result i32)))
      (import "" "g" (func $g (result i32)))
      (func (export "sum") (result i32) (i32.add (call $f) (call $g))))
    (core instance $i (instantiate $m (with "" (instance (export "f" (func $f)) (export "g" (func $g))))))
    (func (export "sum") (result u32) (canon lift (core func $i "sum"))))
  (instance $source (instantiate $source))
  (instance $relay (instantiate $relay (with "f" (func $source "f"))))
  (instance $sink (instantiate $sink (with "f" (func $relay "relayed")) (with "g" (func $source "f"))))
  (export "sum" (func $sink "sum")))
