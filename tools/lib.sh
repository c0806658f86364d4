# What the tools share. They source this file in the project's folder, with errexit on.
# shellcheck shell=bash

# build_preset PRESET [TARGET]: configures a preset and builds all of it, or one target.
build_preset() {
  cmake --preset "$1"
  cmake --build --preset "$1" --parallel "$(nproc)" ${2:+--target "$2"}
}
