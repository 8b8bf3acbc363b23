//! `emanate info`: what a graph holds.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use emanate::graph::{
    DamagedBlock, Facts, Generation, LoadReport, SectionFacts, VerifyReport, verify,
};
use serde_json::{Value, json};

use crate::args::{InfoArgs, InfoFormat};
use crate::exit::{Failure, Printed};
use crate::graph_file;
use crate::output::text::{bytes, grouped, visible};
use crate::survey::{Degrees, QUANTILES, Survey, survey};

/// All that is printed.
pub(crate) struct Info<'a> {
    path: &'a Path,
    graph: &'a Generation,
    /// What was read, where the file is an edge list.
    report: Option<&'a LoadReport>,
    survey: Survey,
    /// As the graph stood before the survey read its edges.
    sections: Vec<SectionFacts>,
    verified: Option<VerifyReport>,
}

/// Prints what the graph named in `args` holds.
///
/// # Errors
/// [`Failure`].
pub(crate) fn run(args: &InfoArgs) -> Result<Printed, Failure> {
    let file = graph_file::read(&args.graph, &[])?;
    if let Some(report) = &file.report {
        graph_file::warn_of_bad_lines(&args.graph, report);
    }
    let sections = file.graph.sections();
    let verified = if args.verify { Some(verify(&file.graph)?) } else { None };
    let info = Info::of(&args.graph, &file.graph, file.report.as_ref())?;
    let info = Info { sections, verified, ..info };
    let mut out = BufWriter::new(io::stdout().lock());
    match args.format {
        InfoFormat::Table => info.print_table(&mut out)?,
        InfoFormat::Json => writeln!(out, "{}", info.json())?,
    }
    out.flush()?;
    Ok(Printed)
}

impl<'a> Info<'a> {
    /// What there is to say of `graph`, which was read from `path`. Costs a pass over its edges.
    ///
    /// # Errors
    /// [`DamagedBlock`] where edges had to be read from a file and could not be.
    pub(crate) fn of(
        path: &'a Path,
        graph: &'a Generation,
        report: Option<&'a LoadReport>,
    ) -> Result<Self, DamagedBlock> {
        let sections = graph.sections();
        Ok(Self { path, graph, report, survey: survey(graph)?, sections, verified: None })
    }

    const fn facts(&self) -> &Facts {
        self.graph.facts()
    }

    /// Nodes, without those that were removed.
    const fn nodes(&self) -> u64 {
        self.facts().nodes - self.facts().removed_nodes
    }

