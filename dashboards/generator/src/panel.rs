//! One panel of a dashboard.

use serde_json::{Value, json};

use crate::unit::Unit;

/// One expression and how its series are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The expression.
    pub expr: String,
    /// Name of its series; `{{label}}` stands for a label's value.
    pub legend: &'static str,
}

/// How a panel shows what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Show {
    Lines,
    /// Areas on top of each other.
    Stack,
    /// One large number.
    Stat,
    /// A band for each series, coloured where it is 1.
    States,
    Heatmap,
    Table,
}

/// One panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panel {
    /// What it shows, in a few words.
    pub title: &'static str,
    /// What that means, and what the table says about each metric in it.
    pub description: String,
    /// What its numbers are in.
    pub unit: Unit,
    /// What it asks for.
    pub targets: Vec<Target>,
    pub(crate) show: Show,
    /// Columns it is wide, of 24.
    pub(crate) width: u32,
    /// From where on a value is coloured as bad.
    pub(crate) bad_from: Option<&'static str>,
}

/// Rows a panel is high.
pub(crate) const HEIGHT: u32 = 8;
/// Rows a panel of one number is high.
pub(crate) const STAT_HEIGHT: u32 = 4;

pub(crate) fn datasource() -> Value {
    json!({ "type": "prometheus", "uid": "${datasource}" })
}

impl Panel {
    /// A panel of lines.
    pub(crate) const fn new(title: &'static str, unit: Unit, description: String) -> Self {
        Self {
            title,
            description,
            unit,
            targets: Vec::new(),
            show: Show::Lines,
            width: 8,
            bad_from: None,
        }
    }

    pub(crate) fn ask(mut self, expr: String, legend: &'static str) -> Self {
        self.targets.push(Target { expr, legend });
        self
    }

    pub(crate) const fn show(mut self, show: Show) -> Self {
        self.show = show;
        self
    }

    pub(crate) const fn wide(mut self, columns: u32) -> Self {
        self.width = columns;
        self
    }

    /// Colours values from `value` on as bad.
    pub(crate) const fn bad_from(mut self, value: &'static str) -> Self {
        self.bad_from = Some(value);
        self
    }

    pub(crate) const fn height(&self) -> u32 {
        if matches!(self.show, Show::Stat) { STAT_HEIGHT } else { HEIGHT }
    }

    const fn kind(&self) -> &'static str {
        match self.show {
            Show::Lines | Show::Stack => "timeseries",
            Show::Stat => "stat",
            Show::States => "state-timeline",
            Show::Heatmap => "heatmap",
            Show::Table => "table",
        }
    }

    /// As Grafana reads it; `id`, column and row are its place on the board.
    pub(crate) fn json(&self, id: usize, column: u32, row: u32) -> Value {
        json!({
            "id": id,
            "type": self.kind(),
            "title": self.title,
            "description": self.description,
            "datasource": datasource(),
            "gridPos": { "h": self.height(), "w": self.width, "x": column, "y": row },
            "fieldConfig": { "defaults": self.defaults(), "overrides": [] },
            "options": self.options(),
            "targets": self.targets_json(),
        })
    }

    fn defaults(&self) -> Value {
        let mut steps = vec![json!({ "color": "green", "value": null })];
        if let Some(bad) = self.bad_from {
            // Written as in the rules, and read as a number here.
            let value: f64 = bad.parse().expect("a threshold is written as a number");
            steps.push(json!({ "color": "red", "value": value }));
        }
        let mut defaults = json!({
            "unit": self.unit.name(),
            "thresholds": { "mode": "absolute", "steps": steps },
        });
        match self.show {
            Show::Lines | Show::Stack => {
                let stacked = self.show == Show::Stack;
                defaults["min"] = json!(0);
                defaults["color"] = json!({ "mode": "palette-classic" });
                defaults["custom"] = json!({
                    "drawStyle": "line",
                    "lineWidth": 1,
                    "fillOpacity": if stacked { 30 } else { 5 },
                    "showPoints": "never",
                    "spanNulls": false,
                    "stacking": { "mode": if stacked { "normal" } else { "none" }, "group": "A" },
                    "thresholdsStyle": {
                        "mode": if self.bad_from.is_some() { "line" } else { "off" },
                    },
                });
            }
            Show::States => {
                defaults["custom"] = json!({ "fillOpacity": 80, "lineWidth": 0 });
                defaults["mappings"] = json!([{
                    "type": "value",
                    "options": {
                        "0": { "text": "no", "color": "transparent", "index": 0 },
                        "1": { "text": "yes", "color": "orange", "index": 1 },
                    },
                }]);
            }
            Show::Stat | Show::Heatmap | Show::Table => {}
        }
        defaults
    }

    fn options(&self) -> Value {
        match self.show {
            Show::Lines | Show::Stack => json!({
                "legend": {
                    "displayMode": "table",
                    "placement": "bottom",
                    "showLegend": true,
                    "calcs": ["lastNotNull", "max"],
                },
                "tooltip": { "mode": "multi", "sort": "desc" },
            }),
            Show::Stat => json!({
                "reduceOptions": { "calcs": ["lastNotNull"], "fields": "", "values": false },
                "colorMode": if self.bad_from.is_some() { "background" } else { "value" },
                "graphMode": "area",
                "textMode": "auto",
            }),
            Show::States => json!({
                "mergeValues": true,
                "showValue": "never",
                "rowHeight": 0.9,
                "legend": { "displayMode": "list", "placement": "bottom", "showLegend": false },
                "tooltip": { "mode": "single", "sort": "none" },
            }),
            Show::Heatmap => json!({
                "calculate": false,
                "cellGap": 1,
                "color": { "mode": "scheme", "scheme": "Oranges", "steps": 64 },
                "filterValues": { "le": 1e-9 },
                "legend": { "show": true },
                "rowsFrame": { "layout": "auto" },
                "tooltip": { "mode": "single", "yHistogram": true },
                "yAxis": { "axisPlacement": "left", "reverse": false, "unit": self.unit.name() },
            }),
            Show::Table => json!({ "showHeader": true, "cellHeight": "sm" }),
        }
    }

    fn targets_json(&self) -> Vec<Value> {
        let targets = self.targets.iter().zip('A'..);
        let json = targets.map(|(target, name)| {
            let instant = matches!(self.show, Show::Table);
            json!({
                "refId": name.to_string(),
                "datasource": datasource(),
                "editorMode": "code",
                "expr": target.expr,
                "legendFormat": target.legend,
                "format": match self.show {
                    Show::Heatmap => "heatmap",
                    Show::Table => "table",
                    _ => "time_series",
                },
                "instant": instant,
                "range": !instant,
            })
        });
        json.collect()
    }
}
