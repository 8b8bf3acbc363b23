//! The way there, drawn as SVG.

use std::fmt::Write;

use emanate_tuner::Verdict;

use super::{Step, Tuned};
use crate::output::text::duration;

const WIDTH: f64 = 900.0;
const LEFT: f64 = 90.0;
const RIGHT: f64 = 20.0;
const HEIGHT: f64 = 150.0;
const GAP: f64 = 50.0;
const TOP: f64 = 70.0;

/// One panel: a line over time between two ends.
struct Panel<'a> {
    title: &'a str,
    low: f64,
    high: f64,
    /// What the ends are called.
    names: (String, String),
    color: &'a str,
    /// A limit that the line should not cross.
    limit: Option<f64>,
    points: Vec<(f64, f64)>,
}

fn x_of(at_s: f64, end_s: f64) -> f64 {
    LEFT + (WIDTH - LEFT - RIGHT) * at_s / end_s
}

impl Panel<'_> {
    fn y_of(&self, top: f64, value: f64) -> f64 {
        let span = (self.high - self.low).max(f64::MIN_POSITIVE);
        top + HEIGHT * (1.0 - ((value - self.low) / span).clamp(0.0, 1.0))
    }

    /// Writing to a string does not fail, here and below.
    fn draw(&self, text: &mut String, top: f64, end_s: f64) {
        let (left, right, bottom) = (LEFT, WIDTH - RIGHT, top + HEIGHT);
        let _ = writeln!(
            text,
            "<text x=\"{left}\" y=\"{:.1}\" font-weight=\"bold\">{}</text>\n\
             <path d=\"M{left} {top} V{bottom} H{right}\" fill=\"none\" stroke=\"#888\"/>\n\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n\
             <text x=\"{:.1}\" y=\"{bottom}\" text-anchor=\"end\">{}</text>",
            top - 10.0,
            self.title,
            left - 8.0,
            top + 10.0,
            self.names.1,
            left - 8.0,
            self.names.0,
        );
        if let Some(limit) = self.limit {
            let y = self.y_of(top, limit);
            let _ = writeln!(
                text,
                "<path d=\"M{left} {y:.1} H{right}\" stroke=\"#c33\" stroke-dasharray=\"6 4\"/>"
            );
        }
        let points = self.points.iter();
        let points = points.map(|(at_s, value)| {
            format!("{:.1},{:.1}", x_of(*at_s, end_s), self.y_of(top, *value))
        });
        let _ = writeln!(
            text,
            "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\" points=\"{}\"/>",
            self.color,
            points.collect::<Vec<_>>().join(" ")
        );
    }
}

fn points(steps: &[Step], of: impl Fn(&Step) -> Option<f64>) -> Vec<(f64, f64)> {
    let known = steps.iter().filter_map(|step| Some((step.at_s, of(step)?)));
    known.filter(|(_, value)| value.is_finite()).collect()
}

fn most(points: &[(f64, f64)], least: f64) -> f64 {
    points.iter().fold(least, |most, (_, value)| most.max(*value))
}

fn panels(tuned: &Tuned) -> Vec<Panel<'static>> {
    let steps = &tuned.steps;
    let throughput = points(steps, |step| step.reading.ln_throughput().map(f64::exp));
    let top = most(&throughput, 1.0);
    let size = points(steps, |step| Some(f64::from(step.reading.settings.batch_size).log2()));
    let largest = most(&size, 1.0);
    let hops = points(steps, |step| Some(f64::from(step.reading.settings.hop_limit)));
    let deepest = most(&hops, 1.0);
    let over = points(steps, |step| {
        let reading = &step.reading;
        (reading.samples > 0).then(|| 100.0 * reading.over_budget as f64 / reading.samples as f64)
    });
    let recall = points(steps, |step| {
        let shadow = step.reading.usable_shadow()?;
        Some(shadow.recall)
    });
    let panel = |title, ends: (f64, f64), names: (String, String), color, limit, points| Panel {
        title,
        low: ends.0,
        high: ends.1,
        names,
        color,
        limit,
        points,
    };
    let ends = |low: &str, high: String| (low.to_owned(), high);
    let name = format!("{top:.0}");
    let mut panels = vec![
        panel("spreads a second", (0.0, top), ends("0", name), "#2563eb", None, throughput),
        panel(
            "batch size, by doublings",
            (0.0, largest),
            ends("1", format!("{:.0}", largest.exp2())),
            "#7c3aed",
            None,
            size,
        ),
        panel(
            "batches over budget in a window, % (dashed: what is allowed)",
            (0.0, 10.0),
            ends("0", "10".to_owned()),
            "#ea580c",
            Some(1.0),
            over,
        ),
        panel(
            "hop limit",
            (0.0, deepest),
            ends("0", format!("{deepest:.0}")),
            "#059669",
            None,
            hops,
        ),
    ];
    if !recall.is_empty() {
        panels.push(panel(
            "recall seen by shadow spreads (dashed: the floor)",
            (0.0, 1.0),
            ends("0", "1".to_owned()),
            "#0891b2",
            Some(tuned.floor),
            recall,
        ));
    }
    panels
}

/// The whole drawing.
pub(super) fn draw(tuned: &Tuned) -> String {
    let panels = panels(tuned);
    let end_s = tuned.steps.last().map_or(1.0, |step| step.at_s).max(1e-9);
    let bottom = TOP + panels.len() as f64 * (HEIGHT + GAP);
    let (before, after) = (&tuned.before, &tuned.after);
    let mut text = String::new();
    let _ = writeln!(
        text,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {bottom}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"28\" font-size=\"16\">{:.0} to {:.0} spreads a second: batch size \
         {} to {}, hop limit {} to {}, budget {}</text>",
        before.measured.throughput(),
        after.measured.throughput(),
        before.settings.batch_size,
        after.settings.batch_size,
        before.settings.hop_limit,
        after.settings.hop_limit,
        duration(tuned.budget_s),
    );
    for (at, panel) in panels.iter().enumerate() {
        panel.draw(&mut text, TOP + at as f64 * (HEIGHT + GAP), end_s);
    }
    let size = &panels[1];
    for step in &tuned.steps {
        let color = match step.proposal.verdict {
            Verdict::Accept => "#16a34a",
            Verdict::BackOff | Verdict::Rollback | Verdict::Freeze => "#dc2626",
            _ => continue,
        };
        let value = f64::from(step.proposal.settings.batch_size.max(1)).log2();
        let _ = writeln!(
            text,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"{color}\">\
             <title>{}: {}</title></circle>",
            x_of(step.at_s, end_s),
            size.y_of(TOP + HEIGHT + GAP, value),
            step.proposal.verdict.name(),
            escaped(&step.proposal.reason.to_string()),
        );
    }
    let _ = writeln!(
        text,
        "<text x=\"{LEFT}\" y=\"{:.1}\">0 s</text>\n\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{end_s:.0} s</text>\n</svg>",
        bottom - 20.0,
        WIDTH - RIGHT,
        bottom - 20.0,
    );
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
