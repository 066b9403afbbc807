//! The bar that shows how far compiling is: on terminals only, once it has taken a while, and gone when it is done.

use gusset::{CompileProgress, Config};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, stderr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long compiling has to take before there is a bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// The bar is gone when this is dropped.
pub(crate) struct CompileBar(Option<Arc<BarState>>);

struct BarState {
    start: Instant,
    shown: Mutex<ShownBar>,
}

/// What is seen. Whoever changes that has it alone, so that no thread sets it back that was further behind than another one.
#[derive(Default)]
struct ShownBar {
    bar: Option<ProgressBar>,
    /// Nothing is to be seen any more.
    done: bool,
}

impl CompileBar {
    /// A bar for what the engine of `config` compiles from now on; none where nobody would see it.
    pub(crate) fn new(config: &mut Config) -> CompileBar {
        if !stderr().is_terminal() {
            return CompileBar(None);
        }
        let state = Arc::new(BarState { start: Instant::now(), shown: Mutex::default() });
        let observed = state.clone();
        config.compile_progress(move |progress| observed.show(progress));
        CompileBar(Some(state))
    }
}

impl Drop for CompileBar {
    fn drop(&mut self) {
        if let Some(state) = &self.0 {
            let mut shown = state.shown.lock().unwrap_or_else(PoisonError::into_inner);
            shown.done = true;
            if let Some(bar) = shown.bar.take() {
                bar.finish_and_clear();
            }
        }
    }
}

impl BarState {
    fn show(&self, progress: CompileProgress) {
        if self.start.elapsed() < PATIENCE || progress.total_bytes == 0 {
            return;
        }
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.done {
            return;
        }
        let bar = shown.bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("compiling [{bar:40}] {percent}%");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ");
            ProgressBar::with_draw_target(Some(progress.total_bytes), ProgressDrawTarget::stderr()).with_style(style)
        });
        // Threads tell how far they are in any order.
        if bar.length() == Some(progress.total_bytes) && progress.bytes < bar.position() {
            return;
        }
        bar.set_length(progress.total_bytes);
        bar.set_position(progress.bytes);
    }
}
