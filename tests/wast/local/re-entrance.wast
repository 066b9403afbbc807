;; Re-entrance: an instance can be entered while a call runs in it, by whomever and by whatever way.
(component
  (core module $Shim
    (table (export "table") 1 funcref)
    (type $f (func (param i32) (result i32)))
    (func (export "f") (param i32) (result i32) (call_indirect (type $f) (local.get 0) (i32.const 0))))
  (core module $Fix
    (import "" "table" (table 1 funcref))
    (import "" "f" (func $f (param i32) (result i32)))
    (elem (i32.const 0) func $f))
  (core module $Add
    (import "" "f" (func $f (param i32) (result i32)))
    (func (export "f") (param i32) (result i32) (i32.add (call $f (local.get 0)) (i32.const 100))))

  (core instance $shim (instantiate $Shim))
  ;; The parent's own function, which the children import: it calls whatever the table holds by then.
  (func $back (param "x" u32) (result u32) (canon lift (core func $shim "f")))

  (component $Child
    (import "f" (func $f (param "x" u32) (result u32)))
    (core func $lowered (canon lower (func $f)))
    (core instance $m (instantiate $Add (with "" (instance (export "f" (func $lowered))))))
    (func (export "f") (param "x" u32) (result u32) (canon lift (core func $m "f")))
    (core module $Leaf (func (export "leaf") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))
    (core instance $leaf (instantiate $Leaf))
    (func (export "leaf") (param "x" u32) (result u32) (canon lift (core func $leaf "leaf"))))

  (instance $child (instantiate $Child (with "f" (func $back))))
  (core func $leaf (canon lower (func $child "leaf")))
  (core instance $fix (instantiate $Fix (with "" (instance
    (export "table" (table $shim "table")) (export "f" (func $leaf))))))
  ;; host -> child -> parent -> child: the child is entered again, by its parent.
  (func (export "child-parent-child") (alias export $child "f")))
(assert_return (invoke "child-parent-child" (u32.const 1)) (u32.const 102))
(assert_return (invoke "child-parent-child" (u32.const 2)) (u32.const 103))

;; parent -> child -> parent.
(component
  (core module $Parent
    (func (export "leaf") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3))))
  (core module $Add
    (import "" "f" (func $f (param i32) (result i32)))
    (func (export "f") (param i32) (result i32) (i32.add (call $f (local.get 0)) (i32.const 100))))
  (core instance $parent (instantiate $Parent))
  (func $leaf (param "x" u32) (result u32) (canon lift (core func $parent "leaf")))
  (component $Child
    (import "f" (func $f (param "x" u32) (result u32)))
    (core func $lowered (canon lower (func $f)))
    (core instance $m (instantiate $Add (with "" (instance (export "f" (func $lowered))))))
    (func (export "f") (param "x" u32) (result u32) (canon lift (core func $m "f"))))
  (instance $child (instantiate $Child (with "f" (func $leaf))))
  (core func $lowered (canon lower (func $child "f")))
  (core instance $run (instantiate $Add (with "" (instance (export "f" (func $lowered))))))
  (func (export "parent-child-parent") (param "x" u32) (result u32) (canon lift (core func $run "f"))))
(assert_return (invoke "parent-child-parent" (u32.const 7)) (u32.const 221))
(assert_return (invoke "parent-child-parent" (u32.const 8)) (u32.const 224))
;; Recursion through adapters: a parent whose function calls its child, which calls the parent with one less, down to 0.
(component
  (core module $Shim
    (table (export "table") 1 funcref)
    (type $f (func (param i32) (result i32)))
    (func (export "f") (param i32) (result i32) (call_indirect (type $f) (local.get 0) (i32.const 0))))
  (core module $Fix
    (import "" "table" (table 1 funcref))
    (import "" "f" (func $f (param i32) (result i32)))
    (elem (i32.const 0) func $count)
    (func $count (param i32) (result i32)
      (if (result i32) (local.get 0)
        (then (i32.add (i32.const 2) (call $f (i32.sub (local.get 0) (i32.const 1)))))
        (else (i32.const 0)))))
  (core module $Pass
    (import "" "f" (func $f (param i32) (result i32)))
    (func (export "f") (param i32) (result i32) (call $f (local.get 0))))
  (core instance $shim (instantiate $Shim))
  (func $count (param "n" u32) (result u32) (canon lift (core func $shim "f")))
  (component $Child
    (import "f" (func $f (param "n" u32) (result u32)))
    (core func $lowered (canon lower (func $f)))
    (core instance $m (instantiate $Pass (with "" (instance (export "f" (func $lowered))))))
    (func (export "f") (param "n" u32) (result u32) (canon lift (core func $m "f"))))
  (instance $first (instantiate $Child (with "f" (func $count))))
  ;; A sibling in between: first and second are siblings that are each entered again and again.
  (instance $second (instantiate $Child (with "f" (func $first "f"))))
  (core func $lowered (canon lower (func $second "f")))
  (core instance $fix (instantiate $Fix (with "" (instance
    (export "table" (table $shim "table")) (export "f" (func $lowered))))))
  (func (export "count") (param "n" u32) (result u32) (canon lift (core func $shim "f")))
  (func (export "from-first") (alias export $first "f")))
(assert_return (invoke "count" (u32.const 0)) (u32.const 0))
(assert_return (invoke "count" (u32.const 100)) (u32.const 200))
(assert_return (invoke "from-first" (u32.const 33)) (u32.const 66))
;; Without an end, the stack is the end.
(assert_trap (invoke "count" (u32.const 0xffffffff)) "call stack exhausted")

;; An instance that calls a function of its own through an adapter.
(component
  (core module $Shim
    (table (export "table") 1 funcref)
    (type $f (func (param i32) (result i32)))
    (func (export "f") (param i32) (result i32) (call_indirect (type $f) (local.get 0) (i32.const 0))))
  (core module $Fix
    (import "" "table" (table 1 funcref))
    (import "" "f" (func $f (param i32) (result i32)))
    (elem (i32.const 0) func $factorial)
    (func $factorial (param i32) (result i32)
      (if (result i32) (local.get 0)
        (then (i32.mul (local.get 0) (call $f (i32.sub (local.get 0) (i32.const 1)))))
        (else (i32.const 1)))))
  (core instance $shim (instantiate $Shim))
  (func $factorial (param "n" u32) (result u32) (canon lift (core func $shim "f")))
  (core func $lowered (canon lower (func $factorial)))
  (core instance $fix (instantiate $Fix (with "" (instance
    (export "table" (table $shim "table")) (export "f" (func $lowered))))))
  (export "factorial" (func $factorial)))
(assert_return (invoke "factorial" (u32.const 6)) (u32.const 720))
