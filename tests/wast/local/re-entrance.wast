;; Re-entrance: a child may call back into its parent, but a component that was left through its siblings may not be entered
;; again from outside.
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
  ;; host -> child -> parent -> child: the child is entered again, from its parent.
  (func (export "child-parent-child") (alias export $child "f")))
(assert_trap (invoke "child-parent-child" (u32.const 1)) "cannot enter component instance")

;; parent -> child -> parent: allowed.
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
