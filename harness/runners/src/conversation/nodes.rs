//! Which node of a target a request goes to.

use catalogue::{Case, Step};
use simulator::Seed;
use targets::file::NodeSelect;

/// Chooses the node of each request of a conversation.
#[derive(Debug)]
pub(super) struct Nodes {
    select: NodeSelect,
    seed: Seed,
    /// The step being played.
    step: usize,
    /// Requests made so far.
    requests: usize,
}

impl Nodes {
    /// A case that names nodes itself is played on those, whatever the target file says.
    pub(super) fn new(case: &Case, select: NodeSelect, seed: &Seed) -> Self {
        let names_nodes = case.steps.iter().any(|step| step.node != 0);
        let select = if names_nodes { NodeSelect::First } else { select };
        Self { select, seed: *seed, step: 0, requests: 0 }
    }

    /// Takes note that a step begins.
    pub(super) fn begin(&mut self, step: usize) {
        self.step = step;
    }

    /// The node of the next request that a step makes, counted from 0 and to be wrapped around.
    pub(super) fn of(&mut self, step: &Step) -> usize {
        self.requests += 1;
        match self.select {
            NodeSelect::First => step.node,
            NodeSelect::RoundRobin => self.requests - 1,
            NodeSelect::PerStep => self.step,
            // A number that no other device has, and the device has wherever it appears.
            NodeSelect::PerDevice => {
                let name = self.seed.child("node", 0).child(&step.device, 0).to_hex();
                usize::from_str_radix(&name[..6], 16).unwrap_or_default()
            }
        }
    }
}
