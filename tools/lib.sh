# What the tools share. They source this file in the project's folder, with errexit on.
# shellcheck shell=bash

# build_preset PRESET [TARGET [OPTION...]]: configures a preset, with options of its own, and builds
# all of it, or one target.
build_preset() {
  # Sources are compiled together: from nothing, that takes half the time. (Under sanitizers each is
  # alone, which shows whether it includes what it needs.)
  local unity=OFF
  [ "$1" != release ] || unity=ON
  cmake --preset "$1" -DALLCONV_UNITY=$unity "${@:3}"
  cmake --build --preset "$1" --parallel "$(nproc)" ${2:+--target "$2"}
}
