//! Conversations drawn from the model: what each step names was there before, also when shrunk.

use super::deed::{ACCOUNTS, Account, Act, DEVICES, Deed, Device, Lie};
use super::model::Model;
use crate::paper::servers;
use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::ReferenceStateMachine;
use protocol::relying_party::Purpose;
use simulator::Generation;

#[derive(Debug)]
pub(super) struct Machine;

impl ReferenceStateMachine for Machine {
    type State = Model;
    type Transition = Deed;

    fn init_state() -> BoxedStrategy<Model> {
        // The reference's policy and the silent one, then the one that demands what OS 27 states.
        let [reference, _, strict, silent] = &servers()[..] else { unreachable!() };
        let premises =
            select(vec![silent.clone(), reference.clone(), reference.clone(), strict.clone()]);
        let generation = prop_oneof![3 => Just(Generation::Ios27), 1 => Just(Generation::Ios14)];
        (premises, generation)
            .prop_map(|(premises, generation)| Model::new(premises, generation))
            .boxed()
    }

    fn transitions(model: &Model) -> BoxedStrategy<Deed> {
        let [first, second] = ACCOUNTS.map(|account| deeds(model, account));
        prop_oneof![3 => first, 1 => second].boxed()
    }

    fn apply(mut model: Model, deed: &Deed) -> Model {
        model.step(deed);
        model
    }

    fn preconditions(model: &Model, deed: &Deed) -> bool {
        model.can_follow(deed)
    }
}

fn deeds(model: &Model, account: Account) -> impl Strategy<Value = Deed> + use<> {
    let name = model.drawn;
    let requests = model.requests();
    let replay = if requests.is_empty() {
        Just(Act::Wait).boxed()
    } else {
        select(requests).prop_map(Act::Replay).boxed()
    };
    let act = prop_oneof![
        4 => select(vec![Purpose::Attest, Purpose::Assert]).prop_map(Act::Challenge),
        5 => attest(model, account),
        10 => assert(model, account),
        3 => replay,
        1 => device().prop_map(Act::Revoke),
        1 => Just(Act::Wait),
    ];
    act.prop_map(move |act| Deed { name, account, act })
}

/// None, one that is meant for this, or any.
fn challenge(model: &Model, account: Account, purpose: Purpose) -> BoxedStrategy<Option<usize>> {
    let (meant, all) = (model.meant_for(account, purpose), model.challenges());
    if all.is_empty() {
        return Just(None).boxed();
    }
    let any = select(all).prop_map(Some);
    if meant.is_empty() {
        return prop_oneof![3 => Just(None), 1 => any].boxed();
    }
    prop_oneof![3 => Just(None), 3 => select(meant).prop_map(Some), 1 => any].boxed()
}

fn device() -> impl Strategy<Value = Device> {
    prop_oneof![3 => Just(DEVICES[0]), 1 => Just(DEVICES[1])]
}

fn attest(model: &Model, account: Account) -> impl Strategy<Value = Act> + use<> {
    let lie = lie(model, Lie::OF_BOTH.to_vec());
    (device(), challenge(model, account, Purpose::Attest), lie)
        .prop_map(|(device, challenge, lie)| Act::Attest { device, challenge, lie })
}

fn assert(model: &Model, account: Account) -> impl Strategy<Value = Act> + use<> {
    let others = lie(model, [&Lie::OF_BOTH[..], &Lie::OF_ASSERTIONS].concat());
    // Counters need several steps to matter, so they come more often than the rest.
    let lie = prop_oneof![2 => others, 1 => select(Lie::OF_COUNTERS.to_vec())];
    (device(), challenge(model, account, Purpose::Assert), lie)
        .prop_map(|(device, challenge, lie)| Act::Assert { device, challenge, lie })
}

fn lie(model: &Model, mut lies: Vec<Lie>) -> impl Strategy<Value = Lie> + use<> {
    lies.retain(|lie| model.generation == Generation::Ios27 || !lie.is_about_extensions());
    prop_oneof![3 => Just(Lie::None), 1 => select(lies)]
}
