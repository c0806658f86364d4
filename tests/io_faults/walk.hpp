// Walks of one action through all its points of failure: it runs once undisturbed, which tells its
// calls, and then once for each call and each fault that such a call can meet.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/io_faults/fault_injection.hpp"

namespace allconv::io_faults {

// What may go wrong with a call. `invisible`: the action must succeed all the same.
struct PossibleFault {
  Fault fault;
  bool invisible = false;
};
std::vector<PossibleFault> faults_of(CallKind kind);

// One point of a walk.
struct Point {
  std::vector<Call> calls;  // up to the one that met the fault, which is the last
  PossibleFault possible;

  const Call& call() const { return calls.back(); }
  std::string text() const;  // for messages: "call 3, write /tmp/x/file: error 28"
};

struct Action {
  std::string folder;             // whose calls are counted
  std::function<void()> prepare;  // puts the folder into the state before the action
  std::function<void()> run;
};

// `check` sees the folder after each run, with the sentence of the allconv::Error{io} that the
// action threw, empty where it succeeded. Anything else that it throws fails the test, as does an
// invisible fault that is seen, or a sentence that names nothing in the folder.
void walk(const Action& action,
          const std::function<void(const Point&, const std::string& sentence)>& check);

// The same with a process that dies at each call; `check` sees what is left. With a power cut, only
// what was flushed is.
void walk_deaths(const Action& action, Fault::Kind kind,
                 const std::function<void(const Point&)>& check);

}  // namespace allconv::io_faults
