//! Points that clients send: counted by the engine's own metrics of its host, which take no more
//! metrics and series than there is room for.

use emanate::observe::custom::{
    CustomCounter, CustomGauge, CustomHistogram, CustomMetrics, MetricSpec, RegisterMetricError,
    SeriesError,
};
use emanate::observe::table::Kind;
use emanate::observe::{FilledFamily, Value as Measured};
use serde_json::{Map, Value, json};

use crate::config::Config;
use crate::output::text::cut;
use crate::serve::problem::Problem;

/// The keys of a point.
const KEYS: [&str; 6] = ["name", "kind", "help", "labels", "value", "bounds"];

/// Most buckets of a histogram.
const BOUNDS_MAX: usize = 50;

/// Most bytes of a name, which is said again where it is wrong.
const NAME_BYTES_MAX: usize = 200;

/// Most bytes of a help, and labels of a metric.
const HELP_BYTES_MAX: usize = 1024;
const LABELS_MAX: usize = 16;

/// Names that begin so are the service's own.
const RESERVED: &str = "process_";

const KINDS: [Kind; 3] = [Kind::Counter, Kind::Gauge, Kind::Histogram];

/// A series, and what it is to be told.
enum Step {
    Count(CustomCounter, u64),
    Set(CustomGauge, f64),
    Record(CustomHistogram, f64),
}

/// Takes the points that `text` holds into `metrics`: all of them, or none.
///
/// # Errors
/// 400 where the text is no JSON, 409 where there is another metric of a name, 422 where a point is
/// none, or there is no room for it.
pub(crate) fn accept(
    text: &str,
    metrics: &CustomMetrics,
    config: &Config,
) -> Result<Value, Problem> {
    let body: Value = serde_json::from_str(text)
        .map_err(|error| Problem::malformed(format!("the body is not JSON ({error})")))?;
    let points = body.as_object().filter(|object| object.len() == 1);
    let points = points.and_then(|object| object.get("points")).and_then(Value::as_array);
    let most = config.limits.batch;
    let points = points.filter(|points| (1..=most).contains(&points.len())).ok_or_else(|| {
        Problem::unprocessable(format!(
            "give {{\"points\": [..]}} with at least 1 and at most {most} points"
        ))
    })?;
    let series_max = config.points.series_max;
    let step = |(place, value): (usize, &Value)| {
        let point = Point { place, object: value.as_object(), metrics };
        point.step(series_max)
    };
    // Nothing is counted before all have a series.
    let steps: Vec<Step> = points.iter().enumerate().map(step).collect::<Result<_, _>>()?;
    for step in &steps {
        match step {
            Step::Count(counter, more) => counter.add(*more),
            Step::Set(gauge, number) => gauge.set(*number),
            Step::Record(histogram, number) => histogram.record(*number),
        }
    }
    Ok(json!({"accepted": steps.len(), "series_left": metrics.series_left()}))
}

/// One point of a body.
struct Point<'a> {
    place: usize,
    /// `None` where it is no object.
    object: Option<&'a Map<String, Value>>,
    metrics: &'a CustomMetrics,
}

