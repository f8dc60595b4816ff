//! The devices of a case, and the requests they make.

use crate::base::Base;
use crate::case::{Action, Case, Step};
use crate::need::Premises;
use crate::operator::{
    AssertionDraft, AttestationDraft, ClientDataError, DeviceOperator, Edit, Operator, Part, Scene,
};
use crate::sent::Sent;
use crate::sheet::{Sheet, SheetError};
use jiff::Timestamp;
use protocol::terms::{Environment, sha256};
use simulator::key::{Foreseen, Key};
use simulator::{Authority, Device, KeyTrait, Seed};
use std::collections::BTreeMap;

/// Holds of every device that a step names.
const MADE: &str = "every device of the steps was made at the start";

/// The devices of one case, as they stand between its steps.
///
/// What they send follows from the seed, the case and the arguments of each call.
#[derive(Debug, Clone)]
pub struct Cast<'a> {
    seed: Seed,
    premises: &'a Premises,
    authority: &'a Authority,
    devices: BTreeMap<String, Device>,
    /// Steps for whose request a key is made, by the name of their challenge.
    foreseen: BTreeMap<String, Step>,
}

/// A key to be enrolled, as it is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Enrolment {
    /// The key id that the app names; 32 bytes in an honest request.
    pub key_id: Sent,
    /// The attestation object.
    pub attestation: Sent,
    /// The client data hash that the object was made for.
    pub client_data_hash: Vec<u8>,
    /// What a server that accepts it should report.
    pub truth: Truth,
}

/// A protected request, as it is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct ProtectedRequest {
    /// The key id that the app names.
    pub key_id: Sent,
    /// The client data.
    pub client_data: Vec<u8>,
    /// The assertion object.
    pub assertion: Sent,
    /// The client data hash that the object was made for.
    pub client_data_hash: Vec<u8>,
    /// What a server that accepts it should report.
    pub truth: Truth,
}

/// What is true of an accepted request, for a server that reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// The counter the server should have stored.
    pub counter: u32,
    /// SHA-256 of the public key.
    pub key_id: Vec<u8>,
    /// The public key, `04‖X‖Y`.
    pub public_key: Vec<u8>,
    /// Where the key lives.
    pub environment: Environment,
}

impl<'a> Cast<'a> {
    /// The devices that the steps of a case name. `seed` is that of the run.
    pub fn new(case: &Case, seed: &Seed, premises: &'a Premises, authority: &'a Authority) -> Self {
        let seed = seed.child(&case.id, 0);
        let mut devices = BTreeMap::new();
        for step in &case.steps {
            if !devices.contains_key(&step.device) {
                let wanted = key_trait(case, &step.device);
                let own = seed.child(&step.device, 0);
                devices.insert(step.device.clone(), device(&own, case.base, premises, wanted));
            }
        }
        let foreseen = case.steps.iter().filter_map(|step| match &step.action {
            Action::Assert { challenge: Some(name) } if wish_of(step).is_some() => {
                Some((name.clone(), step.clone()))
            }
            _ => None,
        });
        Self { seed, premises, authority, devices, foreseen: foreseen.collect() }
    }

    /// The later step whose key can be made once the challenge of that name is known. Whoever plays
    /// a case renders that step's client data then, calls [`Cast::foresee`], and uses the same
    /// client data when the step's turn comes.
    pub fn foreseen_by(&self, challenge: &str) -> Option<&Step> {
        self.foreseen.get(challenge)
    }

    /// Makes the key of a step's device so that the request it will make has the signature the
    /// case wants. Comes before the device is enrolled.
    pub fn foresee(
        &mut self,
        step: &Step,
        rendered: &[u8],
        challenge: &str,
        now: Timestamp,
    ) -> Result<(), ClientDataError> {
        let wish = wish_of(step).ok_or(ClientDataError::NotForeseen)?;
        let client_data = edited(step, rendered, challenge)?;
        let digest = sha256(&[&self.draft(step, &client_data, now).model.nonce()]);
        let key = wish.key(&digest, &self.seed.child("a key for one signature", 0));
        let key = key.ok_or(ClientDataError::NotForeseen)?;
        let device = self.devices.get_mut(&step.device);
        device.expect(MADE).adopt(Key::Recovered(Box::new(key)));
        Ok(())
    }

