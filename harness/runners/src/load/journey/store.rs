//! What is remembered of each device: a few bytes in parallel columns, so that a million fit.
//!
//! Keys are not among them: they follow from the seed, the device's number and how many keys it
//! had, and are made when they are needed.

/// Where a device stands in its life. Every device is in exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum State {
    /// It has no App Attest.
    Unsupported,
    /// It has no key that anybody knows.
    NoKey,
    /// It asks for a challenge to attest a key with.
    Asking,
    /// Apple is asked to attest its key.
    AtApple,
    /// It waits before it tries again.
    BackingOff,
    /// Its attestation is on its way to the server.
    Enrolling,
    /// Nobody knows whether the server enrolled it.
    Indeterminate,
    /// The server knows its key, and it is at rest or thinks.
    Registered,
    /// It is about a protected request.
    Asserting,
    /// Its key is lost, and it does not know.
    KeyLost,
    /// It cannot make assertions, with no key.
    Stuck,
    /// It has given up until its next session.
    GaveUp,
}

impl State {
    /// All of them, in the order of life.
    pub const ALL: [Self; 12] = [
        Self::Unsupported,
        Self::NoKey,
        Self::Asking,
        Self::AtApple,
        Self::BackingOff,
        Self::Enrolling,
        Self::Indeterminate,
        Self::Registered,
        Self::Asserting,
        Self::KeyLost,
        Self::Stuck,
        Self::GaveUp,
    ];

    /// The name in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unsupported => "unsupported",
            Self::NoKey => "no-key",
            Self::Asking => "asking",
            Self::AtApple => "at-apple",
            Self::BackingOff => "backing-off",
            Self::Enrolling => "enrolling",
            Self::Indeterminate => "indeterminate",
            Self::Registered => "registered",
            Self::Asserting => "asserting",
            Self::KeyLost => "key-lost",
            Self::Stuck => "stuck",
            Self::GaveUp => "gave-up",
        }
    }
}

/// What a device does next, at the time that the agenda holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Step {
    /// Nothing, until it wakes.
    Rest,
    /// It wakes.
    Wake,
    /// Asks the server for a challenge to attest with.
    AskToAttest,
    /// Asks Apple to attest its key.
    CallApple,
    /// Sends its attestation.
    Enrol,
    /// Asks the server for a challenge to assert with.
    AskToAssert,
    /// Sends a protected request.
    Assert,
    /// Sends the protected request that was just accepted a second time.
    Duplicate,
    /// The same, at the end of the session.
    Replay,
}

/// One bit of what is remembered.
pub(crate) mod flag {
    /// Every assertion fails with `invalidInput`.
    pub(crate) const STICKY: u8 = 1;
    /// Assertions fail with `unknownSystemFailure` until there is another key.
    pub(crate) const BROKEN: u8 = 1 << 1;
    /// Apple has attested the key, and will not do so again.
    pub(crate) const ATTESTED: u8 = 1 << 2;
    /// Its attestation was sent before, and nobody knows what became of it.
    pub(crate) const SPOILED: u8 = 1 << 3;
    /// The next protected request waits until its challenge is too old.
    pub(crate) const STALE: u8 = 1 << 4;
    /// It wakes up to be enrolled and is not yet.
    pub(crate) const WANTING: u8 = 1 << 5;
    /// It has had a new key in this session for want of working assertions.
    pub(crate) const RESET: u8 = 1 << 6;
    /// A request of it is with the server.
    pub(crate) const AWAY: u8 = 1 << 7;
}