impl Point<'_> {
    fn wrong(&self, detail: impl std::fmt::Display) -> Problem {
        Problem::unprocessable(format!("points[{}]: {detail}", self.place))
    }

    fn get(&self, key: &str) -> Option<&Value> {
        self.object.and_then(|object| object.get(key))
    }

    /// The text of `key`; what is known where it is not given.
    fn text(&self, key: &str, known: Option<&str>) -> Result<String, Problem> {
        match self.get(key) {
            Some(Value::String(text)) => Ok(text.clone()),
            None if known.is_some() => Ok(known.unwrap_or_default().to_owned()),
            _ => Err(self.wrong(format_args!("give {key:?}, which is a text"))),
        }
    }

    fn step(&self, series_max: u32) -> Result<Step, Problem> {
        let object = self.object.ok_or_else(|| self.wrong("a point is an object"))?;
        if let Some(key) = object.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let keys = KEYS.join(", ");
            return Err(self.wrong(format_args!("there is no key {:?}; give {keys}", cut(key))));
        }
        let name = self.text("name", None)?;
        if name.len() > NAME_BYTES_MAX {
            return Err(self.wrong(format_args!("a name has at most {NAME_BYTES_MAX} bytes")));
        }
        if name.starts_with(RESERVED) {
            let detail = format!("{:?} is a name of the service; choose another", cut(&name));
            return Err(self.wrong(detail));
        }
        let families = self.metrics.families();
        let known = families.get(&name);
        let kind = self.kind(known)?;
        let help = self.text("help", known.map(|known| &*known.help))?;
        if help.len() > HELP_BYTES_MAX {
            return Err(self.wrong(format_args!("\"help\" has more than {HELP_BYTES_MAX} bytes")));
        }
        let labels = self.labels()?;
        let names: Vec<&str> = labels.iter().map(|(name, _)| *name).collect();
        let values: Vec<&str> = labels.iter().map(|(_, value)| *value).collect();
        let series_max = if names.is_empty() { 1 } else { series_max as usize };
        let spec = MetricSpec { name: &name, help: &help, labels: &names, series_max };
        let refused = |error: RegisterMetricError| self.refused(&error);
        let none = |error: SeriesError| self.wrong(error);
        let bounds = self.bounds(kind, known)?;
        Ok(match kind {
            Kind::Counter => {
                let family = self.metrics.counter(&spec).map_err(refused)?;
                Step::Count(family.with(&values).map_err(none)?, self.count()?)
            }
            Kind::Gauge => {
                let family = self.metrics.gauge(&spec).map_err(refused)?;
                Step::Set(family.with(&values).map_err(none)?, self.number()?)
            }
            Kind::Histogram => {
                let family = self.metrics.histogram(&spec, &bounds).map_err(refused)?;
                Step::Record(family.with(&values).map_err(none)?, self.number()?)
            }
        })
    }

    fn refused(&self, error: &RegisterMetricError) -> Problem {
        let mut problem = self.wrong(error);
        if matches!(error, RegisterMetricError::NameTaken { .. }) {
            problem.status = axum::http::StatusCode::CONFLICT;
        }
        problem
    }

    fn kind(&self, known: Option<&FilledFamily>) -> Result<Kind, Problem> {
        let given = self.get("kind");
        if let (None, Some(known)) = (given, known) {
            return Ok(known.kind);
        }
        let name = given.and_then(Value::as_str);
        let kind = KINDS.into_iter().find(|kind| Some(kind.name()) == name);
        kind.ok_or_else(|| self.wrong("give \"kind\": counter, gauge or histogram"))
    }

    /// Names and values of the labels, by name, so that their order does not matter.
    fn labels(&self) -> Result<Vec<(&str, &str)>, Problem> {
        let Some(labels) = self.get("labels") else { return Ok(Vec::new()) };
        let labels = labels.as_object().filter(|object| object.len() <= LABELS_MAX);
        let pair = |(name, value): (&'_ String, &'_ Value)| {
            value.as_str().filter(|_| name.len() <= NAME_BYTES_MAX).is_some()
        };
        let Some(labels) = labels.filter(|labels| labels.iter().all(pair)) else {
            return Err(self.wrong(format_args!(
                "\"labels\" is an object of at most {LABELS_MAX} texts, with names of at most \
                 {NAME_BYTES_MAX} bytes"
            )));
        };
        let pairs =
            labels.iter().map(|(name, value)| (&**name, value.as_str().unwrap_or_default()));
        let mut pairs: Vec<(&str, &str)> = pairs.collect();
        pairs.sort_unstable();
        Ok(pairs)
    }

    fn bounds(&self, kind: Kind, known: Option<&FilledFamily>) -> Result<Vec<f64>, Problem> {
        let given = self.get("bounds");
        if kind != Kind::Histogram {
            let none = given.is_none().then(Vec::new);
            return none.ok_or_else(|| self.wrong("only a histogram has \"bounds\""));
        }
        let series = known.and_then(|known| known.series.first());
        if let (None, Some(Measured::Histogram { cumulative, .. })) =
            (given, series.map(|series| &series.value))
        {
            return Ok(cumulative.iter().map(|(bound, _)| *bound).collect());
        }
        let bounds = given.and_then(Value::as_array);
        let bounds = bounds.filter(|bounds| (1..=BOUNDS_MAX).contains(&bounds.len()));
        let numbers = bounds.and_then(|bounds| bounds.iter().map(Value::as_f64).collect());
        numbers.ok_or_else(|| {
            let detail = "a histogram needs \"bounds\": from 1 to";
            self.wrong(format_args!("{detail} {BOUNDS_MAX} numbers, ascending"))
        })
    }

    fn count(&self) -> Result<u64, Problem> {
        let count = self.get("value").and_then(Value::as_u64);
        count.ok_or_else(|| self.wrong("a counter's \"value\" is a whole number to add, from 0 on"))
    }

    fn number(&self) -> Result<f64, Problem> {
        let number = self.get("value").and_then(Value::as_f64);
        number.ok_or_else(|| self.wrong("give \"value\", which is a number"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(metrics: &CustomMetrics, points: &str) -> Result<Value, (u16, String)> {
        let body = format!("{{\"points\":[{points}]}}");
        accept(&body, metrics, &Config::default())
            .map_err(|problem| (problem.status.as_u16(), problem.detail))
    }

    #[test]
    fn points_are_counted_by_kind() {
        let metrics = CustomMetrics::default();
        let hits = "\"name\":\"app_hits_total\",\"labels\":{\"b\":\"2\",\"a\":\"1\"}";
        let first = format!("{{{hits},\"kind\":\"counter\",\"help\":\"Hits.\",\"value\":2}}");
        post(&metrics, &first).unwrap();
        // Kind and help are known by now, and the order of labels does not matter.
        let again =
            "{\"name\":\"app_hits_total\",\"labels\":{\"a\":\"1\",\"b\":\"2\"},\"value\":3}";
        post(&metrics, again).unwrap();
        let wait = "{\"name\":\"app_wait_seconds\",\"kind\":\"histogram\",\"help\":\"Waits.\",\
                    \"bounds\":[0.1,1],\"value\":0.5}";
        let room = "{\"name\":\"app_room\",\"kind\":\"gauge\",\"help\":\"Room.\",\"value\":-1.5}";
        let later = "{\"name\":\"app_wait_seconds\",\"value\":7}";
        let answer = post(&metrics, &[wait, room, later].join(",")).unwrap();
        assert_eq!(answer["accepted"], 3);
        assert_eq!(answer["series_left"], metrics.series_left());
        let text = metrics.families().text();
        for line in [
            "app_hits_total{a=\"1\",b=\"2\"} 5",
            "app_wait_seconds_bucket{le=\"1\"} 1",
            "app_wait_seconds_count 2",
            "app_room -1.5",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn all_points_are_taken_or_none() {
        let metrics = CustomMetrics::default();
        let good = "{\"name\":\"a_total\",\"kind\":\"counter\",\"help\":\"A.\",\"value\":1}";
        let (status, said) = post(&metrics, &format!("{good},{{}}")).unwrap_err();
        assert!(status == 422 && said.starts_with("points[1]: "), "{said}");
        assert!(metrics.families().text().ends_with("a_total 0\n"));
        post(&metrics, good).unwrap();
        assert!(metrics.families().text().ends_with("a_total 1\n"));
    }

    #[test]
    fn series_are_refused_where_there_is_no_room() {
        let metrics = CustomMetrics::default();
        let series_max = Config::default().points.series_max;
        let point = |metric: u32, value: u32| {
            format!(
                "{{\"name\":\"m{metric}\",\"kind\":\"gauge\",\"help\":\"M.\",\
                 \"labels\":{{\"user\":\"{value}\"}},\"value\":1}}"
            )
        };
        for value in 0..series_max {
            post(&metrics, &point(0, value)).unwrap();
        }
        let (status, said) = post(&metrics, &point(0, series_max)).unwrap_err();
        assert!(status == 422 && said.contains("the most it may"), "{said}");
        post(&metrics, &point(0, 0)).unwrap();
        let refused = (1..1000).find_map(|metric| post(&metrics, &point(metric, 0)).err());
        let (status, said) = refused.expect("there is an end to it");
        assert!(status == 422 && said.contains("there is room for"), "{said}");
        assert!(metrics.families().exported() <= 1000);
    }

    #[test]
    fn what_is_no_point_is_told_with_its_place() {
        let metrics = CustomMetrics::default();
        let point = |name: &str, more: &str| format!("{{\"name\":{name}{more}}}");
        let gauge = ",\"kind\":\"gauge\",\"help\":\"H.\",\"value\":1";
        post(&metrics, &point("\"known\"", gauge)).unwrap();
        let other = ",\"kind\":\"gauge\",\"help\":\"Other.\",\"value\":1";
        assert_eq!(post(&metrics, &point("\"known\"", other)).unwrap_err().0, 409);
        let huge = format!("\"{}\"", "x".repeat(1 << 16));
        for bad in [
            "7".to_owned(),
            point("7", gauge),
            point("\"known\"", ""),
            point("\"known\"", ",\"value\":null"),
            point("\"known\"", ",\"value\":1,\"bounds\":[1]"),
            point("\"x\"", ",\"value\":1"),
            point("\"x\"", ",\"kind\":\"summary\",\"help\":\"H.\",\"value\":1"),
            point("\"x\"", ",\"kind\":\"histogram\",\"help\":\"H.\",\"value\":1"),
            point("\"x\"", &format!("{gauge},\"labels\":{{\"a\":1}}")),
            point("\"x\"", &format!("{gauge},\"labels\":[]")),
            point("\"x\"", &format!("{gauge},\"labels\":{{\"a b\":\"c\"}}")),
            point("\"x\"", &format!("{gauge},\"labels\":{{\"a\":{huge}}}")),
            point("\"x\"", &format!("{gauge},\"strange\":1")),
            point("\"x_total\"", ",\"kind\":\"counter\",\"help\":\"H.\",\"value\":-1"),
            point("\"x_total\"", ",\"kind\":\"counter\",\"help\":\"H.\",\"value\":1.5"),
            point("\"x\"", &gauge.replace("H.", &huge[1..huge.len() - 1])),
            point("\"emanate_hops\"", gauge),
            point("\"process_open_fds\"", gauge),
            point("\"<img src=x>\"", gauge),
            point("\"\\u0000\"", gauge),
            point(&huge, gauge),
        ] {
            let (status, said) = post(&metrics, &bad).unwrap_err();
            assert!(status == 422 && said.starts_with("points[0]: "), "{bad:.80}: {status} {said}");
        }
        assert_eq!(post(&metrics, "").unwrap_err().0, 422);
        let status =
            |body: &str| accept(body, &metrics, &Config::default()).unwrap_err().status.as_u16();
        assert_eq!((status("{"), status("[]"), status("{\"points\":{}}")), (400, 422, 422));
    }
}
