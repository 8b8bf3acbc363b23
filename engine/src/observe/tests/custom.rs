//! The host's own metrics, and their bounds.

use crate::observe::Metrics;
use crate::observe::custom::{
    CUSTOM_METRICS_MAX, CustomMetrics, MetricSpec, RegisterMetricError, SeriesError,
};

fn spec<'a>(name: &'a str, labels: &'a [&'a str], series_max: usize) -> MetricSpec<'a> {
    MetricSpec { name, help: "What it counts.", labels, series_max }
}

#[test]
fn what_a_host_counts_is_exported_beside_the_engines() {
    let metrics = Metrics::new(1);
    let custom = metrics.custom();
    let counter = custom.counter(&spec("app_calls_total", &["route"], 2)).unwrap();
    counter.with(&["/a"]).unwrap().add(2);
    counter.with(&["/b"]).unwrap().add(1);
    let again = counter.with(&["/a"]).unwrap();
    again.add(3);
    assert_eq!(again.get(), 5);
    let gauge = custom.gauge(&spec("app_load_ratio", &[], 1)).unwrap().with(&[]).unwrap();
    gauge.set(0.75);
    gauge.add(-0.5);
    assert_eq!(gauge.get(), 0.25);
    let histogram = custom.histogram(&spec("app_sizes_bytes", &[], 1), &[1.0, 10.0]).unwrap();
    let histogram = histogram.with(&[]).unwrap();
    for size in [0.5, 1.0, 1.5, 10.0, 11.0] {
        histogram.record(size);
    }
    let expected = "# HELP app_calls_total What it counts.\n# TYPE app_calls_total counter\n\
        app_calls_total{route=\"/a\"} 5\napp_calls_total{route=\"/b\"} 1\n\
        # HELP app_load_ratio What it counts.\n# TYPE app_load_ratio gauge\n\
        app_load_ratio 0.25\n\
        # HELP app_sizes_bytes What it counts.\n# TYPE app_sizes_bytes histogram\n\
        app_sizes_bytes_bucket{le=\"1\"} 2\napp_sizes_bytes_bucket{le=\"10\"} 4\n\
        app_sizes_bytes_bucket{le=\"+Inf\"} 5\napp_sizes_bytes_sum 24\napp_sizes_bytes_count 5\n";
    assert_eq!(custom.families().text(), expected);
    assert!(metrics.reading().text().ends_with(expected));

    histogram.record(f64::NAN);
    let text = custom.families().text();
    assert!(text.contains("{le=\"10\"} 4\n") && text.contains("_sum NaN\n"), "{text}");
}

#[test]
fn series_beyond_the_limit_are_refused_and_the_rest_goes_on() {
    let custom = CustomMetrics::default();
    let counter = custom.counter(&spec("app_calls_total", &["user", "route"], 3)).unwrap();
    for number in 0..if cfg!(miri) { 100 } else { 10_000 } {
        let user = number.to_string();
        let series = counter.with(&[&user, "/"]);
        match number {
            0..3 => series.unwrap().add(1),
            _ => assert_eq!(series.unwrap_err(), SeriesError::TooMany { limit: 3 }),
        }
    }
    counter.with(&["1", "/"]).unwrap().add(1);
    assert_eq!(custom.families().exported(), 3);
    assert_eq!(counter.with(&["1", "/"]).unwrap().get(), 2);
    // The values of labels are told apart one by one, not run together.
    let two = custom.counter(&spec("app_pairs_total", &["a", "b"], 2)).unwrap();
    two.with(&["x", "yz"]).unwrap().add(1);
    assert_eq!(two.with(&["xy", "z"]).unwrap().get(), 0);
}

#[test]
fn values_that_do_not_fit_are_refused() {
    let custom = CustomMetrics::default();
    let counter = custom.counter(&spec("app_calls_total", &["a"], 1)).unwrap();
    let refused = counter.with(&[]).unwrap_err();
    assert_eq!(refused, SeriesError::LabelCount { labels: 1, values: 0 });
    let long = "é".repeat(129);
    let refused = counter.with(&[&long]).unwrap_err();
    assert_eq!(refused, SeriesError::LongValue { bytes: 258, bytes_max: 256 });
    counter.with(&[&long[..256]]).unwrap().add(1);
}

#[test]
fn room_is_taken_when_a_metric_is_registered() {
    let custom = CustomMetrics::new(20);
    let histogram = |series| custom.histogram(&spec("app_a_seconds", &["x"], series), &[0.1, 1.0]);
    let refused = histogram(5).unwrap_err();
    assert_eq!(refused, RegisterMetricError::TooManySeries { wanted: 25, left: 20 });
    let registered = histogram(3).unwrap();
    assert_eq!(custom.series_left(), 5);
    for value in ["a", "b", "c"] {
        registered.with(&[value]).unwrap().record(0.5);
    }
    assert_eq!(custom.families().exported(), 15);
    // The same again is the same metric and takes no more.
    histogram(3).unwrap();
    assert_eq!(custom.series_left(), 5);
    let refused = custom.gauge(&spec("app_b", &[], 6)).unwrap_err();
    assert_eq!(refused, RegisterMetricError::TooManySeries { wanted: 6, left: 5 });
    custom.gauge(&spec("app_b", &[], 5)).unwrap();
    assert_eq!(custom.series_left(), 0);
}

