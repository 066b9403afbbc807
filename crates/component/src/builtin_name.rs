//! The table of canonical definitions: the one place that knows their names and features.

use wasmparser::CanonicalFunction;

/// The name of a built-in in the text format, and the feature that it belongs to.
pub(crate) fn builtin_name(function: &CanonicalFunction) -> (&'static str, &'static str) {
    use CanonicalFunction as F;
    const RESOURCES: &str = "resources";
    const ASYNC: &str = "async";
    const ERROR_CONTEXT: &str = "error-context";
    const THREADS: &str = "threads";
    match function {
        F::Lift { .. } => ("lift", "functions"),
        F::Lower { .. } => ("lower", "functions"),
        F::ResourceNew { .. } => ("resource.new", RESOURCES),
        F::ResourceDrop { .. } => ("resource.drop", RESOURCES),
        F::ResourceRep { .. } => ("resource.rep", RESOURCES),
        F::BackpressureInc => ("backpressure.inc", ASYNC),
        F::BackpressureDec => ("backpressure.dec", ASYNC),
        F::TaskReturn { .. } => ("task.return", ASYNC),
        F::TaskCancel => ("task.cancel", ASYNC),
        F::ContextGet { .. } => ("context.get", ASYNC),
        F::ContextSet { .. } => ("context.set", ASYNC),
        F::SubtaskDrop => ("subtask.drop", ASYNC),
        F::SubtaskCancel { .. } => ("subtask.cancel", ASYNC),
        F::StreamNew { .. } => ("stream.new", ASYNC),
        F::StreamRead { .. } => ("stream.read", ASYNC),
        F::StreamWrite { .. } => ("stream.write", ASYNC),
        F::StreamForward { .. } => ("stream.forward", ASYNC),
        F::StreamCancelRead { .. } => ("stream.cancel-read", ASYNC),
        F::StreamCancelWrite { .. } => ("stream.cancel-write", ASYNC),
        F::StreamDropReadable { .. } => ("stream.drop-readable", ASYNC),
        F::StreamDropWritable { .. } => ("stream.drop-writable", ASYNC),
        F::FutureNew { .. } => ("future.new", ASYNC),
        F::FutureRead { .. } => ("future.read", ASYNC),
        F::FutureWrite { .. } => ("future.write", ASYNC),
        F::FutureForward { .. } => ("future.forward", ASYNC),
        F::FutureCancelRead { .. } => ("future.cancel-read", ASYNC),
        F::FutureCancelWrite { .. } => ("future.cancel-write", ASYNC),
        F::FutureDropReadable { .. } => ("future.drop-readable", ASYNC),
        F::FutureDropWritable { .. } => ("future.drop-writable", ASYNC),
        F::WaitableSetNew => ("waitable-set.new", ASYNC),
        F::WaitableSetWait { .. } => ("waitable-set.wait", ASYNC),
        F::WaitableSetPoll { .. } => ("waitable-set.poll", ASYNC),
        F::WaitableSetDrop => ("waitable-set.drop", ASYNC),
        F::WaitableJoin => ("waitable.join", ASYNC),
        F::ErrorContextNew { .. } => ("error-context.new", ERROR_CONTEXT),
        F::ErrorContextDebugMessage { .. } => ("error-context.debug-message", ERROR_CONTEXT),
        F::ErrorContextDrop => ("error-context.drop", ERROR_CONTEXT),
        F::ThreadYield => ("thread.yield", ASYNC),
        F::ThreadIndex => ("thread.index", THREADS),
        F::ThreadNewIndirect { .. } => ("thread.new-indirect", THREADS),
        F::ThreadResumeLater => ("thread.resume-later", THREADS),
        F::ThreadSuspend => ("thread.suspend", THREADS),
        F::ThreadSuspendThenResume => ("thread.suspend-then-resume", THREADS),
        F::ThreadYieldThenResume => ("thread.yield-then-resume", THREADS),
        F::ThreadSuspendThenPromote => ("thread.suspend-then-promote", THREADS),
        F::ThreadYieldThenPromote => ("thread.yield-then-promote", THREADS),
        F::ThreadSpawnRef { .. } => ("thread.spawn-ref", THREADS),
        F::ThreadSpawnIndirect { .. } => ("thread.spawn-indirect", THREADS),
        F::ThreadAvailableParallelism => ("thread.available-parallelism", THREADS),
    }
}