    /// The device of a step.
    pub fn device(&self, step: &Step) -> &Device {
        self.devices.get(&step.device).expect(MADE)
    }

    /// The challenge that a step uses, given the one it should.
    pub fn challenge(&self, step: &Step, issued: &str) -> String {
        step.operators.iter().fold(issued.to_owned(), |text, operator| match &operator.0 {
            Edit::Challenge(one) => one.apply(&text),
            Edit::Foreign(one) => one.challenge(&text),
            _ => text,
        })
    }

    /// The client data hash that an attest step is made for: `honest`, unless it follows another
    /// convention. `decoded` are the bytes that the challenge stands for, if it stands for any.
    pub fn hash(
        &self,
        step: &Step,
        honest: Vec<u8>,
        challenge: &str,
        decoded: Option<&[u8]>,
    ) -> Vec<u8> {
        let decoded = decoded.unwrap_or(challenge.as_bytes());
        step.operators.iter().fold(honest, |hash, operator| match &operator.0 {
            Edit::Hash(one) => one.apply(challenge, decoded),
            _ => hash,
        })
    }

    /// The assertion that a replay step sends again.
    pub fn replay(&self, step: &Step, assertion: &[u8]) -> Vec<u8> {
        let order = self.device(step).key().order();
        step.operators.iter().fold(assertion.to_vec(), |assertion, operator| match &operator.0 {
            Edit::Replay(one) => one.apply(&assertion, &order),
            _ => assertion,
        })
    }

    /// What an attest step sends.
    pub fn attestation(
        &mut self,
        step: &Step,
        client_data_hash: &[u8],
        now: Timestamp,
    ) -> Enrolment {
        let device = self.device(step);
        let scene = self.scene(device, now);
        let mut draft = AttestationDraft {
            model: device.attestation_model(self.authority, client_data_hash, now),
            key_id: device.key_id().0.to_vec(),
            key: None,
        };
        for operator in &step.operators {
            operator.apply_to_attestation(&mut draft, &scene);
        }
        let client_data_hash = draft.model.client_data_hash.clone();
        let own = draft.model.authenticator_data.seal();
        let mut key_id = Sent::new(draft.key_id);
        let mut attestation = Sent::new(draft.model.seal());
        for operator in &step.operators {
            if let Edit::Foreign(one) = &operator.0 {
                one.replace(&mut key_id, &mut attestation, &own, &scene);
            }
            if let Edit::Spelling(part, one) = &operator.0 {
                let sent = match part {
                    Part::KeyId => &mut key_id,
                    Part::Attestation => &mut attestation,
                    Part::Assertion => continue,
                };
                one.apply(sent, *part, &scene);
            }
        }
        let device = self.devices.get_mut(&step.device).expect(MADE);
        if let Some(key) = draft.key {
            device.adopt(key);
        }
        Enrolment { key_id, attestation, client_data_hash, truth: truth(device, 0) }
    }

    /// What an assert step sends, given the client data that the target's template makes and the
    /// challenge in it. The device counts.
    pub fn assertion(
        &mut self,
        step: &Step,
        rendered: &[u8],
        challenge: &str,
        now: Timestamp,
    ) -> Result<ProtectedRequest, ClientDataError> {
        let device = self.devices.get_mut(&step.device).expect(MADE);
        for operator in &step.operators {
            if let Edit::Device(one) = &operator.0 {
                count(device, one);
            }
        }
        let mut client_data = edited(step, rendered, challenge)?;
        let draft = self.draft(step, &client_data, now);
        let device = self.device(step);
        if wish_of(step).is_some() && !is_foreseen(device.key(), &draft.model.nonce()) {
            return Err(ClientDataError::NotForeseen);
        }
        let mut key_id = device.key_id().0.to_vec();
        for operator in &step.operators {
            if let Edit::Sent(one) = &operator.0 {
                one.apply(&mut client_data, &mut key_id)?;
            }
        }
        let truth = truth(device, draft.model.authenticator_data.counter);
        let mut key_id = Sent::new(key_id);
        let client_data_hash = draft.model.client_data_hash.clone();
        let mut assertion = Sent::new(draft.model.seal());
        let scene = self.scene(device, now);
        for operator in &step.operators {
            if let Edit::Spelling(part, one) = &operator.0 {
                let sent = match part {
                    Part::KeyId => &mut key_id,
                    Part::Assertion => &mut assertion,
                    Part::Attestation => continue,
                };
                one.apply(sent, *part, &scene);
            }
        }
        if let Some(device) = self.devices.get_mut(&step.device) {
            device.next_counter = device.next_counter.wrapping_add(1);
        }
        Ok(ProtectedRequest { key_id, client_data, assertion, client_data_hash, truth })
    }

