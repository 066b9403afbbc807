;; A function that takes a handle, lifted and lowered by one instance: no adapter, since both sides use one table of handles.
(component
  (type $r (resource (rep i32)))
  (core func $new (canon resource.new $r))
  (core func $rep (canon resource.rep $r))
  (core module $m
    (import "" "rep" (func $rep (param i32) (result i32)))
    (func (export "f") (param i32) (result i32) (call $rep (local.get 0))))
  (core instance $i (instantiate $m (with "" (instance (export "rep" (func $rep))))))
  (func $f (param "x" (own $r)) (result u32) (canon lift (core func $i "f")))
  (core func $f (canon lower (func $f)))
  (core module $n
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "f" (func $f (param i32) (result i32)))
    (func (export "g") (param i32) (result i32) (call $f (call $new (local.get 0)))))
  (core instance $j (instantiate $n (with "" (instance (export "new" (func $new)) (export "f" (func $f))))))
  (func (export "g") (param "x" u32) (result u32) (canon lift (core func $j "g"))))
