;; Resource types that the root imports: what they are is the host's, and which are the same is the component's.

;; One that must be the same as another needs no definition of its own.
(component
  (import "host" (instance $host
    (export "resource1" (type $r (sub resource)))
    (export "nobody-defines-this" (type (eq $r)))
    (export "[constructor]resource1" (func (param "r" u32) (result (own $r))))))
  (alias export $host "nobody-defines-this" (type $r))
  (core func $new (canon lower (func $host "[constructor]resource1")))
  (core func $drop (canon resource.drop $r))
  (core module $m
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "f") (result i32)
      (local $index i32)
      (local.set $index (call $new (i32.const 100)))
      (call $drop (local.get $index))
      (local.get $index)))
  (core instance $i (instantiate $m (with "" (instance (export "new" (func $new)) (export "drop" (func $drop))))))
  (func (export "f") (result u32) (canon lift (core func $i "f"))))
(assert_return (invoke "f") (u32.const 1))
(assert_return (invoke "f") (u32.const 1))

;; The first of them does.
(assert_unlinkable
  (component
    (import "host" (instance
      (export "nobody-defines-this" (type $r (sub resource)))
      (export "resource1" (type (eq $r))))))
  "is missing")
;; Where both are defined, they must be the same.
(assert_unlinkable
  (component
    (import "host" (instance
      (export "resource1" (type $r (sub resource)))
      (export "resource2" (type (eq $r))))))
  "the same type")
(component
  (import "host" (instance
    (export "resource1" (type $r (sub resource)))
    (export "resource1-again" (type (eq $r))))))
;; Types that are told apart may be the same.
(component
  (import "host" (instance
    (export "resource1" (type (sub resource)))
    (export "resource1-again" (type (sub resource))))))
