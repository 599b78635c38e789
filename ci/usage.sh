# shellcheck shell=bash
# What each script begins with. Source it; it sets `top`.
#
# The command line of a script, looked at before the script does anything. The
# comment at the head of a script is its manual: --help prints it. Options that
# the comment does not name are refused, with exit code 2 and one line.
#
# usage LEAST MOST ARGUMENT...: LEAST and MOST are how many words there may be
# beside the options; `*` is any number. With MOST `program` the rest of the line
# from the first such word on belongs to a program and is not looked at.
#
# quietly NAME COMMAND...: appends the output to the log NAME in the script's folder
# `work`. If the command fails, prints the end of the log and ends the script.
#
# headers_version: prints the version of npipe.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

quietly() {
  local log=${work:-.}/$1.log
  shift
  "$@" >>"$log" 2>&1 || {
    tail -n 60 "$log"
    echo "${0##*/}: failed: $*"
    exit 1
  }
}

headers_version() {
  sed -n 's/^#define NP_VERSION_[A-Z]* \([0-9]*\)$/\1/p' \
    "$top/src/include/npipe/version.h" | paste -sd .
}

usage() {
  local least=$1 most=$2 words=0 word name=ci/${0##*/}
  shift 2
  for word; do
    case $word in
      --help | -h)
        awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$0"
        exit 0
        ;;
      --) break ;;
      -?*)
        if ! awk 'NR > 1 && !/^#/ { exit } NR > 1' "$0" |
          grep -E -- "(^|[][ |(])${word%%=*}($|[][ ,:|)=])" >/dev/null; then
          echo "$name: no such option: $word (--help tells more)" >&2
          exit 2
        fi
        ;;
      *)
        words=$((words + 1))
        if [ "$most" = program ]; then
          break
        fi
        ;;
    esac
  done
  if [ "$words" -lt "$least" ]; then
    echo "$name: something is missing (--help tells what)" >&2
    exit 2
  fi
  if [[ $most =~ ^[0-9]+$ ]] && [ "$words" -gt "$most" ]; then
    echo "$name: too many words (--help tells more)" >&2
    exit 2
  fi
}
