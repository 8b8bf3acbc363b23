//! What is told of an alert, in the form of each channel.

use serde_json::{Value, json};

use super::machine::Happened;
use super::rule::{Channel, Severity};
use super::sample::Labels;
use super::time::Time;
use crate::output::text::visible;

/// Most letters of one line of text.
const LETTERS_MAX: usize = 1000;

/// What is told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Notice {
    pub(crate) happened: Happened,
    /// The rule's name.
    pub(crate) alert: String,
    pub(crate) labels: Labels,
    pub(crate) severity: Severity,
    pub(crate) value: Option<f64>,
    pub(crate) summary: String,
    /// Since when it fires.
    pub(crate) since: Time,
    pub(crate) at: Time,
    /// Where it goes; `None` for all there are.
    pub(crate) channels: Option<Vec<Channel>>,
    /// Whether nothing is wrong and only the way is tried.
    pub(crate) test: bool,
}

impl Notice {
    /// A notice that only tries the way.
    pub(crate) fn test(at: Time) -> Self {
        Self {
            happened: Happened::Fired,
            alert: "Test".to_owned(),
            labels: Labels::new(),
            severity: Severity::Info,
            value: None,
            summary: "This is a test of the way that alerts of Emanate go; nothing is wrong"
                .to_owned(),
            since: at,
            at,
            channels: None,
            test: true,
        }
    }

    /// Whether it goes to `channel`.
    pub(crate) fn goes_to(&self, channel: Channel) -> bool {
        self.channels.as_ref().is_none_or(|channels| channels.contains(&channel))
    }

    /// The same for every notice of one alert, for receivers that put them together.
    pub(crate) fn fingerprint(&self) -> String {
        fingerprint(&self.alert, &self.labels)
    }

    const fn state(&self) -> &'static str {
        match self.happened {
            _ if self.test => "test",
            Happened::Resolved => "resolved",
            Happened::Fired | Happened::Escalated | Happened::Acknowledged => "firing",
        }
    }

    /// One line for people, without letters that move a cursor or end a line.
    pub(crate) fn line(&self) -> String {
        let state = match self.happened {
            _ if self.test => "TEST",
            Happened::Resolved => "RESOLVED",
            Happened::Escalated => "ESCALATED",
            Happened::Fired | Happened::Acknowledged => "FIRING",
        };
        let mut line = format!("[{state}] {} {}", self.severity.name(), self.alert);
        for (name, value) in &self.labels {
            line.push_str(&format!(" {name}={value:?}"));
        }
        if !self.summary.is_empty() {
            line.push_str(&format!(": {}", self.summary));
        }
        if let Some(value) = self.value {
            line.push_str(&format!(" (value {value})"));
        }
        let shown = visible(&line);
        match shown.char_indices().nth(LETTERS_MAX) {
            None => shown.into_owned(),
            Some((end, _)) => format!("{}…", &shown[..end]),
        }
    }

    /// As an object, for the log channel and, with a `text` before it, the webhook.
    pub(crate) fn shown(&self) -> Value {
        json!({
            "alert": self.alert,
            "state": self.state(),
            "happened": self.happened.name(),
            "severity": self.severity.name(),
            "labels": self.labels,
            "value": self.value,
            "summary": self.summary,
            "since_s": self.since.seconds(),
            "time_s": self.at.seconds(),
            "fingerprint": self.fingerprint(),
        })
    }

    /// The body of a webhook: `text` is what Slack and its kin show, with the three letters escaped
    /// that they read as markup; the other keys are for programs.
    pub(crate) fn body(&self) -> Value {
        let line = self.line();
        let text = line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let mut body = json!({"text": text});
        if let (Value::Object(body), Value::Object(shown)) = (&mut body, self.shown()) {
            body.extend(shown);
        }
        body
    }

    /// The subject of a mail.
    pub(crate) fn subject(&self) -> String {
        let line = self.line();
        match line.char_indices().nth(150) {
            None => line,
            Some((end, _)) => format!("{}…", &line[..end]),
        }
    }

    /// The text of a mail.
    pub(crate) fn mail(&self) -> String {
        let mut text = format!("{}\n\n", self.line());
        let shown = self.shown();
        for (key, value) in shown.as_object().into_iter().flatten() {
            text.push_str(&format!("{key}: {}\n", visible(&value.to_string())));
        }
        text
    }
}

/// FNV-1a over name and labels, with a letter between them that neither has.
pub(crate) fn fingerprint(alert: &str, labels: &Labels) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let parts = labels.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
    for part in [alert].into_iter().chain(parts) {
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice() -> Notice {
        let labels = [("tier".to_owned(), "<hot>\n\u{1b}[31m".to_owned())];
        Notice {
            happened: Happened::Fired,
            alert: "Slow".to_owned(),
            labels: labels.into(),
            severity: Severity::Critical,
            value: Some(0.25),
            summary: "a & b\r\nBcc: all@example.org".to_owned(),
            since: Time::from_ms(1500),
            at: Time::from_ms(2500),
            channels: Some(vec![Channel::Log]),
            test: false,
        }
    }

    #[test]
    fn no_form_lets_a_label_out_of_its_place() {
        let notice = notice();
        let (line, body) = (notice.line(), notice.body());
        for text in [&line, &notice.subject()] {
            assert!(!text.contains(char::is_control), "{text}");
        }
        let text = body["text"].as_str().unwrap();
        assert!(text.contains("a &amp; b") && !text.contains('<'), "{text}");
        assert_eq!(body["labels"]["tier"], notice.labels["tier"]);
        let header = notice.mail().lines().any(|line| line.starts_with("Bcc:"));
        assert!(!header, "{}", notice.mail());
    }

    #[test]
    fn a_line_is_bounded() {
        let mut long = notice();
        long.summary = "ä".repeat(100_000);
        assert!(long.line().chars().count() <= LETTERS_MAX + 1);
        assert!(long.subject().chars().count() <= 151);
    }

    #[test]
    fn a_fingerprint_is_of_name_and_labels_alone() {
        let (one, mut other) = (notice(), notice());
        other.value = None;
        other.happened = Happened::Resolved;
        assert_eq!(one.fingerprint(), other.fingerprint());
        other.labels.insert("a".to_owned(), "b".to_owned());
        assert_ne!(one.fingerprint(), other.fingerprint());
        assert!(one.goes_to(Channel::Log) && !one.goes_to(Channel::Smtp));
        assert_eq!((one.shown()["state"].as_str(), one.line().is_empty()), (Some("firing"), false));
        assert_eq!(Notice::test(Time::from_ms(1)).shown()["state"], "test");
    }
}
