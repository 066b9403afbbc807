//! The bar that shows how far compiling is: on terminals only, once it has taken a while, and gone when it is done.

use gusset::{CompileProgress, Config};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, stderr};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// How long compiling has to take before there is a bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// The bar is gone when this is dropped.
pub(crate) struct CompileBar(Option<Arc<BarState>>);

struct BarState {
    start: Instant,
    bar: OnceLock<ProgressBar>,
}

impl CompileBar {
    /// A bar for what the engine of `config` compiles from now on; none where nobody would see it.
    pub(crate) fn new(config: &mut Config) -> CompileBar {
        if !stderr().is_terminal() {
            return CompileBar(None);
        }
        let state = Arc::new(BarState { start: Instant::now(), bar: OnceLock::new() });
        let observed = state.clone();
        config.compile_progress(move |progress| observed.show(progress));
        CompileBar(Some(state))
    }
}

impl Drop for CompileBar {
    fn drop(&mut self) {
        if let Some(bar) = self.0.as_ref().and_then(|state| state.bar.get()) {
            bar.finish_and_clear();
        }
    }
}

impl BarState {
    fn show(&self, progress: CompileProgress) {
        if self.start.elapsed() < PATIENCE || progress.total_bytes == 0 {
            return;
        }
        let bar = self.bar.get_or_init(|| {
            let style = ProgressStyle::with_template("compiling [{bar:40}] {percent}%");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ");
            ProgressBar::with_draw_target(Some(progress.total_bytes), ProgressDrawTarget::stderr()).with_style(style)
        });
        // Several threads tell how far they are, in any order.
        if bar.is_finished() || (bar.length() == Some(progress.total_bytes) && progress.bytes < bar.position()) {
            return;
        }
        bar.set_length(progress.total_bytes);
        bar.set_position(progress.bytes);
    }
}
