//! What each part of a graph takes, in memory and in its file.

use super::blocks::Blocks;
use super::edges::Edges;
use super::generation::{Generation, RelationFacts};
use super::names::NameBlocks;
use super::native::{Section, Stored};

/// What one part of a graph takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectionFacts {
    /// The part's name, as in [`DamagedBlock`](super::DamagedBlock); `index` finds names for
    /// changes, once there were many; `out-dense` and `in-dense` are
    /// the same edges once more, for hops in which most nodes fire, and in no file; `out-changed`
    /// and `in-changed` the rows that stand over the blocks until they are merged.
    pub name: &'static str,
    /// Blocks it is cut into.
    pub blocks: u64,
    /// Those of them that are compressed in the native file.
    pub cold_blocks: u64,
    /// Bytes in the native file, tables and header included; 0 where there is none.
    pub file_bytes: u64,
    /// Bytes in memory: all of them where there is no file, else those that were needed so far.
    pub resident_bytes: u64,
}

impl SectionFacts {
    fn of<T: Stored>(section: Section, blocks: &Blocks<T>) -> Self {
        Self {
            name: section.name(),
            blocks: blocks.len() as u64,
            cold_blocks: blocks.file().map_or(0, |section| section.cold_count() as u64),
            file_bytes: blocks.file().map_or(0, |section| section.file_bytes()),
            resident_bytes: blocks.resident_bytes() as u64,
        }
    }

    fn of_edges(
        [rows, relations, times]: [Section; 3],
        [dense, changed]: [&'static str; 2],
        edges: &Edges,
        into: &mut Vec<Self>,
    ) {
        into.push(Self::of(rows, &edges.rows));
        into.extend(edges.relations.as_ref().map(|blocks| Self::of(relations, blocks)));
        into.extend(edges.times.as_ref().map(|blocks| Self::of(times, blocks)));
        into.extend(edges.dense.get().map(|layout| Self {
            name: dense,
            blocks: layout.blocks.len() as u64,
            cold_blocks: 0,
            file_bytes: 0,
            resident_bytes: layout.bytes() as u64,
        }));
        if edges.is_overlaid() {
            let mut bytes = 0;
            edges.patches().for_each(|_, row| bytes += row.bytes());
            into.push(Self {
                name: changed,
                blocks: 0,
                cold_blocks: 0,
                file_bytes: 0,
                resident_bytes: bytes as u64,
            });
        }
    }
}

impl Generation {
    /// What each part takes, in the order of the native file; parts that the graph does not have,
    /// or not yet, are left out. The file bytes add up to the length of the file. Costs one look
    /// at every block's cell.
    #[must_use]
    pub fn sections(&self) -> Vec<SectionFacts> {
        let relation_names = self.relation_names().map(|name| name.len() + size_of::<Box<str>>());
        let facts = size_of::<Self>()
            + relation_names.sum::<usize>()
            + self.facts.relations.len() * size_of::<RelationFacts>();
        let mut sections = vec![
            SectionFacts {
                name: Section::Facts.name(),
                blocks: 1,
                cold_blocks: 0,
                file_bytes: self.file.as_ref().map_or(0, |file| file.facts_bytes),
                resident_bytes: facts as u64,
            },
            match &self.names.by_node {
                NameBlocks::Labels(blocks) => SectionFacts::of(Section::Names, blocks),
                NameBlocks::Keys(blocks) => SectionFacts::of(Section::Names, blocks),
                NameBlocks::WideKeys(blocks) => SectionFacts::of(Section::Names, blocks),
            },
            SectionFacts::of(Section::Order, &self.names.order),
        ];
        sections.extend(self.names.index.bytes().map(|bytes| SectionFacts {
            name: "index",
            blocks: 1,
            cold_blocks: 0,
            file_bytes: 0,
            resident_bytes: bytes as u64,
        }));
        let out = [Section::OutRows, Section::OutRelations, Section::OutTimes];
        SectionFacts::of_edges(out, ["out-dense", "out-changed"], &self.out_edges, &mut sections);
        if let Some(edges) = self.in_edges_made() {
            let into = [Section::InRows, Section::InRelations, Section::InTimes];
            SectionFacts::of_edges(into, ["in-dense", "in-changed"], edges, &mut sections);
        }
        sections
    }
}

#[cfg(test)]
mod tests {
    use crate::graph::generation::RelationFacts;
    use crate::graph::{Edge, Generation, GraphBuilder};

    fn with_relations(names: &[&str]) -> Generation {
        let mut builder = GraphBuilder::new();
        for name in names {
            let [source, target] = ["a", "b"].map(Into::into);
            let relation = Some(*name);
            builder.add(&Edge { source, target, weight: 1.0, relation, time: None }).unwrap();
        }
        builder.build().unwrap()
    }

    #[test]
    fn a_relation_takes_its_name_and_its_facts() {
        let facts = |names: &[&str]| with_relations(names).sections()[0].resident_bytes;
        let more = 3 + size_of::<Box<str>>() + size_of::<RelationFacts>();
        assert_eq!(facts(&["one", "two"]), facts(&["one"]) + more as u64);
    }

    #[test]
    fn sections_are_those_the_graph_has() {
        let graph = with_relations(&["one"]);
        let names: Vec<&str> = graph.sections().iter().map(|section| section.name).collect();
        assert_eq!(names, ["facts", "names", "order", "out-edges", "out-relations"]);
        assert!(graph.sections().iter().all(|section| section.file_bytes == 0));
        let node = graph.find("b").unwrap().unwrap();
        assert_eq!(graph.in_row(node).unwrap().targets.len(), 1);
        assert_eq!(graph.sections().len(), 7);
        let edges = &graph.out_edges;
        edges.dense.make(edges, graph.node_count()).unwrap();
        let dense = graph.sections().into_iter().find(|section| section.name == "out-dense");
        assert_eq!(dense.map(|section| section.resident_bytes), Some(8), "8 bytes an edge");
    }
}
