# shellcheck shell=bash
# Steps: a step is a command with a name, a log, a time and a result of its
# own. Source it; it sets `top`, `logs` and `reports`.
#
# A line a step: `ok`, `FAIL` or `not run` (exit code 77; the reason follows),
# seconds, seconds of a processor (what Wine starts is not among them), name. A chain is a shell function that runs steps one after the
# other; several chains run side by side.
#
# On a terminal there is also one live line, the last: seconds, steps that are ok
# and red, and each step that runs, with what its log says last of how far it is.
# Lines have colours unless NO_COLOR is set. In a pipe there is neither.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
logs=$top/build/logs
reports=$top/build/reports

live='' hide='' red='' green='' plain=''

steps_begin() {
  rm -rf "$logs" "$reports"
  mkdir -p "$logs" "$reports"
  cd "$top" || exit 1
  if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ]; then
    live=$logs/live
    hide=$'\r\e[K'
    if [ -z "${NO_COLOR:-}" ]; then
      red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
    fi
    touch "$live"
    trap live_end EXIT
    # live_show is the child of a child, so `wait` does not wait for it.
    (live_show "$$" &)
  fi
}

# live_show PROCESS: renews the live line until live_end, or until the process is
# gone.
live_show() {
  local line name step start how columns now
  exec 3>&1 2>/dev/null
  while sleep 0.3 && [ -e "$live" ] && kill -0 "$1"; do
    now=$EPOCHSECONDS
    line=$(printf '%4d s  %d ok, %d red' $((now - live_began)) \
      "$(cat "$logs"/*.result | grep -cx ok)" \
      "$(cat "$logs"/*.result | grep -cx FAIL)")
    for step in "$logs"/*.runs; do
      if read -r start name <"$step"; then
        how=$(progress_of "${step%.runs}.log" "$name")
        line="$line | $name $((now - start)) s${how:+ $how}"
      fi
    done
    columns=$(stty size <&3)
    columns=${columns#* }
    if [ "${columns:-0}" -eq 0 ]; then
      columns=80
    fi
    if [ -e "$live" ]; then
      printf '%s%s' "$hide" "${line:0:columns - 1}"
    fi
  done
}
live_began=$EPOCHSECONDS

# progress_of LOG NAME: how far a step is: the cases of the suite of a build, or
# `[12/40]` as ninja and others count.
progress_of() {
  local preset=${2#conformance }
  local file=build/${preset/#wine-/mingw-}/conformance.progress
  if [ "$preset" != "$2" ] && [ -s "$file" ]; then
    cat "$file"
  else
    tail -c 400 "$1" | grep -oE '\[[0-9]+/[0-9]+\]' | tail -n 1
  fi
}

live_end() {
  if [ -n "$live" ] && [ -e "$live" ]; then
    rm -f "$live"
    printf '%s' "$hide"
  fi
}

# step NAME COMMAND...: answers whether the command succeeded.
step() {
  local name=$1 file=$logs/${1//[ \/]/-} start=$EPOCHREALTIME result=0 word colour
  local TIMEFORMAT='%U %S'
  shift
  echo "$EPOCHSECONDS $name" >"$file.runs"
  { time "$@" >"$file.log" 2>&1 </dev/null; } 2>"$file.cpu" || result=$?
  rm -f "$file.runs"
  local took=$((${EPOCHREALTIME/./} - ${start/./}))
  case $result in
    0) word=ok colour=$green ;;
    77) word='not run' colour='' ;;
    *) word=FAIL colour=$red ;;
  esac
  echo "$word" >"$file.result"
  # One write for all lines: chains print side by side.
  {
    printf '%s%s%-7s%s %6d.%d s %6.1f cpu  %s' "$hide" "$colour" "$word" \
      "${colour:+$plain}" $((took / 1000000)) \
      $((took / 100000 % 10)) "$(awk '{ print $1 + $2 }' "$file.cpu")" "$name"
    if [ "$word" = 'not run' ]; then
      printf ': %s' "$(tail -n 1 "$file.log")"
    fi
    printf '\n'
    if [ "$word" = FAIL ]; then
      tail -n 40 "$file.log" | sed 's/^/        | /'
    fi
  } | {
    lines=$(cat)
    printf '%s\n' "$lines"
  }
  [ "$word" = ok ]
}

# chains MOST FUNCTION...: runs them side by side, at most that many at a time,
# and waits for all.
chains() {
  local most=$1 running=0 chain
  shift
  for chain; do
    if [ "$running" -ge "$most" ]; then
      wait -n || true
      running=$((running - 1))
    fi
    "$chain" &
    running=$((running + 1))
  done
  wait
}

# steps_end: a table of the suite's reports, then the last line, which counts
# steps and cases; answers whether nothing failed.
steps_end() {
  local passed failed bad good report
  live_end
  passed=$(cat "$logs"/*.result | grep -cx ok || true)
  failed=$(cat "$logs"/*.result | grep -cx FAIL || true)
  printf '\n%7s %7s %9s %8s %11s  %s\n' passed failed expected skipped \
    unresolved platform
  for report in "$reports"/*.json; do
    if [ ! -e "$report" ]; then
      continue
    fi
    good=$(jq '.summary.passed' "$report") || good=0
    bad=$(jq '[.results[] | select(.red)] | length' "$report") || bad=1
    printf '%7s %7s %9s %8s %11s  %s\n' "$good" "$bad" \
      "$(jq '.summary.expected_failures' "$report")" \
      "$(jq '.summary.skipped' "$report")" \
      "$(jq '.summary.unresolved' "$report")" \
      "$(basename "$report" .json) ($(jq -r '.platform |
        "\(.world) \(.version) \(.architecture), \(.compiler)"' "$report"))"
    passed=$((passed + good))
    failed=$((failed + bad))
  done
  printf '\nlogs in build/logs, reports in build/reports%s\n' \
    "$([ -e "$reports/report.html" ] && echo ', page: report.html')"
  if [ "$failed" -eq 0 ]; then
    printf '%s%s passed, 0 failed%s\n' "$green" "$passed" "$plain"
  else
    printf '%s%s passed, %s failed%s\n' "$red" "$passed" "$failed" "$plain"
    false
  fi
}

# after NAME: waits until the step NAME, which is of another chain, has ended, and
# answers whether it was ok. That chain must come to the step.
after() {
  local file=$logs/${1//[ \/]/-}.result
  until [ -s "$file" ]; do
    sleep 0.1
  done
  [ "$(cat "$file")" = ok ]
}

# build PRESET [TARGET...]
build() {
  cmake --preset "$1" && cmake --build --preset "$1" ${2:+--target "${@:2}"}
}

# suite PRESET REPORT: the conformance suite of a build, by ctest, whose reports
# go to build/reports.
suite() {
  local result=0 kind
  rm -f "build/$1/conformance".{json,xml,progress}
  ctest --preset "$1" -R '^conformance$' --output-on-failure || result=$?
  for kind in json xml; do
    if [ -e "build/$1/conformance.$kind" ]; then
      cp "build/$1/conformance.$kind" "$reports/$2.$kind"
    fi
  done
  return "$result"
}

# report: the page of all reports so far; 77 where there are none.
report() {
  local files=("$reports"/*.json)
  if [ ! -e "${files[0]}" ]; then
    echo 'no report of a platform'
    return 77
  fi
  ci/report -o "$reports" "${files[@]}"
}

# can_run BITS: fails with 77 where Wine cannot run `x86_64` or `i386` programs.
# Its last line is the reason.
can_run() {
  ci/wine-run --why-not "$1" || return 77
}