    /// The edited assertion over client data.
    fn draft(&self, step: &Step, client_data: &[u8], now: Timestamp) -> AssertionDraft {
        let device = self.device(step);
        let scene = self.scene(device, now);
        let mut draft = AssertionDraft { model: device.assertion_model(&sha256(&[client_data])) };
        for operator in &step.operators {
            operator.apply_to_assertion(&mut draft, &scene);
        }
        draft
    }

    /// Edits what lies around the values of a step's request, as it goes out.
    pub fn edit(&self, step: &Step, sheet: &mut Sheet, now: Timestamp) -> Result<(), SheetError> {
        let scene = self.scene(self.device(step), now);
        for operator in &step.operators {
            match &operator.0 {
                Edit::Json(one) => one.apply(sheet)?,
                Edit::Wire(one) => one.apply(sheet, &scene)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn scene<'s>(&'s self, device: &'s Device, now: Timestamp) -> Scene<'s> {
        Scene { premises: self.premises, authority: self.authority, device, seed: &self.seed, now }
    }
}

fn device(seed: &Seed, base: Base, premises: &Premises, wanted: Option<KeyTrait>) -> Device {
    let (generation, app_id) = (base.generation, premises.app_id.clone());
    let mut device = match wanted {
        Some(wanted) => Device::with_trait(seed, wanted, generation, app_id, premises.environment),
        None => Device::new(seed, generation, app_id, premises.environment),
    };
    device.validation_category = premises.category_of(generation);
    device.bundle_version = premises.version_of(generation);
    device
}

/// What the steps of that device ask of its key.
fn key_trait(case: &Case, device: &str) -> Option<KeyTrait> {
    let steps = case.steps.iter().filter(|step| step.device == device);
    steps.flat_map(|step| &step.operators).find_map(|Operator(edit)| match edit {
        Edit::Key(one) => Some(one.wanted()),
        _ => None,
    })
}

/// What the signature of this step shall be, if its key is made for it.
fn wish_of(step: &Step) -> Option<Foreseen> {
    step.operators.iter().find_map(|Operator(edit)| match edit {
        Edit::Foreseen(one) => Some(one.wanted()),
        _ => None,
    })
}

fn is_foreseen(key: &Key, nonce: &[u8]) -> bool {
    matches!(key, Key::Recovered(one) if one.digest == sha256(&[nonce]))
}

/// Client data after the edits of it.
fn edited(step: &Step, rendered: &[u8], challenge: &str) -> Result<Vec<u8>, ClientDataError> {
    step.operators.iter().try_fold(rendered.to_vec(), |data, operator| match &operator.0 {
        Edit::ClientData(one) => one.apply(&data, challenge),
        _ => Ok(data),
    })
}

fn count(device: &mut Device, operator: &DeviceOperator) {
    device.next_counter = match operator {
        DeviceOperator::Set { to } => *to,
        DeviceOperator::Skip { by } => device.next_counter.wrapping_add(*by),
        DeviceOperator::Repeat {} => device.next_counter.wrapping_sub(1),
    };
}

fn truth(device: &Device, counter: u32) -> Truth {
    Truth {
        counter,
        key_id: device.key_id().0.to_vec(),
        public_key: device.public_key().to_vec(),
        environment: device.environment(),
    }
}
