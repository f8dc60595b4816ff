//! Simpler recipes that may show the same, the simplest first: first fewer edits, then smaller ones.

use super::vary::smaller;
use catalogue::Recipe;

/// What comes of a recipe that was tried on the way to a simpler one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// It shows the same.
    Same,
    /// It shows something else, or nothing.
    Other,
}

/// The way from a recipe to a simpler one.
#[derive(Debug)]
pub struct Shrink {
    best: Recipe,
    stage: Stage,
    tried: u32,
    most: u32,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    /// Leaves out the edit at that place.
    Drop(usize),
    /// Takes the smaller form of that number of the edit at that place.
    Smaller(usize, usize),
    Done,
}

impl Shrink {
    /// Begins with a recipe; `most` others are tried.
    pub fn new(recipe: Recipe, most: u32) -> Self {
        Self { best: recipe, stage: Stage::Drop(0), tried: 0, most }
    }

    /// The simplest that shows the same so far.
    pub fn best(&self) -> &Recipe {
        &self.best
    }

    /// The simplest that shows the same.
    pub fn into_best(self) -> Recipe {
        self.best
    }

    /// What to try next; `None` at the end.
    pub fn candidate(&mut self) -> Option<Recipe> {
        while self.tried < self.most {
            let candidate = match self.stage {
                Stage::Drop(at) if at < self.best.edits.len() => {
                    let mut fewer = self.best.clone();
                    fewer.edits.remove(at);
                    Some(fewer)
                }
                Stage::Drop(_) => {
                    self.stage = Stage::Smaller(0, 0);
                    continue;
                }
                Stage::Smaller(at, number) if at < self.best.edits.len() => {
                    let Some(less) = smaller(&self.best.edits[at]).into_iter().nth(number) else {
                        self.stage = Stage::Smaller(at + 1, 0);
                        continue;
                    };
                    let mut smaller = self.best.clone();
                    smaller.edits[at] = less;
                    Some(smaller)
                }
                Stage::Smaller(..) | Stage::Done => None,
            };
            let Some(candidate) = candidate else {
                self.stage = Stage::Done;
                return None;
            };
            if candidate.edits.is_empty() || candidate.fits().is_err() {
                self.went_on(Shown::Other);
                continue;
            }
            self.tried += 1;
            return Some(candidate);
        }
        None
    }

    /// Tells what became of what [`Shrink::candidate`] gave.
    pub fn tell(&mut self, candidate: Recipe, shown: Shown) {
        if shown == Shown::Same {
            self.best = candidate;
        }
        self.went_on(shown);
    }

    fn went_on(&mut self, shown: Shown) {
        self.stage = match (self.stage, shown) {
            // What stands at that place now has not been tried.
            (Stage::Drop(at), Shown::Same) => Stage::Drop(at),
            (Stage::Drop(at), Shown::Other) => Stage::Drop(at + 1),
            (Stage::Smaller(at, _), Shown::Same) => Stage::Smaller(at, 0),
            (Stage::Smaller(at, number), Shown::Other) => Stage::Smaller(at, number + 1),
            (Stage::Done, _) => Stage::Done,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(edits: &[&str]) -> Recipe {
        let edits = edits.join("\n[[op]]\n");
        let text = format!("schema = 1\nbase = \"attestation.ios27\"\n[[op]]\n{edits}\n");
        Recipe::parse("recipe.toml", &text).unwrap()
    }

    fn shrunk(from: Recipe, most: u32, shows: impl Fn(&Recipe) -> bool) -> (Recipe, u32) {
        let mut way = Shrink::new(from, most);
        let mut asked = 0;
        while let Some(candidate) = way.candidate() {
            asked += 1;
            let became = if shows(&candidate) { Shown::Same } else { Shown::Other };
            way.tell(candidate, became);
        }
        (way.into_best(), asked)
    }

    const COUNTER: &str = "do = \"authdata.counter.set\"\nto = 40";
    const TRAILING: &str = "do = \"container.trailing\"\nbytes = \"a1b2c3d4\"";
    const REVERSE: &str = "do = \"container.reverse\"";

    #[test]
    fn what_does_not_matter_is_left_out_and_what_does_is_made_small() {
        let counts = |one: &Recipe| {
            let is = |edit: &catalogue::EditText| {
                edit.name() == "authdata.counter.set"
                    && edit.table()["to"].as_integer().is_some_and(|to| to >= 3)
            };
            one.edits.iter().any(is)
        };
        let (simple, _) = shrunk(recipe(&[TRAILING, COUNTER, REVERSE]), 100, counts);
        assert_eq!(simple, recipe(&["do = \"authdata.counter.set\"\nto = 3"]));
    }

    #[test]
    fn what_is_needed_together_stays_together() {
        let both = |one: &Recipe| one.edits.len() == 2;
        let (simple, _) = shrunk(recipe(&[COUNTER, REVERSE]), 100, both);
        assert_eq!(simple.edits.len(), 2);
    }

    #[test]
    fn no_more_is_tried_than_asked_for() {
        let (same, tried) = shrunk(recipe(&[TRAILING, COUNTER, REVERSE]), 2, |_| false);
        assert_eq!((same.edits.len(), tried), (3, 2));
    }
}
