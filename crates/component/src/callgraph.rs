//! Which checks an adapter can leave out because nothing could ever notice: what is known of who calls whom, in one
//! component and between the instances of the tree.
//!
//! **`may_leave`.** The flag of an instance is cleared only while its own `realloc` or `post-return` runs, which are
//! options of canonical definitions of its component, and it is asked for only by the core functions that `canon lower`
//! and the built-ins of the same component make: core instances never cross the boundary of a component. So if a
//! component has no such option, its calls need no check; and if it has no such function, nobody has to clear its flag.
//! A finer answer needs the bodies: does what is reachable from `realloc` ever call a lowered function? That scan
//! belongs here too.
//!
//! **`may_enter`.** A call from C to D enters X, which is D or around D but not around C (nor C). The check finds
//! something only if X is on the stack already, so that calls led out of X's subtree and on to C. Each call goes, by
//! how instances get hold of functions, to the same instance; *down* to a descendant; *up* to an ancestor, which passed
//! a function of its own; or *sideways*: with L the innermost instance around both, to a child of L that was complete
//! before the caller's side of L began to exist. Take the calls that lead from X back into X. Were none of the
//! instances between an ancestor of X, then each of them would have been complete before X began, or begun after X was
//! complete; the first one called from X is older, and C, which calls sideways into X's side, is younger; but no call
//! leads from an older one to a younger one, for up and down stay on one side, and sideways leads to what is older
//! still. So the calls pass through an ancestor P of X, and they come to P first by a call up. **X can be re-entered
//! only if calls lead from X's subtree to an ancestor of X**; all the instances on the way are X's subtree or older
//! than X, and both are complete when somebody outside lowers a function of X's: what they lower is known. (It need not
//! be X's subtree that lowers the ancestor's function: an older sibling may.) The host's calls are checked where the
//! host enters.
//!
//! [`CallGraph`] keeps, per instance, the outermost ancestor that calls lead to: the smallest depth. For a call
//! sideways it takes that of the whole complete side: perhaps a smaller one, so a check too many, never one too few.

use crate::body::{Canon, Definition};
use gusset_types::{Arena, ComponentInstanceIndex};

