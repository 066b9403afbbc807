;;! wasi = true
;; Clocks of a guest whose host says nothing: they advance with each reading, and by what is slept.
(module
  (import "wasi_snapshot_preview1" "clock_res_get" (func $res (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (export "res" (func $res))
  (export "time" (func $time))
  (func (export "value") (result i64) (i64.load (i32.const 8)))
  ;; Sleeps so long by the monotonic clock, or until then: the count of events, then the first one's userdata, error and type.
  (func (export "sleep") (param $time i64) (param $absolute i32) (result i32 i32 i64 i32)
    (i64.store (i32.const 64) (i64.const 77))
    (i32.store (i32.const 80) (i32.const 1))
    (i64.store (i32.const 88) (local.get $time))
    (i32.store16 (i32.const 104) (local.get $absolute))
    (call $poll (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 16))
    (i32.load (i32.const 16))
    (i64.load (i32.const 128))
    (i32.load (i32.const 136))))

(assert_return (invoke "res" (i32.const 0) (i32.const 8)) (i32.const 0))
(assert_return (invoke "value") (i64.const 1000000))
(assert_return (invoke "time" (i32.const 1) (i64.const 0) (i32.const 8)) (i32.const 0))
(assert_return (invoke "value") (i64.const 0))
(assert_return (invoke "time" (i32.const 1) (i64.const 0) (i32.const 8)) (i32.const 0))
(assert_return (invoke "value") (i64.const 1000000))
;; 2026-01-01T00:00:00Z, and what has passed since.
(assert_return (invoke "time" (i32.const 0) (i64.const 0) (i32.const 8)) (i32.const 0))
(assert_return (invoke "value") (i64.const 1767225600002000000))
;; An hour takes an hour of this clock and none of the world's. Waiting looks at the clock too.
(assert_return (invoke "sleep" (i64.const 3600000000000) (i32.const 0))
  (i32.const 0) (i32.const 1) (i64.const 77) (i32.const 0))
(assert_return (invoke "time" (i32.const 1) (i64.const 0) (i32.const 8)) (i32.const 0))
(assert_return (invoke "value") (i64.const 3600004000000))
;; What is over is over.
(assert_return (invoke "sleep" (i64.const 1) (i32.const 1)) (i32.const 0) (i32.const 1) (i64.const 77) (i32.const 0))
;; How busy the host is is none of a guest's affairs: `badf`. There is no clock 4: `inval`. Nor is there such an address: `fault`.
(assert_return (invoke "time" (i32.const 2) (i64.const 0) (i32.const 8)) (i32.const 8))
(assert_return (invoke "time" (i32.const 4) (i64.const 0) (i32.const 8)) (i32.const 28))
(assert_return (invoke "time" (i32.const 1) (i64.const 0) (i32.const 65529)) (i32.const 21))
(assert_return (invoke "time" (i32.const 1) (i64.const 0) (i32.const 4)) (i32.const 28))
