//! The worlds of one key: is it enrolled, and which counter is stored for it.

use super::challenge::Reason;

/// What a request does to a key if the server accepts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// Enrols it.
    Enrol,
    /// Asserts with it.
    Assert {
        /// The counter that it signs.
        counter: u32,
    },
}

/// What is stored for a key: 0 if it is not enrolled, its counter plus 1 if it is. A server that
/// does its duty never goes back.
type Level = u64;

const ENROLLED: Level = 1;

/// Requests without an answer that are told apart for each key; of more, only the highest counter is known.
const MAYBES: usize = 4;
/// Requests of one key under way at once that are told apart.
const AT_ONCE: usize = 8;

/// A key of which nothing is under way.
///
/// Its worlds are the lowest level, and whatever requests without an answer make of that: those
/// with a lower counter can no longer be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Key {
    lowest: Level,
    /// Counters of assertions that may yet be acted on, in ascending order; `len` of them.
    maybes: [u32; MAYBES],
    len: u8,
    /// Whether an enrolment may yet be acted on.
    enrolment: bool,
    /// Whether there are maybes below the highest that are not listed.
    several: bool,
}

/// A key of which requests are under way, with all its worlds.
#[derive(Debug, Clone)]
pub struct Flight {
    worlds: Vec<World>,
    acts: [Option<Attempt>; AT_ONCE],
    maybes: Vec<u32>,
    enrolment: bool,
    several: bool,
    /// Requests beyond those told apart.
    crowd: u32,
}

/// A request under way. The same act for the same challenge is the same request, sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// What it does.
    pub act: Act,
    /// A hash of its challenge, if there is one.
    pub challenge: Option<u64>,
}

/// One thing that may have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct World {
    level: Level,
    /// Requests under way that were accepted in it, one bit each.
    accepted: u8,
    /// Requests under way that found no enrolled key when they were sent.
    early: u8,
    /// Requests under way that used their challenge up and went no further.
    broken: u8,
}

/// The place of a request among those of its key; `None` in the crowd.
pub type Place = Option<u8>;

/// Why an answer is explained by no world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unexplained {
    /// Accepted, though the key was never enrolled.
    NotEnrolled,
    /// Accepted, though at least this counter was stored.
    CounterStored(u32),
    /// Refused, though no assertion of the key was accepted before: the enrolment alone decides.
    FirstRefused,
    /// Refused, though nothing explains it.
    Refused,
}

impl Key {
    /// Takes off: requests will be under way.
    pub fn take_off(self) -> Flight {
        let start = World { level: self.lowest, accepted: 0, early: 0, broken: 0 };
        let maybes = self.maybes[..usize::from(self.len)].to_vec();
        let (enrolment, several) = (self.enrolment, self.several);
        let acts = [None; AT_ONCE];
        let mut flight = Flight { worlds: vec![start], acts, maybes, enrolment, several, crowd: 0 };
        flight.unfold();
        flight
    }

    /// Whether the key is enrolled in every world.
    pub fn is_enrolled(&self) -> bool {
        self.lowest >= ENROLLED
    }
}

impl Flight {
    /// A request is sent.
    pub fn sent(&mut self, attempt: Attempt) -> Place {
        let Some(place) = self.acts.iter().position(Option::is_none) else {
            self.crowd += 1;
            self.may_happen(attempt.act);
            self.unfold();
            return None;
        };
        self.acts[place] = Some(attempt);
        for world in &mut self.worlds {
            let bit = 1 << place;
            if world.level < ENROLLED {
                world.early |= bit;
            }
        }
        self.unfold();
        Some(place as u8)
    }

    /// Why a request was refused, as far as a world tells.
    pub fn reason(&self, place: Place, attempt: Attempt) -> Reason {
        let Some(place) = place else { return Reason::Passing };
        let twins = self.twins(place, attempt);
        let refusing = || self.worlds.iter().filter(|world| refuses(world, place, attempt.act));
        let for_good = |world: &&World| match attempt.act {
            Act::Enrol => false,
            Act::Assert { counter } => world.level >= above(counter),
        };
        if !refusing().all(|world| for_good(&world)) {
            Reason::Passing
        } else if refusing().any(|world| world.accepted & twins == 0) {
            Reason::Stored
        } else if twins != 0 || refusing().next().is_some() {
            Reason::Outrun
        } else {
            Reason::None
        }
    }

