//! The canonical order of a graph, and its cycles.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::manifest::Connection;

/// Nodes so that every node stands behind its predecessors: repeatedly the first node in manifest order whose
/// predecessors have all been taken. Nodes on or behind a cycle are left out.
#[must_use]
pub fn canonical_order(count: usize, connections: &[Connection]) -> Vec<usize> {
    let mut successors = vec![Vec::new(); count];
    let mut waiting = vec![0usize; count];
    for wire in connections {
        if let (Some(list), Some(number)) = (successors.get_mut(wire.from), waiting.get_mut(wire.to)) {
            list.push(wire.to);
            *number += 1;
        }
    }
    let is_ready = |(node, &number): (usize, &usize)| (number == 0).then_some(Reverse(node));
    let mut ready: BinaryHeap<Reverse<usize>> = waiting.iter().enumerate().filter_map(is_ready).collect();
    let mut order = Vec::with_capacity(count);
    while let Some(Reverse(node)) = ready.pop() {
        order.push(node);
        for &next in successors.get(node).into_iter().flatten() {
            if let Some(number) = waiting.get_mut(next) {
                *number -= 1;
                if *number == 0 {
                    ready.push(Reverse(next));
                }
            }
        }
    }
    order
}

/// The nodes along one cycle, the first repeated at the end.
pub(super) fn cycle(count: usize, connections: &[Connection]) -> Option<Vec<usize>> {
    let mut left = vec![true; count];
    for node in canonical_order(count, connections) {
        if let Some(flag) = left.get_mut(node) {
            *flag = false;
        }
    }
    // Every node left has a predecessor that is left; walking backwards must come round.
    let is_left = |node: usize| left.get(node).copied().unwrap_or(false);
    let mut before = vec![None; count];
    for wire in connections.iter().filter(|wire| is_left(wire.from)) {
        if let Some(slot) = before.get_mut(wire.to) {
            *slot = Some(wire.from);
        }
    }
    let mut place = vec![None; count];
    let mut path = Vec::new();
    let mut here = (0..count).find(|&node| is_left(node))?;
    loop {
        if let Some(start) = *place.get(here)? {
            let mut cycle = path.split_off(start);
            cycle.push(here);
            cycle.reverse();
            return Some(cycle);
        }
        *place.get_mut(here)? = Some(path.len());
        path.push(here);
        here = (*before.get(here)?)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wires(pairs: &[(usize, usize)]) -> Vec<Connection> {
        let wire = |&(from, to): &(usize, usize)| Connection {
            from,
            from_port: "out".into(),
            to,
            to_port: "in".into(),
        };
        pairs.iter().map(wire).collect()
    }

    #[test]
    fn ties_go_by_manifest_order() {
        assert_eq!(canonical_order(4, &wires(&[(3, 1), (3, 2), (1, 0), (2, 0)])), [3, 1, 2, 0]);
        assert_eq!(canonical_order(3, &[]), [0, 1, 2]);
        // 1 becomes ready only after 2, but then stands before 3.
        assert_eq!(canonical_order(4, &wires(&[(2, 1)])), [0, 2, 1, 3]);
    }

    #[test]
    fn a_cycle_is_found_and_closed() {
        assert_eq!(cycle(3, &wires(&[(0, 1), (1, 2)])), None);
        assert_eq!(cycle(1, &wires(&[(0, 0)])), Some(vec![0, 0]));
        let found = cycle(4, &wires(&[(0, 1), (1, 2), (2, 1), (2, 3)])).unwrap();
        assert!(found == [1, 2, 1] || found == [2, 1, 2], "{found:?}");
    }
}
