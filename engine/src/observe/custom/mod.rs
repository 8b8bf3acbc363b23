//! Counters, gauges and histograms of the host's own, exported beside the engine's.
//!
//! A metric says when it is registered how many series it may have, one for each combination of its
//! labels' values. All that may ever be is taken from a fixed room then, so no input, however
//! hostile, makes the engine's metrics grow: what is too much is refused with an error that says
//! so. A series is never removed.
//!
//! # Progress
//! Everything is lock-free, and counting in a series that one holds is wait-free but for
//! additions to a gauge and to a histogram's sum, which are tried again where another thread added
//! at the same time.

mod cell;
mod check;
mod error;
mod metric;
mod registry;

pub use cell::{CustomCounter, CustomGauge, CustomHistogram};
pub use error::{RegisterMetricError, SeriesError};
pub use metric::{CounterFamily, GaugeFamily, HistogramFamily};
pub use registry::{CUSTOM_METRICS_MAX, CUSTOM_SERIES_MAX, CustomMetrics, MetricSpec};