    /// The same request under way beside that at `place`, one bit each.
    fn twins(&self, place: u8, attempt: Attempt) -> u8 {
        (0..AT_ONCE as u8)
            .filter(|other| *other != place && attempt.challenge.is_some())
            .filter(|other| self.acts[usize::from(*other)] == Some(attempt))
            .fold(0, |bits, other| bits | 1 << other)
    }

    /// A request was accepted.
    pub fn accepted(&mut self, place: Place, act: Act) -> Result<(), Unexplained> {
        let Some(place) = self.leaves(place) else { return Ok(()) };
        let lowest = self.lowest();
        let explained = self.keep(|world| world.accepted & 1 << place != 0);
        if !explained {
            for world in &mut self.worlds {
                world.level = match act {
                    Act::Enrol => world.level.max(ENROLLED),
                    // One false acceptance is told once: from here on the key counts as enrolled.
                    Act::Assert { counter } if world.level < ENROLLED => above(counter),
                    Act::Assert { .. } => world.level,
                };
            }
        }
        self.vacate(place);
        match (explained, lowest.checked_sub(ENROLLED)) {
            (true, _) => Ok(()),
            (false, None) => Err(Unexplained::NotEnrolled),
            (false, Some(counter)) => Err(Unexplained::CounterStored(counter as u32)),
        }
    }

    /// A request was refused; `excused` if something other than the key explains it.
    pub fn refused(
        &mut self,
        place: Place,
        attempt: Attempt,
        excused: bool,
    ) -> Result<(), Unexplained> {
        let Some(place) = self.leaves(place) else { return Ok(()) };
        let fresh = self.lowest() == ENROLLED;
        let twins = if excused { 0 } else { self.twins(place, attempt) };
        let free = |world: &World| is_free(world, place);
        let mut broken: Vec<World> = Vec::new();
        for twin in (0..AT_ONCE).filter(|other| twins & 1 << other != 0) {
            // It came first, used the challenge up and went no further.
            let before = self.worlds.iter().filter(|world| free(world));
            let before = before.filter(|world| world.accepted & 1 << twin == 0);
            broken.extend(before.map(|world| World { broken: world.broken | 1 << twin, ..*world }));
        }
        let explained =
            self.keep(|world| free(world) && (excused || refuses(world, place, attempt.act)));
        if explained || broken.is_empty() {
            if !explained {
                self.keep(free);
            }
        } else {
            self.worlds.clear();
        }
        let explained = explained || !broken.is_empty();
        for world in broken {
            self.add(world);
        }
        self.vacate(place);
        match (explained, fresh) {
            (true, _) => Ok(()),
            (false, true) => Err(Unexplained::FirstRefused),
            (false, false) => Err(Unexplained::Refused),
        }
    }

    /// A request got no decision: it may have been acted on, or may be yet.
    pub fn lost(&mut self, place: Place, act: Act) {
        if let Some(place) = self.leaves(place) {
            self.may_happen(act);
            self.vacate(place);
            self.unfold();
        }
    }

    /// A request never left.
    pub fn unsent(&mut self, place: Place) -> Result<(), Unexplained> {
        let Some(place) = self.leaves(place) else { return Ok(()) };
        let explained =
            self.keep(|world| world.accepted & 1 << place == 0 && world.broken & 1 << place == 0);
        self.vacate(place);
        // Another's refusal was put down to this one.
        if explained { Ok(()) } else { Err(Unexplained::Refused) }
    }

    /// The key, once nothing of it is under way.
    pub fn landed(&self) -> Option<Key> {
        if self.crowd > 0 || self.acts.iter().any(Option::is_some) {
            return None;
        }
        let lowest = self.lowest();
        let mut above_it: Vec<u32> =
            self.maybes.iter().copied().filter(|counter| above(*counter) > lowest).collect();
        above_it.sort_unstable();
        above_it.dedup();
        let mut several = self.several && !above_it.is_empty();
        while above_it.len() > MAYBES {
            // The highest explains the most refusals, the lowest hardly any that it does not.
            above_it.remove(MAYBES - 1);
            several = true;
        }
        let mut maybes = [0; MAYBES];
        maybes[..above_it.len()].copy_from_slice(&above_it);
        let enrolment = self.enrolment && lowest < ENROLLED;
        Some(Key { lowest, maybes, len: above_it.len() as u8, enrolment, several })
    }

