//! What `--help` says beyond the options: formats of files, and exit codes.

pub(super) const EXIT_CODES: &str = "\
Exit codes, the gravest first:
  70 internal error       130 interrupted, a partial report was written
   2 usage or file error   10 refused by the safety lock
   7 the selftest failed    3 target unreachable     1 wrong verdict
   9 measurement invalid    8 requests without an answer under load
   4 nothing ran, or fewer cases than a gate demands       6 inconclusive
   5 known failures stale or expired, and nothing else wrong
   0 everything asked for holds";

pub(super) const ADAPTER_HELP: &str = "\
An adapter is a program that reads one JSON object a line on standard input and
answers each on standard output; `assay schema adapter` prints what they hold.
Once `assay adapter check` is content, a target file runs the suite on it:

  schema = 1
  [target]
  name = \"my-library\"
  app_id = \"ABCDE12345.com.example.app\"
  environment = \"production\"
  [adapter]
  command = [\"python3\", \"adapter.py\"]   # started in the file's own folder

  assay check my-library.toml

Challenges, accounts, keys and counters are the harness's own; the adapter is
asked where the reference server would verify. Cases about what it does not do
do not apply.";

pub(super) const LOAD_HELP: &str = "\
A profile is a load as a file: phases of many kinds, in which operations arrive by
themselves, or journeys, in which devices wake and do what follows.

  assay load list                      # those that come with Assay
  assay load plan spike                # what it comes to; nothing is sent
  assay load run spike                 # against the embedded reference server
  assay load run spike my-server.toml --authority FILE --rate 300/s --for 5m

  schema = 1
  name = \"evening\"
  about = \"Does it hold the evening?\"
  [[phase]]
  kind = \"ramp\"                        # steady, ramp, stairs, overload, recover, spike,
  from = \"10/s\"                        # herd, flood, soak, burst, replay
  to = \"200/s\"
  over = \"5m\"

`assay schema profile` prints the schema of such files for editors. A load that
cannot be kept is refused before anything is sent, with the arithmetic.";

pub(super) const COMPARE_HELP: &str = "\
A failure is a case and the way it fails. The exit code is 1 only if AFTER has
failures that BEFORE had not: a case that fails and did not, one that fails in
another way, a new case that fails, or wrong answers under load where there were
none. Advice and known failures do not count. Otherwise it is 4 if AFTER tested
nothing, 6 if AFTER did not reach its end, and 0.

What is not the same about the runs themselves (version, target, policy, seed,
number of cases) is said first.";

pub(super) const MERGE_HELP: &str = "\
A row is a family of cases, a column a target, a cell three numbers: failures
that touch security, interoperability and robustness. Targets stand by name; there
is no rank and no percentage. With --out the board is written there as
scoreboard.html, scoreboard.md and scoreboard.json.";

pub(super) const KNOWN_HELP: &str = "\
A file of known failures is given to `assay check` or `assay run` with --known:

  [[known]]
  case    = \"chain.leaf-expired\"    # or a pattern: * stands for any text, 20 cases at most
  kind    = \"false-accept\"          # the one way of failing that is excused
  reason  = \"the library checks no dates\"
  issue   = \"https://…/42\"          # may be left out
  owner   = \"identity-team\"
  expires = 2027-03-01              # 180 days ahead at most
  target  = \"shop-backend\"          # may be left out: for every target

  [[flaky]]                         # passing and failing are both borne
  case    = \"race.same-counter\"
  issue   = \"https://…/57\"
  owner   = \"identity-team\"
  expires = 2027-01-15

What passes is stale, what is past its day has expired: if that is all that is
wrong, the run ends with 5. What fails in another way is not excused.";

pub(super) const GATE_HELP: &str = "\
A gate file; every line may be left out:

  fail_on = { level = \"must\", severity = \"low\" }   # a failure breaks it from here on
  strict = false                    # true: what should hold counts as well
  min_cases = 400                   # fewer decided: exit code 4
  max_not_applicable = 150          # more that do not apply: exit code 4
  clauses = [\"AV-1\", \"AS-5\"]      # each decided by a case, else exit code 6
  [baseline]                        # failures of an earlier run are borne, and listed
  record = \"main/record.jsonl\"      # a record or its folder, as seen from this file

Levels: must, should, may, info. Severities: critical, high, medium, low. Known
failures break nothing. The exit code is the gravest of what was found: 1 a
failure, 4 too few cases, 6 a clause untested or cases undecided, 0 it holds.";

pub(super) const VERIFY_HELP: &str = "\
A file is either JSON with the members of a fixture (kind, appId, keyId,
environment, clientDataHash or clientData, verifyAt, expected, and one of
attestationObject, assertion, receipt in base64), or the object itself as raw
bytes or base64, described by the options below.

Each file is taken for what it says it should be: `expected` in JSON, or
--expect. The exit code is 0 only if every file is.";

pub(super) const EXPLAIN_HELP: &str = "\
A file is raw bytes, base64 in any alphabet, PEM, or JSON with one of the members
attestationObject, attestation, assertion, receipt, attestationAuthData,
assertionAuthData in base64. Damaged objects are explained as far as they go.

With --against each object is compared with the one of its kind in that file:
parts are aligned by what they are, so that a byte too many is one difference.

Nothing is judged: `assay verify` does that.";

pub(super) const INIT_HELP: &str = "\
The routes that hand out a challenge, enrol a key and take an assertion are found
by what they carry and what they are called. A recording tells most: attestations
and assertions in it are read, and what they prove is not guessed. Record it with
the tools of a browser or a proxy while the app enrols and sends one request.

Each guess says where it comes from, and what could not be found is a line that
begins with `# ?`. Passwords, tokens and cookies are never copied: the file names
environment variables that hold them.

The exit code is 0 if all three routes were found, and 6 if not.";

pub(super) const SELFTEST_HELP: &str = "\
Each mutant is the reference server with flaws planted in it, or a server that
always answers the same; all are played in this process, with a clock that
stands still. A case kills a mutant if it fails on it. Six gates:
  G1  the reference passes every case, on every ground, with every seed
  G2  every case kills a mutant that is not a constant server
  G3  every mutant dies to two cases at least
  G4  the kills are those of kills.lock, which only grows (--update)
  G5  without a check exactly the cases about its rule fail
  G6  each constant server is found out for what it is
Exceptions with their reasons stand in corpora/mutants/masked.toml. The exit
code is 7 if a gate is broken.";

pub(super) const DOCTOR_HELP: &str = "\
Looks at the file, the nodes, TLS, challenges, an honest attestation and an
honest assertion, lies that must be refused, a replay, the outputs, the clock, a
burst of requests, and the reasons; each stops what depends on it. Where an honest
request is refused, other conventions are tried, 40 at most for each kind of
request, and then single things about the device. Keys of simulated devices are
enrolled: this is for servers under test.

What was found is printed as lines to paste. Exit codes: 0 ready, 3 not ready,
2 the file is wrong, 10 refused by the safety lock.";
