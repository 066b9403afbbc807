;; What a root component imports and exports: functions (some handed straight on, some lowered), instances in instances, types,
;; and a core module.
(component
  (import "log" (func $log (param "n" u32)))
  (import "env" (instance $env
    (type $pair' (tuple f32 (option char)))
    (export "pair" (type $pair (eq $pair')))
    (export "pairs" (func (result (list $pair))))
    (export "inner" (instance (export "now" (func (result u64)))))))
  (alias export $env "pair" (type $pair))
  (core module $m
    (import "host" "log" (func $log (param i32)))
    (import "host" "now" (func $now (result i64)))
    (export "log" (func $log))
    (func (export "now") (result i64) (call $now)))
  (core func $log (canon lower (func $log)))
  (alias export $env "inner" (instance $inner))
  (core func $now (canon lower (func $inner "now")))
  (core instance $m (instantiate $m (with "host" (instance (export "log" (func $log)) (export "now" (func $now))))))
  (core module $n
    (import "m" "log" (func $log (param i32)))
    (import "m" "now" (func $now (result i64)))
    (func (export "log") (param i32) (call $log (local.get 0))))
  (core instance $n (instantiate $n (with "m" (instance $m))))
  (func $both (param "n" u32) (canon lift (core func $n "log")))
  (export "pair" (type $pair))
  (export "both" (func $both))
  (export "now" (func $inner "now"))
  (export "module" (core module $m))
  (export "env" (instance $env)))
