//! Objects in their binary forms, whole and in parts.

use super::Add;
use crate::ground::ground;
use crate::structured::sent;
use catalogue::base::Kind;
use protocol::terms::Environment;
use protocol::wire::{Assertion, AttestationObject, Receipt};
use simulator::Generation;
use simulator::receipt::field;

const ENVIRONMENTS: [Environment; 2] = [Environment::Production, Environment::Development];

/// Honest ones of every generation and environment, and what every case sends.
pub(super) fn attestations(add: &mut Add<'_>) {
    let ground = ground();
    for generation in Generation::ALL {
        for environment in ENVIRONMENTS {
            let device = ground.device(generation, environment);
            let object = device.attest(&ground.authority, &ground.client_data_hash, ground.now);
            add(format!("honest-{generation}-{}", environment.as_str()), object);
        }
    }
    sent(Kind::Attestation, add);
}

/// Honest ones of every generation, and what every case sends.
pub(super) fn assertions(add: &mut Add<'_>) {
    let ground = ground();
    for generation in Generation::ALL {
        for environment in ENVIRONMENTS {
            let mut device = ground.device(generation, environment);
            let object = device.assert(&ground.client_data_hash);
            add(format!("honest-{generation}-{}", environment.as_str()), object);
        }
    }
    sent(Kind::Assertion, add);
}

/// That of all attestations and assertions.
pub(super) fn authenticator_data(add: &mut Add<'_>) {
    attestations(&mut |name, object| {
        if let Ok(object) = AttestationObject::decode(&object) {
            add(format!("attestation-{name}"), object.authenticator_data.to_vec());
        }
    });
    assertions(&mut |name, object| {
        if let Ok(object) = Assertion::decode(&object) {
            add(format!("assertion-{name}"), object.authenticator_data.to_vec());
        }
    });
}

/// Those of all attestations and of the receipts in them, and the roots.
pub(super) fn certificates(add: &mut Add<'_>) {
    let ground = ground();
    add("root".to_owned(), ground.authority.root_der().to_vec());
    add("receipt-root".to_owned(), ground.authority.receipt_root_der().to_vec());
    attestations(&mut |name, object| {
        if let Ok(object) = AttestationObject::decode(&object) {
            for (place, der) in object.certificates.iter().enumerate() {
                add(format!("{name}-{place}"), der.to_vec());
            }
            let receipt = object.receipt.map(Receipt::decode);
            if let Some(Ok(receipt)) = receipt {
                for (place, der) in receipt.certificates.iter().enumerate() {
                    add(format!("{name}-receipt-{place}"), der.to_vec());
                }
            }
        }
    });
}

/// Those of all attestations, and honest ones as Apple's endpoint refreshes them.
pub(super) fn receipts(add: &mut Add<'_>) {
    let ground = ground();
    for generation in Generation::ALL {
        let device = ground.device(generation, Environment::Production);
        let hash = &ground.client_data_hash;
        let model = device.attestation_model(&ground.authority, hash, ground.now);
        let refreshed = model.receipt.refreshed("12", ground.now);
        let certificate = model.receipt.field(field::CERTIFICATE).unwrap_or_default().to_vec();
        add(format!("refreshed-{generation}"), refreshed.seal(&ground.authority, &certificate));
    }
    attestations(&mut |name, object| {
        if let Ok(AttestationObject { receipt: Some(receipt), .. }) =
            AttestationObject::decode(&object)
        {
            add(name, receipt.to_vec());
        }
    });
}