    const fn kind(&self) -> &'static str {
        if self.report.is_some() { "edge list" } else { "native" }
    }

    /// Edges without relation, then those of each relation.
    fn relations(&self) -> impl Iterator<Item = (Option<&str>, u64)> {
        let names = std::iter::once(None).chain(self.graph.relation_names().map(Some));
        names.zip(self.facts().relations.iter().map(|facts| facts.edges))
    }

    fn print_table(&self, out: &mut dyn Write) -> io::Result<()> {
        let (facts, survey) = (self.facts(), &self.survey);
        let width = if facts.single_weights { "4 bytes each" } else { "8 bytes each" };
        let mut line = |name: &str, value: String| writeln!(out, "{name:<14}{value}");
        let file = self.path.display().to_string();
        line("file", format!("{} ({})", visible(&file), self.kind()))?;
        if let Some(verified) = &self.verified {
            line("verified", format!("all {} blocks are right", grouped(verified.blocks)))?;
        }
        line("nodes", grouped(self.nodes()))?;
        line("isolated", grouped(survey.isolated))?;
        line("edges", grouped(facts.edges))?;
        line("self-loops", grouped(facts.self_loops))?;
        line("out-degree", degrees_text(&survey.out))?;
        line("in-degree", degrees_text(&survey.into))?;
        let components = survey.components;
        line(
            "components",
            format!(
                "{} weakly connected, the largest of {} nodes",
                grouped(components.count),
                grouped(components.largest)
            ),
        )?;
        line(
            "weights",
            format!(
                "{} to {}, mean {:.6}, {} negative, {width}",
                facts.weight_min,
                facts.weight_max,
                survey.weight_mean,
                grouped(survey.negative)
            ),
        )?;
        match survey.times {
            None => line("times", "none".to_owned())?,
            Some(times) => line(
                "times",
                format!("{} to {} s, {} edges", times.first, times.last, grouped(times.edges)),
            )?,
        }
        if let Some(report) = self.report {
            let text = format!(
                "{} lines, {} of them not used",
                grouped(report.lines),
                grouped(report.bad_line_count)
            );
            line("text", text)?;
        }
        self.print_relations(out)?;
        self.print_sections(out)
    }

    fn print_relations(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "\n{:<32}{:>14}", "relation", "edges")?;
        for (name, edges) in self.relations() {
            let name = name.map_or("(none)".into(), visible);
            writeln!(out, "{name:<32}{:>14}", grouped(edges))?;
        }
        Ok(())
    }

    fn print_sections(&self, out: &mut dyn Write) -> io::Result<()> {
        let header = ["section", "blocks", "in memory", "in file", "tier"];
        let [section, blocks, memory, file, tier] = header;
        writeln!(out, "\n{section:<16}{blocks:>10}{memory:>14}{file:>14}  {tier}")?;
        let mut total = (0, 0);
        for section in &self.sections {
            let file = if self.report.is_some() { "-".into() } else { bytes(section.file_bytes) };
            writeln!(
                out,
                "{:<16}{:>10}{:>14}{file:>14}  {}",
                section.name,
                grouped(section.blocks),
                bytes(section.resident_bytes),
                self.tier(section)
            )?;
            total = (total.0 + section.resident_bytes, total.1 + section.file_bytes);
        }
        let file = if self.report.is_some() { "-".into() } else { bytes(total.1) };
        writeln!(out, "{:<16}{:>10}{:>14}{file:>14}", "total", "", bytes(total.0))
    }

    /// Where the section lies: all in memory, or in the file until a spread needs it, as it is or
    /// compressed.
    const fn tier(&self, section: &SectionFacts) -> &'static str {
        match (self.report, section.cold_blocks) {
            (Some(_), _) => "hot",
            (None, 0) => "warm",
            (None, cold) if cold == section.blocks => "cold",
            (None, _) => "warm, cold",
        }
    }

    /// As one object.
    pub(crate) fn json(&self) -> Value {
        let (facts, survey) = (self.facts(), &self.survey);
        let relations: Vec<Value> =
            self.relations().map(|(name, edges)| json!({"name": name, "edges": edges})).collect();
        let sections: Vec<Value> = self
            .sections
            .iter()
            .map(|section| {
                json!({
                    "name": section.name,
                    "tier": self.tier(section),
                    "blocks": section.blocks,
                    "resident_bytes": section.resident_bytes,
                    "file_bytes": section.file_bytes,
                })
            })
            .collect();
        json!({
            "file": self.path.display().to_string(),
            "kind": self.kind(),
            "verified": self.verified.is_some(),
            "nodes": self.nodes(),
            "isolated": survey.isolated,
            "edges": facts.edges,
            "self_loops": facts.self_loops,
            "out_degree": degrees_json(&survey.out),
            "in_degree": degrees_json(&survey.into),
            "components": {
                "count": survey.components.count,
                "largest": survey.components.largest,
            },
            "weights": {
                "min": facts.weight_min,
                "max": facts.weight_max,
                "mean": survey.weight_mean,
                "negative": survey.negative,
                "bytes": if facts.single_weights { 4 } else { 8 },
            },
            "times": survey.times.map(|times| json!({
                "edges": times.edges,
                "first": times.first,
                "last": times.last,
            })),
            "bad_lines": self.report.map(|report| report.bad_line_count),
            "relations": relations,
            "sections": sections,
        })
    }
}

fn degrees_text(degrees: &Degrees) -> String {
    let mut text = format!("max {}, mean {:.2}", grouped(degrees.max.into()), degrees.mean);
    for ((name, _), value) in QUANTILES.iter().zip(degrees.quantiles) {
        text.push_str(&format!(", {name} {}", grouped(value.into())));
    }
    text
}

fn degrees_json(degrees: &Degrees) -> Value {
    let mut object = json!({"max": degrees.max, "mean": degrees.mean});
    for ((name, _), value) in QUANTILES.iter().zip(degrees.quantiles) {
        object[*name] = json!(value);
    }
    object
}
