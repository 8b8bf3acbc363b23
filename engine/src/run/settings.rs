//! What may change while an engine runs.

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::spread::DEFAULT_HOP_LIMIT;
use crate::sync::Published;

/// Default of [`Settings::batch_size`].
pub const DEFAULT_BATCH_SIZE: NonZeroUsize = NonZeroUsize::new(32).expect("not 0");
/// Default of [`Settings::large_edges`].
pub const DEFAULT_LARGE_EDGES: u64 = 1 << 18;
/// Default of [`Settings::pause_max`].
pub const DEFAULT_PAUSE_MAX: Duration = Duration::from_micros(500);

/// What may change while an engine runs; published whole, read once for each spread or batch.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// Most spreads in a batch: of [`spread_many`](crate::Engine::spread_many), those that are
    /// dealt out together; of [`submit`](crate::Engine::submit), those that a worker runs before
    /// it gives its scratch back and lets other work of its pool run. By default
    /// [`DEFAULT_BATCH_SIZE`].
    pub batch_size: NonZeroUsize,
    /// A submitted spread whose estimate has more edges than this is large: it waits in a line of
    /// its own and is never run while another pauses. By default [`DEFAULT_LARGE_EDGES`].
    pub large_edges: u64,
    /// How long a spread pauses at most at the end of a slice to let small ones run: no small one
    /// is begun later. 0 for not at all. By default [`DEFAULT_PAUSE_MAX`].
    pub pause_max: Duration,
    /// What `hops = auto` stands for. By default [`DEFAULT_HOP_LIMIT`].
    pub hop_limit: u32,
    /// See [`Settings::number`].
    pub(crate) number: u64,
}

impl Settings {
    /// Which of the settings this engine has had: 0 for those it was built with, then ascending.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Puts them in force in place of those that are `published`, under the next number. Of rivals
    /// who do so at once, who comes later has the greater number, so that none is ever in force
    /// after a greater one.
    pub(crate) fn replace(&self, published: &Published<Self>) {
        published.update(|before| Self { number: before.number + 1, ..self.clone() });
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            batch_size: DEFAULT_BATCH_SIZE,
            large_edges: DEFAULT_LARGE_EDGES,
            pause_max: DEFAULT_PAUSE_MAX,
            hop_limit: DEFAULT_HOP_LIMIT,
            number: 0,
        }
    }
}

#[cfg(test)]
#[cfg(any(emanate_loom, emanate_shuttle))]
mod models;
