//! One dashboard.

use serde_json::{Value, json};

use crate::panel::{HEIGHT, Panel, datasource};

/// Columns of a dashboard.
const COLUMNS: u32 = 24;
/// The metric that every process exports, by which jobs and instances are found.
const ANCHOR: &str = "emanate_build_info";

/// One dashboard: panels in rows that have titles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    /// Its name in addresses, and its file's.
    pub name: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Its rows.
    pub rows: Vec<(&'static str, Vec<Panel>)>,
}

impl Board {
    /// The name of its file.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.json", self.name)
    }

    /// Every panel.
    pub fn panels(&self) -> impl Iterator<Item = &Panel> {
        self.rows.iter().flat_map(|(_, panels)| panels)
    }

    /// The file: JSON that ends with a line break.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{:#}\n", self.json())
    }

    fn json(&self) -> Value {
        json!({
            "uid": format!("emanate-{}", self.name),
            "title": format!("Emanate / {}", self.title),
            "description": self.description,
            "tags": ["emanate"],
            "schemaVersion": 39,
            "version": 1,
            "editable": false,
            "graphTooltip": 1,
            "refresh": "10s",
            "timezone": "browser",
            "time": { "from": "now-1h", "to": "now" },
            "timepicker": {},
            "links": [{
                "type": "dashboards",
                "title": "Emanate",
                "tags": ["emanate"],
                "asDropdown": true,
                "includeVars": true,
                "keepTime": true,
                "targetBlank": false,
            }],
            "annotations": { "list": [annotation()] },
            "templating": { "list": variables() },
            "panels": self.panels_json(),
        })
    }

    fn panels_json(&self) -> Vec<Value> {
        let mut json = Vec::new();
        let mut row = 0;
        for (title, panels) in &self.rows {
            json.push(json!({
                "id": json.len() + 1,
                "type": "row",
                "title": title,
                "collapsed": false,
                "gridPos": { "h": 1, "w": COLUMNS, "x": 0, "y": row },
                "panels": [],
            }));
            row += 1;
            let (mut column, mut height) = (0, 0);
            for panel in panels {
                if column + panel.width > COLUMNS {
                    (column, row, height) = (0, row + height, 0);
                }
                json.push(panel.json(json.len() + 1, column, row));
                column += panel.width;
                height = height.max(panel.height());
            }
            row += height.min(HEIGHT);
        }
        json
    }
}

/// Alerts as marks on the time axis of every panel.
fn annotation() -> Value {
    json!({
        "name": "Alerts",
        "enable": true,
        "hide": false,
        "iconColor": "red",
        "datasource": datasource(),
        "expr": r#"ALERTS{alertname=~"Emanate.+",alertstate="firing",job=~"$job"}"#,
        "titleFormat": "{{alertname}}",
        "textFormat": "{{severity}}",
        "step": "30s",
    })
}

fn variables() -> Value {
    let instances = format!("label_values({ANCHOR}{{job=~\"$job\"}}, instance)");
    json!([
        {
            "name": "datasource",
            "label": "Data source",
            "type": "datasource",
            "query": "prometheus",
            "refresh": 1,
            "regex": "",
            "hide": 0,
            "multi": false,
            "includeAll": false,
            "current": {},
            "options": [],
        },
        variable("job", "Job", &format!("label_values({ANCHOR}, job)")),
        variable("instance", "Instance", &instances),
    ])
}

fn variable(name: &str, label: &str, query: &str) -> Value {
    json!({
        "name": name,
        "label": label,
        "type": "query",
        "datasource": datasource(),
        "definition": query,
        "query": { "query": query, "refId": format!("variable-{name}"), "qryType": 1 },
        "refresh": 2,
        "sort": 1,
        "regex": "",
        "hide": 0,
        "multi": true,
        "includeAll": true,
        "allValue": ".+",
        "current": { "text": ["All"], "value": ["$__all"], "selected": true },
        "options": [],
    })
}
