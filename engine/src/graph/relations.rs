//! The names of a graph's relations.

use crate::terms::RelationId;

/// The names of relations by id, and the way from a name to its id.
///
/// A graph numbers its relations in ascending order of their names when it is built; those that
/// changes bring later come after them, in the order in which they came, since an edge's place in
/// its row depends on the number.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RelationNames {
    by_id: Box<[Box<str>]>,
    /// Positions in `by_id`, ascending by name.
    by_name: Box<[u32]>,
}

impl RelationNames {
    /// The names by id; `None` where one comes twice or there are too many.
    pub(crate) fn new(by_id: Box<[Box<str>]>) -> Option<Self> {
        let count = u32::try_from(by_id.len()).ok().filter(|count| *count < u32::MAX)?;
        let mut by_name: Box<[u32]> = (0..count).collect();
        let name = |position: &u32| &*by_id[*position as usize];
        // Already ascending but for what changes have added.
        by_name.sort_by(|a, b| name(a).cmp(name(b)));
        let distinct = by_name.is_sorted_by(|a, b| name(a) < name(b));
        distinct.then_some(Self { by_id, by_name })
    }

    /// The relation of this name.
    pub(crate) fn find(&self, name: &str) -> Option<RelationId> {
        let held = |position: &u32| (*self.by_id[*position as usize]).cmp(name);
        let rank = self.by_name.binary_search_by(held).ok()?;
        Some(RelationId::at(self.by_name[rank]))
    }

    /// These names and one more, which is new; `None` where there is no id left.
    pub(crate) fn with(&self, name: &str) -> Option<(Self, RelationId)> {
        let position = u32::try_from(self.by_id.len()).ok()?;
        let by_id = self.by_id.iter().cloned().chain([name.into()]).collect();
        Self::new(by_id).map(|names| (names, RelationId::at(position)))
    }

    /// The names by id.
    pub(crate) fn by_id(&self) -> &[Box<str>] {
        &self.by_id
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }
}

#[cfg(test)]
mod tests {
    use super::RelationNames;

    #[test]
    fn a_name_that_comes_later_leaves_the_ids_of_others() {
        let names = RelationNames::new(["b", "d"].map(Box::from).into()).unwrap();
        let (more, c) = names.with("c").unwrap();
        assert_eq!(more.find("c"), Some(c));
        assert_eq!(more.find("b"), names.find("b"));
        assert_eq!(more.find("d"), names.find("d"));
        assert_eq!((more.len(), c.position(), more.find("a")), (3, Some(2), None));
        assert_eq!(names.find("c"), None);
        assert!(more.with("d").is_none(), "no name comes twice");
    }
}
