;; Two instances of a component that defines a resource type, each with a user of its own: two types, and adapters that keep
;; them apart. The destructor is made before the type, and so is what it calls.
(component
  (component $counter
    (import "log" (func $log (param "value" u32)))
    (core func $log (canon lower (func $log)))
    (core module $m
      (import "" "log" (func $log (param i32)))
      (func (export "drop") (param i32) (call $log (local.get 0)))
      (func (export "get") (param i32) (result i32) (local.get 0)))
    (core instance $i (instantiate $m (with "" (instance (export "log" (func $log))))))
    (type $counter' (resource (rep i32) (dtor (core func $i "drop"))))
    (export $counter "counter" (type $counter'))
    (core func $new (canon resource.new $counter'))
    (func (export "[constructor]counter") (param "start" u32) (result (own $counter))
      (canon lift (core func $new)))
    (func (export "[method]counter.get") (param "self" (borrow $counter)) (result u32)
      (canon lift (core func $i "get"))))
  (component $user
    (import "counters" (instance $counters
      (export "counter" (type $counter (sub resource)))
      (export "[constructor]counter" (func (param "start" u32) (result (own $counter))))
      (export "[method]counter.get" (func (param "self" (borrow $counter)) (result u32)))))
    (alias export $counters "counter" (type $counter))
    (core func $new (canon lower (func $counters "[constructor]counter")))
    (core func $get (canon lower (func $counters "[method]counter.get")))
    (core func $drop (canon resource.drop $counter))
    (core func $drop-again (canon resource.drop $counter))
    (core module $m
      (import "" "new" (func (param i32) (result i32)))
      (import "" "get" (func (param i32) (result i32)))
      (import "" "drop" (func $drop (param i32)))
      (import "" "drop-again" (func (param i32)))
      (func (export "end") (param i32) (call $drop (local.get 0))))
    (core instance $i (instantiate $m (with "" (instance
      (export "new" (func $new))
      (export "get" (func $get))
      (export "drop" (func $drop))
      (export "drop-again" (func $drop-again))))))
    (func (export "end") (param "counter" (own $counter)) (canon lift (core func $i "end"))))
  (import "log" (func $log (param "value" u32)))
  (instance $first (instantiate $counter (with "log" (func $log))))
  (instance $second (instantiate $counter (with "log" (func $log))))
  (instance $first-user (instantiate $user (with "counters" (instance $first))))
  (instance $second-user (instantiate $user (with "counters" (instance $second))))
  (export "first" (instance $first))
  (export "first-user" (instance $first-user)))