    fn lowest(&self) -> Level {
        self.worlds.iter().map(|world| world.level).min().unwrap_or(0)
    }

    /// The place that a request leaves, if it had one.
    fn leaves(&mut self, place: Place) -> Option<u8> {
        if place.is_none() {
            self.crowd = self.crowd.saturating_sub(1);
        }
        place
    }

    fn may_happen(&mut self, act: Act) {
        match act {
            Act::Enrol => self.enrolment = true,
            Act::Assert { counter } => self.maybes.push(counter),
        }
    }

    /// Keeps some worlds, unless none would be left.
    fn keep(&mut self, which: impl Fn(&World) -> bool) -> bool {
        let any = self.worlds.iter().any(&which);
        if any {
            self.worlds.retain(which);
        }
        any
    }

    fn vacate(&mut self, place: u8) {
        self.acts[usize::from(place)] = None;
        let mut told_apart: Vec<World> = Vec::with_capacity(self.worlds.len());
        for world in &self.worlds {
            let without = !(1 << place);
            let world = World {
                level: world.level,
                accepted: world.accepted & without,
                early: world.early & without,
                broken: world.broken & without,
            };
            if !told_apart.contains(&world) {
                told_apart.push(world);
            }
        }
        self.worlds = told_apart;
    }

    /// Adds what may come of each world by what is under way and what got no answer.
    fn unfold(&mut self) {
        let mut next = 0;
        while let Some(world) = self.worlds.get(next).copied() {
            next += 1;
            for place in 0..AT_ONCE {
                let bit = 1 << place;
                let level = match self.acts[place].map(|attempt| attempt.act) {
                    // Whoever enrols a key again may be told yes or no; it changes nothing.
                    Some(Act::Enrol) => Some(world.level.max(ENROLLED)),
                    Some(Act::Assert { counter }) => raised(world.level, counter),
                    None => None,
                };
                let is_open = world.accepted & bit == 0 && world.broken & bit == 0;
                if let Some(level) = level.filter(|_| is_open) {
                    self.add(World { level, accepted: world.accepted | bit, ..world });
                }
            }
            if self.enrolment && world.level < ENROLLED {
                self.add(World { level: ENROLLED, ..world });
            }
            for index in 0..self.maybes.len() {
                if let Some(level) = raised(world.level, self.maybes[index]) {
                    self.add(World { level, ..world });
                }
            }
            if self.several
                && world.level >= ENROLLED
                && let Some(highest) = self.maybes.iter().max()
            {
                self.add_unlisted(world, *highest);
            }
        }
    }

    /// Counters nobody listed may be stored as well: those that a request under way would meet.
    fn add_unlisted(&mut self, world: World, highest: u32) {
        for place in 0..AT_ONCE {
            if let Some(Act::Assert { counter }) = self.acts[place].map(|attempt| attempt.act)
                && above(counter) > world.level
                && counter < highest
            {
                self.add(World { level: above(counter), ..world });
            }
        }
    }

    fn add(&mut self, world: World) {
        if !self.worlds.contains(&world) {
            self.worlds.push(world);
        }
    }
}

/// Whether a request is refused in a world. Levels only rise: what is too high once stays so, and
/// who found no enrolled key at all found none at first.
fn refuses(world: &World, place: u8, act: Act) -> bool {
    let bit = 1 << place;
    let meets = match act {
        Act::Enrol => world.level >= ENROLLED,
        Act::Assert { counter } => world.level >= above(counter) || world.early & bit != 0,
    };
    meets && is_free(world, place)
}

/// Whether a request may be refused at all in a world. Who broke down gives no answer, but who
/// found no key may have said so.
fn is_free(world: &World, place: u8) -> bool {
    let bit = 1 << place;
    world.accepted & bit == 0 && (world.broken & bit == 0 || world.early & bit != 0)
}

/// The level at which a counter is stored.
fn above(counter: u32) -> Level {
    Level::from(counter) + ENROLLED
}

/// The level after an assertion is accepted, if it can be.
fn raised(level: Level, counter: u32) -> Option<Level> {
    (level >= ENROLLED && above(counter) > level).then(|| above(counter))
}
