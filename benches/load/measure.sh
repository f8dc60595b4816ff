#!/usr/bin/env bash
# Measures the load generator on loopback and prints tables in Markdown; some ten minutes.
#
#   bash benches/load/measure.sh > load.md
#
# The generator is pinned to core 0 and the server to core 1, so nothing else should compute
# meanwhile. oha and wrk stand beside it where they are installed; INSTALL=1 installs them.
# RUNS=3 repeats every line (default 2), SECONDS_EACH=10 is how long each run lasts (default 8).
# What ran while a hypervisor gave more than one per cent of the machine's time to others is run
# again, at most TRIES=4 times in all; the last column tells how much was taken in the run shown.
set -euo pipefail
cd "$(dirname "$0")/../.."

runs=${RUNS:-2}
each=${SECONDS_EACH:-8}
tries=${TRIES:-4}
folder=$(mktemp -d)
servers=()
finish() {
    for server in "${servers[@]}"; do kill "$server" 2>/dev/null || true; done
    rm -rf "$folder"
}
trap finish EXIT

if [ "$(nproc)" -lt 2 ]; then
    echo "two cores are needed: one for the generator, one for the server" >&2
    exit 2
fi
if [ -n "${INSTALL:-}" ]; then
    command -v wrk >/dev/null || apt-get install -y -qq wrk >&2 || true
    command -v oha >/dev/null || cargo install --quiet --locked oha >&2 || true
fi
cargo build --quiet --release --workspace --bins --examples >&2
built=${CARGO_TARGET_DIR:-target}/release
generator() { taskset -c 0 "$@"; }

# Time stolen and all time of the machine so far, in ticks.
ticks() { awk '/^cpu / { for (i = 2; i <= 9; i++) all += $i; print $9, all }' /proc/stat; }

# Runs what is given, again while too much was stolen meanwhile, and sets `stolen` to how much.
again=0
undisturbed() {
    local before after
    for ((try = 1; ; try++)); do
        before=$(ticks)
        "$@"
        after=$(ticks)
        stolen=$(echo "$before $after" | awk '{ printf "%.1f %%", ($3 - $1) * 100 / ($4 - $2) }')
        if [ "$try" -ge "$tries" ] || [ "$(echo "$stolen" | awk '{ print ($1 <= 1) }')" = 1 ]; then return; fi
        again=$((again + 1))
        sleep 5
    done
}

