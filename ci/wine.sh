# shellcheck shell=bash
# What the Wine scripts agree on: where things lie and which Wine runs. Source
# it; it sets `top`, `wine_dir`, `wine_runtime` and `wine_root`.
#
# NPIPE_WINE          the Wine to run under: `host`, or a private root named
#                     SUITE-MODE, such as `bookworm-multi`. Default: the private
#                     root if ci/setup has made it, else the host's
# NPIPE_WINE_VERSION  the Windows that it plays: win7 win81 win10 (default) win11

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
wine_dir=$top/build/wine
wine_default=bookworm-multi
wine_version=${NPIPE_WINE_VERSION:-win10}

wine_runtime=${NPIPE_WINE:-}
if [ -z "$wine_runtime" ]; then
  wine_runtime=host
  if [ -e "$wine_dir/$wine_default/root/.key" ]; then
    wine_runtime=$wine_default
  fi
fi
wine_root=
if [ "$wine_runtime" != host ]; then
  wine_root=$wine_dir/$wine_runtime/root
fi
wine_template=$wine_dir/$wine_runtime/template-$wine_version

# wine_fail MESSAGE: our own failure, told apart from the program's by its code.
wine_fail() {
  echo "${0##*/}: $1" >&2
  exit 125
}

# wine_libraries BITS: the folder of the Wine's own DLLs for `x86_64` or `i386`
# as the Wine sees it (inside the root), or nothing. Wine 5 has ELF libraries, and
# for the prefix small files in their place.
wine_libraries() {
  local dir
  for dir in "$wine_root"/usr/lib/*-linux-gnu/wine/"$1"-windows \
    "$wine_root"/usr/lib/wine/"$1"-windows \
    "$wine_root/usr/lib/$1-linux-gnu/wine/fakedlls"; do
    if [ -e "$dir/ntdll.dll" ]; then
      echo "${dir#"$wine_root"}"
      return
    fi
  done
}

# wine_host_loader: the host's loader. Debian's /usr/bin/wine is a script that
# complains when there is no 32-bit half, so its target comes first.
wine_host_loader() {
  local loader
  for loader in /usr/lib/wine/wine /usr/lib/wine/wine64; do
    if [ -x "$loader" ]; then
      echo "$loader"
      return
    fi
  done
  command -v wine64 || command -v wine
}

# wine_why_not BITS: nothing if the Wine runs programs of `x86_64` or `i386`,
# else the reason why it does not.
wine_why_not() {
  if [ -n "$wine_root" ]; then
    if [ ! -e "$wine_root/.key" ]; then
      echo "no $wine_runtime Wine: run ci/setup or ci/wine-root"
    elif [ -z "$(wine_libraries "$1")" ]; then
      echo "the $wine_runtime Wine has no $1 half"
    fi
  elif [ -z "$(wine_host_loader)" ]; then
    echo "this host has no Wine: run ci/setup"
  elif [ "$1" = i386 ] && [ -z "$(wine_libraries i386)" ]; then
    echo "this host's Wine has no 32-bit half (package wine32:i386)"
  fi
}

# wine_sandbox: how a private root is entered, `bwrap` or `unshare`, or nothing.
wine_sandbox() {
  if bwrap --ro-bind / / --proc /proc --dev /dev --unshare-pid --unshare-ipc \
    --unshare-net true 2>/dev/null; then
    echo bwrap
  elif [ "$(id -u)" = 0 ] && unshare -m -p -f -i -n true 2>/dev/null; then
    echo unshare
  fi
}

# wine_enter PREFIX: sets the array `enter`, the words before a command (`wine`,
# `wineserver`, `sh`) that run it in the Wine with that prefix, in a cleared
# environment. In a private root it has process ids, network and /tmp of its
# own, so runs never meet and nothing outlives one. The folders of `wine_binds`
# are visible and writable at their own paths, as the checkout is.
# `wine_drive` has what else is mounted where in a private root, in the words of
# bwrap: [--ro-bind|--bind FROM TO]...
wine_binds=()
wine_drive=()
wine_enter() {
  local prefix=$1 sandbox dir variable
  local -a environment=(
    LC_ALL=C.UTF-8 USER=root
    "WINEDEBUG=${WINEDEBUG--all}"
    "WINEDLLOVERRIDES=mscoree,mshtml=;winemenubuilder.exe=d"
  )
  # The variables that a caller may set for a test.
  while IFS= read -r variable; do
    environment+=("$variable=${!variable}")
  done < <(compgen -e | grep -E '^(NPIPE|NP|CMOCKA|GCOV)_' || true)

  if [ -z "$wine_root" ]; then
    # A script, since the loader does not find itself behind a link.
    mkdir -p "$prefix.home/bin"
    printf '#!/bin/sh\nexec %s "$@"\n' "$(wine_host_loader)" \
      >"$prefix.home/bin/wine"
    chmod +x "$prefix.home/bin/wine"
    enter=(env -i "PATH=$prefix.home/bin:/usr/bin:/bin:/usr/lib/wine"
      "HOME=$prefix.home" "WINEPREFIX=$prefix"
      "${environment[@]}")
    return
  fi

  # Each process of Wine looks for the time zone in a list of Windows' zones, in
  # order, with five calls of the Wine server for a zone. UTC+4:30 is the first.
  environment+=(PATH=/usr/bin HOME=/tmp WINEPREFIX=/prefix 'TZ=<+0430>-4:30')
  sandbox=$(wine_sandbox)
  case $sandbox in
    bwrap)
      enter=(bwrap --ro-bind "$wine_root/usr" /usr --symlink usr/bin /bin
        --symlink usr/lib /lib --symlink usr/lib64 /lib64
        --ro-bind "$wine_root/etc" /etc --proc /proc --dev /dev --tmpfs /tmp
        --bind "$prefix" /prefix "${wine_drive[@]}" --bind "$top" "$top")
      for dir in "${wine_binds[@]}"; do
        enter+=(--bind "$dir" "$dir")
      done
      enter+=(--chdir "$PWD" --die-with-parent --unshare-pid --unshare-ipc
        --unshare-net --new-session --clearenv)
      for variable in "${environment[@]}"; do
        enter+=(--setenv "${variable%%=*}" "${variable#*=}")
      done
      ;;
    unshare)
      enter=(env -i "${environment[@]}" unshare -m -p -f -i -n --kill-child
        "$top/ci/wine-unshare" "$wine_root" "$prefix" "$PWD"
        "${wine_drive[@]}" -- "$top" "${wine_binds[@]}" --)
      ;;
    *)
      wine_fail "no way into $wine_runtime: bwrap does not work here, and
unshare needs root. Use the host's Wine: NPIPE_WINE=host"
      ;;
  esac
  # Wine 5.0 needs the page at 0x7ffe0000 ("failed to map the shared user data"),
  # and the kernel lays the heap of its loader anywhere in the gigabyte around.
  case $wine_runtime in
    bullseye-*)
      if setarch -R true 2>/dev/null; then
        enter=(setarch -R "${enter[@]}")
      fi
      ;;
  esac
}
