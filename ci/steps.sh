# shellcheck shell=bash
# Steps: a step is a command with a name, a log, a time and a result of its
# own. Source it; it sets `top`, `logs` and `reports`.
#
# A line a step: `ok`, `FAIL` or `not run` (exit code 77; the reason follows),
# seconds, name. A chain is a shell function that runs steps one after the
# other; several chains run side by side.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
logs=$top/build/logs
reports=$top/build/reports

steps_begin() {
  rm -rf "$logs" "$reports"
  mkdir -p "$logs" "$reports"
  cd "$top" || exit 1
}

# step NAME COMMAND...: answers whether the command succeeded.
step() {
  local name=$1 file=$logs/${1//[ \/]/-} start=$EPOCHREALTIME result=0 word
  shift
  "$@" >"$file.log" 2>&1 </dev/null || result=$?
  local took=$((${EPOCHREALTIME/./} - ${start/./}))
  case $result in
    0) word=ok ;;
    77) word='not run' ;;
    *) word=FAIL ;;
  esac
  echo "$word" >"$file.result"
  # One write for all lines: chains print side by side.
  {
    printf '%-7s %6d.%d s  %s' "$word" $((took / 1000000)) \
      $((took / 100000 % 10)) "$name"
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
  local passed failed red good report
  passed=$(cat "$logs"/*.result | grep -cx ok || true)
  failed=$(cat "$logs"/*.result | grep -cx FAIL || true)
  printf '\n%7s %7s %9s %8s %11s  %s\n' passed failed expected skipped \
    unresolved platform
  for report in "$reports"/*.json; do
    if [ ! -e "$report" ]; then
      continue
    fi
    good=$(jq '.summary.passed' "$report") || good=0
    red=$(jq '[.results[] | select(.red)] | length' "$report") || red=1
    printf '%7s %7s %9s %8s %11s  %s\n' "$good" "$red" \
      "$(jq '.summary.expected_failures' "$report")" \
      "$(jq '.summary.skipped' "$report")" \
      "$(jq '.summary.unresolved' "$report")" \
      "$(basename "$report" .json) ($(jq -r '.platform |
        "\(.world) \(.version) \(.architecture), \(.compiler)"' "$report"))"
    passed=$((passed + good))
    failed=$((failed + red))
  done
  printf '\nlogs in build/logs, reports in build/reports%s\n' \
    "$([ -e "$reports/report.html" ] && echo ', page: report.html')"
  printf '%s passed, %s failed\n' "$passed" "$failed"
  [ "$failed" -eq 0 ]
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
  rm -f "build/$1/conformance.json" "build/$1/conformance.xml"
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