/// Whether `definitions` name code that runs while `may_leave` is unset.
pub(crate) fn clears_may_leave(definitions: &[(usize, Definition<'_>)]) -> bool {
    definitions.iter().any(|(_, definition)| match definition {
        Definition::Canon(Canon::Lift { options, .. } | Canon::Lower { options, .. }) => {
            options.realloc.is_some() || options.post_return.is_some()
        }
        // Some built-ins take a `realloc`.
        Definition::Canon(Canon::Builtin { .. }) => true,
        _ => false,
    })
}

/// Whether `definitions` make a core function that asks for `may_leave`.
pub(crate) fn tests_may_leave(definitions: &[(usize, Definition<'_>)]) -> bool {
    definitions
        .iter()
        .any(|(_, definition)| matches!(definition, Definition::Canon(Canon::Lower { .. } | Canon::Builtin { .. })))
}

/// Calls between component instances.
#[derive(Default)]
pub(crate) struct CallGraph {
    nodes: Arena<ComponentInstanceIndex, Node>,
}

struct Node {
    parent: Option<ComponentInstanceIndex>,
    depth: usize,
    /// The smallest depth of an instance around this one that calls from its subtree lead to.
    reaches: usize,
}

impl CallGraph {
    /// Notes a new instance, which is to be the next of its arena, and returns its depth: 0 for the root.
    pub(crate) fn begin(&mut self, parent: Option<ComponentInstanceIndex>) -> usize {
        let depth = parent.map_or(0, |parent| self.nodes[parent].depth + 1);
        self.nodes.push(Node { parent, depth, reaches: usize::MAX });
        depth
    }

    /// Notes that `instance` is complete: nothing in it will lower any more functions.
    pub(crate) fn complete(&mut self, instance: ComponentInstanceIndex) {
        let reaches = self.nodes[instance].reaches;
        if let Some(parent) = self.nodes[instance].parent {
            let parent = &mut self.nodes[parent];
            parent.reaches = parent.reaches.min(reaches);
        }
    }

    /// Notes that `caller` lowers a function of `callee`, and returns which instances a call must test, mark and unmark
    /// as entered, outermost first.
    pub(crate) fn lower(
        &mut self,
        caller: ComponentInstanceIndex,
        callee: ComponentInstanceIndex,
    ) -> Vec<ComponentInstanceIndex> {
        let common = self.common(caller, callee);
        let mut entered = Vec::new();
        let mut at = callee;
        while at != common {
            entered.push(at);
            // Only the root has no parent, and it is around both.
            let Some(parent) = self.nodes[at].parent else { break };
            at = parent;
        }
        let reaches = if callee == common {
            self.nodes[callee].depth
        } else if caller == common {
            usize::MAX
        } else {
            entered.last().map_or(usize::MAX, |&side| self.nodes[side].reaches)
        };
        if caller != callee {
            let caller = &mut self.nodes[caller];
            caller.reaches = caller.reaches.min(reaches);
        }
        entered.retain(|&instance| self.nodes[instance].reaches < self.nodes[instance].depth);
        entered.reverse();
        entered
    }

    /// The innermost instance that is around both, or one of them.
    fn common(&self, mut a: ComponentInstanceIndex, mut b: ComponentInstanceIndex) -> ComponentInstanceIndex {
        while a != b {
            let deeper = if self.nodes[a].depth >= self.nodes[b].depth { &mut a } else { &mut b };
            match self.nodes[*deeper].parent {
                Some(parent) => *deeper = parent,
                None => break,
            }
        }
        a
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(index: u32) -> ComponentInstanceIndex {
        ComponentInstanceIndex::from_u32(index)
    }

    /// A root with `count` children, all begun; the children are instances 1, 2 ...
    fn root_and_children(count: u32) -> CallGraph {
        let mut graph = CallGraph::default();
        graph.begin(None);
        (0..count).for_each(|_| {
            graph.begin(Some(instance(0)));
        });
        graph
    }

    #[test]
    fn siblings_that_know_no_ancestor_are_entered_unchecked() {
        let mut graph = root_and_children(2);
        graph.complete(instance(1));
        assert_eq!(graph.lower(instance(2), instance(1)), []);
        graph.complete(instance(2));
        assert_eq!(graph.lower(instance(0), instance(2)), []);
    }

    #[test]
    fn a_child_that_calls_its_parent_can_be_re_entered() {
        let mut graph = root_and_children(1);
        assert_eq!(graph.lower(instance(1), instance(0)), [], "the parent has been entered before");
        graph.complete(instance(1));
        assert_eq!(graph.lower(instance(0), instance(1)), [instance(1)]);
    }

    #[test]
    fn so_can_one_that_calls_a_sibling_that_calls_the_parent() {
        let mut graph = root_and_children(2);
        graph.lower(instance(1), instance(0));
        graph.complete(instance(1));
        assert_eq!(graph.lower(instance(2), instance(1)), [instance(1)]);
        graph.complete(instance(2));
        assert_eq!(graph.lower(instance(0), instance(2)), [instance(2)]);
    }

    #[test]
    fn calls_up_that_stay_inside_do_not_count() {
        // 0 holds 1, which holds 2; 2 calls 1; 3 is a later sibling of 1.
        let mut graph = root_and_children(1);
        graph.begin(Some(instance(1)));
        graph.lower(instance(2), instance(1));
        graph.complete(instance(2));
        assert_eq!(graph.lower(instance(1), instance(2)), [instance(2)]);
        graph.complete(instance(1));
        graph.begin(Some(instance(0)));
        assert_eq!(graph.lower(instance(3), instance(2)), [instance(2)], "1 calls no ancestor of its own");
    }

    #[test]
    fn a_call_to_oneself_enters_nothing() {
        let mut graph = root_and_children(1);
        assert_eq!(graph.lower(instance(1), instance(1)), []);
        graph.complete(instance(1));
        assert_eq!(graph.lower(instance(0), instance(1)), []);
    }
}
