//! Who fired in which hop; kept only where paths were asked for.

/// The frontiers of a spread.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    nodes: Vec<u32>,
    ends: Vec<usize>,
}

impl Trace {
    /// Notes who fires in the next hop.
    pub(crate) fn push_frontier(&mut self, nodes: &[u32]) {
        self.nodes.extend_from_slice(nodes);
        self.ends.push(self.nodes.len());
    }

    /// Who fired in hop `hop`, from 1; nobody in a hop that was not run.
    pub(crate) fn frontier(&self, hop: u32) -> &[u32] {
        let position = hop as usize;
        let start = match position.checked_sub(2) {
            Some(before) => self.ends.get(before).copied(),
            None => Some(0),
        };
        match (start, position.checked_sub(1).and_then(|this| self.ends.get(this))) {
            (Some(start), Some(&end)) => &self.nodes[start..end],
            _ => &[],
        }
    }

    /// Bytes it takes now.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.nodes) + size_of_val(&*self.ends)
    }

    /// Forgets the spread.
    pub(crate) fn clear(&mut self) {
        self.nodes.clear();
        self.ends.clear();
    }
}