/// All devices.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(crate) step: Vec<Step>,
    pub(crate) flags: Vec<u8>,
    /// Assertions in a row that failed on the device itself.
    pub(crate) failed: Vec<u8>,
    /// Tries of the step it is about.
    pub(crate) tries: Vec<u16>,
    /// Keys it had before this one.
    pub(crate) keys: Vec<u16>,
    /// Protected requests that are left of the session.
    pub(crate) left: Vec<u16>,
    /// The counter of the assertion it made last with this key.
    pub(crate) counter: Vec<u32>,
    /// Throws of dice it has made.
    pub(crate) throws: Vec<u32>,
    /// When it began to want to be enrolled, in ms.
    pub(crate) woke: Vec<u32>,
    /// When the challenge it holds was issued, in ms.
    pub(crate) challenged: Vec<u32>,
    state: Vec<State>,
    counts: [u32; State::ALL.len()],
}

/// Bytes that are kept of each device, its place on the agenda included.
pub const BYTES_PER_DEVICE: usize = size_of::<State>()
    + size_of::<Step>()
    + 2 * size_of::<u8>()
    + 3 * size_of::<u16>()
    + 4 * size_of::<u32>()
    + size_of::<super::agenda::Entry>();

impl Store {
    /// So many devices without a key.
    pub(crate) fn new(devices: u32) -> Self {
        let n = devices as usize;
        let mut counts = [0; State::ALL.len()];
        counts[State::NoKey as usize] = devices;
        Self {
            step: vec![Step::Rest; n],
            flags: vec![0; n],
            failed: vec![0; n],
            tries: vec![0; n],
            keys: vec![0; n],
            left: vec![0; n],
            counter: vec![0; n],
            throws: vec![0; n],
            woke: vec![0; n],
            challenged: vec![0; n],
            state: vec![State::NoKey; n],
            counts,
        }
    }

    /// How many.
    pub(crate) fn devices(&self) -> u32 {
        self.state.len() as u32
    }

    /// Where a device stands.
    pub(crate) fn state(&self, device: u32) -> State {
        self.state[device as usize]
    }

    /// Moves a device to another place in its life.
    pub(crate) fn enter(&mut self, device: u32, state: State) {
        let left = std::mem::replace(&mut self.state[device as usize], state);
        self.counts[left as usize] -= 1;
        self.counts[state as usize] += 1;
    }

    /// Devices per state.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (State, u32)> + '_ {
        State::ALL.into_iter().map(|state| (state, self.counts[state as usize]))
    }

    pub(crate) fn has(&self, device: u32, flag: u8) -> bool {
        self.flags[device as usize] & flag != 0
    }

    pub(crate) fn set(&mut self, device: u32, flag: u8, on: bool) {
        let flags = &mut self.flags[device as usize];
        *flags = if on { *flags | flag } else { *flags & !flag };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_costs_no_more_than_a_cache_line() {
        const { assert!(BYTES_PER_DEVICE <= 64) };
        let Store {
            step,
            flags,
            failed,
            tries,
            keys,
            left,
            counter,
            throws,
            woke,
            challenged,
            state,
            counts: _,
        } = Store::new(1);
        let columns = size_of_val(&*step)
            + size_of_val(&*flags)
            + size_of_val(&*failed)
            + size_of_val(&*tries)
            + size_of_val(&*keys)
            + size_of_val(&*left)
            + size_of_val(&*counter)
            + size_of_val(&*throws)
            + size_of_val(&*woke)
            + size_of_val(&*challenged)
            + size_of_val(&*state);
        assert_eq!(columns + size_of::<super::super::agenda::Entry>(), BYTES_PER_DEVICE);
    }

    #[test]
    fn whoever_enters_a_state_leaves_another() {
        let mut store = Store::new(3);
        store.enter(1, State::Asking);
        store.enter(1, State::Registered);
        store.enter(2, State::Registered);
        let counts: Vec<_> = store.counts().filter(|(_, n)| *n > 0).collect();
        assert_eq!(counts, [(State::NoKey, 1), (State::Registered, 2)]);
        let by_number: Vec<_> = State::ALL.iter().map(|state| *state as usize).collect();
        assert!(by_number.iter().copied().eq(0..State::ALL.len()), "the counts are kept by number");
    }
}