#[test]
fn there_are_only_so_many_metrics() {
    let custom = CustomMetrics::default();
    for number in 0..CUSTOM_METRICS_MAX {
        custom.gauge(&spec(&format!("app_{number}"), &[], 1)).unwrap();
    }
    let left = custom.series_left();
    let refused = custom.gauge(&spec("app_more", &[], 1)).unwrap_err();
    assert_eq!(refused, RegisterMetricError::TooManyMetrics { limit: CUSTOM_METRICS_MAX });
    assert_eq!(custom.series_left(), left);
    custom.gauge(&spec("app_0", &[], 1)).unwrap();
}

#[test]
fn another_metric_of_the_same_name_is_refused() {
    let custom = CustomMetrics::default();
    custom.histogram(&spec("app_a", &["x"], 1), &[1.0]).unwrap();
    let left = custom.series_left();
    let taken = Some(RegisterMetricError::NameTaken { name: "app_a".to_owned() });
    assert_eq!(custom.gauge(&spec("app_a", &["x"], 1)).err(), taken);
    for (labels, series_max, bounds) in [(["y"], 1, 1.0), (["x"], 2, 1.0), (["x"], 1, 2.0)] {
        let other = custom.histogram(&spec("app_a", &labels, series_max), &[bounds]);
        assert_eq!(other.err(), taken);
    }
    assert_eq!(custom.series_left(), left);
}

#[test]
fn names_that_mean_something_else_are_refused() {
    let custom = CustomMetrics::default();
    let gauge = |name: &str| custom.gauge(&spec(name, &[], 1)).err();
    let long = "a".repeat(201);
    for bad in ["", "1a", "a-b", "a:b", "é", "a b", &long] {
        let refused = Some(RegisterMetricError::BadName { name: bad.to_owned() });
        assert_eq!(gauge(bad), refused);
    }
    assert_eq!(gauge(&long[..200]), None);
    let name = "emanate_own".to_owned();
    assert_eq!(gauge(&name), Some(RegisterMetricError::ReservedName { name }));
    for name in ["a_total", "a_bucket", "a_sum", "a_count", "a_info"].map(str::to_owned) {
        assert_eq!(gauge(&name), Some(RegisterMetricError::BadEnding { name }));
    }
    let refused = custom.counter(&spec("a", &[], 1)).unwrap_err();
    assert_eq!(refused, RegisterMetricError::BadEnding { name: "a".to_owned() });
    for labels in [["le", "a"], ["quantile", "a"], ["__a", "b"], ["a", "a"], ["a", "b-c"]] {
        let refused = custom.gauge(&spec("app_labels", &labels, 1)).unwrap_err();
        assert!(matches!(refused, RegisterMetricError::BadLabel { .. }), "{labels:?}");
    }
    custom.gauge(&spec("app_labels", &["_a", "b_1"], 1)).unwrap();
    let no_help = MetricSpec { help: "", ..spec("app_x", &[], 1) };
    let refused = custom.gauge(&no_help).unwrap_err();
    assert_eq!(refused, RegisterMetricError::NoHelp { name: "app_x".to_owned() });
    for bounds in [&[1.0, 1.0][..], &[2.0, 1.0], &[f64::NAN], &[f64::INFINITY]] {
        let refused = custom.histogram(&spec("app_x", &[], 1), bounds).unwrap_err();
        assert_eq!(refused, RegisterMetricError::BadBounds { name: "app_x".to_owned() });
    }
}

/// Threads that register and count the same at once count in one metric and one series.
#[test]
fn the_same_from_several_threads_is_the_same() {
    let custom = CustomMetrics::default();
    let barrier = std::sync::atomic::AtomicUsize::new(0);
    let order = std::sync::atomic::Ordering::Relaxed;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                barrier.fetch_add(1, order);
                while barrier.load(order) < 4 {
                    std::thread::yield_now();
                }
                for number in 0..100 {
                    let name = format!("app_{}_total", number / 10);
                    let counter = custom.counter(&spec(&name, &["n"], 10)).unwrap();
                    counter.with(&[&number.to_string()]).unwrap().add(1);
                }
                let sum = custom.gauge(&spec("app_load", &[], 1)).unwrap().with(&[]).unwrap();
                for _ in 0..1000 {
                    sum.add(1.0);
                }
            });
        }
    });
    let text = custom.families().text();
    assert_eq!(text.lines().filter(|line| line.ends_with("\"} 4")).count(), 100, "{text}");
    assert!(text.contains("\napp_load 4000\n"), "{text}");
    assert_eq!(custom.families().exported(), 101);
    assert_eq!(custom.series_left(), 1000 - 101);
}

#[test]
fn every_error_says_what_to_do() {
    let name = || "n".to_owned();
    let errors = [
        RegisterMetricError::BadName { name: name() }.to_string(),
        RegisterMetricError::ReservedName { name: name() }.to_string(),
        RegisterMetricError::BadEnding { name: name() }.to_string(),
        RegisterMetricError::NoHelp { name: name() }.to_string(),
        RegisterMetricError::BadLabel { label: name() }.to_string(),
        RegisterMetricError::BadBounds { name: name() }.to_string(),
        RegisterMetricError::NameTaken { name: name() }.to_string(),
        RegisterMetricError::TooManyMetrics { limit: 7 }.to_string(),
        RegisterMetricError::TooManySeries { wanted: 7, left: 6 }.to_string(),
        SeriesError::LabelCount { labels: 7, values: 6 }.to_string(),
        SeriesError::LongValue { bytes: 7, bytes_max: 6 }.to_string(),
        SeriesError::TooMany { limit: 7 }.to_string(),
    ];
    for (at, sentence) in errors.iter().enumerate() {
        assert!(sentence.len() > 30 && !sentence.ends_with('.'), "{sentence}");
        assert!(sentence.contains(if at < 7 { "n" } else { "7" }), "{sentence}");
        assert!(!errors[..at].contains(sentence));
    }
}
