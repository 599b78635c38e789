#!/bin/bash -eu
# The targets, with the compiler, the flags and the engine that the builder
# asks for, and beside each its dictionary and its corpus.
cmake -S . -B build/clusterfuzzlite -G Ninja -DCMAKE_BUILD_TYPE=None \
  -DCMAKE_C_COMPILER="$CC" -DCMAKE_C_FLAGS="$CFLAGS" \
  -DNPIPE_TESTS=OFF -DNPIPE_FUZZ=ON \
  -DNPIPE_FUZZ_ENGINE="$LIB_FUZZING_ENGINE"
cmake --build build/clusterfuzzlite
for program in build/clusterfuzzlite/fuzz/npipe-fuzz-*; do
  target=${program##*npipe-fuzz-}
  cp "$program" "$OUT/$target"
  if [ -e "fuzz/$target.dict" ]; then
    cp "fuzz/$target.dict" "$OUT/"
  fi
  inputs=("fuzz/corpus/$target"/*)
  if [ -d "fuzz/regressions/$target" ]; then
    inputs+=("fuzz/regressions/$target"/*)
  fi
  zip -q -j "$OUT/${target}_seed_corpus.zip" "${inputs[@]}"
done