# Starts a server on core 1 and sets `url` to where it listens.
serve() {
    local said=$folder/server-${#servers[@]}
    taskset -c 1 "$@" >"$said" 2>&1 &
    servers+=($!)
    for _ in $(seq 100); do
        url=$(sed -n 's/^listening on //p' "$said")
        [ -n "$url" ] && return
        sleep 0.1
    done
    echo "no server: $(cat "$said")" >&2
    exit 3
}

# A target file for a server, and one run of `assay load` against it; invalid runs are told, not lost.
target() { "$built/assay" serve --target-file --listen "${1#http://}" >"$folder/target.toml"; }
run=0
load() { undisturbed load_once "$@"; }
load_once() {
    run=$((run + 1))
    record=$folder/run-$run
    generator "$built/assay" load "$@" --authority "$folder/authority.seed" \
        --seed "measure-$run" --dishonest 0 --out "$record" >"$folder/log" 2>&1 ||
        [ $? -eq 9 ] || { cat "$folder/log" >&2; exit 1; }
}
"$built/assay" root --authority "$folder/authority.seed" >/dev/null

echo "Loopback, generator on core 0, server on core 1; $(sed -n 's/^model name.*: //p;T;q' /proc/cpuinfo), $(nproc) cores, Linux $(uname -r), $(date -u +%F). Load average before: $(cut -d' ' -f1 /proc/loadavg)."
echo
echo "### A rate that is held"
echo
echo "As the server saw it: mean rate, and deviation of its seconds. Lag is the send behind its instant; at 20 000/s after a warm-up of 2 s."
echo
echo "| asked | generator | mean | deviation of a second | lag p50 | lag p99 | verdict | stolen |"
echo "| --- | --- | --- | --- | --- | --- | --- | --- |"
serve "$built/examples/load" count 127.0.0.1:0
target "$url"
# What is at a core's limit begins with cold caches and connections to be opened, which has a phase of
# its own; and a neighbour's work is felt at once, so that more runs are needed to tell.
cat >"$folder/limit.toml" <<EOF
schema = 1
name = "limit"
about = "Is 20 000 a second held by one core?"
arrival = "constant"
mix = { challenge = 1 }
timeout = "250ms"
[[phase]]
kind = "steady"
name = "warm-up"
rate = "20000/s"
for = "2s"
measure = false
[[phase]]
kind = "steady"
rate = "20000/s"
for = "${each}s"
EOF
for rate in 100 500 1000 2000 20000; do
    if [ "$rate" -lt 10000 ]; then
        what=("$folder/target.toml" --steady "$rate/s:${each}s" --mix 0:0:1 --timeout 1s)
        times=$runs
    else
        what=(run "$folder/limit.toml" "$folder/target.toml")
        times=$((3 * runs))
    fi
    for _ in $(seq "$times"); do
        load "${what[@]}"
        echo "| $rate/s | assay | $(curl -s "$url/seen/$rate/$each") | $("$built/examples/load" row "$record/record.jsonl") | $stolen |"
    done
    if command -v oha >/dev/null; then
        undisturbed generator oha --no-tui -m POST -d '{}' -H 'content-type: application/json' -c 64 \
            -q "$rate" -n $((rate * each)) "$url/v1/challenge" >"$folder/oha" 2>&1
        echo "| $rate/s | oha | $(curl -s "$url/seen/$rate/$each") | not told | not told | | $stolen |"
    fi
done
if command -v wrk >/dev/null; then
    printf 'wrk.method = "POST"\nwrk.body = "{}"\n' >"$folder/post.lua"
    undisturbed generator wrk -t1 -c64 -d"${each}s" -s "$folder/post.lua" "$url/v1/challenge" >"$folder/wrk"
    curl -s "$url/seen/1/1" >/dev/null
    told=$(sed -n 's/^Requests\/sec: *//p' "$folder/wrk" | tail -1)
    echo "| no rate | wrk | $told/s, as fast as the server answers | | not told | not told | | $stolen |"
fi

echo
echo "### A server that stands still for one second in every five"
echo
echo "| 200/s for 20 s | p50 | p90 | p99 | p99.9 | stolen |"
echo "| --- | --- | --- | --- | --- | --- |"
echo "| the truth | below 1 ms | 500 ms | 950 ms | 995 ms | |"
serve "$built/examples/load" freeze 127.0.0.1:0
target "$url"
for _ in $(seq "$runs"); do
    load "$folder/target.toml" --steady 200/s:20s --mix 0:0:1 --timeout 3s
    "$built/examples/load" quantiles "$record/record.jsonl" | sed "s/.*/| & | $stolen |/"
done

echo
echo "### CPU of the generator per request"
echo
echo "| what | CPU µs | requests | | stolen |"
echo "| --- | --- | --- | --- | --- |"
serve "$built/assay" serve --null --listen 127.0.0.1:0
target "$url"
# What leaves and comes back together shares wake-ups of both sides: one user at a time costs three
# times what thirty-two cost, and arrivals of an open loop come one at a time.
for users in 32 4 1; do
    undisturbed generator "$built/examples/load" goose "$url" "$users" "$each" >"$folder/goose"
    echo "| goose alone, static body, $users at a time | $(tail -1 "$folder/goose") | $stolen |"
done
for _ in $(seq "$runs"); do
    load "$folder/target.toml" --steady "5000/s:${each}s" --mix 0:1:1 --timeout 250ms
    echo "| a challenge or a unique, signed, judged assertion, 5000/s | $("$built/examples/load" cpu "$record/record.jsonl") | $stolen |"
    load "$folder/target.toml" --steady "2000/s:${each}s" --mix 1:4:5 --timeout 250ms
    echo "| with one attestation in ten, 2000/s | $("$built/examples/load" cpu "$record/record.jsonl") | $stolen |"
done

echo
echo "### The highest rate one core holds with a valid verdict"
echo
for mix in 0:1:1 1:4:5; do
    # The server it starts inherits its core, and is moved to the other.
    generator "$built/assay" load calibrate --mix "$mix" --hold 3s \
        --calibration "$folder/calibration.json" >"$folder/calibrated" 2>"$folder/log" &
    calibrating=$!
    sleep 1
    for server in $(pgrep -P "$calibrating" || true); do taskset -acp 1 "$server" >/dev/null; done
    if wait "$calibrating"; then
        sed -n 's/^/    /p' "$folder/calibrated" | grep -v 'kept in'
    else
        sed 's/^/    /' "$folder/log"
    fi
done

echo
echo "$again runs were thrown away because the machine was taken from them."
